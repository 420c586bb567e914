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
from reconciler.planfile.plan_file import PlanContext

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


def test_the_digest_is_of_the_content_and_of_no_white_space_or_order() -> None:
    """It is that of the standard library's compact JSON with sorted keys, as in plans written before."""
    parts, digest = plan_file.dump_plan(renamed(NAMES[1]), MADE)
    text = b"".join(parts)
    content = json.loads(text)
    del content["digest"]
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert digest == f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"
    other = json.dumps({**content, "digest": digest}, indent=1, sort_keys=True)
    assert plan_file.load_plan(other, KINDS).digest == digest


def test_the_text_is_json_as_the_whole_of_it_would_be_written() -> None:
    parts, _ = plan_file.dump_plan(renamed(NAMES[1]), MADE)
    text = b"".join(parts)

    assert text == orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
