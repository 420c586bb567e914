"""One apply makes the account match, a second has nothing to do, and no call is sent that need not be."""

from __future__ import annotations

from collections import Counter
from math import ceil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds import versions
from reconciler.kinds.write_methods import ActionByValue, Replace, SetMembership, SubresourcePatch
from reconciler.model import ItemStatus, Run, Severity

from ..support.bench import Bench, bench
from .portfolios import Blocks, Spoken, created, edited, is_seen, section, spoken

pytestmark = pytest.mark.parametrize("case", spoken(), ids=repr)
CHUNKS = st.integers(1, 5)


def stage(case: Spoken, **more: Any) -> Any:
    """A bench for this kind and version; policies on money are not what these laws are about."""
    return bench(family=case.dialect.family, version=case.dialect.version, guarded=False, **more)


def errors(run: Run) -> list[str]:
    return [f"{each.code}: {each.message}" for each in run.problems if each.severity is Severity.ERROR]


def applied(here: Bench, case: Spoken, blocks: Blocks) -> Run:
    """The blocks in force, every item of them applied."""
    here.write({"a.yaml": section(case.name, blocks)})
    run = here.apply()
    assert errors(run) == []
    assert [each for each in run.outcomes if each.status is not ItemStatus.APPLIED] == []
    return run


@given(data=st.data())
def test_edits_converge_in_one_round(case: Spoken, data: st.DataObject) -> None:
    blocks = data.draw(created(case))
    after = data.draw(edited(case, blocks))

    with stage(case, chunk=data.draw(CHUNKS), merged=data.draw(st.booleans())) as here:
        applied(here, case, blocks)
        run = applied(here, case, after)
        again = here.plan()

    assert run.plan.deferred == ()
    assert again.changes == ()


@given(data=st.data())
def test_creations_converge_in_two_rounds_what_waits_is_told_before_and_a_second_plan_is_empty(
    case: Spoken, data: st.DataObject
) -> None:
    blocks = data.draw(created(case))

    with stage(case, chunk=data.draw(st.none() | CHUNKS)) as here:
        here.write({"a.yaml": section(case.name, blocks)})
        planned = here.plan()
        applied(here, case, blocks)
        sent = len(here.writes)
        again = here.plan()

    assert len(planned.plan.calls) + planned.plan.deferred_calls == planned.plan.total == sent
    assert again.changes == ()
    assert again.plan.total == 0


@given(data=st.data())
def test_calls_are_as_many_as_planned_as_bound_and_as_arithmetic_says_and_none_is_larger_than_its_size(
    case: Spoken, data: st.DataObject
) -> None:
    blocks, chunk = data.draw(created(case)), data.draw(CHUNKS)
    after = data.draw(edited(case, blocks))

    with stage(case, chunk=chunk) as here:
        applied(here, case, blocks)
        here.forget()
        run = applied(here, case, after)

    assert run.plan.total == run.plan.bound == len(here.writes) == least(case, run, chunk)
    assert all(0 < len(call.items) <= chunk for call in run.plan.calls)
    assert all(0 < len(items_of(entry)) <= chunk for entry in here.writes)


def least(case: Spoken, run: Run, chunk: int) -> int:
    """The bound, from what moved alone: facets apart, each cut to size; per resource where a path names one."""
    kind, groups = case.kind, Counter[Any]()
    for change in run.changes:
        for facet in {move.facet for move in change.fields}:
            write, moves = kind.writes[facet], [move for move in change.fields if move.facet == facet]
            match write:
                case SubresourcePatch():
                    groups[facet, change.address] += len(moves)
                case SetMembership():
                    before, after = (set(side or ()) for side in (moves[0].before, moves[0].after))
                    groups[facet, change.address, "append"] += len(after - before)
                    groups[facet, change.address, "delete"] += len(before - after)
                case Replace():  # all facets of an object in one call
                    groups[write.facet, change.address] = 1
                case ActionByValue():
                    groups[facet, str(moves[0].after)] += 1
                case _:
                    groups[(facet, change.address) if "{id}" in write.path else (facet,)] += 1
    size = {facet: min(chunk, getattr(write, "chunk", 1)) for facet, write in kind.writes.items()}
    return sum(ceil(count / size[group[0]]) for group, count in groups.items())


def items_of(entry: dict[str, Any]) -> list[Any]:
    data = entry["body"]["data"] if isinstance(entry["body"], dict) and "data" in entry["body"] else entry["body"]
    return data if isinstance(data, list) else [data]


@given(data=st.data())
def test_what_the_files_do_not_state_keeps_its_value(case: Spoken, data: st.DataObject) -> None:
    blocks = data.draw(created(case))
    after = data.draw(edited(case, blocks))
    keys = set(case.kind.natural_keys[0]) | {"id", "amount"}  # a seller budget is told by more than its key

    with stage(case) as here:
        applied(here, case, blocks)
        before = records(here)
        moved = {
            key: {name: value for name, value in raw.items() if name in keys or blocks[key].get(name, ...) != value}
            for key, raw in after.items()
        }
        here.write({"a.yaml": section(case.name, moved)})
        run = here.apply()
        now = records(here)

    assert errors(run) == []
    stated = {id: {move.field for move in change.fields} for change in run.changes for id in [change.id]}
    for id, fields in before.items():
        touched = stated.get(id, set())
        strangers = [name for name in fields if now[id].get(name) != fields[name] and not explained(name, touched)]
        assert strangers == []


def records(here: Bench) -> dict[str, dict[str, Any]]:
    """What the sandbox itself holds, each value by its dotted name: no reading of ours comes between."""
    kinds = versions.kind_names()  # by which the sandbox calls its collections
    return {f"{key}": dict(flat(record)) for name in kinds for key, record in here.world.state.all(name).items()}


def flat(node: Any, prefix: str = "") -> Any:
    for name, value in node.items():
        if name == "dailyPacing" and node.get("isAutoDailyPacing"):
            continue  # the API computes it, shows what it computed, and is sent what it showed
        if isinstance(value, dict) and value and not {"operand", "frequency"} & value.keys():
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


SIDE_EFFECTS = {
    "started": "schedule.activationStatus",
    "updatedAt": "",
    "isSuspended": "suspended",
    "memo": "deposited",
    "dailyPacing": "isAutoDailyPacing",
}
"""What the API sets by itself when something else is set."""


AUTOMATION = dict.fromkeys(("automatesBudgets", "adSetObjectives"), "budgetAutomation") | {
    "dailyOverrides": "dailyBudgetOverrides",
    "monthlyOverrides": "monthlyBudgetOverrides",
}
"""What the sandbox calls the parts of a block in its own records."""


def explained(name: str, touched: set[str]) -> bool:
    """Whether a value moved because it was stated, or belongs to a block that is written whole."""
    block = AUTOMATION.get(name) or name.partition(".")[0]
    whole = {"budget", "spendLimit", "budgetAutomation", "scheduledBudgets", "categoryBids", "displayMultipliers"}
    whole |= {"dailyBudgetOverrides", "monthlyBudgetOverrides", "bidMultipliers", "flightSchedule"}
    return (
        name in touched
        or SIDE_EFFECTS.get(name, ...) in {"", *touched}
        or (block in whole and any(each.startswith(block) for each in touched))
    )


@given(data=st.data())
def test_a_plan_depends_on_no_order_of_files_blocks_or_keys(case: Spoken, data: st.DataObject) -> None:
    blocks = data.draw(created(case, least=2))
    after = data.draw(edited(case, blocks))
    extra = {f"n{key}": renamed(case, raw) for key, raw in data.draw(created(case, most=2)).items()}
    wanted = after | extra

    with stage(case, chunk=data.draw(CHUNKS)) as here:
        applied(here, case, blocks)
        here.write({"a.yaml": section(case.name, wanted)})
        one = here.plan()
        here.write(shuffled(data, case, wanted))
        other = here.plan()

    assert other.plan == one.plan
    assert by_address(other) == by_address(one)


def renamed(case: Spoken, raw: dict[str, Any]) -> dict[str, Any]:
    own = {"name": f"new {raw.get('name')}", "sellerId": str(int(raw.get("sellerId", 0)) - 4)}
    return raw | {name: own[name] for name in own if name in raw}


def by_address(run: Run) -> list[Any]:
    return sorted(run.changes, key=lambda change: change.address)


def shuffled(data: st.DataObject, case: Spoken, blocks: Blocks) -> dict[str, str]:
    """The same resources in other files, in another order, their keys too; what a file shares may be a default."""
    files: dict[str, Blocks] = {}
    for key in data.draw(st.permutations(sorted(blocks))):
        names = data.draw(st.permutations(sorted(blocks[key])))
        place = files.setdefault(data.draw(st.sampled_from(("a.yaml", "deep/b.yaml", "z.yml"))), {})
        place[key] = {name: blocks[key][name] for name in names}
    texts = {}
    for name, inside in files.items():
        common = {
            each: value
            for each, value in next(iter(inside.values())).items()
            if "." not in each
            and each not in case.kind.natural_keys[0]
            and all(raw.get(each, ...) == value for raw in inside.values())
        }
        own = {key: {each: raw[each] for each in raw if each not in common} for key, raw in inside.items()}
        texts[name] = section(case.name, own, common)
    return texts


@given(data=st.data())
def test_the_same_files_give_the_same_report_to_the_byte(case: Spoken, data: st.DataObject) -> None:
    blocks = data.draw(created(case))
    after = data.draw(edited(case, blocks))

    told = []
    for _ in range(2):
        with stage(case, in_flight=1) as here:  # the account itself numbers what is created as it comes
            applied(here, case, blocks)
            here.write({"a.yaml": section(case.name, after)})
            planned, ended = here.plan(), here.apply()
            told.append([here.report(run, bodies=True).replace(str(here.folder), "") for run in (planned, ended)])
            told[-1] = [text.replace(here.folder.name, "") for text in told[-1]]

    assert told[0] == told[1]


@given(data=st.data())
def test_a_fixed_field_is_refused_at_its_line_and_in_no_call(case: Spoken, data: st.DataObject) -> None:
    blocks = data.draw(created(case))
    kind = case.kind
    key = data.draw(st.sampled_from(sorted(blocks)))
    identity = {name for natural in kind.natural_keys for name in natural}
    fixed = [
        row.name
        for row in kind.fields
        if row.path("patch") is None
        and row.path("create")
        and is_seen(kind, row.name)
        and row.name in blocks[key]
        and row.name not in identity
        and len(others(row, blocks[key])) > 0
    ]
    if not fixed:
        pytest.skip("its fixed fields are what finds it")
    name = data.draw(st.sampled_from(fixed))

    with stage(case) as here:
        applied(here, case, blocks)
        here.forget()
        changed = blocks[key] | {name: data.draw(st.sampled_from(others(kind.field(name), blocks[key])))}
        here.write({"a.yaml": section(case.name, blocks | {key: changed})})
        run = here.apply()

    at = [each.span for each in run.problems if each.code == "fixed-field" and name in each.message]
    assert len(at) == 1
    assert here.writes == []
    assert not any(move.field == name for call in run.plan.calls for item in call.items for move in item.fields)


def others(row: Any, raw: dict[str, Any]) -> list[Any]:
    """Other values that break no further rule."""
    quiet = {"objective": ("clicks", "visits", "reach"), "datasetId": ("6790",), "spendType": ("onsite", "offsite")}
    return [word for word in quiet.get(row.name, ()) if word != raw[row.name]]
