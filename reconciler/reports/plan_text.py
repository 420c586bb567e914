"""A plan as text: changes with aligned numbers, and calls.

Similar changes are folded into a line with their count above a number.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from reconciler.kinds.versions import replaced_whole
from reconciler.model import Action, Call, Change, FieldChange, Run
from reconciler.model.text import count_noun, format_value, sanitize
from reconciler.planning.addresses import list_awaited
from reconciler.provider import codec
from reconciler.reports import ceilings, cost, grouping, irreversible
from reconciler.reports.common import (
    ARROW,
    RenderOptions,
    change_title,
    format_before,
    least_time,
    replacements,
    summary,
)
from reconciler.reports.value_diff import describe_change

UNSEEN = "(never shown by the API)"


def lines(run: Run, manner: RenderOptions) -> Iterator[str]:
    """Yield the changes, their summary, the money that does not change, the irreversible effects, and the calls."""
    yield from change_lines(run.changes, manner)
    yield summary(run) + (f" {run.unchanged:,} unchanged." if run.unchanged else "")
    yield from cost.unchanged_lines(run.money)
    yield from ceilings.unchanged_lines(run.money)
    if kept := [*irreversible.lines(run)]:
        yield from ("", *kept)
    yield from _calls(run, manner)


def change_lines(changes: Sequence[Change], manner: RenderOptions) -> Iterator[str]:
    """Yield each change with its fields, and folded changes in one line each."""
    single, folded = grouping.split_changes(changes, full=manner.full)
    for change in single:
        verb = {Action.CREATE: "", Action.UPDATE: "", Action.STOP: "  stop"}[change.action]
        name = f"  {change_title(change)}" if change_title(change) else ""
        id = f"  id {sanitize(change.id)}" if change.id else ""
        yield f"  {change.action.value} {sanitize(change.address)}{name}{id}{verb}  ({sanitize(change.place.span)})"
        yield from _fields(change)
        yield ""
    for fold in folded:
        yield f"  {fold.action.value} {grouping.heading(fold)}"
        yield from (f"      {line}" for line in grouping.sentences(fold))
        yield ""
    if folded:
        yield from ("Alike changes are in one line each; --full lists every one of them.", "")


def _fields(change: Change) -> Iterator[str]:
    """Yield one line per field, with the numbers of a resource aligned at their decimal points."""
    moves = change.fields
    width = max(len(move.field) for move in moves)
    befores = _align([_before(move, change) for move in moves], moves)
    afters = _align([format_value(move.after) for move in moves], moves)
    for move, before, after in zip(moves, befores, afters, strict=True):
        if change.action is Action.CREATE:
            yield f"      {sanitize(move.field):<{width}}  {after}".rstrip()
        else:
            far = describe_change(move.before, move.after)
            yield f"      {sanitize(move.field):<{width}}  {before} {ARROW} {after}  {far}".rstrip()


def _before(move: FieldChange, change: Change) -> str:
    if change.action is Action.CREATE:
        return ""
    return UNSEEN if not move.seen and move.before is None else format_before(move)


def _align(texts: Sequence[str], moves: Sequence[FieldChange]) -> list[str]:
    """Return the texts with amounts aligned at the decimal point, so that a wrong digit is visible."""
    amounts = [text for text, move in zip(texts, moves, strict=True) if isinstance(move.after, Decimal)]
    whole = max((text.find(".") for text in amounts), default=0)
    tail = max((len(text) - text.find(".") for text in amounts if "." in text), default=0)
    return [
        f"{' ' * max(0, whole - text.find('.'))}{text}".ljust(whole + tail)
        if isinstance(move.after, Decimal) and "." in text
        else text.ljust(whole + tail)
        if isinstance(move.after, Decimal)
        else text
        for text, move in zip(texts, moves, strict=True)
    ]


# --- Calls ------------------------------------------------------------------------------------------------


def _calls(run: Run, manner: RenderOptions) -> Iterator[str]:
    plan = run.plan
    if not plan.total:
        return
    yield ""
    yield f"API calls: {plan.total:,} (minimum possible: {plan.bound:,}), {least_time(plan)} at 250 a minute."
    if replaced := replacements(plan):
        verb = "replaces" if replaced == 1 else "replace"
        yield f"  {replaced:,} of these {verb} a whole object, after a read of it."
    many = len(plan.calls) > grouping.MANY and not manner.bodies and not manner.full
    yield from _call_groups(plan.calls) if many else _each_call(plan.calls, manner)
    if plan.deferred:
        yield f"  + {count_noun(plan.deferred_calls, 'call')} after creation, with the new ids:"
        single, folded = grouping.split_changes(plan.deferred, full=manner.full)
        for change in single:
            yield f"       {sanitize(change.address)}: {_later(change)}"
        for fold in folded:
            yield f"       {grouping.heading(fold)}"
            yield from (f"         {line}" for line in grouping.sentences(fold))


def _later(change: Change) -> str:
    """Return what a deferred change does once its ids are known."""
    if change.action is Action.CREATE and (ids := list_awaited(change)):
        return f"created with the id of {', '.join(map(sanitize, ids))}"
    return ", ".join(f"{sanitize(move.field)} {format_value(move.after)}" for move in change.fields)


def _each_call(calls: Sequence[Call], manner: RenderOptions) -> Iterator[str]:
    does = [f"replaces {whole}" if (whole := replaced_whole(call.kind, call.facet)) else call.facet for call in calls]
    rows = zip(calls, does, strict=True)
    method, path, facet = _widths((call.method, sanitize(call.path), said) for call, said in rows)
    for number, call in enumerate(calls, 1):
        whole = "  all or nothing" if call.atomic and len(call.items) > 1 else ""
        where = f"{call.method:<{method}} {sanitize(call.path):<{path}}  {does[number - 1]:<{facet}}"
        yield f"  {number:>3}. {where}  {count_noun(len(call.items), 'item')}{whole}".rstrip()
        if manner.bodies:
            yield f"       {_body(call)}"


def _call_groups(calls: Sequence[Call]) -> Iterator[str]:
    """Yield consecutive calls to one endpoint for one facet as one line."""
    groups = list(grouping.group_calls(calls))
    method, path, facet = _widths((group.method, sanitize(group.path), group.does) for group in groups)
    for group in groups:
        where = f"{group.method:<{method}} {sanitize(group.path):<{path}}  {group.does:<{facet}}"
        yield f"  {group.numbers:>9}. {where}  {count_noun(group.items, 'item')}"


def _widths(rows: Iterable[tuple[str, ...]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*rows, strict=True)] or [0, 0, 0]


def _body(call: Call) -> str:
    return sanitize(codec.dump_json(call.body).decode())
