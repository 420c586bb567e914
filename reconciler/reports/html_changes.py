"""Changes of a page in HTML, with similar ones folded, and the calls."""

from itertools import islice

from reconciler.model import Action, Change, FieldChange, Run
from reconciler.model.text import count_noun, format_value
from reconciler.reports import grouping
from reconciler.reports.common import VERBS, change_title, format_before, format_change_percent, least_time
from reconciler.reports.html_elements import ROWS, escape_text, render_code, render_field, render_table, render_tag
from reconciler.reports.value_diff import describe_inside


def render_changes(run: Run) -> str:
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
    name = f'<span class="name">{escape_text(change_title(change)[1:-1])}</span>' if change_title(change) else ""
    id = f'<span class="soft">id {escape_text(change.id)}</span>' if change.id else ""
    place = f'<span class="soft">{render_code(change.place.span)}</span>'
    head = (
        f"<p>{render_tag(f'{change.action.value} {verb}', verb)} {render_code(change.address)} {name} {id} {place}</p>"
    )
    if change.action is Action.CREATE:
        created = ((render_field(move.field), escape_text(format_value(move.after))) for move in change.fields)
        fields = render_table(("", ""), created, style=FIELDS)
    else:
        rows = (_cells(move, change) for move in change.fields)
        fields = render_table(("", "Before", "After", ""), rows, (1, 2, 3), FIELDS)
    return f"<article>{head}{fields}</article>"


FIELDS = ' class="fields"'


def _cells(move: FieldChange, change: Change) -> tuple[str, str, str, str]:
    before = "" if change.action is Action.CREATE else escape_text(format_before(move))
    if not move.seen and move.before is None:
        before = '<span class="soft">never shown</span>'
    percent = format_change_percent(move.before, move.after)
    colour = "up" if percent.startswith("+") else "down"
    mark = (
        f'<span class="{colour}">{percent}</span>' if percent else escape_text(describe_inside(move.before, move.after))
    )
    return render_field(move.field), before, escape_text(format_value(move.after)), mark


def _fold(fold: grouping.Fold, most: int) -> str:
    verb = VERBS[fold.action]
    lines = "".join(f'<span class="lines">{escape_text(line)}</span>' for line in grouping.sentences(fold))
    rows = ((render_code(change.address), *_cells(move, change)) for change in fold.changes for move in change.fields)
    table = render_table(("", "", "Before", "After", ""), islice(rows, most), (2, 3, 4))
    total = sum(len(change.fields) for change in fold.changes)
    more = f'<p class="soft">… and {total - most:,} more</p>' if total > most else ""
    head = f"{render_tag(f'{fold.action.value} {verb}', verb)} {escape_text(grouping.heading(fold))}{lines}"
    return f'<details class="many"><summary>{head}</summary>{table}{more}</details>'


def render_calls(run: Run) -> str:
    plan = run.plan
    if not plan.total:
        return ""
    deferred = f", {plan.deferred_calls:,} of them once new ids are known" if plan.deferred_calls else ""
    calls = f"{count_noun(plan.total, 'API call')} (minimum possible: {plan.bound:,})"
    words = f"{calls}{deferred}, {least_time(plan)}."
    rows = (
        (each.numbers, render_code(f"{each.method} {each.path}"), escape_text(each.does), f"{each.items:,}")
        for each in grouping.group_calls(plan.calls)
    )
    return f"<p>{words}</p>{render_table(('', 'Request', 'Facet', 'Items'), rows, (3,))}"
