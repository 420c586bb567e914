"""A plan file is what was written: its digest is of its content, however that is written, and it is read back whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from reconciler.kinds import versions as api_versions
from reconciler.model import Action, Address, Change, FieldChange, Judgement, Live, Plan, RuleLevel, Run, Value, error
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


def altered(run: Run, change: Callable[[dict[str, Any]], object]) -> str:
    """Return the text of a plan with a change of its content, and a digest made to fit."""
    parts, _ = plan_file.dump_plan(run, MADE)
    content = json.loads(b"".join(parts))
    del content["digest"]
    change(content)
    return json.dumps({**content, "digest": digest_of(content)})


def test_a_new_object_has_no_id_and_a_live_one_has_one() -> None:
    created = replace(SMALL.changes[0], action=Action.CREATE, id=None, live=None)
    live = replace(created, action=Action.UPDATE, id="7", live=Live("adSets", "7", {"name": "old"}))

    for change, id, message in ((created, "7", "is new and has an id"), (live, None, "is live and has no id")):
        run = replace(SMALL, changes=(change,))
        assert plan_file.load_plan(altered(run, lambda _: None), KINDS).changes[0].id == change.id
        text = altered(run, lambda content, id=id: content["changes"][0].update(id=id))  # type: ignore[misc]
        with pytest.raises(PlanFileError, match=f"{change.address} {message}"):
            plan_file.load_plan(text, KINDS)


def moved(kind: str, field: str, before: Value, after: Value, id: str) -> Run:
    """Return a run of one change of a live object of a kind of another product."""
    change: Change = SMALL.changes[0]
    move = FieldChange(field, OTHERS[kind].field(field).facet, before, after, change.place)
    live = Live(kind, id, {field: before})
    one = replace(change, address=Address(kind, "a"), action=Action.UPDATE, id=id, live=live, fields=(move,))
    return replace(SMALL, changes=(one,), plan=Plan(()))


OTHERS = {
    name: kind
    for family in ("sellers", "retailMedia")
    for name, kind in api_versions.find_version(family, "2026-07").kinds.items()
}


@pytest.mark.parametrize(
    ("run", "good"),
    [
        (moved("balances", "deposited", Decimal(10), Decimal(30), "5"), True),
        (moved("balances", "deposited", None, Decimal(30), "5"), False),
        (moved("balances", "deposited", Decimal(10), None, "5"), False),
        (moved("balances", "deposited", None, None, "5"), False),
        (moved("balances", "memo", None, "x", "5"), True),
        (moved("sellerBudgets", "amount", Decimal(1), Decimal(2), "5"), True),
        (moved("sellerBudgets", "amount", Decimal(1), Decimal(2), "x5"), False),
    ],
    ids=["both amounts", "unknown before", "unknown after", "neither", "a text", "a number as id", "no number as id"],
)
def test_a_change_of_which_no_call_can_be_made_is_refused(run: Run, good: bool) -> None:
    text = altered(run, lambda _: None)

    if good:
        assert plan_file.load_plan(text, OTHERS).changes[0].fields[0].after == run.changes[0].fields[0].after
    else:
        with pytest.raises(PlanFileError):
            plan_file.load_plan(text, OTHERS)


def test_a_plan_holds_the_reasons_of_the_rules_that_were_allowed_alone() -> None:
    rule = Judgement("maxBid", RuleLevel.OVERRIDE, "2.00", (error("guardrail-max-bid", "too high"),))
    rules = (replace(rule, because="agreed"), replace(rule, rule="idle", problems=(), because="not needed"))

    text = altered(replace(SMALL, judgements=rules), lambda _: None)

    assert json.loads(text)["allowed"] == {"maxBid": "agreed"}
