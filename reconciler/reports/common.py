"""Shared by all reports: formatting of changes, places and summaries."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from reconciler.kinds.versions import name_of, replaced_whole
from reconciler.model import (
    Action,
    Address,
    Cause,
    Change,
    DriftState,
    FieldChange,
    ItemOutcome,
    ItemStatus,
    Plan,
    Problem,
    ReadBack,
    Run,
    Severity,
    Value,
    WriteEffect,
)
from reconciler.model.exit_codes import ExitCode, exit_code
from reconciler.model.text import count_noun, format_value, sanitize

CALLS_PER_MINUTE = 250  # contract §2.4, for client credentials
ARROW = "→"
VERBS = {Action.CREATE: "create", Action.UPDATE: "update", Action.STOP: "stop"}


class Checkout(Struct, frozen=True):
    """Repository of a run.

    ``root`` is the folder of the repository, ``here`` the folder in which the command runs, both absolute; ``project``
    is the path of the project file from ``here``.
    """

    root: str
    here: str
    project: str


class RenderOptions(Struct, frozen=True, dict=True):
    """Options of a report.

    ``bodies`` shows every request body; ``full`` lists what is folded by default; ``already_shown`` holds the
    problems that were shown with the plan; ``sources`` holds the lines of the user's files; ``detailed`` gives changes
    an exit code of their own; ``digest`` names the saved plan of this run; ``find_checkout`` finds the repository of
    the command.
    """

    bodies: bool = False
    full: bool = False
    already_shown: tuple[Problem, ...] | None = None
    sources: Mapping[str, tuple[str, ...]] | None = None
    detailed: bool = False
    digest: str | None = None
    find_checkout: Callable[[], Checkout] | None = None

    @cached_property
    def checkout(self) -> Checkout | None:
        """The repository from which pipeline formats name files; most reports do not ask for it."""
        return self.find_checkout() if self.find_checkout else None


def format_before(move: FieldChange) -> str:
    """Return the value before a change; a value that the API computed until now is called so."""
    return "computed" if move.seen and move.before is None and move.after is None else format_value(move.before)


def format_change_percent(before: Value, after: Value) -> str:
    """Return the change of an amount in percent; empty for other values."""
    if isinstance(before, Decimal) and isinstance(after, Decimal) and before:
        return format_percent((after - before) / before * 100)
    return ""


def format_percent(percent: Decimal) -> str:
    """Return a signed percentage: ``+10 %``, ``-9.1 %``, ``+9,900 %``; with a decimal if it is not zero."""
    digits = "+,.1f" if abs(percent) >= Decimal("0.05") or not percent else "+.1g"
    return f"{percent:{digits}}".removesuffix(".0") + " %"


def clip(text: str, most: int) -> str:
    """Return the text, cut to ``most`` characters with an ellipsis if it is longer."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def change_title(change: Change) -> str:
    """Return the resource's name in quotes, or an empty text."""
    name = name_of(change.address.kind, change.after)
    return f'"{sanitize(name)}"' if name else ""


def drift_summary(run: Run) -> str:
    """Return ``Drift: 2 drifted, 1 in conflict, 3 pending.`` or ``No drift.``."""
    tally = Counter(each.state for each in run.drift)
    parts = [f"{tally[state]:,} {word}" for state, word in DIVERGENCES.items() if tally[state]]
    return f"Drift: {', '.join(parts)}." if parts else "No drift."


DIVERGENCES = {
    DriftState.DRIFTED: "drifted",
    DriftState.CONFLICT: "in conflict",
    DriftState.UNKNOWN: "unexplained",
    DriftState.PENDING: "pending",
}


def summary(run: Run) -> str:
    """Return ``Plan: 2 to create, 5 to update, 1 to stop.`` or ``No changes.``."""
    if run.command == "drift":
        return drift_summary(run)
    if not run.changes:
        return "No changes. What is live matches the files."
    return f"Plan: {', '.join(f'{count} to {word}' for word, count in counts(run).items())}."


def has_plan(run: Run) -> bool:
    """Return True if there is a plan to show, including one that guardrails refuse."""
    return run.command not in ("validate", "drift") and (
        run.applied or not run.failed or exit_code(run) is ExitCode.REFUSED
    )


def visible_run(run: Run) -> Run:
    """Return the run, without money and judgements if there is no plan to show."""
    return run if has_plan(run) else replace(run, money=None, judgements=())


def headline(run: Run) -> str:
    """Return the run in one sentence: the findings, the plan, or the outcome."""
    errors = count_noun(sum(problem.severity is Severity.ERROR for problem in run.problems), "error")
    if run.applied:
        parts = [f"{count:,} {ending}" for ending, count in count_by_status(run).items()]
        return f"Apply: {', '.join(parts) or 'nothing to do'}."
    if run.command == "validate":
        return f"{errors}." if run.failed else f"Valid: {count_noun(run.unchanged, 'resource')}."
    if run.command == "drift":
        begun = f"{errors}. " if run.failed else ""
        if run.failed and not run.drift and not run.unchanged:
            return f"{begun}Nothing was compared."
        return f"{begun}{drift_summary(run)} {count_noun(run.unchanged, 'resource')} as in the files."
    if not has_plan(run):
        return f"{errors}. Nothing was sent."
    return summary(run) + (f" {run.unchanged:,} unchanged." if run.unchanged else "")


def replacements(plan: Plan) -> int:
    """Return the number of calls that replace a whole object, and that are preceded by a read of it."""
    later = {
        (change.address, whole)
        for change in plan.deferred
        for move in change.fields
        if change.action is not Action.CREATE and (whole := replaced_whole(change.address.kind, move.facet))
    }
    return sum(call.effect is WriteEffect.REPLACE for call in plan.calls) + len(later)


def least_time(plan: Plan) -> str:
    """Return the minimum time for the calls of a plan at the documented limit, in words."""
    calls = plan.total + replacements(plan)
    seconds = max(0, (calls - 1) // CALLS_PER_MINUTE * 60)
    return "less than a minute" if seconds < 60 else f"at least {seconds // 60} min"


def objects(run: Run) -> dict[Address, str]:
    """Return name and id of the live objects by address, as far as the run holds them."""
    names: dict[Address, tuple[str, str | None]] = {}
    for each in run.drift:
        names.setdefault(each.address, (each.name, each.id))
    for change in run.changes:
        name = name_of(change.address.kind, change.live.values if change.live else change.after)
        names.setdefault(change.address, (name, change.id))
    return {address: words for address, (name, id) in names.items() if (words := name_and_id(name, id))}


def name_and_id(name: str, id: str | None) -> str:
    """Return ``"FR prospecting", id 123467``, as far as they are known."""
    return ", ".join([*([f'"{name}"'] if name else []), *([f"id {id}"] if id else [])])


def sentence_with_address(problem: Problem, known: Mapping[Address, str]) -> str:
    """Return the problem's sentence, with its address and object added if it does not name them."""
    if problem.address is None:
        return sanitize(problem.message)
    address = str(problem.address)
    who = f"{address} ({known[problem.address]})" if problem.address in known else address
    parts = re.split(rf"(?<![\w.-]){re.escape(address)}(?![\w-]|\.\w)", problem.message, maxsplit=1)
    return sanitize(who.join(parts) if len(parts) == 2 else f"{who}: {problem.message}")


def format_problem(problem: Problem, said: str | None = None) -> str:
    """Return ``file:line:col: error[code]: sentence`` on one line; ``said`` replaces the problem's own sentence."""
    where = f"{sanitize(problem.span)}: " if problem.span else ""
    sentence = sanitize(problem.message) if said is None else said
    return f"{where}{problem.severity.value}[{sanitize(problem.code)}]: {sentence}"


def all_problems(run: Run) -> tuple[Problem, ...]:
    """Return the problems of the run and its items without duplicates, errors first."""
    told_once = frozenset(map(id, stopped_items(run)))
    of_items = (each.problems for each in run.outcomes if id(each) not in told_once)
    problems = (*run.problems, *(problem for problems in of_items for problem in problems))
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: WEIGHT[problem.severity]))


def stopped_items(run: Run) -> list[ItemOutcome]:
    """Return the items that were not sent for a reason of the run itself, such as an interrupt."""
    reasons = {(problem.code, problem.message) for problem in run.problems if problem.address is None}
    held = [
        each
        for each in run.outcomes
        if each.status is ItemStatus.NOT_SENT
        and any((problem.code, problem.message) in reasons for problem in each.problems)
    ]
    return held if len(held) > 1 else []


def summarize_items(outcomes: Sequence[ItemOutcome]) -> str:
    """Return ``150 items: adSets.a, adSets.b, adSets.c, …``."""
    names = [sanitize(each) for each in dict.fromkeys(outcome.item.address for outcome in outcomes)]
    more = ", …" if len(names) > FEW else ""
    return f"{count_noun(len(outcomes), 'item')}: {', '.join(names[:FEW])}{more}"


def findings(run: Run) -> list[Problem]:
    """Return the problems that pipelines annotate: all except notes about the account that no file can change."""
    return [problem for problem in all_problems(run) if problem.code not in OF_THE_ACCOUNT]


OF_THE_ACCOUNT = frozenset(["cannot-expose-specific-adsets"])
FEW = 3
"""Number of items that a summary names."""
WEIGHT = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def counts(run: Run) -> dict[str, int]:
    """Return the number of resources that are created, updated and stopped, by the words of the summary."""
    return {word: sum(change.action is action for change in run.changes) for action, word in VERBS.items()}


ENDINGS = (
    ItemStatus.APPLIED.value,
    ReadBack.NOT_IN_FORCE.value,
    ReadBack.NOT_READ.value,
    *(status.value for status in ItemStatus if status is not ItemStatus.APPLIED),
)
UNDECIDED = Cause.UNDECIDED.value


def count_by_status(run: Run) -> dict[str, int]:
    """Return the number of items by ending, including undecided items of earlier runs; zero counts are left out."""
    tally = tally_endings(run.outcomes)
    undecided = sum(problem.cause is Cause.UNDECIDED for problem in run.problems)
    return tally | ({UNDECIDED: undecided} if undecided else {})


def tally_endings(outcomes: Iterable[ItemOutcome]) -> dict[str, int]:
    """Return the number of items by ending; zero counts are left out."""
    tally = Counter(outcome.ending for outcome in outcomes)
    return {ending: tally[ending] for ending in ENDINGS if tally[ending]}


def exit_sentence(run: Run, manner: RenderOptions) -> str:
    """Return the meaning of the exit code, or an empty text for done, error and changes."""
    code = exit_code(run, detailed=manner.detailed)
    return (
        "" if code in (ExitCode.DONE, ExitCode.ERROR, ExitCode.CHANGES) else f"Exit code {int(code)}: {code.meaning}."
    )
