"""Rules of seller budgets (contract §4.4), checked before any call.

The API refuses a whole batch for one invalid item, and does not publish several of the error codes.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from reconciler.kinds.end_days import describe_included, end_day
from reconciler.kinds.field_problems import field_error
from reconciler.kinds.kind import ValidationContext
from reconciler.kinds.seller_budget_state import BudgetState, is_covered
from reconciler.model import Change, Desired, Live, Problem, Values, error, warning
from reconciler.model.money import group_digits

OVERSHOOT = Decimal("1.1")
"""Margin over the reported spend, which lags: a lower cap may already be exceeded (contract §4.4 rule 6)."""


def is_freeing(change: Change, new: Sequence[Values]) -> bool:
    """Return True if the change suspends or shortens a budget in a slot that a new budget needs."""
    before = change.live.values if change.live else {}
    slots = set(BudgetState(before, None).slots)
    if not any(slots & set(BudgetState(values, None).slots) for values in new):
        return False
    for move in change.fields:
        was = before.get(move.field)
        match move.field, was, move.after:
            case "suspended", _, True:
                return True
            case "endDate", date() | None, date() as after if not isinstance(was, date) or after < was:
                return True
            case "startDate", date() as start, date() as after if after > start:
                return True
            case "campaignIds", tuple() as members, tuple() as fewer if set(fewer) < set(members):
                return True
    return False


# --- Offline: one budget as declared ----------------------------------------------------------------------


def dates_in_order(budget: Desired) -> Iterator[Problem]:
    """Yield a problem if the end is not after the start (rules 1 and 4)."""
    start, end = budget.values.get("startDate"), budget.values.get("endDate")
    if isinstance(start, date) and isinstance(end, date) and end <= start:
        yield field_error(budget, "endDate", "end-before-start", f"the end ({end}) is not after the start ({start})")


def amount_fits(budget: Desired) -> Iterator[Problem]:
    """Yield a problem if an Uncapped budget has an amount, or another type has none (rule 2)."""
    kind = budget.values.get("budgetType")
    if kind == "Uncapped" and "amount" in budget.values:
        yield field_error(budget, "amount", "amount-uncapped", "an Uncapped budget has no amount", "leave it out")
    if budget.id is None and "suspended" not in budget.values:  # only an existing budget can be suspended
        yield from _amount(budget)


def _amount(budget: Desired) -> Iterator[Problem]:
    kind = budget.values.get("budgetType")
    if kind in ("Capped", "Daily") and "amount" not in budget.values:
        yield field_error(budget, "budgetType", "amount-missing", f"a {kind} budget needs an amount", "state amount")


def identifiable(budget: Desired) -> Iterator[Problem]:
    """Yield a problem if neither an id nor the identifying fields are given (contract §12)."""
    needed = {"sellerId", "campaignIds", "budgetType", "startDate"}
    if budget.id is None and not needed <= budget.values.keys():
        missing = ", ".join(sorted(needed - budget.values.keys()))
        message = f"nothing says which budget this is: {missing} is missing"
        yield error("unidentified", message, at=budget.place, address=budget.address, hint="add it, or write its id")


OFFLINE = (identifiable, dates_in_order, amount_fits)


# --- All budgets, with live state if available --------------------------------------------------------------


def one_at_a_time(scene: ValidationContext) -> Iterator[Problem]:
    """Yield a problem for each second active total or daily budget of a seller in a campaign (rule 7)."""
    slots: dict[tuple[object, object, bool], list[BudgetState]] = {}
    today = scene.first_today()
    for budget in _standing(scene):
        if not budget.suspended and budget.last >= today:
            for slot in budget.slots:
                slots.setdefault(slot, []).append(budget)
    told = set()
    for (seller, campaign, total), budgets in slots.items():
        longest, *rest = sorted(budgets, key=lambda budget: (budget.first, budget.desired is None))
        for later in rest:
            blamed, other = (later, longest) if later.desired else (longest, later)
            if later.first <= longest.last and blamed.desired and blamed.desired.address not in told:
                told.add(blamed.desired.address)
                yield _overlap(blamed.desired, other, str(seller), str(campaign), total)
            longest = max(longest, later, key=lambda budget: budget.last)


def new_ones_have_amounts(scene: ValidationContext) -> Iterator[Problem]:
    """Yield the violations of rule 2 for budgets that seemed to exist and are not live."""
    for budget, live in scene.pairs:
        if scene.online and live is None and "suspended" in budget.values:
            yield from _amount(budget)


def daily_is_covered(scene: ValidationContext) -> Iterator[Problem]:
    """Yield a warning for a Daily budget without a total on its days, which delivers nothing (rule 8)."""
    if not scene.online:
        return
    today = scene.last_today()
    standing = [budget for budget in _standing(scene) if not budget.suspended]
    totals: dict[tuple[object, object], list[BudgetState]] = {}
    for seller, campaign, budget in ((*slot[:2], each) for each in standing if each.total for slot in each.slots):
        totals.setdefault((seller, campaign), []).append(budget)
    for daily in standing:
        if daily.total or daily.desired is None or daily.last < today:
            continue
        for slot in daily.slots:
            covered = is_covered(max(daily.first, today), daily.last, totals.get(slot[:2], ()))
            if covered is not True:
                yield _report_uncovered(daily.desired, str(slot[1]), partly=covered is None)


def changes_are_possible(scene: ValidationContext) -> Iterator[Problem]:
    """Yield the violations of rules 1, 3, 4 and 6, which depend on live state and today's date."""
    for desired, live in scene.pairs:
        if live is None:
            yield from _creatable(desired, scene)
        elif any(live.values.get(name) != value for name, value in desired.values.items()):
            if live.values.get("status") == "Archived":
                hint = "describe a new budget, or write what it was"
                message = "the budget is over and cannot be changed"
                yield error("archived", message, at=desired.place, address=desired.address, hint=hint)
            else:
                yield from _dates_can_move(desired, live, scene)
                yield from _amount_can_move(desired, live)


def campaigns_only_shrink(scene: ValidationContext) -> Iterator[Problem]:
    """Yield a problem if a campaign is added to a budget; they can only be removed (rule 5, published documents)."""
    for desired, live in scene.pairs:
        added = _members(desired.values) - _members(live.values) if live else set()
        if added and "campaignIds" in desired.values:
            message = f"campaigns cannot be added to a budget: {', '.join(sorted(added))}"
            yield field_error(desired, "campaignIds", "campaigns-added", message, "describe a new budget for them")


def running_end_is_fixed(scene: ValidationContext, *, strict: bool = False) -> Iterator[Problem]:
    """Yield a problem if the end of a running budget moves (rule 4); the sources differ, so ``strict`` decides."""
    if not scene.assumptions.get("strictSeedDates", strict):
        return
    for desired, live in scene.pairs:
        was = live.values.get("startDate") if live else None
        moved = live is not None and desired.values.get("endDate", ...) not in (..., live.values.get("endDate"))
        if moved and isinstance(was, date) and was <= scene.last_today():
            hint = "set assumptions.strictSeedDates to false if the API lets it move"
            yield field_error(
                desired, "endDate", "budget-started", f"the budget has started on {was}; its end is fixed", hint
            )


SCENE = (
    new_ones_have_amounts,
    one_at_a_time,
    daily_is_covered,
    changes_are_possible,
    end_day("endDate", describe_included("as far as is documented")),
)


def _standing(scene: ValidationContext) -> Sequence[BudgetState]:
    """Return every budget after the plan: declared values merged over live ones, and undeclared budgets as they are."""
    wanted = [
        BudgetState({**(live.values if live else {}), **desired.values}, desired, scene.online)
        for desired, live in scene.pairs
    ]
    claimed = {live.id for _, live in scene.pairs if live}
    return [*wanted, *(BudgetState(each.values, None) for each in scene.live if each.id not in claimed)]


def _overlap(desired: Desired, other: BudgetState, seller: str, campaign: str, total: bool) -> Problem:
    sort = "total" if total else "daily"
    whose = str(other.desired.address) if other.desired else "a live budget that the files do not hold"
    message = f"seller {seller} would have two {sort} budgets at a time in campaign {campaign}: this and {whose}"
    hint = "end or suspend one of them; if this is the live one, write its id"
    return error("budget-overlap", message, at=desired.place, address=desired.address, hint=hint)


def _report_uncovered(desired: Desired, campaign: str, *, partly: bool) -> Problem:
    if partly:
        message = f"the totals of campaign {campaign} do not cover every day of this daily budget"
        return warning("daily-partly-covered", message, at=desired.place, address=desired.address)
    message = (
        f"a daily budget delivers nothing without a Capped or Uncapped one for the same days in campaign {campaign}"
    )
    hint = "add a total budget"
    return error("daily-uncovered", message, at=desired.place, address=desired.address, hint=hint)


def _creatable(desired: Desired, scene: ValidationContext) -> Iterator[Problem]:
    start = desired.values.get("startDate")
    if scene.online and isinstance(start, date) and start <= scene.last_today():
        message = f"no live budget matches, and a new one cannot start on {start}: it must start after today"
        yield field_error(
            desired, "startDate", "start-not-future", message, "correct the date, or write the budget's id"
        )


def _dates_can_move(desired: Desired, live: Live, scene: ValidationContext) -> Iterator[Problem]:
    today = scene.last_today()
    was, start = live.values.get("startDate"), desired.values.get("startDate")
    running = isinstance(was, date) and was <= today
    if isinstance(start, date) and start != was:
        if running:
            yield field_error(
                desired, "startDate", "budget-started", f"the budget has started on {was}; its start is fixed"
            )
        elif start <= today:
            yield field_error(
                desired, "startDate", "start-not-future", f"the start cannot be moved to {start}: it is over"
            )
    end = desired.values.get("endDate", live.values.get("endDate"))
    if "endDate" not in desired.values or end == live.values.get("endDate"):
        return
    if isinstance(end, date) and end <= today:
        yield field_error(
            desired, "endDate", "end-not-future", f"the end cannot be moved to {end}: it must be after today"
        )
    first = start if isinstance(start, date) else was
    if "startDate" not in desired.values and isinstance(first, date) and isinstance(end, date) and end <= first:
        yield field_error(desired, "endDate", "end-before-start", f"the end ({end}) is not after the start ({first})")


def _amount_can_move(desired: Desired, live: Live) -> Iterator[Problem]:
    amount, spend = desired.values.get("amount"), live.values.get("spend")
    if live.values.get("budgetType") == "Uncapped" and amount is not None and "budgetType" not in desired.values:
        yield field_error(desired, "amount", "amount-uncapped", "an Uncapped budget has no amount", "leave it out")
    capped = live.values.get("budgetType") == "Capped" and amount != live.values.get("amount")
    if capped and isinstance(amount, Decimal) and isinstance(spend, Decimal):
        if amount < spend:
            message = f"the amount would be below what is already spent ({group_digits(spend)})"
            yield field_error(desired, "amount", "amount-below-spend", message, "suspend the budget to stop it")
        elif amount < spend * OVERSHOOT:
            spent, new = group_digits(spend), group_digits(amount)
            message = f"{spent} is spent already, and spend lags: it may pass the new amount of {new}"
            yield warning("amount-near-spend", message, at=desired.at("amount"), address=desired.address)


def _members(values: Values) -> set[str]:
    members = values.get("campaignIds")
    return {str(each) for each in members} if isinstance(members, tuple) else set()
