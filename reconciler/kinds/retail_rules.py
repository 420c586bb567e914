"""Rules that campaigns and line items of Retail Media share (contract of campaigns, E4.2 to E4.4)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise

from reconciler.kinds.entry_maps import next_day, next_month
from reconciler.kinds.field_problems import field_error, field_warning
from reconciler.kinds.kind import Field, SceneRule, ValidationContext
from reconciler.kinds.retail_values import DAILY, MONTHLY
from reconciler.kinds.value_types import EnumType
from reconciler.model import Desired, Live, Problem, Value, Values, error
from reconciler.model.money import format_in_sentence

AUTO, PACE, START, END = "isAutoDailyPacing", "dailyPacing", "startDate", "endDate"
OVER = ("archived", "ended")
"""States that another rule reports."""


def without_computed_pace(values: Values) -> Values:
    """Return the values without the daily cap where the API computes it: it moves by itself."""
    return {**values, PACE: None} if values.get(AUTO) else values


# --- Offline ----------------------------------------------------------------------------------------------


def dates_in_order(block: Desired) -> Iterator[Problem]:
    """Yield a problem if the end is before the start; both may be the same day."""
    yield from _check_order(block, block.values)


def pace_is_one(block: Desired) -> Iterator[Problem]:
    """Yield a problem if a daily cap stands beside the one that the API computes."""
    if block.values.get(AUTO) and block.values.get(PACE) is not None:
        hint = f"leave it out, or write {AUTO}: false"
        yield field_error(block, PACE, "pace-automatic", f"with {AUTO} the API computes the daily cap itself", hint)


def dated_budgets_fit(block: Desired) -> Iterator[Problem]:
    """Yield a problem for a dated budget whose key is no day or month, and for two that overlap."""
    for name in sorted(block.values):
        prefix, _, key = name.partition(".")
        if f"{prefix}.*" not in (DAILY, MONTHLY) or not key:
            continue
        form = "a month such as 2026-12" if f"{prefix}.*" == MONTHLY else "a day such as 2026-11-27"
        if not _is_start(prefix, key):
            yield field_error(block, name, "bad-date", f"{key!r} is not {form}", f"write {form}")
            return
    yield from _overlaps(block, block.values)


OFFLINE = (dates_in_order, pace_is_one, dated_budgets_fit)


def _check_order(block: Desired, values: Values) -> Iterator[Problem]:
    start, end = values.get(START), values.get(END)
    if isinstance(start, date) and isinstance(end, date) and end < start:
        name = END if END in block.values else START
        yield field_error(block, name, "end-before-start", f"the end ({end}) is before the start ({start})")


def _is_start(prefix: str, key: str) -> bool:
    try:
        date.fromisoformat(f"{key}-01" if f"{prefix}.*" == MONTHLY else key)
    except ValueError:
        return False
    return len(key) == (7 if f"{prefix}.*" == MONTHLY else 10)


def _overlaps(block: Desired, values: Values) -> Iterator[Problem]:
    for field, follow in ((DAILY, next_day), (MONTHLY, next_month)):
        prefix = field.removesuffix("*")
        spans = sorted(
            (name.removeprefix(prefix), str(value["duration"]))
            for name, value in values.items()
            if name.startswith(prefix) and isinstance(value, Mapping) and "duration" in value
        )
        for (first, length), (second, own) in pairwise(spans):
            try:
                over = follow(first, {"duration": length}) > second
            except (ValueError, OverflowError):
                over = True
            if over:
                message = f"{first} ({length}) and {second} ({own}) overlap"
                at = prefix + (second if prefix + second in block.values else first)
                yield field_error(block, at, "dated-overlap", message, "shorten the first, or move the second")


# --- With live state --------------------------------------------------------------------------------------


def names_are_unique(parent: str, noun: str) -> SceneRule:
    """Return a rule that yields a problem for a name that is used twice under one parent, in the files or live."""

    def rule(scene: ValidationContext) -> Iterator[Problem]:
        first: dict[tuple[object, object], tuple[Desired, bool]] = {}
        live = {(each.values.get(parent), each.values.get("name")): each.id for each in scene.live}
        for desired, own in scene.pairs:
            key = (_of(desired, own, parent), desired.values.get("name"))
            if key[1] is None:
                continue
            there = own is not None and own.values.get("name") == key[1]
            (other, stands), taken = first.setdefault(key, (desired, there)), live.get(key)
            if other is not desired and not (there and stands):  # what the API has is not refused
                message = f"{other.address} has the same name in this {noun}, and names are unique"
                yield field_error(desired, "name", "name-taken", message, "give it another name")
            elif taken is not None and own is not None and taken != own.id and not there:
                message = f"{taken} already has this name, and names are unique in a {noun}"
                yield field_error(desired, "name", "name-taken", message, "give it another name")

    return rule


def check_merged(scene: ValidationContext) -> Iterator[Problem]:
    """Yield the violations in the declared values merged over live."""
    for desired, live, _ in list_moving(scene):
        after = {**live.values, **desired.values}
        if not {START, END} <= desired.values.keys():
            yield from _check_order(desired, after)
        if after.get(AUTO) and desired.values.get(PACE) is not None and AUTO not in desired.values:
            hint = f"leave it out, or write {AUTO}: false"
            yield field_error(desired, PACE, "pace-automatic", f"with {AUTO} the API computes the daily cap", hint)
        if live.values.get(AUTO) and desired.values.get(AUTO) is False and PACE not in desired.values:
            message = "without a dailyPacing, the cap that the API computed last would stay"
            yield field_error(desired, AUTO, "pace-unstated", message, f"state {PACE}, or {PACE}: null")
        if any(name.partition(".")[0] + ".*" in (DAILY, MONTHLY) for name in desired.values):
            yield from _overlaps(desired, after)


def budget_is_not_spent(scene: ValidationContext) -> Iterator[Problem]:
    """Yield a warning for a budget that is at or below what is spent already."""
    for desired, live, moved in list_moving(scene):
        budget, spent = desired.values.get("budget"), live.values.get("budgetSpent")
        if "budget" in moved and isinstance(budget, Decimal) and isinstance(spent, Decimal) and budget <= spent:
            message = f"{format_in_sentence(spent)} is spent already, so delivery stops"
            yield field_warning(desired, "budget", "budget-spent", message)


def refuse_unkept(fields: Sequence[Field], echoed: tuple[str, ...] = ()) -> SceneRule:
    """Return a rule that yields a problem for a live value that the PUT of the whole object cannot keep."""
    rows = [(row.name, row.type) for row in fields if not row.nullable and not row.is_map and row.path("patch")]

    def rule(scene: ValidationContext) -> Iterator[Problem]:
        for desired, live, _ in list_moving(scene):
            for name, form in rows:
                shown = live.values.get(name)
                fits = shown in form.words if isinstance(form, EnumType) else shown is not None
                if name not in desired.values and not fits and shown not in (*OVER, *echoed):
                    shown_as = "null" if shown is None else shown
                    message = f"{name} is {shown_as}, which cannot be sent back with the whole object"
                    yield error(
                        "unkept-value", message, at=desired.place, address=desired.address, hint=f"state {name}"
                    )

    return rule


def list_moving(scene: ValidationContext) -> Iterator[tuple[Desired, Live, set[str]]]:
    """Yield the pairs that change, with the names of the fields that move."""
    for desired, live in scene.pairs:
        if live is not None:
            moved = {name for name, value in desired.values.items() if live.values.get(name) != value}
            if moved:
                yield desired, live, moved


def _of(desired: Desired, live: Live | None, name: str) -> Value:
    return desired.values.get(name, live.values.get(name) if live else None)
