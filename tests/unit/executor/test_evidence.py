"""What a read or an answer proves of a call whose end is not known, rule by rule (contract §9)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.executor import evidence, history_evidence
from reconciler.executor.evidence import Finding, ItemFinding, Times, UnansweredCall
from reconciler.executor.history_evidence import TopUpEvidence
from reconciler.kinds import versions
from reconciler.kinds.cells import HistoryLine
from reconciler.model import Address, Call, FieldChange, FixedLocator, Item, Live, Place, Span, Value, WriteEffect
from reconciler.planning import likeness
from reconciler.provider.http.refusal import proves_no_effect

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HERE = Place(FixedLocator(Span("it.yaml", 1, 1)), ())
MS = versions.find_version("marketingSolutions", "2026-07").kinds
AD_SETS = MS["adSets"]
BUDGETS = versions.find_version("sellers", "2026-07").kinds["sellerBudgets"]
BALANCES = versions.find_version("retailMedia", "2026-07").kinds["balances"]
AD_SET: dict[str, Value] = {"campaignId": "7", "name": "Summer", "objective": "conversions", "mediaType": "display"}
BUDGET: dict[str, Value] = {
    "sellerId": "3",
    "campaignIds": ("1",),
    "budgetType": "Capped",
    "startDate": "2026-12-01",
    "amount": Decimal("30.00"),
}


def item(values: dict[str, Value], key: str = "a", kind: str = "adSets", id: str | None = None) -> Item:
    moves = tuple(FieldChange(name, "create", None, value, HERE) for name, value in values.items())
    return Item(Address(kind, key), id, moves, HERE)


def creating(*items: Item, known: tuple[str, ...] | None = ("1", "2")) -> UnansweredCall:
    kind = items[0].address.kind
    call = Call("create", kind, "create", WriteEffect.CREATE, "POST", "/x", items=items)
    return UnansweredCall(call, NOW, {}, known)


def live(id: str, values: dict[str, Value], kind: str = "adSets") -> Live:
    return Live(kind, id, values)


# --- Rule 5: what an answer proves -------------------------------------------------------------------------

PROBLEM = {"code": "invalid-name", "title": "Invalid name"}
PROOFS = [
    *((status, {}, {"errors": [PROBLEM]}) for status in (400, 401, 403, 404, 410, 415, 422)),
    (400, {}, PROBLEM),
    (400, {}, [PROBLEM]),
    (400, {}, {"errors": [{"code": "x"}]}),
    (400, {}, {"errors": [{"title": "x"}], "traceId": None}),
    (401, {"www-authenticate": "Bearer"}, None),
    (413, {}, "<html>"),
    (429, {"x-ratelimit-reset": "7"}, None),
    (429, {}, {}),
]
NO_PROOFS = [
    *((status, {}, {"errors": [PROBLEM]}) for status in (301, 408, 409, 425, 499, 500, 502, 503, 504)),
    *((status, {}, "<html>Forbidden</html>") for status in (400, 403, 404, 429)),
    *((status, {}, None) for status in (400, 401, 403, 422, 429)),
    (400, {}, {"errors": []}),
    (400, {}, []),
    (403, {}, {"message": "Forbidden"}),
    (400, {}, {"errors": [{"code": ""}]}),
    (400, {}, {"errors": "no"}),
]


@pytest.mark.parametrize(("status", "headers", "body"), PROOFS)
def test_a_refusal_of_the_api_itself_proves_that_nothing_happened(status: int, headers: Any, body: Any) -> None:
    assert proves_no_effect(status, headers, body)


@pytest.mark.parametrize(("status", "headers", "body"), NO_PROOFS)
def test_any_other_answer_proves_nothing(status: int, headers: Any, body: Any) -> None:
    assert not proves_no_effect(status, headers, body)


# --- Rules 2, 3, 7, 8, 9: times ----------------------------------------------------------------------------


def test_only_a_later_run_and_only_after_settle_after_takes_nothing_for_absent() -> None:
    nothing, doubt, found = (ItemFinding(each) for each in (Finding.NOTHING, Finding.DOUBT, Finding.APPLIED))
    assert evidence.ends_absent(nothing, held=False, own_run=False)
    assert not evidence.ends_absent(nothing, held=True, own_run=False)
    assert not evidence.ends_absent(nothing, held=False, own_run=True)
    assert not evidence.ends_absent(doubt, held=False, own_run=False)
    assert not evidence.ends_absent(found, held=False, own_run=False)


def test_a_look_serves_for_a_minute_and_not_before_it_was_begun() -> None:
    assert evidence.is_fresh(NOW, NOW)
    assert evidence.is_fresh(NOW, NOW + MINUTE)
    assert not evidence.is_fresh(NOW, NOW + MINUTE + timedelta(microseconds=1))
    assert not evidence.is_fresh(NOW, NOW - MINUTE)
    assert not evidence.is_fresh(None, NOW)


def test_an_intent_lasts_for_a_minute() -> None:
    assert not evidence.is_late(100.0, 159.9)
    assert evidence.is_late(100.0, 160.0)


@pytest.mark.parametrize("seconds", [0, 1, 7, 120, 125])
def test_presence_is_looked_for_with_growing_pauses_for_exactly_look_for(seconds: int) -> None:
    waits = list(evidence.list_pauses(timedelta(seconds=seconds)))
    assert waits[0] == 0
    assert sum(waits) == seconds
    assert waits[1:-1] == sorted(waits[1:-1])


def test_the_first_looks_come_soon_and_the_last_as_often_as_four_a_minute() -> None:
    assert list(evidence.list_pauses(timedelta(seconds=60))) == [0, 1, 2, 4, 8, 15, 15, 15]


# --- Rules 6, 13, 14: creates --------------------------------------------------------------------------------


def found(sending: UnansweredCall, *rows: Live, kind: Any = AD_SETS) -> list[tuple[Finding, str | None]]:
    return [(each.finding, each.id) for each in evidence.match_created(sending, kind, rows)]


def test_the_only_new_one_with_its_key_and_its_fields_is_it() -> None:
    assert found(creating(item(AD_SET)), live("9", AD_SET)) == [(Finding.APPLIED, "9")]


@pytest.mark.parametrize("name", [" summer", "SUMMER", "Sum\u200bmer", "\uff33ummer", "Summer\u00a0"])
def test_a_name_that_the_server_trimmed_or_normalised_is_still_it(name: str) -> None:
    assert found(creating(item(AD_SET)), live("9", AD_SET | {"name": name})) == [(Finding.APPLIED, "9")]


def test_what_a_read_showed_before_the_sending_is_not_it() -> None:
    assert found(creating(item(AD_SET)), live("1", AD_SET)) == [(Finding.NOTHING, None)]
    keyed = replace(creating(item(AD_SET), known=None), keyed={"adSets.a": ("9",)})
    assert found(keyed, live("9", AD_SET)) == [(Finding.NOTHING, None)]


def test_two_new_ones_are_a_doubt() -> None:
    assert found(creating(item(AD_SET)), live("9", AD_SET), live("10", AD_SET)) == [(Finding.DOUBT, None)]


def test_one_with_other_fields_is_a_doubt() -> None:
    twin = live("9", AD_SET | {"objective": "visits"})
    assert found(creating(item(AD_SET)), twin) == [(Finding.DOUBT, None)]


def test_a_new_one_that_differs_by_its_name_only_is_a_doubt() -> None:
    renamed = live("9", AD_SET | {"name": "Winter"})
    assert found(creating(item(AD_SET)), renamed) == [(Finding.DOUBT, None)]
    assert found(creating(item(AD_SET)), live("2", AD_SET | {"name": "Winter"})) == [(Finding.NOTHING, None)]
    assert found(creating(item(AD_SET)), live("9", AD_SET | {"campaignId": "8"})) == [(Finding.NOTHING, None)]
    assert found(creating(item(AD_SET), known=None), renamed) == [(Finding.NOTHING, None)]


def test_a_new_one_of_a_kind_without_names_is_it_by_its_key_alone() -> None:
    other = live("9", BUDGET | {"startDate": "2027-01-01"}, "sellerBudgets")
    assert found(creating(item(BUDGET, kind="sellerBudgets")), other, kind=BUDGETS) == [(Finding.NOTHING, None)]


def test_one_item_of_a_batch_proves_all_of_it_and_none_is_sent_again() -> None:
    items = [item(BUDGET | {"sellerId": seller}, seller, "sellerBudgets") for seller in ("3", "4")]
    sending = creating(*items)
    assert found(sending, kind=BUDGETS) == [(Finding.NOTHING, None)] * 2
    there = live("9", BUDGET | {"sellerId": "4"}, "sellerBudgets")
    assert found(sending, there, kind=BUDGETS) == [(Finding.APPLIED, None), (Finding.APPLIED, "9")]


def test_an_id_that_a_read_has_shown_proves_no_create() -> None:
    assert evidence.is_proved_by("9", {"1", "2"})
    assert not evidence.is_proved_by("2", {"1", "2"})
    assert not evidence.is_proved_by(None, {"1", "2"})


# --- Rule 12: funds --------------------------------------------------------------------------------------------

BEFORE, AFTER = Decimal(5000), Decimal(5750)
TOKEN = history_evidence.make_mark("20261121T090000Z-7f3a", 1)
US, THEM = "our app", "ann@example.com"


def funding(token: str | None = TOKEN) -> UnansweredCall:
    move = FieldChange("deposited", "funds", BEFORE, AFTER, HERE)
    target = Item(Address("balances", "q4"), "9", (move,), HERE)
    return UnansweredCall(
        Call("fund", "balances", "funds", WriteEffect.ADD, "POST", "/x", items=(target,)), NOW, token=token
    )


def entry(
    amount: int = 750, by: str = US, memo: str | None = None, at: datetime = NOW, kind: str = "balanceAdded"
) -> HistoryLine:
    row = {
        "changeType": kind,
        "changeDetails": {"changeValue": str(amount)},
        "modifiedByUser": by,
        "memo": memo,
        "dateOfModification": at.isoformat(),
    }
    assert BALANCES.history is not None
    return BALANCES.history.read(row)


def taken(amount: int, at: datetime = NOW) -> HistoryLine:
    """Return the entry of a colleague who takes funds away."""
    return entry(amount, THEM, at=at, kind="balanceRemoved")


def shown(amount: Value, *history: Any, **more: Any) -> TopUpEvidence:
    return TopUpEvidence(amount, history, **{"application": US, **more})


FUNDS = [
    ("the token is in the history", TOKEN, shown(BEFORE, entry(memo=TOKEN)), Finding.APPLIED),
    ("the amount moved, and nobody says why", TOKEN, shown(AFTER), Finding.DOUBT),
    ("a colleague made the same", TOKEN, shown(AFTER, entry(by=THEM)), Finding.NOTHING),
    ("a colleague made the same, no token", None, shown(AFTER, entry(by=THEM)), Finding.NOTHING),
    ("our application, no token", None, shown(AFTER, entry()), Finding.APPLIED),
    ("our application, before the send", None, shown(BEFORE, entry(at=NOW - 5 * MINUTE)), Finding.NOTHING),
    ("our application, another call of ours explains it", None, shown(AFTER, entry(), others=1), Finding.NOTHING),
    (
        "our application, a mark of another run",
        None,
        shown(AFTER, entry(memo=history_evidence.make_mark("x", 1))),
        Finding.NOTHING,
    ),
    ("our application, without the mark that was sent", TOKEN, shown(AFTER, entry()), Finding.DOUBT),
    ("the same where memos are not echoed", TOKEN, shown(AFTER, entry(), echoes=False), Finding.APPLIED),
    ("who we are is not known", None, shown(AFTER, entry(), application=None), Finding.DOUBT),
    ("nothing moved", TOKEN, shown(BEFORE), Finding.NOTHING),
    ("others moved it", TOKEN, shown(BEFORE - 20, entry(20, THEM, kind="balanceRemoved")), Finding.NOTHING),
    (
        "our application, the clocks are two minutes apart",
        None,
        shown(AFTER, entry(at=NOW - 2 * MINUTE)),
        Finding.APPLIED,
    ),
    ("our application, twice, and one is explained", None, shown(AFTER, entry(), entry(), others=1), Finding.APPLIED),
    ("our application, another amount", None, shown(AFTER, entry(700)), Finding.DOUBT),
    ("our application, a memo of a person", None, shown(AFTER, entry(memo="reconciler of May")), Finding.APPLIED),
    ("others moved it, and the amount is another still", TOKEN, shown(BEFORE - 30, taken(20)), Finding.DOUBT),
    (
        "others moved it, and its dates",
        TOKEN,
        shown(BEFORE - 20, taken(20), entry(5, THEM, kind="endDate")),
        Finding.NOTHING,
    ),
    ("others moved it before", TOKEN, shown(BEFORE - 20, taken(20, at=NOW - 5 * MINUTE)), Finding.DOUBT),
    ("a history that cannot be read", TOKEN, TopUpEvidence(AFTER, None, US), Finding.APPLIED),
    ("a history that cannot be read, nothing moved", TOKEN, TopUpEvidence(BEFORE, None, US), Finding.DOUBT),
]


@pytest.mark.parametrize(("token", "account", "verdict"), [case[1:] for case in FUNDS], ids=[case[0] for case in FUNDS])
def test_funds_are_found_by_our_mark_and_never_by_an_amount_alone(
    token: str | None, account: TopUpEvidence, verdict: Finding
) -> None:
    assert history_evidence.judge_top_up(funding(token), account).finding is verdict


def unclear(before: Value, after: Value) -> UnansweredCall:
    """Return a top-up of which an amount is not known."""
    sent = funding()
    move = FieldChange("deposited", "funds", before, after, HERE)
    return replace(sent, call=replace(sent.call, items=(replace(sent.call.items[0], fields=(move,)),)))


def test_a_top_up_of_an_unknown_amount_is_a_doubt() -> None:
    for before, after in ((None, AFTER), (BEFORE, None)):
        found = history_evidence.judge_top_up(unclear(before, after), shown(AFTER, entry(memo=TOKEN)))
        assert found.finding is Finding.DOUBT


@pytest.mark.parametrize(
    "memo", ["", "reconciler", "reconciler run", "reconciler run 1 2", "our run 1", "reconciler a b"]
)
def test_a_memo_of_a_person_is_no_mark(memo: str) -> None:
    assert not history_evidence.is_mark(memo)
    assert history_evidence.is_mark(TOKEN)


# --- Rule 4: reads that lag -------------------------------------------------------------------------------------


def test_a_read_that_contradicts_what_was_seen_a_little_while_ago_is_a_lag() -> None:
    times = Times(settle_after=30 * MINUTE)

    def lags(amount: Decimal, later: timedelta, *, explained: bool = False) -> bool:
        return evidence.is_lagging(amount, AFTER, NOW, NOW + later, times, explained=explained)

    assert lags(BEFORE, 29 * MINUTE)
    assert lags(AFTER + 1, 29 * MINUTE)
    assert not lags(BEFORE, 30 * MINUTE)
    assert not lags(AFTER, MINUTE)
    assert not lags(BEFORE, MINUTE, explained=True)
    assert not evidence.is_lagging(BEFORE, AFTER, None, NOW, times, explained=False)


def test_a_newer_entry_about_funds_explains_it() -> None:
    assert history_evidence.has_newer_entry([entry(at=NOW + MINUTE)], NOW)
    assert history_evidence.has_newer_entry([entry(at=NOW + timedelta(seconds=1))], NOW)
    assert not history_evidence.has_newer_entry([entry(at=NOW)], NOW)
    assert not history_evidence.has_newer_entry([entry(at=NOW + MINUTE, kind="endDate")], NOW)
    assert not history_evidence.has_newer_entry(None, NOW)


LATER = NOW + MINUTE
OTHER = BEFORE - 50
EXPLAINED = [
    ("taken back by a colleague", shown(AFTER - 50, taken(50, at=LATER), entry(memo=TOKEN)), True),
    ("all of it taken back", shown(BEFORE, taken(750, at=LATER), entry(memo=TOKEN)), True),
    ("ours is the newest", shown(BEFORE, entry(memo=TOKEN)), False),
    ("ours is not there yet", shown(BEFORE), False),
    ("ours is not there, a colleague's is", shown(OTHER, taken(50, at=LATER)), False),
    ("no history", TopUpEvidence(BEFORE, None, US), False),
    ("the entries do not lead there", shown(BEFORE, taken(50, at=LATER), entry(memo=TOKEN)), False),
    ("the colleague came first", shown(AFTER - 50, entry(memo=TOKEN), taken(50, at=NOW - MINUTE)), False),
    ("at the same second", shown(AFTER - 50, taken(50), entry(memo=TOKEN)), True),
    ("a change of dates counts nothing", shown(
        BEFORE, entry(memo=TOKEN), entry(750, THEM, at=LATER, kind="endDate")), False),
    ("without the mark", shown(AFTER - 50, taken(50, at=LATER), entry()), False),
    ("memos are not echoed", shown(AFTER - 50, taken(50, at=LATER), entry(), echoes=False), True),
    ("not echoed, a second before", shown(
        AFTER - 50, taken(50, at=LATER), entry(at=NOW - timedelta(seconds=1)), echoes=False), True),
    ("not echoed, one of earlier", shown(
        AFTER - 50, taken(50, at=LATER), entry(at=NOW - timedelta(seconds=2)), echoes=False), False),
    ("not echoed, of another amount", shown(
        AFTER - 50, taken(50, at=LATER), entry(700), echoes=False), False),
    ("an amount that cannot be read", shown("?", taken(50, at=LATER), entry(memo=TOKEN)), False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("account", "explained"), [case[1:] for case in EXPLAINED], ids=[case[0] for case in EXPLAINED]
)
def test_another_amount_than_after_an_accepted_top_up_is_explained_by_its_history(
    account: TopUpEvidence, explained: bool
) -> None:
    assert history_evidence.is_explained(funding(), account) is explained


def test_nothing_explains_the_amount_after_a_top_up_of_an_unknown_amount() -> None:
    account = shown(AFTER - 50, taken(50, at=LATER), entry(), echoes=False)
    for before, after in ((None, AFTER), (BEFORE, None)):
        assert not history_evidence.is_explained(unclear(before, after), account)


# --- Rule 10 and values in force ------------------------------------------------------------------------------


def test_an_absolute_write_is_found_by_all_of_its_values() -> None:
    wanted = item({"name": "Summer"}, id="9")
    assert evidence.judge_absolute(wanted, AD_SETS, live("9", {"name": "Summer"})) == ItemFinding(Finding.APPLIED, "9")
    assert evidence.judge_absolute(wanted, AD_SETS, live("9", {"name": "Winter"})).finding is Finding.NOTHING
    assert evidence.judge_absolute(wanted, AD_SETS, None).finding is Finding.NOTHING
    unseen = item({"audienceId": "5"}, id="9")
    assert evidence.is_in_force(AD_SETS, live("9", {}), unseen) is None
    assert evidence.judge_absolute(unseen, AD_SETS, live("9", {})).because == "no list shows its values"
    assert evidence.judge_absolute(wanted, AD_SETS, live("9", {"name": "Winter"})).because != "no list shows its values"
    both = item({"name": "Summer", "objective": "visits"}, id="9")
    assert evidence.is_in_force(AD_SETS, live("9", {"name": "Summer", "objective": "conversions"}), both) is False


@pytest.mark.parametrize(
    ("before", "after", "now", "holds"),
    [("12", "123", "123", True), ("12", "123", "1234", True), ("12", "1", "13", True), ("12", "1", "12", False)],
)
def test_of_a_set_only_the_step_counts(before: str, after: str, now: str, holds: bool) -> None:
    move = FieldChange("campaignIds", "attachments", tuple(before), tuple(after), HERE)
    assert evidence.is_value_in_force(BALANCES, live("9", {"campaignIds": tuple(now)}, "balances"), move) is holds


def test_a_set_that_is_written_as_a_whole_is_compared_as_a_whole() -> None:
    move = FieldChange("campaignIds", "settings", ("1",), ("1", "2"), HERE)
    assert evidence.is_value_in_force(BUDGETS, live("9", {"campaignIds": ("1", "2")}), move)
    assert not evidence.is_value_in_force(BUDGETS, live("9", {"campaignIds": ("1", "2", "3")}), move)


def test_a_set_that_no_read_shows_is_not_in_force() -> None:
    move = FieldChange("campaignIds", "attachments", ("1", "2"), ("1",), HERE)
    assert not evidence.is_value_in_force(BALANCES, live("9", {}, "balances"), move)


# --- Names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["", "Summer", "\ufb01ne  \u00dcn\u00ef", "a\u00a0b", "e\u0301", "\u00df", "\u0130", "x\u200by"]
)
def test_folding_again_changes_nothing(text: str) -> None:
    assert likeness.fold_name(likeness.fold_name(text)) == likeness.fold_name(text)


def test_what_cannot_be_seen_of_a_name_is_named() -> None:
    assert list(likeness.describe_hidden("Summer sale")) == []
    assert list(likeness.describe_hidden(" a")) == ["a space at its beginning or end"]
    assert list(likeness.describe_hidden("a  b")) == ["two spaces in a row"]
    assert list(likeness.describe_hidden("a\u00a0b")) == ["no-break space (U+00A0)"]
    assert list(likeness.describe_hidden("a\u200bb")) == ["zero width space (U+200B)"]
    assert len(list(likeness.describe_hidden("e\u0301"))) == 1
    assert likeness.escape_lookalikes("a\u200b\u00e9") == "a\\u200b\\u00e9"
