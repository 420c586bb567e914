"""Every rule of seller budgets and bids (contract §4.4), broken in YAML and shown at its place before any call.

The clock says 2026-11-21. Live are, among others, the budgets 101 (seller 1, Capped at 500, all of November, 123.45
spent), 102 (seller 2, Uncapped, without an end), 103 (seller 2, Daily, November and December), 104 (seller 3, Capped at
300 in two campaigns, from 15 December to 15 January), 105 (seller 4, suspended) and 106 (seller 1, over).
"""

from __future__ import annotations

import pytest

from reconciler.model import Run

from ....support.bench import bench
from ....support.readings import errors, marked, warnings

NEW = "campaignIds: [10001], budgetType: Capped, amount: 30.00"
DECEMBER = "startDate: 2026-12-01, endDate: 2026-12-31"


def budget(text: str) -> str:
    return f"sellerBudgets:\n  b: {{{text}}}\n"


def bid(text: str) -> str:
    return f"sellerCampaigns:\n  c: {{{text}}}\n"


def planned(text: str, *, version: str = "2026-07", project: str = "") -> tuple[Run, list[str]]:
    """A plan of these blocks, and the places that are marked in them. Nothing may have been written."""
    yaml, places = marked(text)
    with bench(family="sellers", version=version) as desk:
        desk.write({"a.yaml": yaml})
        if project:
            file = desk.folder / "reconciler.yaml"
            file.write_text(file.read_text() + project)
        run = desk.plan()
        assert desk.writes == []
        return run, places


OFFLINE = {
    "rule 1: a seller": (budget(f"sellerId: ▶abc, {NEW}, {DECEMBER}"), "bad-id"),
    "rule 1: what identifies it": ("sellerBudgets:\n  ▶b: {sellerId: 5, amount: 3.00}\n", "unidentified"),
    "rule 1: campaigns": (
        budget("sellerId: 5, campaignIds: ▶[], budgetType: Uncapped, " + DECEMBER),
        "empty-list",
    ),
    "rule 1: a campaign that can be one": (
        budget("sellerId: 5, campaignIds: [10001, ▶2147483648], budgetType: Uncapped, " + DECEMBER),
        "bad-id",
    ),
    "rule 1: a type": (budget("sellerId: 5, campaignIds: [10001], budgetType: ▶total, " + DECEMBER), "bad-choice"),
    "rule 1: a day that there is": (budget(f"sellerId: 5, {NEW}, startDate: ▶2026-02-30"), "bad-date"),
    "rule 1: a day without a time": (budget(f"sellerId: 5, {NEW}, startDate: ▶2026-12-01T00:00:00Z"), "bad-date"),
    "rule 1: the end after the start": (
        budget(f"sellerId: 5, {NEW}, startDate: 2026-12-01, endDate: ▶2026-12-01"),
        "end-before-start",
    ),
    "rule 2: no amount on Uncapped": (
        budget(f"sellerId: 5, campaignIds: [10001], budgetType: Uncapped, amount: ▶5.00, {DECEMBER}"),
        "amount-uncapped",
    ),
    "rule 2: an amount on Capped": (
        budget(f"sellerId: 5, campaignIds: [10001], budgetType: ▶Capped, {DECEMBER}"),
        "amount-missing",
    ),
    "rule 2: an amount on Daily": (
        budget(f"sellerId: 5, campaignIds: [10001], budgetType: ▶Daily, {DECEMBER}"),
        "amount-missing",
    ),
    "rule 2: not below zero": (budget("id: 101, amount: ▶-1"), "out-of-range"),
    "rule 2: no third decimal": (budget("id: 101, amount: ▶700.001"), "too-many-decimals"),
    "rule 2: not null": (budget("id: 101, amount: ▶null"), "null-not-allowed"),
    "rule 7: two totals in the files": (
        "sellerBudgets:\n"
        f"  a: {{sellerId: 5, {NEW}, startDate: 2026-12-01, endDate: 2026-12-20}}\n"
        f"  ▶b: {{sellerId: 5, {NEW}, startDate: 2026-12-20, endDate: 2026-12-31}}\n",
        "budget-overlap",
    ),
    "rule 10: the status is computed": (budget("id: 101, ▶status: Current"), "unknown-key"),
    "rule 10: the spend is counted": (budget("id: 101, ▶spend: 5"), "unknown-key"),
    "rule 12: a bid of at least zero": (bid("sellerId: 1, campaignId: 10001, bid: ▶-0.1"), "out-of-range"),
    "rule 12: no bid is not a bid": (bid("sellerId: 1, campaignId: 10001, bid: ▶null"), "null-not-allowed"),
    "rule 12: no fifth decimal": (bid("sellerId: 1, campaignId: 10001, bid: ▶0.12345"), "too-many-decimals"),
    "rule 12: a number": (bid("sellerId: 1, campaignId: 10001, bid: ▶free"), "wrong-type"),
}


@pytest.mark.parametrize("rule", OFFLINE)
def test_is_broken_offline_and_shown_at_its_place(rule: str) -> None:
    text, code = OFFLINE[rule]

    run, places = planned(text)

    assert errors(run) == [(places[0], code)]


LIVE = {
    "rule 1: a new one starts after today": (budget(f"sellerId: 5, {NEW}, startDate: ▶2026-11-21"), "start-not-future"),
    "rule 1: the seller is fixed": (budget("id: 101, sellerId: ▶5"), "fixed-field"),
    "rule 1: the type is fixed": (budget("id: 104, budgetType: ▶Uncapped"), "fixed-field"),
    "rule 2: no amount on a live Uncapped": (budget("id: 102, amount: ▶5.00"), "amount-uncapped"),
    "rule 2: an amount for what is to be created after all": (
        budget(f"sellerId: 5, campaignIds: [10001], budgetType: ▶Capped, {DECEMBER}, suspended: true"),
        "amount-missing",
    ),
    "rule 3: one that is over": ("sellerBudgets:\n  ▶b: {id: 106, amount: 300.00}\n", "archived"),
    "rule 4: the start of a running one": (budget("id: 101, startDate: ▶2026-12-01"), "budget-started"),
    "rule 4: no start in the past": (budget("id: 104, startDate: ▶2026-11-21"), "start-not-future"),
    "rule 4: no end in the past": (budget("id: 101, endDate: ▶2026-11-21"), "end-not-future"),
    "rule 4: the end after the live start": (budget("id: 104, endDate: ▶2026-12-15"), "end-before-start"),
    "rule 5: no further campaigns": (budget("id: 101, campaignIds: ▶[10001, 10002]"), "campaigns-added"),
    "rule 6: not below its spend": (budget("id: 101, amount: ▶123.44"), "amount-below-spend"),
    "rule 7: beside a live total": (
        f"sellerBudgets:\n  ▶b: {{sellerId: 1, {NEW}, startDate: 2026-11-30}}\n",
        "budget-overlap",
    ),
    "rule 7: beside a live daily one": (
        f"sellerBudgets:\n  ▶b: {{sellerId: 2, campaignIds: [10001], budgetType: Daily, amount: 5.00, {DECEMBER}}}\n",
        "budget-overlap",
    ),
    "rule 7: back where another is": (
        f"sellerBudgets:\n  b: {{id: 105, suspended: false}}\n  ▶c: {{sellerId: 4, {NEW}, {DECEMBER}}}\n",
        "budget-overlap",
    ),
    "rule 8: a daily one without a total": (
        f"sellerBudgets:\n  ▶b: {{sellerId: 5, campaignIds: [10001], budgetType: Daily, amount: 5.00, {DECEMBER}}}\n",
        "daily-uncovered",
    ),
    "no such budget": (budget("id: ▶999, amount: 5.00"), "not-found"),
}


@pytest.mark.parametrize("rule", LIVE)
def test_is_broken_against_what_is_live_and_shown_at_its_place(rule: str) -> None:
    text, code = LIVE[rule]

    run, places = planned(text)

    assert errors(run) == [(places[0], code)]


def test_one_that_exists_is_suspended_without_saying_its_amount_again() -> None:
    known = "sellerId: 1, campaignIds: [10001], budgetType: Capped, startDate: 2026-11-01"

    run, _ = planned(budget(f"{known}, suspended: true"))

    assert errors(run) == []
    assert [(change.id, [move.field for move in change.fields]) for change in run.changes] == [("101", ["suspended"])]


KEPT = {
    "rule 1: an end may be open": budget(f"sellerId: 5, {NEW}, startDate: 2026-12-01, endDate: null"),
    "rule 2: a capped amount of zero": budget("id: 104, amount: 0"),
    "rule 4: the end of a running one moves": budget("id: 101, endDate: 2026-11-25"),
    "rule 4: both dates of one ahead move": budget("id: 104, startDate: 2026-12-20, endDate: 2027-02-15"),
    "rule 5: campaigns can be taken away": budget("id: 104, campaignIds: [10002]"),
    "rule 6: an increase": budget("id: 101, amount: 1000.00"),
    "rule 7: one after the other": budget(f"sellerId: 1, {NEW}, startDate: 2026-12-01"),
    "rule 7: in another campaign": budget(
        "sellerId: 1, campaignIds: [10002], budgetType: Capped, amount: 9, startDate: 2026-11-25"
    ),
    "rule 7: a suspended one stands aside": budget(f"sellerId: 4, {NEW}, startDate: 2026-11-25"),
    "rule 8: a live total covers a new daily one": budget(
        "sellerId: 3, campaignIds: [10001], budgetType: Daily, amount: 5.00, startDate: 2026-12-15, endDate: 2027-01-15"
    ),
    "rule 9: suspended and back": budget("id: 105, suspended: false"),
    "rule 12: a bid of zero stops": bid("sellerId: 1, campaignId: 10001, bid: 0"),
    "two blocks that name only ids": (
        "sellerBudgets:\n  a: {id: 103, amount: 20.00}\n  b: {id: 104, endDate: 2027-01-20}\n"
    ),
    "a block that leaves its end to others": (
        "sellerBudgets:\n"
        "  november: {sellerId: 1, campaignIds: [10001], budgetType: Capped, startDate: 2026-11-01, amount: 600.00}\n"
        f"  december: {{sellerId: 1, {NEW}, {DECEMBER}}}\n"
    ),
}


@pytest.mark.parametrize("rule", KEPT)
def test_is_kept_and_the_sandbox_agrees(rule: str) -> None:
    with bench(family="sellers") as desk:
        desk.write({"a.yaml": KEPT[rule]})

        run = desk.apply()

        assert errors(run) == []
        assert run.outcomes
        assert {each.status.value for each in run.outcomes} == {"applied"}
        assert desk.plan().changes == ()


WARNED = {
    "rule 6: an amount close to its spend": (budget("id: 101, amount: ▶130.00"), "amount-near-spend"),
    "rule 8: a daily one that is partly covered": (
        "sellerBudgets:\n  ▶b: {sellerId: 1, campaignIds: [10001], budgetType: Daily, amount: 5.00,"
        " startDate: 2026-11-25, endDate: 2026-12-15}\n",
        "daily-partly-covered",
    ),
}


@pytest.mark.parametrize("rule", WARNED)
def test_is_told_and_not_refused(rule: str) -> None:
    text, code = WARNED[rule]

    run, places = planned(text)

    assert (places[0], code) in warnings(run)
    assert errors(run) == []
    assert run.plan.total == 1


def test_the_legacy_back_end_fixes_the_end_of_a_running_budget() -> None:
    run, places = planned(budget("id: 101, endDate: ▶2026-12-15"), version="legacy")

    assert errors(run) == [(places[0], "budget-started")]


def test_a_project_may_let_the_end_of_a_running_budget_move_on_legacy() -> None:
    run, _ = planned(
        budget("id: 101, endDate: 2026-12-15"), version="legacy", project="assumptions: {strictSeedDates: false}\n"
    )

    assert errors(run) == []
    assert run.plan.total == 1


def test_a_project_may_fix_the_end_of_a_running_budget_everywhere() -> None:
    text = budget("id: 101, endDate: ▶2026-12-15")

    run, places = planned(text, project="assumptions: {strictSeedDates: true}\n")

    assert errors(run) == [(places[0], "budget-started")]


def test_the_legacy_back_end_lets_a_budget_have_further_campaigns() -> None:
    with bench(family="sellers", version="legacy") as desk:
        desk.write({"a.yaml": budget("id: 101, campaignIds: [10001, 10002]")})

        desk.apply()

        assert [each["body"] for each in desk.writes] == [[{"id": "101", "campaignIds": ["10001", "10002"]}]]
        assert desk.plan().changes == ()
