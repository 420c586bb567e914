"""Recovery of calls without a response by reading; ``evidence`` decides what the reads prove."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from reconciler.executor import evidence, history_evidence, verification
from reconciler.executor.evidence import Finding, ItemFinding, UnansweredCall
from reconciler.executor.held import Hold
from reconciler.executor.history_evidence import TopUpEvidence
from reconciler.executor.looks import KindReader as KindReader
from reconciler.kinds.kind import Kind
from reconciler.model import Call, ItemOutcome, ItemStatus, Problem, Severity, WriteEffect, error
from reconciler.provider.reader import ReadError


def find_out(lost: UnansweredCall, reader: KindReader, others: int = 0) -> tuple[ItemFinding, ...]:
    """Return one finding per item of the call. Raise :class:`reconciler.provider.reader.ReadError` if a read fails.

    ``others`` is the number of other calls of ours that may have left an equal entry in the history.
    """
    match lost.call.effect:
        case WriteEffect.ADD:
            return (_judge_funded(lost, reader, others),)
        case WriteEffect.CREATE:
            name = evidence.parent_of(reader.kind)
            parents = {str(move.after) for item in lost.call.items for move in item.fields if move.field == name}
            return evidence.match_created(lost, reader.kind, reader.read_rows(parents=parents))
        case _:
            rows = {row.id: row for row in reader.read_rows(lost.call.items)}
            meant = ((item, verification.find_object(item, reader.kind, rows)) for item in lost.call.items)
            return tuple(evidence.judge_absolute(item, reader.kind, row) for item, row in meant)


def _judge_funded(lost: UnansweredCall, reader: KindReader, others: int) -> ItemFinding:
    item = lost.call.items[0]
    row = next((row for row in reader.read_rows() if row.id == item.id), None)
    if row is None:
        return ItemFinding(Finding.DOUBT, because="the object cannot be read")
    try:
        history = reader.read_history(lost.call)
    except ReadError:
        history = None
    application = reader.application() if history and (lost.token is None or not reader.echoes) else None
    shown = TopUpEvidence(row.values.get(item.fields[0].field), history, application, others, reader.echoes)
    return history_evidence.judge_top_up(lost, shown)


# --- In the same run ----------------------------------------------------------------------------------------


def settle_by_looks(
    ended: Sequence[ItemOutcome], findings: Sequence[ItemFinding], hold: Hold
) -> tuple[ItemOutcome, ...]:
    """Return the outcomes by the looks of the run that lost the call: found, or unknown and held (rule 2)."""
    told = findings or tuple(ItemFinding(Finding.NOTHING) for _ in ended)
    return tuple(_settle_found(outcome, finding, hold) for outcome, finding in zip(ended, told, strict=True))


def _settle_found(outcome: ItemOutcome, finding: ItemFinding, hold: Hold) -> ItemOutcome:
    if outcome.status is not ItemStatus.UNKNOWN:
        return outcome
    if finding.finding is Finding.APPLIED:
        return replace(outcome, status=ItemStatus.APPLIED, id=finding.id or outcome.id, problems=())
    doubt = finding.because if finding.finding is Finding.DOUBT else None
    return replace(outcome, problems=(*outcome.problems, replace(hold, doubt=doubt).problem(outcome.item)))


def doubt_taken(kind: Kind, ended: tuple[ItemOutcome, ...]) -> tuple[ItemOutcome, ...]:
    """Return the outcomes of a create that was sent before, unknown if the refusal says that it exists (rule 6).

    The API turned the earlier sending away (429, 401), but may have created it anyway.
    """
    refused = [problem for each in ended if each.status is ItemStatus.REJECTED for problem in each.problems]
    if kind.create is None or not any(_has_word(word, each) for word in kind.create.taken for each in refused):
        return ended
    return tuple(replace(each, status=ItemStatus.UNKNOWN) for each in ended)


def _has_word(word: str, problem: Problem) -> bool:
    return problem.code == word or problem.message.startswith(word)


def find_effect(call: Call, sent: UnansweredCall, reader: KindReader) -> tuple[ItemOutcome, ...]:
    """Return the outcomes of a call that was turned away (429, 401) and took effect anyway; empty if it did not.

    The fresh look before its next sending shows it.
    """
    try:
        findings = find_out(sent, reader)
    except ReadError:
        return ()
    if any(each.finding is not Finding.APPLIED for each in findings):
        return ()
    return tuple(
        ItemOutcome(call.name, item, ItemStatus.APPLIED, each.id or item.id)
        for item, each in zip(call.items, findings, strict=True)
    )


# --- In a later run -----------------------------------------------------------------------------------------


class Recovered(Struct, frozen=True):
    """Result of recovery for an open call in a later run: the outcomes, and the remaining hold."""

    outcomes: tuple[ItemOutcome, ...]
    hold: Hold | None
    problems: tuple[Problem, ...] = ()


def judge_findings(
    lost: UnansweredCall, outcomes: Sequence[ItemOutcome], findings: Sequence[ItemFinding], hold: Hold, *, held: bool
) -> Recovered:
    """Return the result of a later run's reads: rule 3 for creates and top-ups, rule 10 for absolute writes."""
    ended = tuple(
        _settle_judged(outcome, finding, held=held) for outcome, finding in zip(outcomes, findings, strict=True)
    )
    doubts = [each.because for each in findings if each.finding is Finding.DOUBT]
    left = any(each.status is ItemStatus.UNKNOWN for each in ended)
    if lost.call.effect.absolute:
        return Recovered(
            ended,
            None,
            (_report_open(hold, ended[0]),) if left else tuple(_report_settled(hold, each) for each in ended),
        )
    hold = replace(hold, doubt=doubts[0] if doubts else None)
    return Recovered(ended, hold if left else None, tuple(_report_settled(hold, each) for each in ended))


def _settle_judged(outcome: ItemOutcome, finding: ItemFinding, *, held: bool) -> ItemOutcome:
    if outcome.status is not ItemStatus.UNKNOWN:
        return outcome
    if finding.finding is Finding.APPLIED:
        return replace(outcome, status=ItemStatus.APPLIED, id=finding.id or outcome.id, problems=())
    if evidence.ends_absent(finding, held=held, own_run=False):
        message = f"it did not take effect: {finding.because}"
        problem = error("absent", message, at=outcome.item.place, address=outcome.item.address)
        return replace(outcome, status=ItemStatus.NOT_SENT, problems=(problem,))
    return outcome


def _report_settled(hold: Hold, ended: ItemOutcome) -> Problem:
    if ended.status is ItemStatus.UNKNOWN:
        return hold.note(ended.item)
    message = f"{hold.call.name} of run {hold.run}, an interrupted call, was checked: {ended.status.value}"
    return Problem(Severity.NOTE, "settled-intent", message, address=ended.item.address)


def _report_open(hold: Hold, ended: ItemOutcome) -> Problem:
    until = "" if hold.until is None else f" until {hold.until:%H:%M} UTC"
    message = f"{hold.call.name} of run {hold.run} has no known end: it may still land{until} and undo a newer value"
    return Problem(Severity.WARNING, "open-intent", message, address=ended.item.address)


def delta_of(call: Call) -> Decimal | None:
    """Return the difference that a top-up sends, or None if an amount is unknown."""
    move = call.items[0].fields[0]
    if isinstance(move.before, Decimal) and isinstance(move.after, Decimal):
        return move.after - move.before
    return None
