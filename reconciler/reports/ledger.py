"""Text of ledger records for people: each function turns records into lines."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from reconciler.ledger.interface import Checkup, HistoryEntry, Intent, PastRun, Pruned, RunHistory
from reconciler.model import Address, FieldChange, ItemOutcome, ItemStatus, Value, Values
from reconciler.model.text import count_noun, format_value, sanitize
from reconciler.reports.common import ARROW, format_problem


def listing(ids: Mapping[Address, str], values: Mapping[Address, Values]) -> Iterator[str]:
    """Yield every address with its id."""
    known = sorted({*ids, *values})
    width = max((len(sanitize(address)) for address in known), default=0)
    for address in known:
        yield f"{sanitize(address):<{width}}  {sanitize(ids.get(address, '(id not known)'))}"
    yield f"{count_noun(len(known), 'resource')} remembered."


def history(address: Address, entries: Sequence[HistoryEntry]) -> Iterator[str]:
    """Yield every value of an address that a call changed or tried to change, oldest first."""
    for entry in entries:
        yield (
            f"{_time(entry.time)}  {sanitize(entry.run)}  {entry.status.value}"
            f"  {_format_move(entry.field, entry.before, entry.after)}  ({sanitize(entry.call)})"
        )
    if not entries:
        yield f"Nothing was ever sent for {sanitize(address)}, as far as this ledger knows."


def runs(past: Sequence[PastRun], effects: Mapping[str, str]) -> Iterator[str]:
    """Yield the latest runs, one per line; ``effects`` holds the effects by run id."""
    for run in past:
        record = run.record
        ci = " ".join(sanitize(part) for part in (record.ci_name, record.ci_url) if part)
        parts = (
            sanitize(run.id),
            sanitize(record.command),
            _describe_end(run),
            count_noun(run.calls, "call"),
            sanitize(effects.get(run.id, "")),
            f"commit {sanitize(record.commit[:12])}" if record.commit else "",
            sanitize(record.who),
            ci,
        )
        yield "  ".join(part for part in parts if part)
    if not past:
        yield "No run is recorded."


def run(one_run: RunHistory) -> Iterator[str]:
    """Yield one run: user, time, facts, and the outcome of every call."""
    record = one_run.run.record
    facts = {
        "run": one_run.run.id,
        "command": record.command,
        "project": record.project,
        "started": _time(record.started),
        "ended": f"{_time(one_run.run.ended)}, {_describe_end(one_run.run)}"
        if one_run.run.ended
        else _describe_end(one_run.run),
        "by": f"{record.who} (pid {record.pid})" if record.pid else record.who,
        "version": record.version,
        "commit": record.commit,
        "CI": " ".join(part for part in (record.ci_name, record.ci_url) if part),
        "plan": record.plan_digest,
        "allowed": "; ".join(f"{rule}, because {why}" for rule, why in record.allowed.items()),
    }
    for name, fact in facts.items():
        if fact:
            yield f"{name + ':':<9} {sanitize(fact)}"
    for intent in one_run.calls:
        yield ""
        yield from _call(intent)


def forget_message(address: Address, *, known: bool) -> Iterator[str]:
    """Yield the result of ``ledger forget``."""
    if known:
        yield f"Forgot {sanitize(address)}. Its resource is untouched; the next plan looks for it by its natural key."
    else:
        yield f"{sanitize(address)} was not remembered."


def describe_pruned(removed: Pruned, before: datetime) -> Iterator[str]:
    """Yield the result of ``ledger prune``."""
    yield f"Removed {count_noun(removed.runs, 'run')} and {count_noun(removed.calls, 'call')} from before {_time(before)}."  # noqa: E501
    yield "What is open or held stays, and the last call of each facet of an address."


def describe_checked(found: Checkup, open: int, accepted: int) -> Iterator[str]:
    """Yield the result of ``ledger check`` for a ledger without damage."""
    yield f"{count_noun(found.rows, 'row')}, all as they were written."
    if open:
        yield f"{count_noun(open, 'call')} without a known end: the next apply looks for them before it plans."
    if accepted:
        yield f"{count_noun(accepted, 'call')} accepted and not yet seen in force: the next apply looks for them."


def _call(intent: Intent) -> Iterator[str]:
    call = intent.call
    yield f"{_time(intent.at)}  {sanitize(call.name)}: {call.method} {sanitize(call.path)}"
    if intent.settled is None:
        yield "  not settled: its outcome is unknown"
        for item in call.items:
            yield from _item(ItemOutcome(call.name, item, ItemStatus.UNKNOWN, item.id))
    for outcome in intent.outcomes:
        yield from _item(outcome)
    if intent.resolution is not None:
        decided = intent.resolution
        verdict = "applied" if decided.applied else "not applied"
        who, why = sanitize(decided.by), sanitize(decided.because)
        yield f"  {who} decided at {_time(decided.at)} that it was {verdict}: {why}"


def _item(outcome: ItemOutcome) -> Iterator[str]:
    id = outcome.id or outcome.item.id
    yield f"  {outcome.status.value}: {sanitize(outcome.item.address)}{f'  id {sanitize(id)}' if id else ''}"
    for move in outcome.item.fields:
        yield f"      {_format_move(move.field, _before(move), move.after)}"
    for problem in outcome.problems:
        yield f"      {format_problem(problem)}"


def _before(move: FieldChange) -> Value:
    if move.seen and move.before is None and move.after is None:
        return "computed"
    return "(not known)" if not move.seen and move.before is None else move.before


def _format_move(field: str, before: Value, after: Value) -> str:
    return f"{sanitize(field)}  {format_value(before)} {ARROW} {format_value(after)}"


def _describe_end(run: PastRun) -> str:
    return "not finished" if run.exit_code is None else f"exit code {run.exit_code}"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z"
