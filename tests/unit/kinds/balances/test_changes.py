"""What a balance can be made to be, and the fewest calls that make it so (contract §5)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.model import Run

from ....support.bench import ACCOUNT, Bench, bench
from ....support.readings import errors, fates, marked, warnings

VERSIONS = ("2026-07", "2027-01", "2026-01")
PATH = f"/{{version}}/retail-media/accounts/{ACCOUNT}/balances"
NEW = "name: Q1, spendType: onsite, startDate: 2027-01-01, endDate: 2027-03-31, deposited: 5000.00"


def balance(text: str) -> str:
    return f"balances:\n  b: {{accountId: {ACCOUNT}, {text}}}\n"


def sent(desk: Bench) -> list[tuple[str, dict[str, Any]]]:
    """Every write, as the end of its path and what it carried."""
    return [(each["path"].rpartition("/")[2], _carried(each["body"])) for each in desk.writes]


def _carried(body: Any) -> dict[str, Any]:
    """The attributes of a body; of a list of resources, their ids."""
    data = body["data"]
    return {"ids": [each["id"] for each in data]} if isinstance(data, list) else dict(data["attributes"])


def stored(desk: Bench, name: str) -> dict[str, Any]:
    """The balance of a name as the sandbox keeps it."""
    (found,) = [each for each in desk.world.state.all("balances").values() if each["name"] == name]
    return dict(found)


def applied(desk: Bench, text: str) -> Run:
    """Make these the files, and apply them: everything must be in force then."""
    desk.forget()
    desk.write({"a.yaml": text})
    run = desk.apply()
    assert errors(run) == []
    assert set(fates(run).values()) <= {"applied"}
    return run


@pytest.mark.parametrize("version", VERSIONS)
def test_a_balance_is_created_by_one_call_with_all_it_states(version: str) -> None:
    number = "poNumber" if version == "2026-01" else "retailerPoNumber"
    with bench(family="retailMedia", version=version) as desk:
        applied(desk, balance(f"{NEW}, poNumber: PO 12345, memo: First quarter"))

        assert [(each["method"], each["path"]) for each in desk.writes] == [("POST", PATH.format(version=version))]
        assert sent(desk)[0][1] == {
            "name": "Q1",
            "spendType": "Onsite",
            "startDate": "2027-01-01",
            "endDate": "2027-03-31",
            "deposited": 5000,
            number: "PO 12345",
            "memo": "First quarter",
        }
        assert desk.plan().changes == ()


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_that_describes_a_balance_changes_in_one_call(version: str) -> None:
    with bench(family="retailMedia", version=version) as desk:
        applied(desk, balance(f"{NEW}, poNumber: PO 12345, memo: First quarter"))

        run = applied(
            desk,
            balance(
                "id: 18446744073709551620, name: Q1 and April, poNumber: PO 12399, memo: longer,"
                " startDate: 2027-01-04, endDate: 2027-04-30"
            ),
        )

        after = stored(desk, "Q1 and April")
        assert len(desk.writes) == run.plan.bound == 1
        assert (after["poNumber"], after["memo"], after["startDate"], after["endDate"]) == (
            "PO 12399",
            "longer",
            "2027-01-04",
            "2027-04-30",
        )
        assert desk.plan().changes == ()


def test_only_what_differs_is_in_the_call() -> None:
    with bench(family="retailMedia") as desk:
        applied(desk, balance("name: Q4, startDate: 2026-10-01, memo: autumn"))

        assert sent(desk) == [("18446744073709551617", {"memo": "autumn"})]


def test_a_balance_is_renamed_without_its_id_once_the_ledger_knows_it() -> None:
    with bench(family="retailMedia") as desk:
        applied(desk, balance(NEW))

        applied(desk, balance(NEW.replace("Q1", "Q1 2027")))

        assert sent(desk) == [("18446744073709551620", {"name": "Q1 2027"})]


def test_an_end_is_taken_away_in_a_box() -> None:
    with bench(family="retailMedia") as desk:
        applied(desk, balance("name: Q4, endDate: null"))

        assert sent(desk)[0][1] == {"endDate": {"value": None}}
        assert stored(desk, "Q4")["endDate"] is None


def test_an_end_cannot_be_taken_away_where_null_may_mean_unchanged() -> None:
    yaml, places = marked(balance("name: Q4, endDate: ▶null"))
    with bench(family="retailMedia", version="2026-01") as desk:
        desk.write({"a.yaml": yaml})

        run = desk.apply()

        assert errors(run) == [(places[0], "null-not-allowed")]
        assert desk.writes == []


# --- Funds -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_a_top_up_is_one_call_with_exactly_the_difference(version: str) -> None:
    with bench(family="retailMedia", version=version) as desk:
        applied(desk, balance("name: Q4, deposited: 5250.00"))

        ((where, carried),) = sent(desk)
        assert (where, carried["deltaAmount"]) == ("add-funds", 250)
        assert stored(desk, "Q4")["deposited"] == 5250


def test_a_target_that_is_reached_twice_sends_nothing_the_second_time() -> None:
    with bench(family="retailMedia") as desk:
        applied(desk, balance("name: Q4, deposited: 5250.00"))
        desk.forget()

        again = desk.apply()

        assert again.changes == ()
        assert desk.writes == []
        assert stored(desk, "Q4")["deposited"] == 5250


def test_funds_are_taken_back_by_a_negative_difference() -> None:
    with bench(family="retailMedia") as desk:
        applied(desk, balance("name: Q4, deposited: 4000.50"))

        assert sent(desk)[0][1]["deltaAmount"] == Decimal("-999.5")
        assert stored(desk, "Q4")["deposited"] == Decimal("4000.5")


def test_a_top_up_by_a_colleague_is_counted() -> None:
    with bench(family="retailMedia") as desk:
        desk.world.edit("balances", "18446744073709551617", {"deposited": Decimal(5100)})

        applied(desk, balance("name: Q4, deposited: 5250.00"))

        assert sent(desk)[0][1]["deltaAmount"] == 150


def test_a_memo_that_the_files_manage_is_not_replaced_by_the_mark_of_a_top_up() -> None:
    with bench(family="retailMedia") as desk:
        applied(desk, balance("name: Q4, memo: autumn, deposited: 5250.00"))

        assert stored(desk, "Q4")["memo"] == "autumn"
        assert desk.plan().changes == ()


UNCAPPED, PLACES = marked(balance(NEW.removesuffix(", deposited: 5000.00")).replace("  b:", "  ▶b:"))


def test_no_balance_is_created_uncapped_unless_a_decision_allows_it() -> None:
    with bench(family="retailMedia") as desk:
        desk.write({"a.yaml": UNCAPPED})

        run = desk.apply()

        assert errors(run) == [(PLACES[0], "guardrail-removed-cap")]
        assert desk.writes == []


def test_a_balance_that_is_meant_to_be_uncapped_is_created_without_funds_and_the_plan_warns() -> None:
    with bench(family="retailMedia") as desk:
        desk.write({"a.yaml": UNCAPPED})
        file = desk.folder / "reconciler.yaml"
        file.write_text(file.read_text() + "guardrails: {removedCap: false}\n")

        run = desk.apply()

        assert (PLACES[0], "uncapped-balance") in warnings(run)
        assert set(fates(run).values()) == {"applied"}
        assert "deposited" not in sent(desk)[0][1]
        assert stored(desk, "Q1")["deposited"] is None


@pytest.mark.parametrize("version", VERSIONS)
def test_an_uncapped_balance_does_not_read_as_one_of_zero(version: str) -> None:
    with bench(family="retailMedia", version=version) as desk:
        desk.write({"a.yaml": balance("name: Always on, deposited: 0")})

        run = desk.plan()

        assert [code for _, code in errors(run)] == ["capped-uncapped"]


# --- Campaigns ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_two_campaigns_are_attached_by_one_append_and_one_detached_by_one_delete(version: str) -> None:
    with bench(family="retailMedia", version=version) as desk:
        applied(desk, balance("name: Q4, campaignIds: [73, 71, 72]"))
        attached = sent(desk)
        applied(desk, balance("name: Q4, campaignIds: [72, 73]"))
        detached = sent(desk)

        assert attached == [("append", {"ids": ["71", "72"]})]
        assert detached == [("delete", {"ids": ["71"]})]
        assert desk.plan().changes == ()


def test_a_set_that_is_exchanged_is_one_delete_and_one_append() -> None:
    with bench(family="retailMedia") as desk:
        run = applied(desk, balance("name: Q4, campaignIds: [71, 72]"))

        assert sent(desk) == [("delete", {"ids": ["73"]}), ("append", {"ids": ["71", "72"]})]
        assert run.plan.bound == 2


def test_the_order_of_the_campaigns_means_nothing() -> None:
    with bench(family="retailMedia") as desk:
        applied(desk, balance("name: Q4, campaignIds: [71, 73]"))

        applied(desk, balance("name: Q4, campaignIds: [73, 71]"))

        assert desk.writes == []


def test_a_new_balance_gets_its_campaigns_once_it_has_an_id() -> None:
    with bench(family="retailMedia") as desk:
        run = applied(desk, balance(f"{NEW}, campaignIds: [71, 72]"))

        assert [where for where, _ in sent(desk)] == ["balances", "append"]
        assert (run.plan.total, run.plan.bound) == (2, 2)
        assert desk.plan().changes == ()


def test_attachments_are_read_by_one_list_for_all_balances() -> None:
    both = (
        f"{balance('name: Q4, campaignIds: [73]')}  c: {{accountId: {ACCOUNT}, name: Always on, campaignIds: [74]}}\n"
    )
    with bench(family="retailMedia") as desk:
        desk.write({"a.yaml": both})

        run = desk.plan()

        assert run.changes == ()
        lists = [each["path"] for each in desk.world.log if each["path"].endswith("/campaigns")]
        assert lists == [f"/2026-07/retail-media/accounts/{ACCOUNT}/campaigns"]


def test_attachments_are_not_read_unless_the_files_state_them() -> None:
    with bench(family="retailMedia") as desk:
        desk.write({"a.yaml": balance("name: Q4, deposited: 5000.00")})

        desk.plan()

        assert not any(each["path"].endswith("/campaigns") for each in desk.world.log)


# --- Ids --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quote", ["", '"'])
def test_ids_beyond_every_integer_stay_as_they_are_written(quote: str) -> None:
    beyond = "8343086999167541140"
    with bench(family="retailMedia") as desk:
        desk.write(
            {
                "a.yaml": "balances:\n"
                f"  b: {{id: {quote}18446744073709551618{quote}, accountId: {quote}{ACCOUNT}{quote},"
                f" campaignIds: [{quote}{beyond}{quote}, 74]}}\n"
            }
        )

        run = desk.apply()

        assert set(fates(run).values()) == {"applied"}
        assert sent(desk) == [("append", {"ids": [beyond]})]
        assert desk.writes[0]["path"] == "/2026-07/retail-media/balances/18446744073709551618/campaigns/append"
        assert f'"{beyond}"' in desk.report(run, "json")
