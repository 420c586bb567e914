"""What looks make of a lost or refused call, before the simulated API (contract §9 rules 2, 6 and 12)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.commands.connection import SANDBOX_CREDENTIALS
from reconciler.executor import recovery
from reconciler.executor.evidence import Finding, ItemFinding, UnansweredCall
from reconciler.executor.held import Hold
from reconciler.executor.looks import KindReader
from reconciler.kinds import versions
from reconciler.model import Answer, Call, Delivery, ItemOutcome, ItemStatus, WriteEffect, error
from reconciler.provider.http import Api, Settings
from reconciler.sandbox.message import Request

from ...crash import scenarios
from ...crash.inside import Clock
from .test_evidence import AD_SET, BALANCES, BUDGET, NOW, TOKEN, creating, funding, item, unclear

DIALECTS = {"adSets": "marketingSolutions", "sellerBudgets": "sellers", "balances": "retailMedia"}
SCOPES = {"adSets": ("1352",), "sellerBudgets": ("1352",), "balances": (scenarios.ACCOUNT,)}
Reads = list[Call]


def before_the_account(kind: str, **more: Any) -> tuple[KindReader, Reads]:
    """Return a reader of the simulated account, and the reads that it makes."""
    world, reads = scenarios.account(), Reads()
    api = Api(
        SANDBOX_CREDENTIALS, Settings(base_url="http://localhost"), handle=world.handle, request=Request,
        clock=Clock(world),
    )  # fmt: skip
    dialect = versions.find_version(DIALECTS[kind], "2026-07")

    def send(call: Call) -> Answer:
        reads.append(call)
        return api.send(call)

    return KindReader(dialect.kinds[kind], dialect.root, SCOPES[kind], send, world.advance, **more), reads


def unread(reader: KindReader) -> KindReader:
    return replace(reader, send=lambda call: Answer(Delivery.LOST, reason="late"))


def findings(found: tuple[ItemFinding, ...]) -> list[Finding]:
    return [each.finding for each in found]


def funded(id: str = "9", token: str | None = TOKEN) -> UnansweredCall:
    sent = funding(token)
    target = replace(sent.call.items[0], id=id)
    return replace(sent, call=replace(sent.call, items=(target,)))


# --- What is read ------------------------------------------------------------------------------------------------


def test_a_lost_create_is_looked_for_in_its_parents_alone() -> None:
    reader, reads = before_the_account("adSets")
    lost = creating(item(AD_SET | {"campaignId": "358313"}), item(AD_SET | {"campaignId": "358314"}, "b"))
    recovery.find_out(lost, reader)
    assert [each.body["filters"] for each in reads] == [{"campaignIds": ["358313", "358314"]}]  # type: ignore[index, call-overload]


def test_a_top_up_of_an_object_that_no_list_shows_is_a_doubt() -> None:
    reader, _ = before_the_account("balances")
    assert findings(recovery.find_out(funded("1"), reader)) == [Finding.DOUBT]


def with_a_history(reader: KindReader) -> str:
    """Return the id of a balance of which the history has an entry."""
    calls = (funded(row.id).call for row in reader.read_rows())
    return next(str(call.items[0].id) for call in calls if reader.read_history(call))


@pytest.mark.parametrize(("token", "echoes", "asked"), [(TOKEN, True, 0), (TOKEN, False, 1), (None, True, 1)])
def test_who_we_are_is_asked_only_where_no_mark_can_prove_a_top_up(token: str | None, echoes: bool, asked: int) -> None:
    names: list[str] = []
    reader, _ = before_the_account("balances", echoes=echoes, application=lambda: names.append("us"))
    recovery.find_out(funded(with_a_history(reader), token), reader)
    assert len(names) == asked


# --- In the run that lost it -------------------------------------------------------------------------------------


def ended(call: Call, status: ItemStatus, *codes: str, message: str = "no") -> tuple[ItemOutcome, ...]:
    problems = tuple(error(code, message) for code in codes)
    return tuple(ItemOutcome(call.name, each, status, each.id, problems) for each in call.items)


def hold(call: Call) -> Hold:
    return Hold("r", call, NOW + timedelta(minutes=30))


def test_a_look_changes_nothing_of_an_item_that_the_answer_settled() -> None:
    call = creating(item(AD_SET), item(AD_SET, "b")).call
    (refused, _), (_, lost) = ended(call, ItemStatus.REJECTED, "x"), ended(call, ItemStatus.UNKNOWN)
    there = ItemFinding(Finding.APPLIED, "9")
    settled = recovery.settle_by_looks((refused, lost), (there, there), hold(call))
    assert settled[0] == refused
    assert (settled[1].status, settled[1].id, settled[1].problems) == (ItemStatus.APPLIED, "9", ())


def test_without_any_look_a_lost_item_is_held() -> None:
    call = creating(item(AD_SET)).call
    (settled,) = recovery.settle_by_looks(ended(call, ItemStatus.UNKNOWN), (), hold(call))
    assert settled.status is ItemStatus.UNKNOWN
    assert [each.code for each in settled.problems] == ["held"]


# --- After a 429 or a 401 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "message", "status"),
    [
        ("invalid-name", "no", ItemStatus.UNKNOWN),
        ("x", "Invalid name: it is taken", ItemStatus.UNKNOWN),
        ("x", "no: Invalid name", ItemStatus.REJECTED),
        ("invalid-date", "no", ItemStatus.REJECTED),
    ],
)
def test_a_refusal_as_existing_after_an_earlier_sending_proves_nothing(
    code: str, message: str, status: ItemStatus
) -> None:
    call = creating(item({"name": "Q1"}, kind="balances")).call
    found = recovery.doubt_taken(BALANCES, ended(call, ItemStatus.REJECTED, code, message=message))
    assert [each.status for each in found] == [status]


def test_only_a_refusal_of_a_create_is_doubted() -> None:
    call = creating(item({"name": "Q1"}, kind="balances")).call
    applied = ended(call, ItemStatus.APPLIED, "invalid-name")
    assert recovery.doubt_taken(BALANCES, applied) == applied
    refused = ended(call, ItemStatus.REJECTED, "invalid-name")
    assert recovery.doubt_taken(replace(BALANCES, create=None), refused) == refused


def test_a_call_that_was_turned_away_took_effect_only_if_a_read_shows_all_of_it() -> None:
    wanted = BUDGET | {"startDate": date(2026, 12, 1)}
    items = [item(wanted | {"sellerId": seller}, seller, "sellerBudgets") for seller in ("3", "4")]
    sent = creating(*items)

    def shown(*sellers: str) -> KindReader:
        rows = [{"id": f"9{seller}", "sellerId": seller, "campaignIds": [1], "budgetType": "Capped", "amount": 30,
                 "startDate": "2026-12-01"} for seller in sellers]  # fmt: skip
        reader, _ = before_the_account("sellerBudgets")
        return replace(reader, send=lambda call: Answer(Delivery.ANSWERED, 200, rows))

    found = recovery.find_effect(sent.call, sent, shown("3", "4"))
    assert [(each.status, each.id) for each in found] == [(ItemStatus.APPLIED, "93"), (ItemStatus.APPLIED, "94")]
    assert recovery.find_effect(sent.call, sent, shown()) == ()
    assert recovery.find_effect(sent.call, sent, unread(shown("3"))) == ()
    other = item(wanted | {"sellerId": "4", "amount": Decimal(31)}, "4", "sellerBudgets")
    doubted = creating(items[0], other)
    assert recovery.find_effect(doubted.call, doubted, shown("3", "4")) == ()


# --- In a later run --------------------------------------------------------------------------------------------------

NOTHING, THERE = ItemFinding(Finding.NOTHING, because="no list shows it"), ItemFinding(Finding.APPLIED, "9")
DOUBT = ItemFinding(Finding.DOUBT, because="it may have been renamed")


def judged(*found: ItemFinding, held: bool) -> recovery.Recovered:
    """Return what a later run makes of a lost create of as many items."""
    lost = creating(*(item(AD_SET, key) for key, _ in zip("abc", found, strict=False)))
    outcomes = ended(lost.call, ItemStatus.UNKNOWN)
    return recovery.judge_findings(lost, outcomes, found, hold(lost.call), held=held)


def test_a_create_is_held_until_each_of_its_items_is_known() -> None:
    found = judged(THERE, NOTHING, held=True)
    assert [each.status for each in found.outcomes] == [ItemStatus.APPLIED, ItemStatus.UNKNOWN]
    assert found.hold is not None
    assert found.hold.doubt is None
    assert [each.code for each in found.problems] == ["settled-intent", "undecided"]


def test_what_nothing_shows_after_settle_after_was_not_sent() -> None:
    found = judged(NOTHING, THERE, held=False)
    assert [each.status for each in found.outcomes] == [ItemStatus.NOT_SENT, ItemStatus.APPLIED]
    assert found.hold is None


def test_a_doubt_is_held_whatever_the_time_and_names_its_reason() -> None:
    found = judged(NOTHING, DOUBT, held=False)
    assert found.hold is not None
    assert found.hold.doubt == DOUBT.because


def test_a_read_changes_nothing_of_an_item_that_was_settled_before() -> None:
    lost = creating(item(AD_SET), item(AD_SET, "b"))
    (refused, _), (_, unknown) = ended(lost.call, ItemStatus.REJECTED, "x"), ended(lost.call, ItemStatus.UNKNOWN)
    found = recovery.judge_findings(lost, (refused, unknown), (THERE, THERE), hold(lost.call), held=False)
    assert found.outcomes[0] == refused
    assert found.outcomes[1].id == "9"


def test_an_item_keeps_its_id_where_the_read_names_none() -> None:
    lost = creating(item(AD_SET, id="5"))
    unnamed = ItemFinding(Finding.APPLIED)
    found = recovery.judge_findings(lost, ended(lost.call, ItemStatus.UNKNOWN), (unnamed,), hold(lost.call), held=True)
    assert found.outcomes[0].id == "5"
    (settled,) = recovery.settle_by_looks(ended(lost.call, ItemStatus.UNKNOWN), (unnamed,), hold(lost.call))
    assert settled.id == "5"


def test_an_absolute_write_without_an_answer_may_land_until_settle_after() -> None:
    target = item({"name": "Summer"}, id="5")
    call = Call("patch", "adSets", "settings", WriteEffect.SET, "PATCH", "/x", items=(target,))
    lost, outcomes = UnansweredCall(call, NOW), ended(call, ItemStatus.UNKNOWN)
    found = recovery.judge_findings(lost, outcomes, (NOTHING,), hold(call), held=True)
    assert found.hold is None
    (told,) = found.problems
    assert told.code == "open-intent"
    assert "it may still land until 09:30 UTC" in told.message
    (told,) = recovery.judge_findings(lost, outcomes, (NOTHING,), Hold("r", call, None), held=True).problems
    assert "it may still land and undo a newer value" in told.message


def test_a_top_up_sends_the_difference_of_its_amounts() -> None:
    assert recovery.delta_of(funding().call) == Decimal(750)
    assert recovery.delta_of(unclear(None, Decimal(5)).call) is None
    assert recovery.delta_of(unclear(Decimal(5), None).call) is None


# --- The reads themselves --------------------------------------------------------------------------------------------


def test_the_sets_of_balances_are_read_where_any_item_needs_them() -> None:
    reader, _ = before_the_account("balances")
    named, attached = item({"name": "Q1"}, kind="balances"), item({"campaignIds": ("71",)}, kind="balances")
    assert any(row.values.get("campaignIds") for row in reader.read_rows([named, attached]))
    assert not any(row.values.get("campaignIds") for row in reader.read_rows([named]))


def test_only_the_accounts_of_what_was_lost_are_read() -> None:
    reader, reads = before_the_account("balances")
    both = replace(reader, scope=("1", scenarios.ACCOUNT))
    rows = both.read_rows(parents={scenarios.ACCOUNT})
    assert rows == reader.read_rows()
    assert all(scenarios.ACCOUNT in each.path for each in reads)
