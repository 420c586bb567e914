"""A plan of a part says of this part what a plan that read the whole scope says, and reads less.

What such a plan sends, and every problem of it, is compared; only the sums of the account are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reconciler.commands.session import Session
from reconciler.engine.part_reads import PARTLY
from reconciler.engine.plan import PreparedPlan
from reconciler.model import ItemStatus, Run, Severity

from ..support.bench import Bench, bench
from .portfolios import Blocks, Raw, Spoken, created, edited, section, spoken

CASES = [each for each in spoken() if each.name in ("adSets", "lineItems")]
PARENTS = {"adSets": ("358313", "358314"), "lineItems": ("73", "74")}


@pytest.mark.parametrize("case", CASES, ids=repr)
@settings(max_examples=8, phases=[Phase.generate])
@given(data=st.data())
def test_a_part_is_planned_as_in_the_whole(case: Spoken, data: st.DataObject) -> None:
    """Some blocks are new, some were edited, some have a twin; some are asked for."""
    before = data.draw(created(case, least=2))
    for block in before.values():
        block["campaignId"] = data.draw(st.sampled_from(PARENTS[case.name]))
    after = data.draw(edited(case, before))
    fresh = data.draw(st.sets(st.sampled_from(sorted(before)), max_size=1))
    chosen = data.draw(st.lists(st.sampled_from(sorted(after)), min_size=1, unique=True))
    known = data.draw(st.sets(st.sampled_from(sorted(before.keys() - fresh)), max_size=2))
    with stage(case) as here:
        ids = put(here, case, {key: each for key, each in before.items() if key not in fresh})
        for key in known:
            after[key]["id"] = ids[key]
            del after[key]["campaignId"]
        if data.draw(st.booleans()):
            _, twin = sorted(here.world.state.all(case.name).items())[-1]
            here.world.state.put(case.name, "77777777", dict(twin))
        here.write({"a.yaml": section(case.name, after)})
        targets = [f"{case.name}.{key}" for key in chosen]
        whole, part = planned(here, targets, part=False), planned(here, targets, part=True)

    assert of_part(part) == of_part(whole)


# --- What is read ------------------------------------------------------------------------------------------

AD_SETS = CASES[0]


def test_of_an_edit_only_its_campaign_is_read_and_the_rest_is_told() -> None:
    with stage(AD_SETS) as here:
        put(here, AD_SETS, blocks(r1="358313", r2="358314"))
        here.write({"a.yaml": section("adSets", blocks("Edited", r1="358313", r2="358314"))})
        run, asked = planned(here, ["adSets.r1"], part=True), searches(here)

    (note,) = (each for each in run.problems if each.code == PARTLY)
    assert asked == [{"campaignIds": ["358313"]}]
    assert note.message == "of the ad sets of the scope, only those of campaign 358313 were read"
    assert [str(each.address) for each in run.changes] == ["adSets.r1"]


def test_the_campaign_of_a_block_that_states_none_is_found_by_its_id() -> None:
    with stage(AD_SETS) as here:
        ids = put(here, AD_SETS, blocks(r1="358313", r2="358314"))
        wanted = blocks("Edited", r1="358313", r2="358314")
        wanted["r1"] = {"id": ids["r1"], "name": "Edited"}
        here.write({"a.yaml": section("adSets", wanted)})
        run, asked = planned(here, ["adSets.r1"], part=True), searches(here)

    assert [str(each.address) for each in run.changes] == ["adSets.r1"]
    assert asked == [{"adSetIds": [ids["r1"]]}, {"campaignIds": ["358313"]}]


def test_what_is_read_of_a_campaign_is_enough_for_an_apply() -> None:
    """A ledger that knows more than the part does not make the rest look absent."""
    with stage(AD_SETS) as here:
        many = blocks(**{f"r{number}": "358314" for number in range(8)}, r8="358313")
        put(here, AD_SETS, many)
        here.write({"a.yaml": section("adSets", {**many, "r8": {**many["r8"], "name": "Edited"}})})
        here.forget()
        run = here.apply(["adSets.r8"])

        assert [(str(each.item.address), each.status) for each in run.outcomes] == [("adSets.r8", ItemStatus.APPLIED)]
        assert [each for each in run.problems if each.severity is Severity.ERROR] == []
        assert searches(here) == [{"campaignIds": ["358313"]}] * 2  # for the plan, and of what is in force after it


@pytest.mark.parametrize(
    ("why", "more", "policy"),
    [
        ("an ad set is new: its amounts are judged beside all others", {"r3": {"campaignId": "358313"}}, ""),
        ("the block states another campaign than that of its id", {"r1": {"campaignId": "358314"}}, ""),
        ("a rule counts all ad sets", {}, "guardrails: {maxSharePercent: 60}\n"),
        ("the order needs all sums", {}, "ordering: exposure-safe\n"),
    ],
)
def test_the_whole_scope_is_read_if(why: str, more: Blocks, policy: str) -> None:
    with stage(AD_SETS) as here:
        put(here, AD_SETS, blocks(r1="358313", r2="358314"))
        wanted = blocks("Edited", r1="358313", r2="358314", **dict.fromkeys(more.keys() - {"r1"}, "358313"))
        wanted = {key: {**each, **more.get(key, {})} for key, each in wanted.items()}
        here.write({"a.yaml": section("adSets", wanted)})
        project = here.folder / "reconciler.yaml"
        project.write_text(project.read_text() + policy)
        run, asked = planned(here, ["adSets.r1", *(f"adSets.{key}" for key in more)], part=True), searches(here)

    assert asked[-1] == {"advertiserIds": ["1352"]}
    assert [each for each in run.problems if each.code == PARTLY] == []


# --- The account -------------------------------------------------------------------------------------------


@contextmanager
def stage(case: Spoken) -> Iterator[Bench]:
    with bench(family=case.dialect.family, version=case.dialect.version) as here:
        yield here


def put(here: Bench, case: Spoken, some: Blocks) -> dict[str, str]:
    """Make blocks live, and known to the ledger; return their ids."""
    here.guarded = False
    here.write({"a.yaml": section(case.name, some)})
    run = here.apply()
    assert [each for each in run.outcomes if each.status is not ItemStatus.APPLIED] == []
    assert run.outcomes, run.problems
    here.guarded = True
    here.forget()
    return {each.item.address.key: str(each.id or each.item.id) for each in run.outcomes}


def planned(here: Bench, targets: Sequence[str], *, part: bool) -> Run:
    session = here.session()
    assert isinstance(session, Session), session
    prepared = session.plan(targets, part=part)
    return prepared.run if isinstance(prepared, PreparedPlan) else prepared


def of_part(run: Run) -> tuple[Any, ...]:
    """What is decided of the blocks at hand; how many objects are hidden is told of what was read."""
    said = [each for each in run.problems if each.code not in (PARTLY, "cannot-expose-specific-adsets")]
    money = run.money
    moved = money and (money.shifts, money.increases, money.bids, money.ceiling_shifts)
    return run.changes, run.plan, said, run.judgements, run.lasting, run.unchanged, moved


def searches(here: Bench) -> list[Any]:
    return [each["body"]["filters"] for each in here.world.log if each["path"].endswith("/ad-sets/search")]


def blocks(name: str = "Ad set", **campaigns: str) -> Blocks:
    """Return ad sets by key, each in a campaign."""
    fixed: Raw = {
        "datasetId": "6789",
        "objective": "conversions",
        "mediaType": "display",
        "bidding.bidAmount": Decimal("0.5"),
    }
    fixed |= {"bidding.costController": "maxCPC", "schedule.startDate": "2027-01-01"}
    fixed |= {"trackingCode": "t", "budget.budgetStrategy": "uncapped"}
    return {key: {**fixed, "name": f"{name} {key}", "campaignId": id} for key, id in campaigns.items()}
