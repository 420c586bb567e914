"""A run as text for people: changes, calls, outcome of every item, problems with their places.

Similar entries are folded into a line with their count above a number; JSON holds all of them.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, TypeVar

from reconciler.model import Address, ItemOutcome, ItemStatus, Problem, Run
from reconciler.model.text import sanitize
from reconciler.reports.common import (
    RenderOptions,
    exit_sentence,
    format_problem,
    has_plan,
    headline,
    objects,
    sentence_with_address,
    stopped_items,
    summarize_items,
    visible_run,
)

LIKE = 50
"""Number of problems of one code, or of items with one ending, that are listed."""
Told = TypeVar("Told")
Known: TypeAlias = Mapping[Address, str]


def report(run: Run, manner: RenderOptions) -> str:
    """Return the whole run, with a line break at the end."""
    shown, known = frozenset(manner.already_shown or ()), objects(run)
    lines = [*_cost(visible_run(run))] if manner.already_shown is None else []
    wrong = [*_problems([problem for problem in run.problems if problem not in shown], manner, known)]
    if run.command in ("validate", "drift"):
        lines += [*wrong, headline(run)]
    elif not has_plan(run) or manner.already_shown is not None:
        lines += wrong
    else:
        from reconciler.reports import plan_text

        lines += plan_text.lines(run, manner)
        lines += ["", *wrong[:-1]] if wrong else []
    if run.applied:
        lines += ["", *_outcomes(run, manner)]
    elif run.failed and run.command not in ("validate", "drift"):
        lines += ["", "Nothing was sent."] if has_plan(run) else ["Nothing was sent."]
    return "\n".join([*lines, *filter(None, [exit_sentence(run, manner)])]) + "\n"


def _cost(run: Run) -> Iterable[str]:
    if run.money is None and not run.judgements:
        return ()
    from reconciler.reports import ceilings, cost

    return (*cost.budget_lines(run), *ceilings.lines(run.money), *cost.guardrail_lines(run))


# --- Outcomes ---------------------------------------------------------------------------------------------


def _outcomes(run: Run, manner: RenderOptions) -> Iterator[str]:
    """Yield the outcomes: applied items are counted, others listed with their problems.

    Items that the end of the run prevented are one line.
    """
    halted = [] if manner.full else stopped_items(run)
    kept = frozenset(map(id, halted))
    others = [each for each in run.outcomes if each.ending != ItemStatus.APPLIED.value and id(each) not in kept]
    if halted:
        yield f"  {ItemStatus.NOT_SENT.value}: {summarize_items(halted)}"
    for outcome in _few(others, _group_name, "more items ended like this: {}", _most(manner)):
        if isinstance(outcome, str):
            yield f"  {outcome}"
            continue
        yield f"  {outcome.ending}: {sanitize(outcome.item.address)} ({sanitize(outcome.call)})"
        for problem in outcome.problems:
            yield f"      {format_problem(problem)}"
            if problem.hint:
                yield f"      hint: {sanitize(problem.hint)}"
    yield headline(run)


def _most(manner: RenderOptions) -> int:
    return sys.maxsize if manner.full else LIKE


def _group_name(outcome: ItemOutcome) -> str:
    return f"{outcome.ending} {', '.join(sanitize(problem.code) for problem in outcome.problems)}".strip()


def _few(all: Iterable[Told], likeness: Callable[[Told], str], more: str, most: int) -> Iterator[Told | str]:
    """Yield up to ``most`` items per group, then a count of the rest."""
    met: Counter[str] = Counter()
    for each in all:
        met[likeness(each)] += 1
        if met[likeness(each)] <= most:
            yield each
    yield from (f"{count - most:,} {more.format(name)}" for name, count in met.items() if count > most)


# --- Problems ---------------------------------------------------------------------------------------------


def _problems(problems: Sequence[Problem], manner: RenderOptions, known: Known) -> Iterator[str]:
    for problem in _few(problems, _sort, "more of {}", _most(manner)):
        if isinstance(problem, str):
            yield problem
            continue
        yield format_problem(problem, sentence_with_address(problem, known))
        yield from _excerpt(problem, manner.sources or {})
        if problem.hint:
            yield f"  hint: {sanitize(problem.hint)}"
    if problems:
        yield ""


def _sort(problem: Problem) -> str:
    return f"{problem.severity.value}[{sanitize(problem.code)}]"


def _excerpt(problem: Problem, sources: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the source line, and a line that marks the span."""
    span = problem.span
    lines = sources.get(span.file, ()) if span else ()
    if span is None or not 0 < span.line <= len(lines):
        return
    line = lines[span.line - 1]
    number = str(span.line)
    indent = sanitize(line[: span.column - 1].replace("\t", " "))
    width = max(1, min(span.width, len(line) - span.column + 1))
    yield f"  {number} | {sanitize(line.replace(chr(9), ' '))}"
    yield f"  {' ' * len(number)} | {' ' * len(indent)}{'^' * width}"
