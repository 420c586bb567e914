"""A run as a comment on a pull request: money and the largest risks first, at most 65,000 characters.

The first line is a hidden tag, the same for each run of a project, by which the comment is found and
updated.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from reconciler.model import (
    Action,
    Address,
    Change,
    Drift,
    FieldChange,
    Outcome,
    Problem,
    Run,
    Severity,
    Status,
    Verdict,
)
from reconciler.reports import cost, drifts, folding, lasting
from reconciler.reports.inside import inside, moved
from reconciler.reports.markdown_page import Page, block, cell, code, slug
from reconciler.reports.words import (
    ARROW,
    Manner,
    called,
    counted,
    ending,
    headline,
    least_time,
    named,
    objects,
    plain,
    planned,
    shown,
    shown_whole,
    step,
    stopped,
    summed,
    title,
)

MOST = 65_000
"""GitHub takes 65,536 characters; a workflow may add a line or two."""
SHARE = 9_000
"""The most that each part takes before the full plan gets what is left."""
SINGLE = 40
"""So many changes are shown in the table; the others are in the full plan."""
FEW, LINE = 3, 300
MONEY = ("| Budgets (what is asked for, not a worst case) | Before | After | Change |", "|---|---:|---:|---|")
CALLS = ("| | Method | Path | Facet | Items |", "|---:|---|---|---|---:|")
CHANGES = ("| | Resource | Change | |", "|---|---|---|---|")


def report(run: Run, manner: Manner) -> str:
    """The comment; ends with a line break."""
    run = shown_whole(run)
    page, known = Page(MOST), objects(run)
    page.add([], [f"<!-- reconciler:{run.command} project={slug(run.project)} -->", f"### {headline(run)}"])
    page.add([], [f"**{ending(run, manner)}**"] if ending(run, manner) else [])
    totals, others, unapplied = cost.totals(run.money), drifts.untabled(run), _unapplied(run)
    page.add(MONEY, map(_total, totals), total=len(totals), most=SHARE, more="… and {} more totals.")
    _drift(page, run)
    _list(page, "Bids", [*_bids(run)])
    _list(page, "Exposed as the calls go", [f"- {code(line)}" for line in cost.courses(run.money)])
    _list(page, "Guardrails", [*_guardrails(run)])
    _list(page, "Largest risks", [*_risks(run)])
    _list(page, lasting.TITLE, [f"- {what}: {code(which, 300)}" for what, which in lasting.rows(run)])
    _list(page, "Not applied", [*_held(run), *map(_outcome, unapplied)], len(unapplied) + len(_held(run)))
    _list(page, "Problems", (_problem(each, known) for each in others), len(others))
    if run.changes and planned(run):
        _plan(page, run)
    if manner.digest:
        page.add([], [f"Approve exactly this plan with {code(manner.digest)}."])
    return str(page)


def _list(page: Page, title: str, rows: Iterable[str], total: int = 0) -> None:
    rows = rows if total else list(rows)
    count = total or len(list(rows))
    page.add([f"**{title}**", ""], rows, total=count, most=SHARE, more="- … and {} more")


# --- What moved outside ------------------------------------------------------------------------------------


def _drift(page: Page, run: Run) -> None:
    moved, strange = drifts.rows(run), [*drifts.shares(run)]
    page.add(DRIFT, map(_moved, moved), total=len(moved), most=3 * SHARE, more="… and {} more rows.")
    page.add(STRANGE, (f"| {' | '.join(map(cell, each))} |" for each in strange), total=len(strange), most=SHARE)


def _moved(each: Drift) -> str:
    state, *words = drifts.cells(each)
    mark = f"**{state}**" if each.moved_outside else state
    where, object = cell(each.place.span), called(each.name, each.id)
    resource, *others = (cell(word, 80) if word else "" for word in words)
    return f"| {mark} | {resource}{f' {cell(object, 80)}' if object else ''}<br>{where} | {' | '.join(others)} |"


DRIFT = (f"| {' | '.join(drifts.HEADS)} |", "|---|---|---|---:|---:|---:|---|")
STRANGE = (f"| {' | '.join(drifts.UNMANAGED)} |", "|---|---:|---|")


# --- Money and risks ------------------------------------------------------------------------------------


def _total(each: cost.Total) -> str:
    name = f"{cell(each.currency)} {each.what}"
    return f"| {name} | {cost.exposed(each.before)} | {cost.exposed(each.after)} | {cost.moved(each)} |"


def _bids(run: Run) -> Iterator[str]:
    for each in run.money.bids if run.money else ():
        yield f"- {code(each.currency)} {code(each.field)} of {code(each.kind)}: {cost.bids(each)}"


def _guardrails(run: Run) -> Iterator[str]:
    for each in cost.objections(run):
        why = f", because {code(each.because)}" if each.because else ""
        count = counted(len(each.problems), "problem")
        yield f"- **{each.verdict.value}**: {code(each.rule)}, {code(each.limit)}: {count}{why}"
    if cost.passed(run):
        yield f"- passed: {', '.join(code(rule) for rule in cost.passed(run))}"
    if cost.idle(run):
        yield f"- {Verdict.IDLE.value}: {', '.join(code(rule) for rule in cost.idle(run))}"


def _risks(run: Run) -> Iterator[str]:
    for shift in cost.rises(run.money):
        owner = code(cost.owner(shift.address, shift.kind, shift.id))
        yield f"- {owner}: {cost.limited(shift.before)} {ARROW} {cost.limited(shift.after)}, {code(shift.currency)}"
    for change, move in cost.leaps(run.changes):
        yield f"- {code(change.address)}: {code(cost.leap(move))}"


# --- What is wrong ----------------------------------------------------------------------------------------


def _problem(problem: Problem, known: Mapping[Address, str]) -> str:
    place = f" {code(problem.span)}" if problem.span else ""
    hint = f" ({code(problem.hint)})" if problem.hint else ""
    mark = "**error**" if problem.severity is Severity.ERROR else problem.severity.value
    return f"- {mark} {code(problem.code)}{place}: {code(named(problem, known), 300)}{hint}"


def _unapplied(run: Run) -> list[Outcome]:
    """The items that did not end well, what is worst to overlook first."""
    held = frozenset(map(id, stopped(run)))
    others = [each for each in run.outcomes if each.ending != Status.APPLIED.value and id(each) not in held]
    return sorted(others, key=lambda outcome: WORST.index(outcome.ending))


def _held(run: Run) -> list[str]:
    """One line for all that the run's own end kept from being sent."""
    return [f"- **not sent** {code(summed(held), LINE)}"] if (held := stopped(run)) else []


WORST = ("unknown", "not in force", "rejected", "not read back", "not sent")


def _outcome(outcome: Outcome) -> str:
    said = "; ".join(code(problem.message, 300) for problem in outcome.problems[:FEW])
    where = next((f" {code(each.span)}" for each in outcome.problems if each.span), "")
    item, call = code(outcome.item.address), code(outcome.call)
    return f"- **{outcome.ending}** {item} ({call}){where}{': ' if said else ''}{said}"


# --- What changes -----------------------------------------------------------------------------------------


def _plan(page: Page, run: Run) -> None:
    single, folded = folding.parted(run.changes)
    folds = [line for fold in folded for line in _fold(fold)]
    page.add([], folds, total=len(folds), most=SHARE, more="- … and {} more lines")
    shown = min(len(single), SINGLE)
    page.add(CHANGES, map(_row, single[:SINGLE]), total=shown, most=2 * SHARE, more="… and {} more rows.")
    endpoints = [*folding.endpoints(run.plan.calls)]
    head, tail = [_summary(_calls(run)), "", *CALLS], ["", "</details>"]
    page.add(head, map(_endpoint, endpoints), tail, total=len(endpoints), most=SHARE, more="… and {} more endpoints.")
    if folded or len(single) > SINGLE:
        _all(page, run)


def _all(page: Page, run: Run) -> None:
    """Every change in a line of its own, to be searched, as far as there is room."""
    lines = (line for change in run.changes for line in _lines(change))
    fence, held, end = block(islice(lines, MOST // 20))
    total = sum(len(change.fields) for change in run.changes)
    head = [_summary(f"All {counted(len(run.changes), 'change')}, one by one"), "", fence]
    more = "… and {} more lines; the JSON report holds all of them."
    page.add(head, held, [end, "", "</details>"], total=total, more=more)


def _summary(words: str) -> str:
    return f"<details><summary>{words}</summary>"


def _fold(fold: folding.Fold) -> Iterator[str]:
    yield f"- **{fold.action.value}** {code(folding.heading(fold), 300)}"
    yield from (f"  - {code(line, 300)}" for line in folding.sentences(fold))


def _row(change: Change) -> str:
    name = f"<br>{cell(title(change))}" if title(change) else ""
    moves = "<br>".join(_move(move, change) for move in change.fields)
    return f"| {change.action.value} | {cell(change.address)}{name} | {moves} | {cell(change.place.span)} |"


def _move(move: FieldChange, change: Change) -> str:
    after = cell(shown(move.after), 80)
    if change.action is Action.CREATE or (not move.seen and move.before is None):
        return f"{cell(move.field, 80)} {after}"
    far = step(move.before, move.after) or (cell(parts, 80) if (parts := inside(move.before, move.after)) else "")
    return f"{cell(move.field, 80)} {cell(shown(move.before), 80)} {ARROW} {after}{f' ({far})' if far else ''}"


def _lines(change: Change) -> Iterator[str]:
    """One line for each field: it is found by a search for the address."""
    for move in change.fields:
        before = "" if change.action is Action.CREATE else f"{shown(move.before)} {ARROW} "
        far = moved(move.before, move.after)
        line = f"{change.action.value} {plain(change.address)} {plain(move.field)} {before}{shown(move.after)}"
        yield (f"{line} ({plain(far)})" if far else line)[:LINE]


def _calls(run: Run) -> str:
    deferred = f", {run.plan.deferred_calls:,} of them deferred" if run.plan.deferred_calls else ""
    return f"{counted(run.plan.total, 'call')} (bound {run.plan.bound:,}){deferred}, {least_time(run.plan.total)}"


def _endpoint(each: folding.Endpoint) -> str:
    return f"| {each.numbers} | {cell(each.method)} | {cell(each.path)} | {cell(each.facet)} | {each.items:,} |"
