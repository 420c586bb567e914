"""Cost of a plan in the words of every format: totals before and after, and guardrail judgements.

Uncapped is a word and is counted; it is never zero and never left out. Currencies are never added.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC
from decimal import Decimal
from heapq import nlargest
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model import Action, Address, Change, FieldChange, Judgement, LimitChange, Money, Run, Verdict
from reconciler.model.money import ZERO, BidShift, DatedBudget, Exposure, Limit, Period, before_and_after, group_digits
from reconciler.model.text import count_noun, format_value, sanitize
from reconciler.reports.common import ARROW, format_change_percent, format_percent

ONE_OFF, ONE_OFF_WORD = "balance deposits", "one-off funds"
SERIOUS = (Verdict.REFUSED, Verdict.ALLOWED, Verdict.ADVISED)
TOP, FEW = 10, 3
Row: TypeAlias = tuple[str, str, str, str]
"""Name, value before, value after, and change, as texts."""
LEAP = Decimal("1.5")
"""Factor from which an increase is listed although the first few are listed already."""


class CostTotal(Struct, frozen=True):
    """Total of a currency, by one way of counting."""

    currency: str
    what: str
    """Name in reports for people; ``word`` is the name in JSON."""
    word: str
    before: Exposure
    after: Exposure

    @property
    def change(self) -> Exposure:
        return self.after - self.before

    @property
    def is_changed(self) -> bool:
        """True if the plan changes the total."""
        return bool(self.change.amount or self.change.uncapped)


def totals(money: Money | None) -> tuple[CostTotal, ...]:
    """Return every commitment and every fund, by currency, in the order of the plan's money."""
    if money is None:
        return ()
    running = [
        CostTotal(each.currency, each.period.label, each.period.value, *before_and_after(each))
        for each in money.commitments
    ]
    funds = [CostTotal(each.currency, ONE_OFF, ONE_OFF_WORD, *before_and_after(each)) for each in money.funds]
    return (*running, *funds)


def changed_first(money: Money | None) -> tuple[CostTotal, ...]:
    """Return the totals for people: changed ones first."""
    return tuple(sorted(totals(money), key=lambda total: not total.is_changed))


def format_money(value: Decimal, sign: str = "") -> str:
    """Return ``12,345.60``; with the sign ``+`` also ``+12,345.60``."""
    return group_digits(value, sign)


def format_exposure(exposure: Exposure) -> str:
    """Return ``12,345.60``, with the number of uncapped objects if any."""
    if not exposure.uncapped:
        return format_money(exposure.amount)
    return f"{format_money(exposure.amount)} plus {exposure.uncapped:,} without a cap"


def format_total_change(total: CostTotal) -> str:
    """Return the change of a total: ``+526.55 (+4.3 %)``, ``+1 uncapped``, ``unchanged``."""
    change = total.change
    parts = []
    if change.amount:
        part = format_money(change.amount, "+")
        base = total.before.amount
        parts.append(f"{part} ({format_percent(change.amount / base * 100)})" if base else part)
    if change.uncapped:
        parts.append(f"{change.uncapped:+,} without a cap")
    return ", ".join(parts) or "unchanged"


def format_limit(limit: Limit | None) -> str:
    """Return the limit of one object: ``150.00 per day``, ``uncapped``, ``nothing``."""
    if limit is None:
        return "nothing"
    if limit.amount is None:
        return "uncapped" if limit.period is not Period.TOTAL else "uncapped in total"
    return f"{format_money(limit.amount)} {limit.period.label}"


class DatedTotal(Struct, frozen=True):
    """The dated budgets of one kind and currency that a plan sets, changes or removes."""

    currency: str
    kind: str
    rows: tuple[DatedBudget, ...]


def dated_totals(money: Money | None) -> tuple[DatedTotal, ...]:
    """Return the dated budgets by currency and kind; those of two kinds bound each other and are never added."""
    found: dict[tuple[str, str], list[DatedBudget]] = {}
    for each in money.dated if money else ():
        found.setdefault((each.currency, each.address.kind), []).append(each)
    return tuple(DatedTotal(*key, tuple(rows)) for key, rows in sorted(found.items()))


def format_dated(total: DatedTotal) -> str:
    """Return ``1 changed, 2026-11-27 … 2026-11-30, 80.00 → 400.00, +1,280.00 in these days``."""
    rows = total.rows
    parts = [f"{len(rows):,} changed", _join_span(min(each.first for each in rows), max(each.last for each in rows))]
    if len({(each.before, each.after) for each in rows}) == 1:
        parts.append(f"{_format_cap(rows[0].before)} {ARROW} {_format_cap(rows[0].after)}")
    known = [each.adds for each in rows if each.adds is not None]
    if known:
        parts.append(f"{format_money(sum(known, ZERO), '+')} in these days")
    if len(known) < len(rows):
        parts.append(f"{len(rows) - len(known):,} without a sum")
    return ", ".join(parts)


def _join_span(first: str, last: str) -> str:
    return first if first == last else f"{first} … {last}"


def _format_cap(amount: Decimal | None) -> str:
    return "no cap" if amount is None else format_money(amount)


def format_bids(shift: BidShift) -> str:
    """Return ``412 raised, 3 lowered, 0.30 … 0.90 → 0.33 … 0.99, +10 % on average``."""
    counts = [f"{count:,} {word}" for count, word in ((shift.raised, "raised"), (shift.lowered, "lowered")) if count]
    before = _format_range(shift.lowest_before, shift.highest_before)
    after = _format_range(shift.lowest_after, shift.highest_after)
    weighted = f", {format_percent(shift.percent)} on average" if shift.percent is not None else ""
    return f"{', '.join(counts)}, {before} {ARROW} {after}{weighted}"


def _format_range(lowest: Decimal | None, highest: Decimal | None) -> str:
    if lowest is None or highest is None:
        return "none"
    return format_value(lowest) if lowest == highest else f"{format_value(lowest)} … {format_value(highest)}"


def courses(money: Money | None) -> Iterator[str]:
    """Yield, by currency, the exposure after each call and its maximum."""
    for currency in dict.fromkeys(each.currency for each in money.running) if money else ():
        assert money is not None
        steps = [each for each in money.running if each.currency == currency]
        named = [f"{sanitize(each.call)} {format_exposure(each.exposure)}".strip() for each in steps]
        shown = named if len(named) <= TOP else [*named[: TOP - 1], f"… {len(named) - TOP:,} more", named[-1]]
        yield f"{sanitize(currency)} {f' {ARROW} '.join(shown)}; at most {format_exposure(money.peak(currency))}"


# --- Largest risks -------------------------------------------------------------------------------------------


def rises(money: Money | None) -> tuple[LimitChange, ...]:
    """Return the objects with the largest increase of the limit, uncapped ones first."""
    return tuple(shift for shift in money.shifts[:TOP] if shift.change > Exposure()) if money else ()


def leaps(changes: Sequence[Change]) -> list[tuple[Change, FieldChange]]:
    """Return the amounts that are raised by the largest factor, which may be decimal slips."""
    raised = (
        (move.after / move.before, index, change, move)
        for index, (change, move) in enumerate(_moves(changes))
        if isinstance(move.before, Decimal) and isinstance(move.after, Decimal) and move.after > move.before > ZERO
    )
    largest = nlargest(TOP, raised, key=lambda each: (each[0], -each[1]))
    return [(change, move) for rank, (factor, _, change, move) in enumerate(largest) if rank < FEW or factor >= LEAP]


def _moves(changes: Sequence[Change]) -> Iterator[tuple[Change, FieldChange]]:
    for change in changes:
        if change.action is not Action.CREATE:
            yield from ((change, move) for move in change.fields)


def leap(move: FieldChange) -> str:
    """Return ``bidding.bidAmount 0.53 → 53.00 (+9,900 %)``."""
    before, after = format_value(move.before), format_value(move.after)
    return f"{sanitize(move.field)} {before} {ARROW} {after} ({format_change_percent(move.before, move.after)})"


def owner(address: Address | None, kind: str, id: str | None) -> str:
    """Return the address, or kind and id if the object is not declared."""
    return sanitize(address) if address else f"{sanitize(kind)} {sanitize(id)} (not in the files)"


# --- Guardrails ------------------------------------------------------------------------------------------------


def objections(run: Run) -> list[Judgement]:
    """Return the judgements that refused, allowed or advised against the plan, in this order."""
    serious = [each for each in run.judgements if each.verdict in SERIOUS]
    return sorted(serious, key=lambda each: SERIOUS.index(each.verdict))


def format_judgement(judgement: Judgement) -> str:
    """Return ``refused: decimal-slip (a factor near 10, 100, 1000), 1 problem``."""
    rule = f"{sanitize(judgement.rule)} ({sanitize(judgement.limit)})"
    return f"{judgement.verdict.value}: {rule}, {'; '.join(map(sanitize, judgement_counts(judgement)))}"


def judgement_counts(judgement: Judgement) -> Iterator[str]:
    """Yield the number of remaining problems, and for each decision the number that it allows, its end and reason."""
    if judgement.problems or not judgement.excuses:
        why = f", because {judgement.because}" if judgement.because else ""
        yield f"{count_noun(len(judgement.problems), 'problem')}{why}"
    for each in judgement.excuses:
        ends = f"{each.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        yield f"{count_noun(each.count, 'problem')} allowed until {ends} by {each.at}, because {each.because}"


def passed_rules(run: Run) -> list[str]:
    """Return the guardrails that passed."""
    return [sanitize(each.rule) for each in run.judgements if each.verdict is Verdict.PASSED]


def idle(run: Run) -> list[str]:
    """Return the guardrails to which nothing in the plan applies."""
    return [sanitize(each.rule) for each in run.judgements if each.verdict is Verdict.IDLE]


# --- Lines of text -------------------------------------------------------------------------------------------


def budget_lines(run: Run) -> Iterator[str]:
    """Yield the first block of a text report: aligned totals that change, dated budgets, and bids."""
    rows = [row for each in totals(run.money) if each.is_changed for row in _rows(each)]
    moves, dated = run.money.bids if run.money else (), dated_totals(run.money)
    if rows or moves or dated:
        yield "Budgets (what is asked for):"
        yield from align_rows(rows)
        yield from (f"  {each.currency} {sanitize(each.kind)} dated budgets: {format_dated(each)}" for each in dated)
        yield from (
            f"  {each.currency} {sanitize(each.kind)} {sanitize(each.field)}: {format_bids(each)}" for each in moves
        )
        yield ""


def _rows(total: CostTotal) -> Iterator[Row]:
    """Yield the amounts of a total, and below them the number of objects without a cap, so that both are read."""
    before, after, change = total.before, total.after, total.change
    far = format_total_change(replace(total, before=Exposure(0, before.amount), after=Exposure(0, after.amount)))
    yield f"{total.currency} {total.what}", format_money(before.amount), format_money(after.amount), far
    if before.uncapped or after.uncapped:
        far = f"{change.uncapped:+,}" if change.uncapped else "unchanged"
        yield "  plus without a cap", f"{before.uncapped:,}", f"{after.uncapped:,}", far


def align_rows(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a line for each name with its values before and after and its change, in columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(3)] if rows else []
    for what, before, after, change in rows:
        yield f"  {what:<{widths[0]}}  {before:>{widths[1]}} {ARROW} {after:>{widths[2]}}  {change}"


def unchanged_lines(money: Money | None) -> Iterator[str]:
    """Yield the totals that the plan does not change, in one line, which stands below the changes."""
    same = [
        (each.currency, f"{each.what} {format_exposure(each.after)}") for each in totals(money) if not each.is_changed
    ]
    if same:
        yield f"Unchanged budgets: {join_by_currency(same)}"


def join_by_currency(named: Sequence[tuple[str, str]]) -> str:
    """Return ``EUR per day 75.00, per week 700.00; USD per day 9.00`` of (currency, words)."""
    groups: dict[str, list[str]] = {}
    for currency, words in named:
        groups.setdefault(currency, []).append(words)
    return "; ".join(f"{sanitize(currency)} {', '.join(words)}" for currency, words in groups.items())


def guardrail_lines(run: Run) -> Iterator[str]:
    """Yield the exposure after each call, and the guardrails."""
    if course := [*courses(run.money)]:
        yield "Exposed as the calls go (on one day, totals and funds in full):"
        yield from (f"  {line}" for line in course)
        yield ""
    if run.judgements:
        yield "Guardrails:"
        yield from (f"  {format_judgement(each)}" for each in objections(run))
        if passed_rules(run):
            yield f"  passed: {', '.join(passed_rules(run))}"
        if idle(run):
            yield f"  {Verdict.IDLE.value}: {', '.join(idle(run))}"
        yield ""
