"""A run as a comment on a pull request: money that changes and the largest risks first, at most 65,000 characters.

The first line is a hidden tag, the same for each run of a project, by which the comment is found and
updated.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from itertools import islice

from reconciler.model import (
    Action,
    Address,
    Change,
    Drift,
    FieldChange,
    ItemOutcome,
    ItemStatus,
    Judgement,
    Problem,
    Run,
    Severity,
    Verdict,
)
from reconciler.model.text import count_noun, format_value, sanitize
from reconciler.reports import ceilings, cost, drift_report, grouping, irreversible
from reconciler.reports.common import (
    ARROW,
    RenderOptions,
    change_title,
    exit_sentence,
    format_before,
    format_change_percent,
    has_plan,
    headline,
    least_time,
    name_and_id,
    objects,
    sentence_with_address,
    stopped_items,
    summarize_items,
    visible_run,
)
from reconciler.reports.markdown_page import Page, block, cell, code, slug
from reconciler.reports.value_diff import describe_change, describe_inside

MOST = 65_000
"""Maximum length in characters: GitHub accepts 65,536, and a workflow may add a line or two."""
SHARE = 9_000
"""Maximum length of each part, before the full plan gets the rest."""
SINGLE = 40
"""Number of changes in the table; the others are in the full plan."""
FEW, LINE = 3, 300
MONEY = ("| Budgets (what is asked for) | Before | After | Change |", "|---|---:|---:|---|")
CEILINGS = (f"| {ceilings.TITLE} | Before | After | Change |", "|---|---:|---:|---|")
CALLS = ("| | Method | Path | Facet | Items |", "|---:|---|---|---|---:|")
CHANGES = ("| | Resource | Change | |", "|---|---|---|---|")


def report(run: Run, manner: RenderOptions) -> str:
    """Return the comment, with a line break at the end."""
    run = visible_run(run)
    page, known = Page(MOST), objects(run)
    page.add([], [f"<!-- reconciler:{run.command} project={slug(run.project)} -->", f"### {headline(run)}"])
    page.add([], [f"**{exit_sentence(run, manner)}**"] if exit_sentence(run, manner) else [])
    totals = [each for each in cost.totals(run.money) if each.is_changed]
    others, unapplied = drift_report.problems_outside_tables(run), _list_unapplied(run)
    page.add(MONEY, map(_total, totals), total=len(totals), most=SHARE, more="… and {} more totals.")
    at_most = [each for each in ceilings.rows(run.money) if each.is_changed]
    page.add(CEILINGS, map(_ceiling, at_most), total=len(at_most), most=SHARE, more="… and {} more.")
    _drift(page, run)
    _list(page, "Bids", [*_bids(run)])
    _list(page, "Exposed as the calls go", [f"- {code(line)}" for line in cost.courses(run.money)])
    _list(page, "Guardrails", [*_guardrails(run)])
    _list(page, "Largest risks", [*_risks(run)])
    _list(page, irreversible.TITLE, [f"- {what}: {code(which, 300)}" for what, which in irreversible.rows(run)])
    _list(page, "Not applied", [*_list_held(run), *map(_outcome, unapplied)], len(unapplied) + len(_list_held(run)))
    _list(page, "Problems", (_problem(each, known) for each in others), len(others))
    if run.changes and has_plan(run):
        _plan(page, run)
    _add_unchanged(page, run)
    if manner.digest:
        page.add([], [f"Approve exactly this plan with {code(manner.digest)}."])
    return str(page)


def _list(page: Page, title: str, rows: Iterable[str], total: int = 0) -> None:
    rows = rows if total else list(rows)
    count = total or len(list(rows))
    page.add([f"**{title}**", ""], rows, total=count, most=SHARE, more="- … and {} more")


# --- Drift -----------------------------------------------------------------------------------------------


def _drift(page: Page, run: Run) -> None:
    moved, strange = drift_report.rows(run), [*drift_report.shares(run)]
    page.add(DRIFT, map(_format_moved, moved), total=len(moved), most=3 * SHARE, more="… and {} more rows.")
    page.add(STRANGE, (f"| {' | '.join(map(cell, each))} |" for each in strange), total=len(strange), most=SHARE)


def _format_moved(each: Drift) -> str:
    state, *words = drift_report.cells(each)
    mark = f"**{state}**" if each.moved_outside else state
    where, object = cell(each.place.span), name_and_id(each.name, each.id)
    resource, *others = (cell(word, 80) if word else "" for word in words)
    return f"| {mark} | {resource}{f' {cell(object, 80)}' if object else ''}<br>{where} | {' | '.join(others)} |"


DRIFT = (f"| {' | '.join(drift_report.HEADS)} |", "|---|---|---|---:|---:|---:|---|")
STRANGE = (f"| {' | '.join(drift_report.UNMANAGED)} |", "|---|---:|---|")


# --- Money and risks --------------------------------------------------------------------------------------


def _total(each: cost.CostTotal) -> str:
    name = f"{cell(each.currency)} {each.what}"
    before, after = cost.format_exposure(each.before), cost.format_exposure(each.after)
    return f"| {name} | {before} | {after} | {cost.format_total_change(each)} |"


def _add_unchanged(page: Page, run: Run) -> None:
    """Add the totals that the plan leaves as they are, below everything that changes."""
    totals = [each for each in cost.totals(run.money) if not each.is_changed]
    head, tail = [_summary("Unchanged budgets"), "", *MONEY], ["", "</details>"]
    page.add(head, map(_total, totals), tail, total=len(totals), most=SHARE, more="… and {} more totals.")
    at_most = [each for each in ceilings.rows(run.money) if not each.is_changed]
    head = [_summary("Unchanged: billable at most"), "", *CEILINGS]
    page.add(head, map(_ceiling, at_most), tail, total=len(at_most), most=SHARE, more="… and {} more.")


def _ceiling(each: cost.CostTotal) -> str:
    return f"| {cell(each.currency)} {each.what} | {' | '.join(ceilings.cells(each))} |"


def _bids(run: Run) -> Iterator[str]:
    for dated in cost.dated_totals(run.money):
        yield f"- {code(dated.currency)} dated budgets of {code(dated.kind)}: {cost.format_dated(dated)}"
    for each in run.money.bids if run.money else ():
        yield f"- {code(each.currency)} {code(each.field)} of {code(each.kind)}: {cost.format_bids(each)}"


def _guardrails(run: Run) -> Iterator[str]:
    for each in cost.objections(run):
        counts = "; ".join(_count_problems(each))
        yield f"- **{each.verdict.value}**: {code(each.rule)}, {code(each.limit)}: {counts}"
    if cost.passed_rules(run):
        yield f"- passed: {', '.join(code(rule) for rule in cost.passed_rules(run))}"
    if cost.idle(run):
        yield f"- {Verdict.IDLE.value}: {', '.join(code(rule) for rule in cost.idle(run))}"


def _count_problems(each: Judgement) -> Iterator[str]:
    """Yield the number of remaining problems, and of those that decisions allow."""
    if each.problems or not each.excuses:
        why = f", because {code(each.because)}" if each.because else ""
        yield f"{count_noun(len(each.problems), 'problem')}{why}"
    for excuse in each.excuses:
        count, ends = count_noun(excuse.count, "problem"), f"{excuse.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        yield f"{count} allowed until {ends} by {code(excuse.at)}, because {code(excuse.because)}"


def _risks(run: Run) -> Iterator[str]:
    for shift in cost.rises(run.money):
        owner = code(cost.owner(shift.address, shift.kind, shift.id))
        before, after = cost.format_limit(shift.before), cost.format_limit(shift.after)
        yield f"- {owner}: {before} {ARROW} {after}, {code(shift.currency)}"
    for change, move in cost.leaps(run.changes):
        yield f"- {code(change.address)}: {code(cost.leap(move))}"


# --- Problems --------------------------------------------------------------------------------------------


def _problem(problem: Problem, known: Mapping[Address, str]) -> str:
    place = f" {code(problem.span)}" if problem.span else ""
    mark = "**error**" if problem.severity is Severity.ERROR else problem.severity.value
    return f"- {mark} {code(problem.code)}{place}: {code(sentence_with_address(problem, known), 300)}{_hint(problem)}"


def _hint(problem: Problem) -> str:
    return f" ({code(problem.hint, 300)})" if problem.hint else ""


def _list_unapplied(run: Run) -> list[ItemOutcome]:
    """Return the items that were not applied, the most severe ending first."""
    held = frozenset(map(id, stopped_items(run)))
    others = [each for each in run.outcomes if each.ending != ItemStatus.APPLIED.value and id(each) not in held]
    return sorted(others, key=lambda outcome: WORST.index(outcome.ending))


def _list_held(run: Run) -> list[str]:
    """Return one line for all items that the end of the run prevented."""
    return [f"- **not sent** {code(summarize_items(held), LINE)}"] if (held := stopped_items(run)) else []


WORST = ("unknown", "not in force", "rejected", "not read back", "not sent")


def _outcome(outcome: ItemOutcome) -> str:
    said = "; ".join(f"{code(problem.message, 300)}{_hint(problem)}" for problem in outcome.problems[:FEW])
    where = next((f" {code(each.span)}" for each in outcome.problems if each.span), "")
    item, call = code(outcome.item.address), code(outcome.call)
    return f"- **{outcome.ending}** {item} ({call}){where}{': ' if said else ''}{said}"


# --- Changes ---------------------------------------------------------------------------------------------


def _plan(page: Page, run: Run) -> None:
    single, folded = grouping.split_changes(run.changes)
    folds = [line for fold in folded for line in _fold(fold)]
    page.add([], folds, total=len(folds), most=SHARE, more="- … and {} more lines")
    shown = min(len(single), SINGLE)
    page.add(CHANGES, map(_row, single[:SINGLE]), total=shown, most=2 * SHARE, more="… and {} more rows.")
    endpoints = [*grouping.group_calls(run.plan.calls)]
    head, tail = [_summary(_calls(run)), "", *CALLS], ["", "</details>"]
    page.add(head, map(_endpoint, endpoints), tail, total=len(endpoints), most=SHARE, more="… and {} more endpoints.")
    if folded or len(single) > SINGLE:
        _add_all_changes(page, run)


def _add_all_changes(page: Page, run: Run) -> None:
    """Add every change on a line of its own, as far as there is room, so that it can be searched."""
    lines = (line for change in run.changes for line in _lines(change))
    fence, held, end = block(islice(lines, MOST // 20))
    total = sum(len(change.fields) for change in run.changes)
    head = [_summary(f"All {count_noun(len(run.changes), 'change')}, one by one"), "", fence]
    more = "… and {} more lines; the JSON report holds all of them."
    page.add(head, held, [end, "", "</details>"], total=total, more=more)


def _summary(words: str) -> str:
    return f"<details><summary>{words}</summary>"


def _fold(fold: grouping.Fold) -> Iterator[str]:
    yield f"- **{fold.action.value}** {code(grouping.heading(fold), 300)}"
    yield from (f"  - {code(line, 300)}" for line in grouping.sentences(fold))


def _row(change: Change) -> str:
    name = f"<br>{cell(change_title(change))}" if change_title(change) else ""
    moves = "<br>".join(_move(move, change) for move in change.fields)
    return f"| {change.action.value} | {cell(change.address)}{name} | {moves} | {cell(change.place.span)} |"


def _move(move: FieldChange, change: Change) -> str:
    after = cell(format_value(move.after), 80)
    if change.action is Action.CREATE or (not move.seen and move.before is None):
        return f"{cell(move.field, 80)} {after}"
    far = format_change_percent(move.before, move.after) or (
        cell(parts, 80) if (parts := describe_inside(move.before, move.after)) else ""
    )
    return f"{cell(move.field, 80)} {cell(format_before(move), 80)} {ARROW} {after}{f' ({far})' if far else ''}"


def _lines(change: Change) -> Iterator[str]:
    """Yield one line for each field, with the address, so that a search finds it."""
    for move in change.fields:
        before = "" if change.action is Action.CREATE else f"{format_before(move)} {ARROW} "
        far = describe_change(move.before, move.after)
        what = f"{change.action.value} {sanitize(change.address)} {sanitize(move.field)}"
        line = f"{what} {before}{format_value(move.after)}"
        yield (f"{line} ({sanitize(far)})" if far else line)[:LINE]


def _calls(run: Run) -> str:
    deferred = f", {run.plan.deferred_calls:,} of them after creation" if run.plan.deferred_calls else ""
    calls = f"{count_noun(run.plan.total, 'API call')} (minimum possible: {run.plan.bound:,})"
    return f"{calls}{deferred}, {least_time(run.plan)}"


def _endpoint(each: grouping.Endpoint) -> str:
    return f"| {each.numbers} | {cell(each.method)} | {cell(each.path)} | {cell(each.does)} | {each.items:,} |"
