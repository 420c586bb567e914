"""A run as text for people: what changes, the calls, how every item ended, what is wrong and where."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from reconciler import wire
from reconciler.model import Action, Call, Change, FieldChange, Outcome, Problem, Run, Severity, Status
from reconciler.reports.words import (
    ARROW,
    Manner,
    counted,
    least_time,
    placed,
    plain,
    shown,
    step,
    summary,
    title,
)

UNSEEN = "(never shown by the API)"


def report(run: Run, manner: Manner) -> str:
    """The whole run; ends with a line break."""
    lines = [*_problems([problem for problem in run.problems if problem not in (manner.told or ())], manner)]
    if run.command == "validate":
        lines += [_verdict(run)]
    elif (not run.failed or run.applied) and manner.told is None:
        lines += _changes(run.changes)
        lines += [summary(run) + (f" {run.unchanged:,} unchanged." if run.unchanged else "")]
        lines += _calls(run, manner)
    if run.applied:
        lines += ["", *_outcomes(run.outcomes)]
    elif run.failed and run.command != "validate":
        lines += ["Nothing was sent."]
    return "\n".join(lines) + "\n"


def _verdict(run: Run) -> str:
    errors = sum(problem.severity is Severity.ERROR for problem in run.problems)
    if errors:
        return f"{counted(errors, 'error')}."
    return f"Valid: {counted(run.unchanged, 'resource')}."


# --- What changes ---------------------------------------------------------------------------------------


def _changes(changes: Sequence[Change]) -> Iterator[str]:
    for change in changes:
        verb = {Action.CREATE: "", Action.UPDATE: "", Action.STOP: "  stop"}[change.action]
        name = f"  {title(change)}" if title(change) else ""
        id = f"  id {plain(change.id)}" if change.id else ""
        yield f"  {change.action.value} {plain(change.address)}{name}{id}{verb}  ({plain(change.place.span)})"
        yield from _fields(change)
        yield ""


def _fields(change: Change) -> Iterator[str]:
    """One line a field, with the numbers of a resource aligned at their points."""
    moves = change.fields
    width = max(len(move.field) for move in moves)
    befores = _aligned([_before(move, change) for move in moves], moves)
    afters = _aligned([shown(move.after) for move in moves], moves)
    for move, before, after in zip(moves, befores, afters, strict=True):
        if change.action is Action.CREATE:
            yield f"      {plain(move.field):<{width}}  {after}".rstrip()
        else:
            percent = step(move.before, move.after)
            yield f"      {plain(move.field):<{width}}  {before} {ARROW} {after}  {percent}".rstrip()


def _before(move: FieldChange, change: Change) -> str:
    if change.action is Action.CREATE:
        return ""
    return UNSEEN if not move.seen and move.before is None else shown(move.before)


def _aligned(texts: Sequence[str], moves: Sequence[FieldChange]) -> list[str]:
    """Amounts right-aligned at the point, so that a slip of a digit is seen; the rest as it is."""
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


# --- The calls ------------------------------------------------------------------------------------------


def _calls(run: Run, manner: Manner) -> Iterator[str]:
    plan = run.plan
    if not plan.total:
        return
    yield ""
    yield f"Calls: {plan.total:,} (bound {plan.bound:,}), {least_time(plan.total)} at 250 a minute."
    method = max((len(call.method) for call in plan.calls), default=0)
    path = max((len(call.path) for call in plan.calls), default=0)
    facet = max((len(call.facet) for call in plan.calls), default=0)
    for number, call in enumerate(plan.calls, 1):
        whole = "  all or nothing" if call.atomic and len(call.items) > 1 else ""
        where = f"{call.method:<{method}} {call.path:<{path}}  {call.facet:<{facet}}"
        yield f"  {number:>3}. {where}  {counted(len(call.items), 'item')}{whole}".rstrip()
        if manner.bodies:
            yield f"       {_body(call)}"
    if plan.deferred:
        yield f"  + {counted(plan.deferred_calls, 'deferred call')}, once the new ids are known:"
        for change in plan.deferred:
            moves = ", ".join(f"{plain(move.field)} {shown(move.after)}" for move in change.fields)
            yield f"       {plain(change.address)}: {moves}"


def _body(call: Call) -> str:
    return plain(wire.dump(call.body).decode())


# --- How it ended ---------------------------------------------------------------------------------------


def _outcomes(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Applied items are counted, all others named with what was said of them."""
    for outcome in outcomes:
        if outcome.status is Status.APPLIED:
            continue
        yield f"  {outcome.status.value}: {plain(outcome.item.address)} ({plain(outcome.call)})"
        for problem in outcome.problems:
            yield f"      {placed(problem)}"
            if problem.hint:
                yield f"      hint: {plain(problem.hint)}"
    counts = {status: sum(outcome.status is status for outcome in outcomes) for status in Status}
    told = [f"{count:,} {status.value}" for status, count in counts.items() if count]
    yield f"Apply: {', '.join(told) or 'nothing to do'}."


# --- What is wrong ----------------------------------------------------------------------------------------


def _problems(problems: Sequence[Problem], manner: Manner) -> Iterator[str]:
    for problem in problems:
        yield placed(problem)
        yield from _excerpt(problem, manner.sources or {})
        if problem.hint:
            yield f"  hint: {plain(problem.hint)}"
    if problems:
        yield ""


def _excerpt(problem: Problem, sources: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The line as it is written, with a mark under what is meant."""
    span = problem.span
    lines = sources.get(span.file, ()) if span else ()
    if span is None or not 0 < span.line <= len(lines):
        return
    line = lines[span.line - 1]
    number = str(span.line)
    indent = plain(line[: span.column - 1].replace("\t", " "))
    width = max(1, min(span.width, len(line) - span.column + 1))
    yield f"  {number} | {plain(line.replace(chr(9), ' '))}"
    yield f"  {' ' * len(number)} | {' ' * len(indent)}{'^' * width}"
