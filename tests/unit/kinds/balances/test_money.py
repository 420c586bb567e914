"""Money goes last, one call after the other, and stops at the first outcome that is not certain (contract §10)."""

from __future__ import annotations

from ....support.bench import ACCOUNT, Bench, bench
from ....support.readings import errors, fates

NEW = "spendType: onsite, startDate: 2027-01-01, deposited: 1000.00"
BALANCES = f"""\
defaults: {{balances: {{accountId: {ACCOUNT}}}}}
balances:
  a-new: {{name: One, {NEW}}}
  b-new: {{name: Two, {NEW}}}
  q4: {{name: Q4, memo: autumn, deposited: 5250.00, campaignIds: [71, 72]}}
"""
EVERYTHING = {
    "ads.yaml": "adSets:\n"
    "  fr: {campaignId: 358313, name: FR prospecting, bidding: {bidAmount: 1.10}}\n"
    "  de: {id: 123470, schedule: {activationStatus: off}}\n",
    "sellers.yaml": "sellerCampaigns: {acme: {sellerId: 1, campaignId: 10001, bid: 0.35}}\n"
    "sellerBudgets:\n"
    "  acme: {id: 101, amount: 600.00}\n"
    "  brio: {sellerId: 5, campaignIds: [10001], budgetType: Capped, amount: 9.00, startDate: 2026-12-01}\n",
    "retail.yaml": BALANCES,
}


def calls(desk: Bench) -> list[str]:
    """The writes of all kinds, in the order in which the sandbox saw them."""
    return [f"{each['method']} {each['path'].rpartition('/')[2]}" for each in desk.writes]


REFUSED = {"errors": [{"code": "not-now", "title": "Not now"}]}
"""A refusal of the API itself: an empty body proves nothing (contract §9 rule 5)."""


def blind(desk: Bench, path: str) -> None:
    """An answer is lost, and from then on nobody can look what became of the call."""
    desk.world.inject(
        {"kind": "lost_answer", "method": "POST", "path": path},
        {"kind": "status", "method": "GET", "path": "*/balances", "status": 503, "nth": 3, "count": None},
    )


def test_money_comes_after_everything_else() -> None:
    with bench(family="retailMedia") as desk:
        desk.write({"a.yaml": BALANCES})

        desk.apply()

        assert calls(desk) == [
            "PATCH 18446744073709551617",
            "POST delete",
            "POST append",
            "POST balances",
            "POST balances",
            "POST add-funds",
        ]


def test_one_apply_over_all_kinds_goes_in_a_safe_order_and_is_told_in_one_report() -> None:
    with bench() as desk:
        desk.write(EVERYTHING)

        run = desk.apply()

        assert calls(desk) == [
            "POST stop",
            "PATCH ad-sets",
            "POST budgets",
            "PATCH budgets",
            "PATCH seller-campaigns",
            "PATCH 18446744073709551617",
            "POST delete",
            "POST append",
            "POST balances",
            "POST balances",
            "POST add-funds",
        ]
        assert run.plan.total == run.plan.bound == 11
        assert set(fates(run).values()) == {"applied"}
        text = desk.report(run, "text")
        assert all(f"{kind}." in text for kind in ("adSets", "sellerCampaigns", "sellerBudgets", "balances"))
        assert "11 applied" in text
        assert desk.plan().changes == ()


def test_a_create_with_an_unknown_outcome_stops_the_next_create() -> None:
    with bench(family="retailMedia") as desk:
        desk.write({"a.yaml": BALANCES})
        blind(desk, "*/balances")

        run = desk.apply()

        assert calls(desk).count("POST balances") == 1
        ended = {key: fate for key, fate in fates(run).items() if key.endswith("create")}
        assert ended == {"a-new create": "unknown", "b-new create": "not sent"}


def test_a_create_with_an_unknown_outcome_stops_the_top_up_after_it() -> None:
    with bench(family="retailMedia") as desk:
        desk.write({"a.yaml": BALANCES})
        blind(desk, "*/balances")

        run = desk.apply()

        assert "POST add-funds" not in calls(desk)
        assert fates(run)["q4 funds"] == "not sent"


def test_a_create_whose_answer_is_lost_is_found_and_money_goes_on() -> None:
    with bench(family="retailMedia") as desk:
        desk.write({"a.yaml": BALANCES})
        desk.world.inject({"kind": "lost_answer", "method": "POST", "path": "*/balances"})

        run = desk.apply()

        assert set(fates(run).values()) == {"applied"}
        assert calls(desk).count("POST balances") == 2
        assert desk.plan().changes == ()


def test_a_top_up_whose_answer_is_lost_is_not_sent_again() -> None:
    with bench(family="retailMedia") as desk:
        desk.write({"a.yaml": BALANCES})
        desk.world.inject({"kind": "lost_answer", "method": "POST", "path": "*/add-funds"})

        run = desk.apply()

        assert set(fates(run).values()) == {"applied"}
        assert calls(desk).count("POST add-funds") == 1
        assert desk.world.state.all("balances")["18446744073709551617"]["deposited"] == 5250


def test_a_refused_create_is_certain_and_stops_nothing() -> None:
    said = {"errors": [{"title": "Invalid name", "detail": "Balance name should be unique."}]}
    with bench(family="retailMedia") as desk:
        desk.write({"a.yaml": BALANCES})
        desk.world.inject({"kind": "status", "method": "POST", "path": "*/balances", "status": 400, "body": said})

        run = desk.apply()

        assert fates(run)["a-new create"] == "rejected"
        assert fates(run)["b-new create"] == fates(run)["q4 funds"] == "applied"


def test_what_waited_for_a_balance_that_was_refused_is_not_sent() -> None:
    text = f"balances: {{b: {{accountId: {ACCOUNT}, name: One, {NEW}, campaignIds: [71]}}}}\n"
    with bench(family="retailMedia") as desk:
        desk.write({"a.yaml": text})
        desk.world.inject({"kind": "status", "method": "POST", "path": "*/balances", "status": 400, "body": REFUSED})

        run = desk.apply()

        assert fates(run) == {"b create": "rejected", "b attachments": "not sent"}
        assert errors(run) == []
