"""A plan file is what was written: its digest is of its content, however that is written, and it is read back whole."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import orjson
import pytest
from msgspec.structs import replace

from reconciler.kinds import versions as api_versions
from reconciler.model import Change, FieldChange, Run, Value
from reconciler.planfile import plan_file
from reconciler.planfile.digest import digest_of, is_digest, is_of
from reconciler.planfile.plan_file import PlanContext, PlanFileError

from ..reports.runs import SMALL

MADE = PlanContext(
    tool="0.1.0",
    commit=None,
    config="sha256:0",
    versions={"marketingSolutions": "2026-07"},
    scope={"advertiserIds": ("1352",)},
    paths=(".",),
    targets=(),
    merged=False,
    created=datetime(2026, 11, 21, tzinfo=UTC),
    expires=datetime(2026, 11, 22, tzinfo=UTC),
)
KINDS = api_versions.find_version("marketingSolutions", "2026-07").kinds


def renamed(name: Value) -> Run:
    """A run of one change, to this name."""
    change: Change = SMALL.changes[0]
    move = FieldChange("name", "core", "old", name, change.place)
    return replace(SMALL, changes=(replace(change, fields=(move,), live=None),))


NAMES = ["FR", 'Été 😀 \u2028 \x7f \x01 "\\/', "half of a pair: \ud83d"]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_plan_is_read_back_with_its_digest(name: str) -> None:
    parts, digest = plan_file.dump_plan(renamed(name), MADE)
    text = b"".join(parts)

    found = plan_file.load_plan(text.decode(), KINDS)

    assert found.digest == digest
    assert found.made == MADE
    assert [move.after for move in found.changes[0].fields] == [name]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_the_digest_is_of_the_content_and_of_no_white_space_or_order(name: str) -> None:
    """It is that of the standard library's compact JSON with sorted keys, as in plans written before."""
    parts, digest = plan_file.dump_plan(renamed(name), MADE)
    text = b"".join(parts)
    content = json.loads(text)
    del content["digest"]
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert digest == f"sha256:{hashlib.sha256(canonical.encode(errors='surrogatepass')).hexdigest()}"
    other = json.dumps({**content, "digest": digest}, indent=1, sort_keys=True)
    assert plan_file.load_plan(other, KINDS).digest == digest


def test_the_text_is_json_as_the_whole_of_it_would_be_written() -> None:
    parts, _ = plan_file.dump_plan(renamed(NAMES[1]), MADE)
    text = b"".join(parts)

    assert text == orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def test_a_digest_may_be_written_short_and_without_its_scheme() -> None:
    digest = digest_of({"a": 1})
    bare = digest.removeprefix("sha256:")

    for text in (digest, bare, bare[:12], digest[:19]):
        assert (is_digest(text), is_of(text, digest)) == (True, True), text
    for text in (bare[:11], f"{bare}0", "sha256:", bare.upper() + "g", "plan.json"):
        assert (is_digest(text), is_of(text, digest)) == (False, False), text
    assert not is_of("0" * 12, digest)


@pytest.mark.parametrize("text", ['{"digest": "x"}', "[]", "{", '"x"', ""])
def test_what_is_no_plan_is_refused_before_anything_is_taken_from_it(text: str) -> None:
    for read in (plan_file.read_request, plan_file.read_versions, lambda text: plan_file.load_plan(text, KINDS)):
        with pytest.raises(PlanFileError):
            read(text)


def test_paths_targets_and_versions_of_a_plan_are_lists_and_a_table() -> None:
    whole = {"paths": ["a"], "targets": ["adSets.*"], "api": {"sellers": "2026-07"}}

    assert plan_file.read_request(json.dumps(whole)) == (("a",), ("adSets.*",))
    assert plan_file.read_versions(json.dumps(whole)) == {"sellers": "2026-07"}
    for key in ("paths", "targets"):
        with pytest.raises(PlanFileError, match="it is not a plan"):
            plan_file.read_request(json.dumps({**whole, key: "a"}))
    with pytest.raises(PlanFileError, match="it is not a plan"):
        plan_file.read_versions(json.dumps({**whole, "api": []}))
