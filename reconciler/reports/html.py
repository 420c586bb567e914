"""A run as one self-contained HTML file: no script, no network, light and dark, phone and paper.

All text from outside is escaped, and the page's content security policy forbids everything except its style.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC
from html import escape

from reconciler.model import (
    Address,
    Drift,
    DriftState,
    ItemOutcome,
    ItemStatus,
    Judgement,
    Problem,
    Run,
    Severity,
    Verdict,
)
from reconciler.model.text import count_noun
from reconciler.reports import ceilings, cost, drift_report, html_charts, irreversible
from reconciler.reports.common import (
    ARROW,
    RenderOptions,
    count_by_status,
    counts,
    exit_sentence,
    has_plan,
    headline,
    name_and_id,
    objects,
    sentence_with_address,
    stopped_items,
    summarize_items,
    visible_run,
)
from reconciler.reports.html_changes import render_calls, render_changes
from reconciler.reports.html_elements import (
    ROWS,
    cut_rows,
    escape_text,
    render_code,
    render_field,
    render_list,
    render_section,
    render_table,
    render_tag,
)
from reconciler.reports.html_style import CSS, POLICY

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
    """Return the page, with a line break at the end.

    What a reader came for is first: what was not applied and what changes, before money, most of which is unchanged.
    """
    body = "\n".join(part for part in _parts(run, manner) if part)
    name = f"{run.command} {run.project}".strip()
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark">\n'
        f"<title>{escape_text(name)}</title><style>{CSS}</style></head>\n<body><main>\n{body}\n</main></body></html>\n"
    )


def _parts(run: Run, manner: RenderOptions) -> Iterator[str]:
    run, known = visible_run(run), objects(run)
    yield _head(run)
    if last := exit_sentence(run, manner):
        yield f'<p class="banner stop">{escape_text(last)}</p>'
    yield render_section("What moved", _drift(run))
    yield render_section(
        "Not managed",
        render_table(drift_report.UNMANAGED, ([*map(escape_text, each)] for each in drift_report.shares(run)), (1,)),
    )
    yield render_section("Not applied", render_list(_list_unapplied(run)))
    if has_plan(run):
        yield render_section("Changes", render_changes(run))
    yield render_section("Budgets (what is asked for)", html_charts.totals(run) + _bids(run))
    yield render_section(ceilings.TITLE, render_table(CEILINGS, map(_ceiling, ceilings.rows(run.money)), (1, 2)))
    yield render_section("Guardrails", render_list(_guardrails(run)))
    yield render_section("Largest risks", render_list(_risks(run)))
    yield render_section(
        irreversible.TITLE,
        render_list(f"{escape_text(what)}: {render_code(which)}" for what, which in irreversible.rows(run)),
    )
    yield render_section(
        "Problems",
        render_list(
            cut_rows(
                [
                    _problem(each, sentence_with_address(each, known))
                    for each in drift_report.problems_outside_tables(run)
                ]
            )
        ),
    )
    if has_plan(run):
        yield render_section("Budgets before and after", html_charts.budgets(run))
        yield render_section("Calls", render_calls(run))
    digest = f"Plan {render_code(manner.digest)}. " if manner.digest else ""
    yield f"<footer>{digest}The JSON report of the same run holds every detail.</footer>"


def _head(run: Run) -> str:
    chips = [(f"{count:,} to {word}", word) for word, count in counts(run).items() if count]
    chips += [(f"{count:,} {ending}", STYLES.get(ending, "stop")) for ending, count in count_by_status(run).items()]
    chips += [(f"{run.unchanged:,} unchanged", "note")] if run.unchanged and run.command != "validate" else []
    shown = "".join(f'<li class="{style}">{escape_text(words)}</li>' for words, style in chips)
    where = f"reconciler {escape_text(run.command)} · {escape_text(run.project)}" if run.project else "reconciler"
    listed = f'<ul class="chips">{shown}</ul>' if shown else ""
    return f"<header><p>{where}</p><h1>{escape_text(headline(run))}</h1>{listed}</header>"


# --- Drift ------------------------------------------------------------------------------------------------


def _drift(run: Run) -> str:
    """Return the drift by resource, states that need a decision first."""
    rows = drift_report.rows(run)
    resources: dict[Address, list[Drift]] = {}
    for each in rows[:ROWS]:
        resources.setdefault(each.address, []).append(each)
    more = f'<p class="soft">… and {len(rows) - ROWS:,} more</p>' if len(rows) > ROWS else ""
    return "".join(_render_moved(address, some) for address, some in resources.items()) + more


def _render_moved(address: Address, some: Sequence[Drift]) -> str:
    object = escape_text(name_and_id(some[0].name, some[0].id))
    head = f'<p>{render_code(address)} {object} <span class="soft">{render_code(some[0].place.span)}</span></p>'
    table = render_table(SIDES, map(_sides, some), (2, 3, 4), ' class="sides"')
    return f"<article>{head}{table}</article>"


def _sides(each: Drift) -> list[str]:
    state, _, field, *words = drift_report.cells(each)
    return [render_tag(state, STATES[each.state]), render_field(field) if field else "", *map(escape_text, words)]


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
    return [escape_text(f"{each.currency} {each.what}"), *map(escape_text, ceilings.cells(each))]


def _bids(run: Run) -> str:
    moves = run.money.bids if run.money else ()
    dated = [
        f"{escape_text(each.currency)} {render_code(each.kind)} dated budgets: {escape_text(cost.format_dated(each))}"
        for each in cost.dated_totals(run.money)
    ]
    bids = [
        f"{escape_text(each.currency)} {render_code(each.field)}: {escape_text(cost.format_bids(each))}"
        for each in moves
    ]
    return render_list([*dated, *bids])


def _guardrails(run: Run) -> Iterator[str]:
    """Yield the guardrails: violated ones first, then passed, then those without input."""
    yield from map(_guardrail, cost.objections(run))
    for verdict in (Verdict.PASSED, Verdict.IDLE):
        yield from (_guardrail(each) for each in run.judgements if each.verdict is verdict)


def _guardrail(each: Judgement) -> str:
    why = f" because {render_code(each.because)}" if each.because else ""
    count = f": {count_noun(len(each.problems), 'problem')}" if each.problems else ""
    for excuse in each.excuses:
        ends = f"{excuse.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        excused = f"{count_noun(excuse.count, 'problem')} allowed until {ends} by {render_code(excuse.at)}"
        why += f"; {excused} because {render_code(excuse.because)}"
    rule = f'{render_code(each.rule)} <span class="soft">{escape_text(each.limit)}</span>'
    return f"{render_tag(each.verdict.value, VERDICTS[each.verdict])} {rule}{count}{why}"


def _risks(run: Run) -> Iterator[str]:
    for each in cost.rises(run.money):
        owner = render_code(cost.owner(each.address, each.kind, each.id))
        before, after = cost.format_limit(each.before), cost.format_limit(each.after)
        yield f"{owner} {before} {ARROW} {after} {escape_text(each.currency)}"
    for change, move in cost.leaps(run.changes):
        yield f"{render_code(change.address)} {escape_text(cost.leap(move))}"


# --- Problems ---------------------------------------------------------------------------------------------


def _problem(problem: Problem, said: str) -> str:
    place = f' <span class="soft">{render_code(problem.span)}</span>' if problem.span else ""
    hint = f'<br><span class="soft">{escape_text(problem.hint)}</span>' if problem.hint else ""
    tag = render_tag(problem.severity.value, KINDS[problem.severity])
    return f"{tag} {escape_text(said)} {render_code(problem.code)}{place}{hint}"


def _list_unapplied(run: Run) -> list[str]:
    """Return the items that were not applied; one line for all that the end of the run prevented."""
    held = stopped_items(run)
    kept = frozenset(map(id, held))
    line = [f"{render_tag('not sent', STYLES['not sent'])} {escape_text(summarize_items(held))}"] if held else []
    others = [each for each in run.outcomes if each.ending != ItemStatus.APPLIED.value and id(each) not in kept]
    return [*line, *cut_rows([_outcome(each) for each in others])]


def _outcome(outcome: ItemOutcome) -> str:
    said = "".join(f"<br>{_problem(problem, problem.message)}" for problem in outcome.problems)
    tag = render_tag(outcome.ending, STYLES.get(outcome.ending, "stop"))
    return f"{tag} {render_code(outcome.item.address)} {render_code(outcome.call)}{said}"
