"""Campaigns and line items of Retail Media: what is replaced and refused, dated budgets, addresses, warnings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from reconciler.commands import import_
from reconciler.engine.environment import StateSnapshot
from reconciler.importer import details
from reconciler.importer.account_import import ImportRequest, ImportResult
from reconciler.kinds.versions import all_versions, find_version
from reconciler.model import ItemStatus, Problem, Run
from reconciler.sandbox.message import Request, Response

from ...support.bench import ACCOUNT, Bench, bench
from ..planning.test_addresses import Deadly, Killed

ROOT = "/2026-07/retail-media"
TEA = f'{{id: "73", accountId: "{ACCOUNT}", budget: 6000}}'
SEARCH = '{id: "9001", targetBid: 0.7}'
NEW_CAMPAIGN = f'{{accountId: "{ACCOUNT}", name: Cocoa, isAutoDailyPacing: false, budget: 900}}'
NEW_ITEM = '{campaignId: CAMPAIGN, name: Hot cocoa, targetRetailerId: "1106", startDate: 2026-12-01MORE}'


@contextmanager
def market(version: str = "2026-07") -> Iterator[Bench]:
    with bench(family="retailMedia", version=version, guarded=False) as here:
        yield here


def files(here: Bench, **kinds: dict[str, str]) -> None:
    here.write(
        {
            f"{kind}.yaml": f"{kind}:\n" + "".join(f"  {name}: {text}\n" for name, text in blocks.items())
            for kind, blocks in kinds.items()
        }
    )


def told(problems: tuple[Problem, ...]) -> list[tuple[str, int]]:
    notes = ("retailer-review", "created-off")
    return [(each.code, each.span.line) for each in problems if each.span and each.code not in notes]


def ended(run: Run) -> dict[str, str]:
    return {each.call: each.ending for each in run.outcomes}


def record(here: Bench, collection: str, id: str) -> dict[str, Any]:
    """A record without what is null, and without the time of its last change."""
    held = here.world.state.all(collection)[id]
    return {name: value for name, value in held.items() if value is not None and name != "updatedAt"}


def meddle(here: Bench, path: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what a GET of this path shows, from now on."""

    def handle(request: Request) -> Response:
        answer = here.world.handle(request)
        if request.method != "GET" or not request.path.endswith(path):
            return answer
        body = json.loads(answer.body)
        change(body["data"]["attributes"])
        return Response(answer.status, answer.headers, json.dumps(body).encode())

    here.handle = handle
    here.begin()


# --- A whole object is replaced -----------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["2026-01", "2026-07", "2027-01"])
def test_one_field_moves_and_every_other_stays(version: str) -> None:
    with market(version) as here:
        files(here, retailMediaCampaigns={"tea": TEA}, lineItems={"search": SEARCH})
        before = record(here, "retailMediaCampaigns", "73"), record(here, "lineItems", "9001")

        done = here.apply()

        assert set(ended(done).values()) == {"applied"}
        campaign, item = record(here, "retailMediaCampaigns", "73"), record(here, "lineItems", "9001")
        assert campaign == before[0] | {"budget": 6000}
        assert item == before[1] | {"targetBid": Decimal("0.7")}
        assert sorted((each["method"], each["path"].split("/")[-2]) for each in here.writes) == [
            ("PUT", "auction-line-items"),
            ("PUT", "campaigns"),
        ]
        assert here.plan().plan.total == 0


def test_every_report_of_calls_says_what_is_replaced() -> None:
    with market() as here:
        files(here, retailMediaCampaigns={"tea": TEA}, lineItems={"search": SEARCH})
        run = here.plan()

        for form in ("text", "markdown", "html", "json"):
            report = here.report(run, form)
            assert "the whole campaign" in report, form
            assert "the whole line item" in report, form


def test_an_edit_between_plan_and_sending_is_refused_at_its_file_and_line() -> None:
    with market() as here:
        files(here, retailMediaCampaigns={"tea": TEA})
        edit = {"kind": "edit", "collection": "retailMediaCampaigns", "id": "73", "set": {"companyName": "Brio"}}
        here.world.inject({**edit, "path": "*/campaigns/73", "method": "GET"})

        done = here.apply()

        (outcome,) = done.outcomes
        assert (outcome.status, outcome.problems[0].code) == (ItemStatus.NOT_SENT, "moved-meanwhile")
        assert "companyName" in outcome.problems[0].message
        assert outcome.problems[0].span is not None
        assert (outcome.problems[0].span.line, here.writes) == (2, [])


@pytest.mark.parametrize(
    ("change", "code", "word"),
    [
        (lambda shown: shown.update(brandNew=1), "field-not-known", "brandNew"),
        (lambda shown: shown.pop("monthlyPacing"), "unread-field", "monthlyPacing"),
        (lambda shown: shown.update(viewAttributionWindow=None), "moved-meanwhile", "viewAttributionWindow"),
    ],
)
def test_what_cannot_be_kept_is_not_replaced(change: Callable[[dict[str, Any]], None], code: str, word: str) -> None:
    with market() as here:
        files(here, retailMediaCampaigns={"tea": TEA})
        meddle(here, "/campaigns/73", change)

        (outcome,) = here.apply().outcomes

        assert (outcome.status, outcome.problems[0].code) == (ItemStatus.NOT_SENT, code)
        assert word in outcome.problems[0].message
        assert here.writes == []


@pytest.mark.parametrize("kind", ["lost_answer", "lost_request"])
def test_a_lost_answer_is_settled_by_a_read_and_repeated_only_after_one(kind: str) -> None:
    with market() as here:
        files(here, lineItems={"search": SEARCH})
        here.world.inject({"kind": kind, "path": "*/auction-line-items/9001", "method": "PUT"})

        done = here.apply()

        assert list(ended(done).values()) == ["applied"]
        calls = [(each["method"]) for each in here.world.log if each["path"].endswith("/auction-line-items/9001")]
        assert calls == ["GET", "PUT", "GET"] + (["PUT"] if kind == "lost_request" else [])
        assert here.plan().plan.total == 0


def test_a_lost_answer_and_then_an_edit_ends_unknown_and_undoes_nothing() -> None:
    with market() as here:
        files(here, lineItems={"search": SEARCH})
        path = {"path": "*/auction-line-items/9001"}
        here.world.inject({"kind": "lost_request", "method": "PUT", **path})
        edit = {"kind": "edit", "collection": "lineItems", "id": "9001", "set": {"budget": 1}, "method": "GET"}
        here.world.inject({**edit, **path, "nth": 2})

        (outcome,) = here.apply().outcomes

        assert outcome.status is ItemStatus.UNKNOWN
        assert record(here, "lineItems", "9001")["budget"] == 1


def test_a_refusal_for_too_many_calls_is_sent_again_after_a_read() -> None:
    with market() as here:
        files(here, lineItems={"search": SEARCH})
        here.world.inject({"kind": "status", "status": 429, "path": "*/auction-line-items/9001", "method": "PUT"})

        assert list(ended(here.apply()).values()) == ["applied"]


def test_null_after_a_cap_that_the_api_computed_is_a_change_that_is_shown_sent_and_taken_back() -> None:
    with market() as here:
        files(here, retailMediaCampaigns={"days": '{id: "74", isAutoDailyPacing: false, dailyPacing: null}'})

        (change,) = here.plan().changes
        assert [(each.field, each.before, each.after) for each in change.fields] == [
            ("dailyPacing", None, None),
            ("isAutoDailyPacing", True, False),
        ]
        for form in ("text", "markdown", "html"):
            assert "computed" in here.report(here.plan(), form), form
        assert list(ended(here.apply()).values()) == ["applied"]

        sent = here.writes[0]["body"]["data"]["attributes"]
        assert (sent["dailyPacing"], sent["isAutoDailyPacing"]) == (None, False)
        assert here.plan().changes == ()
        files(here, retailMediaCampaigns={"days": '{id: "74", isAutoDailyPacing: true, dailyPacing: null}'})
        assert [each.field for change in here.plan().changes for each in change.fields] == ["isAutoDailyPacing"]


# --- Line items ---------------------------------------------------------------------------------------------


def test_an_intent_is_sent_for_a_state_that_the_api_computed() -> None:
    with market() as here:  # 9004 has no funds, and is meant to be active
        files(here, lineItems={"mugs": '{id: "9004", maxBid: 1.1}'})
        here.apply()

        assert here.writes[0]["body"]["data"]["attributes"]["status"] == "active"
        assert here.writes[0]["body"]["data"]["attributes"]["bidStrategy"] == "automated"


@pytest.mark.parametrize(
    ("block", "found"),
    [
        ('{id: "9006", targetBid: 0.7}', ["line-item-over"]),
        ('{id: "9001", name: "Tea, category"}', ["name-taken"]),
        ('{id: "9001", targetBid: 0.2}', ["bid-below-minimum"]),
        ('{id: "9001", targetRetailerId: "1298"}', ["fixed-field"]),
        ('{id: "9001", isAutoDailyPacing: true, dailyPacing: 5}', ["pace-automatic"]),
        ('{id: "9001", budget: 900}', ["budget-spent"]),
        ('{id: "9001", status: archived}', ["bad-choice"]),
        ('{id: "9001", status: noFunds}', ["bad-choice"]),
        ('{id: "9001", bidMultipliers: {attic: 2}}', ["unknown-page"]),
        ('{id: "9001", bidMultipliers: {home: 7}}', ["multiplier-range"]),
        ('{id: "9003", status: active}', ["bid-missing"]),
        ("{name: Tea}", ["unidentified"]),
        (NEW_ITEM.replace("CAMPAIGN", '"999"').replace("MORE", ""), ["unknown-campaign"]),
        (NEW_ITEM.replace("CAMPAIGN", "retailMediaCampaigns.nobody").replace("MORE", ""), ["unknown-address"]),
    ],
)
def test_what_is_wrong_with_a_line_item_is_told_at_its_line(block: str, found: list[str]) -> None:
    with market() as here:
        files(here, lineItems={"one": block})

        assert told(here.plan().problems) == [(code, 2) for code in found]


@pytest.mark.parametrize(
    ("block", "found"),
    [
        (
            f'{{accountId: "{ACCOUNT}", name: X, isAutoDailyPacing: false, type: preferred, budget: 5}}',
            "preferred-capped",
        ),
        ('{id: "74", isAutoDailyPacing: false}', "pace-unstated"),
        ('{id: "73", endDate: 2026-12-01, startDate: 2026-12-02}', "end-before-start"),
        ('{id: "73", name: Winter}', "name-taken"),
        ('{id: "73", dailyBudgetOverrides: {2026-12-24: {maxDailySpend: 5, duration: 4M}}}', "bad-text"),
        ('{id: "73", dailyBudgetOverrides: {2026-13-24: {maxDailySpend: 5, duration: 4D}}}', "bad-date"),
        ('{id: "73", monthlyBudgetOverrides: {2026-12-24: {maxMonthlySpend: 5, duration: 1M}}}', "bad-date"),
        (
            '{id: "73", dailyBudgetOverrides: {2026-12-24: {maxDailySpend: 5, duration: 4D},'
            " 2026-12-27: {maxDailySpend: 6, duration: 1D}}}",
            "dated-overlap",
        ),
    ],
)
def test_what_is_wrong_with_a_campaign_is_told_at_its_line(block: str, found: str) -> None:
    with market() as here:
        files(here, retailMediaCampaigns={"one": block})

        assert told(here.plan().problems) == [(found, 2)]


@pytest.mark.parametrize(("status", "noted"), [("", 1), (", status: draft", 1), (", status: active", 0)])
def test_a_new_line_item_that_is_left_a_draft_is_told_with_what_it_may_spend_once_started(
    status: str, noted: int
) -> None:
    with market() as here:
        files(here, lineItems={"hot": NEW_ITEM.replace("CAMPAIGN", '"73"').replace("MORE", f", budget: 900{status}")})
        notes = [each.message for each in here.plan().problems if each.code == "created-off"]

    told_once = ["1 object is created off, and counted in no sum: once started, EUR 900.00 more may be spent"]
    assert notes == told_once * noted


def test_stops_and_lower_caps_go_before_what_costs_more() -> None:
    with market() as here:
        items = {
            "a": '{id: "9001", targetBid: 0.9}',
            "b": '{id: "9002", status: paused}',
            "c": '{id: "9007", budget: 5}',
        }
        files(here, lineItems=items)

        paths = [each.path.rpartition("/")[2] for each in here.plan().plan.calls]

        assert (set(paths[:2]), paths[2]) == ({"9002", "9007"}, "9001")


# --- Dated budgets and multipliers --------------------------------------------------------------------------

FRIDAY = "dailyBudgetOverrides: {2026-11-27: {maxDailySpend: 500, duration: 4D}}"


@pytest.mark.parametrize(("kind", "id"), [("retailMediaCampaigns", "73"), ("lineItems", "9001")])
def test_a_dated_budget_is_added_changed_and_removed_and_others_stay(kind: str, id: str) -> None:
    with market() as here:
        own = here.world.state.all(kind)[id]
        kept = {"start": "2026-10-01", "length": 2, "amount": 7}, {"start": "2027-01-10", "length": 1, "amount": 9}
        here.world.state.put(kind, id, {**own, "dailyOverrides": list(kept)})

        for text, entries in (
            (FRIDAY, [kept[0], {"start": "2026-11-27", "length": 4, "amount": 500}, kept[1]]),
            (FRIDAY.replace("500", "650"), [kept[0], {"start": "2026-11-27", "length": 4, "amount": 650}, kept[1]]),
            ("dailyBudgetOverrides: {2026-11-27: null}", list(kept)),
        ):
            files(here, **{kind: {"one": f'{{id: "{id}", {text}}}'}})
            done = here.apply()
            assert list(ended(done).values()) == ["applied"], told(done.problems)
            assert record(here, kind, id)["dailyOverrides"] == entries
            assert here.plan().plan.total == 0


def test_a_plan_says_what_black_friday_adds_in_its_days() -> None:
    with market() as here:
        files(
            here,
            retailMediaCampaigns={"tea": f'{{id: "73", {FRIDAY}}}', "brand": f'{{id: "74", {FRIDAY}}}'},
            lineItems={"one": f'{{id: "9001", dailyPacing: 50, {FRIDAY}}}'},
        )
        run = here.plan()

        row = "EUR lineItems dated budgets: 1 changed, 2026-11-27 … 2026-11-30, 40.00 → 500.00, +1,840.00 in these days"
        assert f"  {row}\n" in here.report(run, "text")
        assert "2 changed, 2026-11-27 … 2026-11-30, +1,680.00 in these days, 1 without a sum" in here.report(
            run, "text"
        )
        for form in ("markdown", "html"):
            assert "+1,840.00 in these days" in here.report(run, form), form
        (each,) = [each for each in run.money.dated if each.address.kind == "lineItems"]
        assert (each.first, each.last, each.count, each.adds) == ("2026-11-27", "2026-11-30", 4, Decimal(1840))
        here.apply()
        files(here, lineItems={"one": '{id: "9001", dailyBudgetOverrides: {2026-11-27: null}}'})
        assert [(each.before, each.after, each.adds) for each in here.plan().money.dated] == [
            (Decimal(500), Decimal(50), Decimal(-1800))
        ]


def test_a_dated_budget_with_a_slipped_decimal_point_is_refused_at_its_line() -> None:
    with bench(family="retailMedia") as here:
        files(here, retailMediaCampaigns={"tea": f'{{id: "73", {FRIDAY.replace("500", "50000")}}}'})

        assert ("guardrail-decimal-slip", 2) in told(here.plan().problems)


def test_a_dated_budget_that_is_over_is_neither_compared_nor_sent() -> None:
    with market() as here:
        files(here, retailMediaCampaigns={"tea": f'{{id: "73", {FRIDAY}}}'})
        here.apply()
        here.later(days=30)

        later = here.plan()

        assert (later.plan.total, told(later.problems)) == (0, [("entry-over", 2)])


def test_a_colleagues_dated_budget_between_plan_and_sending_is_kept() -> None:
    with market() as here:
        files(here, retailMediaCampaigns={"tea": f'{{id: "73", {FRIDAY}}}'})
        mine = [{"start": "2027-01-10", "length": 1, "amount": 9}]
        edit = {"kind": "edit", "collection": "retailMediaCampaigns", "id": "73", "set": {"dailyOverrides": mine}}
        here.world.inject({**edit, "path": "*/campaign-budget-overrides", "method": "GET", "nth": 2})

        (outcome,) = here.apply().outcomes

        assert outcome.problems[0].code == "moved-meanwhile"
        assert record(here, "retailMediaCampaigns", "73")["dailyOverrides"] == mine


def test_a_multiplier_moves_and_the_others_stay() -> None:
    with market() as here:
        files(here, lineItems={"one": '{id: "9002", bidMultipliers: {search: 2}}'})

        assert list(ended(here.apply()).values()) == ["applied"]
        kept = {
            name: value for name, value in record(here, "lineItems", "9002")["bidMultipliers"].items() if value != 1
        }
        assert kept == {"search": 2, "category": Decimal("0.8")}
        assert here.plan().plan.total == 0


# --- Addresses ----------------------------------------------------------------------------------------------


def test_a_campaign_its_line_item_and_its_balance_are_made_in_rounds_from_nothing() -> None:
    with market() as here:
        item = NEW_ITEM.replace("CAMPAIGN", "retailMediaCampaigns.cocoa")
        files(
            here,
            retailMediaCampaigns={"cocoa": NEW_CAMPAIGN.replace("}", f", {FRIDAY}}}", 1)},
            lineItems={"hot": item.replace("MORE", ", status: active, targetBid: 0.5, bidMultipliers: {search: 2}")},
            balances={
                "xmas": f'{{accountId: "{ACCOUNT}", name: Xmas, spendType: onsite, startDate: 2026-12-01,'
                " deposited: 100, campaignIds: [retailMediaCampaigns.cocoa]}"
            },
        )
        planned = here.plan()

        done = here.apply()

        assert set(ended(done).values()) == {"applied"}, told(done.problems)
        assert planned.plan.total == planned.plan.bound == len(here.writes)
        (campaign,) = (
            id for id, each in here.world.state.all("retailMediaCampaigns").items() if each["name"] == "Cocoa"
        )
        (hot,) = (each for each in here.world.state.all("lineItems").values() if each["name"] == "Hot cocoa")
        assert (hot["campaignId"], hot["status"]) == (campaign, "active")
        assert campaign in [each["campaignId"] for each in here.world.state.all("attachments").values()]
        assert here.plan().plan.total == 0


def everything(here: Bench) -> dict[str, Any]:
    """What the account has of ours, by names: the campaign, its line item, its balance."""
    state = here.world.state
    campaigns = {id: each for id, each in state.all("retailMediaCampaigns").items() if each["name"] == "Cocoa"}
    balances = {id for id, each in state.all("balances").items() if each["name"] == "Xmas"}
    items = [each for each in state.all("lineItems").values() if each["name"] == "Hot cocoa"]
    return {
        "campaigns": [each["dailyOverrides"] for each in campaigns.values()],
        "items": [
            (each["campaignId"] in campaigns, each["status"], each["bidMultipliers"]["search"]) for each in items
        ],
        "balances": [state.all("balances")[id]["deposited"] for id in balances],
        "attached": sum(
            each["campaignId"] in campaigns and each["balanceId"] in balances
            for each in state.all("attachments").values()
        ),
    }


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 8))
def test_killed_at_any_write_the_next_applies_end_the_same_and_nothing_is_there_twice(at: int, after: bool) -> None:
    with market() as here:
        item = NEW_ITEM.replace("CAMPAIGN", "retailMediaCampaigns.cocoa")
        files(
            here,
            retailMediaCampaigns={"cocoa": NEW_CAMPAIGN.replace("}", f", {FRIDAY}}}", 1)},
            lineItems={"hot": item.replace("MORE", ", status: active, targetBid: 0.5, bidMultipliers: {search: 2}")},
            balances={
                "xmas": f'{{accountId: "{ACCOUNT}", name: Xmas, spendType: onsite, startDate: 2026-12-01,'
                " deposited: 100, campaignIds: [retailMediaCampaigns.cocoa]}"
            },
        )
        here.handle = Deadly(here.world, at, after=after).handle
        here.begin()
        with pytest.raises(Killed):
            here.apply()
        here.handle = None
        here.begin()
        for _ in range(3):
            here.later(minutes=31)
            here.apply()

        assert everything(here) == {
            "campaigns": [[{"start": "2026-11-27", "length": 4, "amount": 500}]],
            "items": [(True, "active", 2)],
            "balances": [100],
            "attached": 1,
        }
        assert here.plan().plan.total == 0


def test_an_address_of_a_live_campaign_is_its_id() -> None:
    with market() as here:
        files(
            here,
            retailMediaCampaigns={"tea": '{id: "73"}'},
            lineItems={"search": '{campaignId: retailMediaCampaigns.tea, name: "Tea, search"}'},
        )

        assert here.plan().plan.total == 0


def test_no_kind_names_itself_in_a_circle_and_each_is_read_after_what_it_names() -> None:
    for version in all_versions():
        seen: list[str] = []
        for kind in version.kinds.values():
            named = set(kind.address_fields.values()) & version.kinds.keys()
            assert named <= set(seen), (version.version, kind.name)
            seen.append(kind.name)


# --- Import -------------------------------------------------------------------------------------------------


def imported(here: Bench, **wish: Any) -> tuple[ImportResult, str]:
    here.write({})
    asked = ImportRequest(("retailMediaCampaigns", "lineItems"), **wish)
    done = import_.write_import(here.load(), here.outside, StateSnapshot(), asked, lambda line: None, here.world.now)
    return done, "\n".join(file.read_text(encoding="utf-8") for file in sorted(here.folder.rglob("*.yaml")))


def test_an_import_writes_dated_budgets_and_multipliers_but_none_that_is_over_or_says_nothing() -> None:
    with market() as here:
        own = here.world.state.all("retailMediaCampaigns")["73"]
        dated = [{"start": "2026-10-01", "length": 2, "amount": 7}, {"start": "2026-11-27", "length": 4, "amount": 500}]
        here.world.state.put("retailMediaCampaigns", "73", {**own, "dailyOverrides": dated})

        done, text = imported(here)

        assert '"2026-11-27": {maxDailySpend: 500.00, duration: 4D}' in text
        assert "bidMultipliers: {category: 0.80, search: 1.50}" in text
        assert ('"2026-10-01": {' in text, ": 1.00}" in text) == (False, False)
        assert [each.code for each in done.problems if each.code == "not-read"] == []
        assert here.plan().plan.total == 0


def test_an_import_that_would_need_too_many_calls_says_what_it_did_not_read_and_what_it_would_cost() -> None:
    kind = find_version("retailMedia", "2026-07").kinds["lineItems"]

    assert len(details.chosen_details(kind, 500, all=False)) == 2
    assert len(details.chosen_details(kind, 501, all=True)) == 2
    read = details.chosen_details(kind, 501, all=False)
    (note,) = details.note_unread(kind, 501, read)

    assert read == ()
    assert note.message == (
        "not read: dailyBudgetOverrides, monthlyBudgetOverrides, bidMultipliers of 501 line items, "
        "which would cost 1,002 calls"
    )
