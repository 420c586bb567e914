"""Runs that tell something, as frozen values: every format is shown with each of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from msgspec.structs import replace

from reconciler.model import (
    Action,
    Address,
    Author,
    BodyForm,
    Call,
    Change,
    Drift,
    DriftState,
    FieldChange,
    FixedLocator,
    Irreversible,
    IrreversibleReason,
    Item,
    ItemOutcome,
    ItemStatus,
    Judgement,
    LimitChange,
    Money,
    Place,
    Plan,
    Problem,
    RuleLevel,
    Run,
    Severity,
    Span,
    Unmanaged,
    UnmanagedShare,
    Value,
    WriteEffect,
    error,
    warning,
)
from reconciler.model.money import BidShift, Commitment, Exposure, Funds, Increase, Limit, Period
from reconciler.reports import drift_report

BID, BUDGET = "bidding.bidAmount", "budget.budgetAmount"
FACETS = {BID: "bids", BUDGET: "budgets", "schedule.activationStatus": "activation", "amount": "budgets"}
HOSTILE = (
    "::add-mask::x",
    "##[set-output name=a]b",
    "a | b || `c` ``d`` |",
    "<script>alert(1)</script> <img src=https://evil.example/x.png>",
    "@team #1 https://evil.example/ ![x](https://evil.example/y.png) [z](https://evil.example/)",
    "--> <!-- -->",
    "\x1b[31mred\x1b[0m\r\n\t\x07\x9b",
    "abc\u202edef\u2066ghi\u00a0j\u200bk\u3164l",
    "]]></failure> &amp; &#64; \ud800 \ufffe",
    "\\",
    "`",
    "",
)


def at(line: int, column: int = 3, file: str = "ads/summer.yaml", width: int = 9) -> Place:
    return Place(FixedLocator(Span(file, line, column, width)), ())


def moved(name: str, before: Value, after: Value, line: int = 1, *, seen: bool = True) -> FieldChange:
    return FieldChange(name, FACETS.get(name, "settings"), before, after, at(line, 5), seen)


def changed(
    key: str,
    *moves: FieldChange,
    action: Action = Action.UPDATE,
    id: str | None = "123467",
    kind: str = "adSets",
    line: int = 1,
    name: str | None = None,
) -> Change:
    after: Mapping[str, Value] = {"name": name or key} | {move.field: move.after for move in moves}
    return Change(Address(kind, key), action, None if action is Action.CREATE else id, moves, after, at(line))


def item(change: Change, *facets: str) -> Item:
    moves = tuple(move for move in change.fields if not facets or move.facet in facets)
    return Item(change.address, change.id, moves, change.place)


def call(
    facet: str, *items: Item, method: str = "PATCH", effect: WriteEffect = WriteEffect.SET, tail: str = ""
) -> Call:
    path = f"/2026-07/marketing-solutions/ad-sets{tail}"
    rows = tuple({"id": each.id} for each in items)
    form = BodyForm(many=True, data=True)
    return Call(f"adSets.{facet}", "adSets", facet, effect, method, path, rows, items=items, form=form, atomic=False)


RAISED = changed(
    "summer-fr", moved(BID, Decimal("0.90"), Decimal("1.10"), 8), moved(BUDGET, Decimal("123.45"), Decimal("150"), 10)
)
CREATED = changed(
    "summer-de",
    moved("name", None, "DE | prospecting", 15),
    moved("schedule.startDate", None, date(2026, 12, 1), 17),
    moved("targeting.geoLocation.countries", None, {"operand": "in", "values": ("AT", "DE")}, 18),
    moved(BID, None, Decimal("0.95"), 19),
    moved(BUDGET, None, Decimal("75"), 20),
    action=Action.CREATE,
    line=14,
    name="DE | prospecting",
)
STOPPED = changed(
    "always-on", moved("schedule.activationStatus", "on", "off", 31), action=Action.STOP, id="123470", line=30
)
LATER = changed("summer-de", moved("schedule.activationStatus", None, "on", 21), action=Action.CREATE, line=14)
CALLS = (
    call("activation", item(STOPPED), method="POST", tail="/stop"),
    call("create", item(CREATED), method="POST", effect=WriteEffect.CREATE),
    call("bids", item(RAISED, "bids")),
    call("budgets", item(RAISED, "budgets")),
)
HIDDEN = warning("hidden", "some ad sets of the scope cannot be read", hint="none of them is created again by its id")
SMALL = Run(
    "plan",
    "quickstart",
    (RAISED, CREATED, STOPPED),
    Plan(CALLS, (LATER,), 1, 5),
    problems=(HIDDEN,),
    unchanged=14,
)
NOTHING = Run("plan", "quickstart", unchanged=17)


def _applied(call: Call, each: Item, id: str | None = None) -> ItemOutcome:
    return ItemOutcome(call.name, each, ItemStatus.APPLIED, id or each.id)


REFUSAL = error("bid-too-high", "The bid is above the maximum of 1.00", at=at(8, 18, width=4), address=RAISED.address)
PARTLY = replace(
    SMALL,
    command="apply",
    applied=True,
    outcomes=(
        _applied(CALLS[0], CALLS[0].items[0]),
        _applied(CALLS[1], CALLS[1].items[0], "987634"),
        ItemOutcome("adSets.bids", CALLS[2].items[0], ItemStatus.REJECTED, "123467", (REFUSAL,)),
        _applied(CALLS[3], CALLS[3].items[0]),
        ItemOutcome("adSets.activation", item(LATER), ItemStatus.NOT_SENT, "987634", (error("depends", "not sent"),)),
    ),
)
UNKNOWN = replace(
    PARTLY,
    outcomes=(
        *PARTLY.outcomes[:1],
        ItemOutcome(
            "adSets.create", CALLS[1].items[0], ItemStatus.UNKNOWN, None, (error("no-answer", "no answer came"),)
        ),
        *PARTLY.outcomes[2:],
    ),
)
APPLIED = replace(PARTLY, outcomes=tuple(_applied(each, one) for each in CALLS for one in each.items), problems=())
INVALID = Run(
    "validate",
    "quickstart",
    problems=(
        error("unknown-key", "Unknown key 'biding'", at=at(12, 5, width=6), address=Address("adSets", "summer-fr"),
              hint="Did you mean 'bidding'?"),
        error("unknown-key", "Unknown key 'budgte'", at=at(20, 5, width=6), address=Address("adSets", "summer-de")),
        warning("old-version", "the version 2025-07 ends on 2026-12-31", at=at(3, 3, "reconciler.yaml")),
        Problem(Severity.NOTE, "assumed", "the account's time zone is not told by the API"),
    ),
    unchanged=2,
)  # fmt: skip
VALID = Run("validate", "quickstart", unchanged=17)
UNREAD = Run("plan", "quickstart", problems=(error("not-allowed", "401: the token was refused", hint="look at it"),))


OBJECTION = error("guardrail-max-raise", "bidding.bidAmount rises by 9,900 %, at most 50 % is allowed",
                  at=at(9, 18, width=5), address=RAISED.address, hint="--allow max-raise --because TEXT")  # fmt: skip
MONEY = Money(
    commitments=(
        Commitment("EUR", Period.ANY_DAY, Decimal("12345.60"), Decimal("12447.15"), 2, 3),
        Commitment("EUR", Period.DAY, Decimal("12345.60"), Decimal("12447.15")),
        Commitment("USD", Period.TOTAL, Decimal("900"), Decimal("900")),
    ),
    funds=(Funds("EUR", Decimal("5000"), Decimal("6000"), Decimal("1000")),),
    bids=(BidShift("EUR", "adSets", BID, 1, 0, Decimal("0.90"), Decimal("0.90"), Decimal("1.10"), Decimal("1.10"),
                   Decimal("22.2222222")),),
    shifts=(
        LimitChange("adSets", None, CREATED.address, "EUR", None, Limit(Period.DAY, None)),
        LimitChange("adSets", "123467", RAISED.address, "EUR", Limit(Period.DAY, Decimal("123.45")),
              Limit(Period.DAY, Decimal("150"))),
        LimitChange("adSets", "123470", STOPPED.address, "EUR", Limit(Period.DAY, Decimal("20")), None),
    ),
    increases=(Increase("EUR", Exposure(1, Decimal("101.55"))),),
    rolling=(Increase("EUR", Exposure(1, Decimal("201.55")), datetime(2026, 11, 20, 12, tzinfo=UTC)),),
)  # fmt: skip
UNCAPPED = warning("guardrail-uncapped", "a cap is removed")
JUDGEMENTS = (
    Judgement("decimal-slip", RuleLevel.OVERRIDE, "no factor near 10, 100 or 1000"),
    Judgement("max-raise", RuleLevel.OVERRIDE, "at most 50 % a field", (OBJECTION,)),
    Judgement(
        "uncapped",
        RuleLevel.OVERRIDE,
        "no cap removed",
        (warning("guardrail-uncapped", "a cap is removed"),),
        "agreed | ok",
    ),
    Judgement("changes", RuleLevel.ADVISORY, "at most 2 changes", (warning("guardrail-changes", "3 changes"),)),
    Judgement("empty-scope", RuleLevel.HARD, "the scope is never empty"),
)
LASTING = (
    Irreversible(CREATED.address, "", IrreversibleReason.CREATED),
    *(Irreversible(Address("adSets", f"created-{number}"), "", IrreversibleReason.CREATED) for number in range(3)),
    Irreversible(Address("balances", "q4"), "deposited", IrreversibleReason.FUNDED),
    Irreversible(RAISED.address, "audienceId", IrreversibleReason.UNSEEN),
    Irreversible(RAISED.address, "budget.budgetDeliverySmoothing", IrreversibleReason.UNSPEAKABLE),
)
REFUSED = replace(SMALL, money=MONEY, judgements=JUDGEMENTS, problems=(HIDDEN, OBJECTION))
COSTLY = replace(SMALL, money=MONEY, judgements=(JUDGEMENTS[0], *JUDGEMENTS[2:]), lasting=LASTING)


def many(count: int, kind: str = "adSets") -> Run:
    """So many bids raised by a tenth, some budgets, some stops, and one slip of the point."""
    changes = []
    for number in range(count):
        before = Decimal(30 + number % 61) / 100
        after = before * 100 if number == count // 2 else before * Decimal("1.1")
        moves = [moved(BID, before, after, number + 1)]
        if number % 3 == 0:
            moves.append(moved(BUDGET, Decimal(100 + number), Decimal(90 + number), number + 1))
        action = Action.UPDATE
        if number % 10 == 9:
            moves, action = [moved("schedule.activationStatus", "on", "off", number + 1)], Action.STOP
        changes.append(changed(f"ad-{number:05}", *moves, action=action, id=str(10**6 + number), kind=kind,
                               line=number + 1, name=f"FR | prospecting {number}"))  # fmt: skip
    bids = [each for each in changes if each.action is Action.UPDATE]
    calls = tuple(call("bids", *(item(each, "bids") for each in bids[first : first + 50]))
                  for first in range(0, len(bids), 50))  # fmt: skip
    return Run("plan", "portfolio", tuple(changes), Plan(calls, bound=len(calls)), unchanged=count)


def hostile(text: str) -> Run:
    """Everything that may come from outside says the same nasty thing."""
    key, file = text or "empty", f"ads/{text}.yaml"
    place = Place(FixedLocator(Span(file, 4, 2, 3)), ())
    move = FieldChange(f"categoryBids.{text}", "categoryBids", text, (text, text), place)
    change = Change(Address("adSets", key), Action.UPDATE, text, (move,), {"name": text}, place)
    created = replace(change, address=Address("adSets", f"{key}2"), action=Action.CREATE, id=None)
    wrong = error("bad-text", f"the API said: {text}", at=place, address=change.address, hint=text)
    sent = replace(call("categoryBids", item(change)), path=f"/x/{text}", rows=({},))
    ended = ItemOutcome(sent.name, item(change), ItemStatus.REJECTED, text, (wrong,))
    stays = (Irreversible(change.address, text, IrreversibleReason.UNSEEN),)
    plan = Plan((sent,), (change,), 1, 1)
    return Run("apply", text, (change, created), plan, (ended,), (wrong,), True, 3, lasting=stays)


def drifting(text: str) -> Run:
    """A look that finds every way to differ; what somebody else wrote may say anything."""
    day = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    bid, name, deposited = Address("adSets", "fr"), Address("adSets", text), Address("balances", "q4")
    anna, ours = Author(text, day, text), Author("api", day, None, "20261120T093000Z-7f3a")
    limit = Limit(Period.DAY, Decimal(50))
    moved = (
        Drift(bid, "1", BID, DriftState.CONFLICT, Decimal("1.3"), Decimal("1.1"), Decimal("1.2"), at(8), until=day),
        Drift(name, "2", "name", DriftState.DRIFTED, "Sale", "Sale", text, at(9), since=day, until=day),
        Drift(deposited, "3", "deposited", DriftState.DRIFTED, Decimal(5), Decimal(5), Decimal(6), at(1), True,
              (ours, anna)),
        Drift(bid, "1", "x", DriftState.UNKNOWN, text, None, "b", at(2), False, until=day),
        Drift(bid, "1", BUDGET, DriftState.PENDING, Decimal(2), Decimal(1), Decimal(1), at(3)),
        Drift(Address("adSets", "new"), None, "", DriftState.PENDING, None, None, None, at(4), False),
    )  # fmt: skip
    stranger = Unmanaged("adSets", "9", text, "EUR", limit)
    shares = (
        UnmanagedShare("adSets", "EUR", 1, Exposure.of(limit), Exposure(1, Decimal(200))),
        UnmanagedShare("balances", "EUR", 2, Exposure(2), Exposure(3)),
        UnmanagedShare("sellerCampaigns", "EUR", 3, Exposure(), Exposure()),
    )
    told = (*map(drift_report.drift_problem, moved), *map(drift_report.share, shares))
    return Run("drift", text, problems=told, unchanged=4, drift=moved, unmanaged=(stranger,), shares=shares)


TELLING = {
    "nothing": NOTHING,
    "small": SMALL,
    "applied": APPLIED,
    "partly": PARTLY,
    "unknown": UNKNOWN,
    "invalid": INVALID,
    "valid": VALID,
    "unread": UNREAD,
    "costly": COSTLY,
    "refused": REFUSED,
    "many": many(412),
    "hostile": hostile(" ".join(HOSTILE)),
    "drift": drifting("quickstart"),
}
