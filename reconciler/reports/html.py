"""A run as one self-contained HTML file: no script, no network, light and dark, phone and paper.

All text from outside is escaped, and the page's content security policy forbids everything except its style.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from html import escape
from itertools import islice

from reconciler.model import (
    Action,
    Address,
    Change,
    Drift,
    DriftState,
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
from reconciler.reports import ceilings, cost, drift_report, grouping, html_charts, irreversible
from reconciler.reports.common import (
    ARROW,
    VERBS,
    RenderOptions,
    change_title,
    clip,
    count_by_status,
    counts,
    exit_sentence,
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
from reconciler.reports.html_style import CSS, POLICY
from reconciler.reports.value_diff import describe_inside

ROWS, LISTED, LONG = 2_000, 200, 2_000
"""Maximum number of changes, of problems, and of characters of one value; JSON holds all of them."""
KINDS = {Severity.ERROR: "stop", Severity.WARNING: "update", Severity.NOTE: "note"}
STYLES = {"applied": "create", "rejected": "stop", "unknown": "stop", "not sent": "update", "not read back": "update"}
VERDICTS = {
    Verdict.REFUSED: "stop",
    Verdict.ALLOWED: "update",
    Verdict.ADVISED: "note",
    Verdict.PASSED: "create",
    Verdict.IDLE: "note",
}


def report(run: Run, manner: RenderOptions) -> str:
    """Return the page, with a line break at the end."""
    body = "\n".join(part for part in _parts(run, manner) if part)
    name = f"{run.command} {run.project}".strip()
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark">\n'
        f"<title>{_text(name)}</title><style>{CSS}</style></head>\n<body><main>\n{body}\n</main></body></html>\n"
    )


def _parts(run: Run, manner: RenderOptions) -> Iterator[str]:
    run, known = visible_run(run), objects(run)
    yield _head(run)
    if last := exit_sentence(run, manner):
        yield f'<p class="banner stop">{_text(last)}</p>'
    yield _section("What moved", _drift(run))
    yield _section(
        "Not managed", _table(drift_report.UNMANAGED, ([*map(_text, each)] for each in drift_report.shares(run)), (1,))
    )
    yield _section("Budgets (what is asked for)", html_charts.totals(run) + _bids(run))
    yield _section(ceilings.TITLE, _table(CEILINGS, map(_ceiling, ceilings.rows(run.money)), (1, 2)))
    yield _section("Guardrails", _items(_guardrails(run)))
    yield _section("Largest risks", _items(_risks(run)))
    yield _section(
        irreversible.TITLE, _items(f"{_text(what)}: {_code(which)}" for what, which in irreversible.rows(run))
    )
    yield _section("Not applied", _items(_unapplied(run)))
    yield _section(
        "Problems",
        _items(
            _few(
                [
                    _problem(each, sentence_with_address(each, known))
                    for each in drift_report.problems_outside_tables(run)
                ]
            )
        ),
    )
    if has_plan(run):
        yield _section("Budgets before and after", html_charts.budgets(run))
        yield _section("Changes", _changes(run))
        yield _section("Calls", _calls(run))
    digest = f"Plan {_code(manner.digest)}. " if manner.digest else ""
    yield f"<footer>{digest}The JSON report of the same run holds every detail.</footer>"


def _head(run: Run) -> str:
    chips = [(f"{count:,} to {word}", word) for word, count in counts(run).items() if count]
    chips += [(f"{count:,} {ending}", STYLES.get(ending, "stop")) for ending, count in count_by_status(run).items()]
    chips += [(f"{run.unchanged:,} unchanged", "note")] if run.unchanged and run.command != "validate" else []
    shown = "".join(f'<li class="{style}">{_text(words)}</li>' for words, style in chips)
    where = f"reconciler {_text(run.command)} · {_text(run.project)}" if run.project else "reconciler"
    listed = f'<ul class="chips">{shown}</ul>' if shown else ""
    return f"<header><p>{where}</p><h1>{_text(headline(run))}</h1>{listed}</header>"


# --- Parts of a page -------------------------------------------------------------------------------------


def _text(value: object) -> str:
    return escape(clip(sanitize(value), LONG))


def _code(value: object) -> str:
    return f"<code>{_text(value)}</code>"


def _section(title: str, content: str) -> str:
    return f"<section><h2>{title}</h2>{content}</section>" if content else ""


def _items(rows: Iterable[str]) -> str:
    listed = "".join(f"<li>{row}</li>" for row in rows)
    return f'<ul class="plain">{listed}</ul>' if listed else ""


def _few(rows: Sequence[str]) -> list[str]:
    more = [f'<span class="soft">… and {len(rows) - LISTED:,} more</span>'] if len(rows) > LISTED else []
    return [*rows[:LISTED], *more]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = (), style: str = "") -> str:
    """Return a table; cells are HTML already, ``right`` are the columns of numbers."""
    numbers = [' class="r n"' if column in right else "" for column in range(len(head))]
    top = "".join(f"<th{mark.replace(' n', '')}>{name}</th>" for name, mark in zip(head, numbers, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{mark}>{cell}</td>" for cell, mark in zip(row, numbers, strict=True)) + "</tr>"
        for row in rows
    )
    heading = f"<tr>{top}</tr>" if any(head) else ""
    return f'<div class="scroll"><table{style}>{heading}{body}</table></div>' if body else ""


def _tag(words: str, style: str) -> str:
    return f'<span class="tag {style}">{_text(words)}</span>'


# --- Drift ------------------------------------------------------------------------------------------------


def _drift(run: Run) -> str:
    """Return the drift by resource, states that need a decision first."""
    rows = drift_report.rows(run)
    resources: dict[Address, list[Drift]] = {}
    for each in rows[:ROWS]:
        resources.setdefault(each.address, []).append(each)
    more = f'<p class="soft">… and {len(rows) - ROWS:,} more</p>' if len(rows) > ROWS else ""
    return "".join(_moved(address, some) for address, some in resources.items()) + more


def _moved(address: Address, some: Sequence[Drift]) -> str:
    object = _text(name_and_id(some[0].name, some[0].id))
    head = f'<p>{_code(address)} {object} <span class="soft">{_code(some[0].place.span)}</span></p>'
    table = _table(SIDES, map(_sides, some), (2, 3, 4), ' class="sides"')
    return f"<article>{head}{table}</article>"


def _sides(each: Drift) -> list[str]:
    state, _, field, *words = drift_report.cells(each)
    return [_tag(state, STATES[each.state]), _code(field) if field else "", *map(_text, words)]


SIDES = ("", *drift_report.HEADS[2:])
STATES = {
    DriftState.CONFLICT: "stop",
    DriftState.DRIFTED: "update",
    DriftState.UNKNOWN: "update",
    DriftState.PENDING: "note",
}


# --- Money and risks --------------------------------------------------------------------------------------


CEILINGS = ("", "Before", "After", "Change")


def _ceiling(each: cost.CostTotal) -> list[str]:
    return [_text(f"{each.currency} {each.what}"), *map(_text, ceilings.cells(each))]


def _bids(run: Run) -> str:
    moves = run.money.bids if run.money else ()
    return _items(f"{_text(each.currency)} {_code(each.field)}: {_text(cost.format_bids(each))}" for each in moves)


def _guardrails(run: Run) -> Iterator[str]:
    """Yield the guardrails: violated ones first, then passed, then those without input."""
    yield from map(_guardrail, cost.objections(run))
    for verdict in (Verdict.PASSED, Verdict.IDLE):
        yield from (_guardrail(each) for each in run.judgements if each.verdict is verdict)


def _guardrail(each: Judgement) -> str:
    why = f" because {_code(each.because)}" if each.because else ""
    count = f": {count_noun(len(each.problems), 'problem')}" if each.problems else ""
    for excuse in each.excuses:
        ends = f"{excuse.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        told = f"{count_noun(excuse.count, 'problem')} allowed until {ends} by {_code(excuse.at)}"
        why += f"; {told} because {_code(excuse.because)}"
    rule = f'{_code(each.rule)} <span class="soft">{_text(each.limit)}</span>'
    return f"{_tag(each.verdict.value, VERDICTS[each.verdict])} {rule}{count}{why}"


def _risks(run: Run) -> Iterator[str]:
    for each in cost.rises(run.money):
        owner = _code(cost.owner(each.address, each.kind, each.id))
        yield f"{owner} {cost.format_limit(each.before)} {ARROW} {cost.format_limit(each.after)} {_text(each.currency)}"
    for change, move in cost.leaps(run.changes):
        yield f"{_code(change.address)} {_text(cost.leap(move))}"


# --- Problems ---------------------------------------------------------------------------------------------


def _problem(problem: Problem, said: str) -> str:
    place = f' <span class="soft">{_code(problem.span)}</span>' if problem.span else ""
    hint = f'<br><span class="soft">{_text(problem.hint)}</span>' if problem.hint else ""
    tag = _tag(problem.severity.value, KINDS[problem.severity])
    return f"{tag} {_text(said)} {_code(problem.code)}{place}{hint}"


def _unapplied(run: Run) -> list[str]:
    """Return the items that were not applied; one line for all that the end of the run prevented."""
    held = stopped_items(run)
    kept = frozenset(map(id, held))
    line = [f"{_tag('not sent', STYLES['not sent'])} {_text(summarize_items(held))}"] if held else []
    others = [each for each in run.outcomes if each.ending != ItemStatus.APPLIED.value and id(each) not in kept]
    return [*line, *_few([_outcome(each) for each in others])]


def _outcome(outcome: ItemOutcome) -> str:
    said = "".join(f"<br>{_problem(problem, problem.message)}" for problem in outcome.problems)
    tag = _tag(outcome.ending, STYLES.get(outcome.ending, "stop"))
    return f"{tag} {_code(outcome.item.address)} {_code(outcome.call)}{said}"


# --- Changes ----------------------------------------------------------------------------------------------


def _changes(run: Run) -> str:
    """Return the changes one by one, and the folds as elements that open without a script."""
    single, folded = grouping.split_changes(run.changes)
    left = ROWS - len(single)
    parts = [_fold(fold, max(0, left // max(1, len(folded)))) for fold in folded]
    parts += [_change(change) for change in single[:ROWS]]
    if len(single) > ROWS:
        parts.append(f'<p class="soft">… and {len(single) - ROWS:,} more</p>')
    return "".join(parts)


def _change(change: Change) -> str:
    verb = VERBS[change.action]
    name = f'<span class="name">{_text(change_title(change)[1:-1])}</span>' if change_title(change) else ""
    id = f'<span class="soft">id {_text(change.id)}</span>' if change.id else ""
    place = f'<span class="soft">{_code(change.place.span)}</span>'
    head = f"<p>{_tag(f'{change.action.value} {verb}', verb)} {_code(change.address)} {name} {id} {place}</p>"
    if change.action is Action.CREATE:
        fields = _table(("", ""), ((_code(move.field), _text(format_value(move.after))) for move in change.fields))
    else:
        rows = (_cells(move, change) for move in change.fields)
        fields = _table(("", "Before", "After", ""), rows, (1, 2, 3), FIELDS)
    return f"<article>{head}{fields}</article>"


FIELDS = ' class="fields"'


def _cells(move: FieldChange, change: Change) -> tuple[str, str, str, str]:
    before = "" if change.action is Action.CREATE else _text(format_value(move.before))
    if not move.seen and move.before is None:
        before = '<span class="soft">never shown</span>'
    percent = format_change_percent(move.before, move.after)
    colour = "up" if percent.startswith("+") else "down"
    mark = f'<span class="{colour}">{percent}</span>' if percent else _text(describe_inside(move.before, move.after))
    return _code(move.field), before, _text(format_value(move.after)), mark


def _fold(fold: grouping.Fold, most: int) -> str:
    verb = VERBS[fold.action]
    lines = "".join(f'<span class="lines">{_text(line)}</span>' for line in grouping.sentences(fold))
    rows = ((_code(change.address), *_cells(move, change)) for change in fold.changes for move in change.fields)
    table = _table(("", "", "Before", "After", ""), islice(rows, most), (2, 3, 4))
    total = sum(len(change.fields) for change in fold.changes)
    more = f'<p class="soft">… and {total - most:,} more</p>' if total > most else ""
    head = f"{_tag(f'{fold.action.value} {verb}', verb)} {_text(grouping.heading(fold))}{lines}"
    return f'<details class="many"><summary>{head}</summary>{table}{more}</details>'


def _calls(run: Run) -> str:
    plan = run.plan
    if not plan.total:
        return ""
    deferred = f", {plan.deferred_calls:,} of them once new ids are known" if plan.deferred_calls else ""
    calls = f"{count_noun(plan.total, 'API call')} (minimum possible: {plan.bound:,})"
    words = f"{calls}{deferred}, {least_time(plan.total)}."
    rows = (
        (each.numbers, _code(f"{each.method} {each.path}"), _text(each.facet), f"{each.items:,}")
        for each in grouping.group_calls(plan.calls)
    )
    return f"<p>{words}</p>{_table(('', 'Request', 'Facet', 'Items'), rows, (3,))}"
