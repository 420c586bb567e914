"""Budgets before and after as inline bar charts. Each currency has its own scale."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from html import escape

from msgspec import Struct

from reconciler.kinds.cells import FacetRole
from reconciler.kinds.versions import role_of
from reconciler.model import Action, Run
from reconciler.model.money import ZERO, Exposure
from reconciler.model.text import format_value, sanitize
from reconciler.reports import cost

MOST = 20
ROLES = (FacetRole.BUDGET, FacetRole.FUNDS)
KEY = '<p class="key"><span><i class="b"></i>before</span><span><i class="a"></i>after</span></p>'


class Bar(Struct, frozen=True):
    """One row of a chart: values before and after, with their texts; rows of a ``group`` share a scale."""

    group: str
    what: str
    before: Exposure
    after: Exposure
    said: tuple[str, str]
    note: str = ""


def totals(run: Run) -> str:
    """Return the chart of commitments by currency and period."""
    return _chart(
        Bar(each.currency, f"{each.currency} {each.what}", each.before, each.after,
            (cost.format_exposure(each.before), cost.format_exposure(each.after)), cost.format_total_change(each))
        for each in cost.changed_first(run.money)
    )  # fmt: skip


def budgets(run: Run) -> str:
    """Return the chart of the budgets that change most, by limits if known, else by fields."""
    bars = [*_shifts(run)] if run.money else [*_fields(run)]
    far = sorted(bars, key=lambda bar: (abs(bar.after.uncapped - bar.before.uncapped), abs(_step(bar))), reverse=True)
    return _chart(far[:MOST])


def _step(bar: Bar) -> Decimal:
    return bar.after.amount - bar.before.amount


def _shifts(run: Run) -> Iterator[Bar]:
    for each in run.money.shifts if run.money else ():
        owner = cost.owner(each.address, each.kind, each.id)
        said = (cost.format_limit(each.before), cost.format_limit(each.after))
        yield Bar(each.currency, owner, Exposure.of(each.before), Exposure.of(each.after), said)


def _fields(run: Run) -> Iterator[Bar]:
    for change in run.changes:
        for move in change.fields:
            before, after = move.before, move.after
            amounts = isinstance(before, Decimal) or isinstance(after, Decimal)
            if not amounts or role_of(change.address.kind, move.facet) not in ROLES:
                continue
            said = ("new" if change.action is Action.CREATE else format_value(before), format_value(after))
            yield Bar(change.address.kind, str(change.address), _of(before), _of(after), said)


def _of(value: object) -> Exposure:
    return Exposure(0, value) if isinstance(value, Decimal) else Exposure()


def _chart(bars: Iterable[Bar]) -> str:
    held = list(bars)
    if not held:
        return ""
    scales = {group: _scale(bar for bar in held if bar.group == group) for group in {bar.group for bar in held}}
    rows = "".join(_row(bar, scales[bar.group]) for bar in held)
    return f'{KEY}<div class="chart">{rows}</div>'


def _scale(bars: Iterable[Bar]) -> Decimal:
    return max((max(bar.before.amount, bar.after.amount) for bar in bars), default=ZERO)


def _row(bar: Bar, scale: Decimal) -> str:
    sides = zip(("before", "after"), (bar.before, bar.after), bar.said, strict=True)
    pair = "".join(f'{_bar(side, of, scale)}<span class="n">{escape(said)}</span>' for side, of, said in sides)
    note = f'<br><span class="soft n">{escape(bar.note)}</span>' if bar.note else ""
    what = f'<div class="what">{escape(sanitize(bar.what))}{note}</div>'
    return f'<div class="bars">{what}<div class="pair">{pair}</div></div>'


def _bar(side: str, of: Exposure, scale: Decimal) -> str:
    """Return a bar; with uncapped objects, a thinner bar extends to the edge."""
    share = of.amount / scale * 100 if scale else ZERO
    open_end = f'<rect class="{side}" y="40%" width="100%" height="20%"/>' if of.uncapped else ""
    return (
        f'<svg class="bar" role="img" aria-label="{side}"><rect class="track" width="100%" height="100%" rx="2"/>'
        f'{open_end}<rect class="{side}" width="{share:.2f}%" height="100%" rx="2"/></svg>'
    )


__all__: Sequence[str] = ("budgets", "totals")
