"""Report of a bulk edit of the files: budgets first, then each change, then the number of files."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import orjson
from msgspec import Struct

from reconciler.model import FieldChange, Run
from reconciler.model.money import group_digits
from reconciler.model.text import count_noun, sanitize
from reconciler.reports import json, plan_text
from reconciler.reports.common import ARROW, RenderOptions, format_change_percent, format_problem, sentence_with_address

DONE, ASKED = "Changed", "Would change"


class SetReport(Struct, frozen=True):
    """Input of the report: run, files, whether they were written, and known currencies by kind."""

    run: Run
    files: tuple[str, ...]
    written: bool
    currencies: Mapping[str, str]


def text(result: SetReport, manner: RenderOptions) -> str:
    """Return the report for people."""
    lines = [
        line
        for problem in result.run.problems
        for line in _problem(format_problem(problem, sentence_with_address(problem, {})), problem.hint)
    ]
    lines += [""] if lines else []
    if result.run.failed:
        return "\n".join([*lines, "No file was changed."]) + "\n"
    sums = [*_sums(result)]
    lines += ["Amounts in the files:", *sums, ""] if sums else []
    lines += plan_text.change_lines(result.run.changes, manner)
    return "\n".join([*lines, headline(result)]) + "\n"


def headline(result: SetReport) -> str:
    """Return the change in one sentence."""
    values = sum(len(each.fields) for each in result.run.changes)
    if not values:
        return "Nothing to change: the files state these values already."
    counts = f"{count_noun(values, 'value')} of {count_noun(len(result.run.changes), 'resource')}"
    return f"{DONE if result.written else ASKED} {counts} in {count_noun(len(result.files), 'file')}."


def report(result: SetReport, manner: RenderOptions) -> str:
    """Return the report for programs; minor versions add keys."""
    shape: json.Shape = {
        "format_version": json.FORMAT_VERSION,
        "command": "set",
        "project": result.run.project,
        "errored": result.run.failed,
        "written": result.written,
        "summary": headline(result),
        "files": list(result.files),
        "resource_changes": [json.change(each) for each in result.run.changes],
        "diagnostics": [json.problem(each) for each in result.run.problems],
    }
    return json.dump_report(shape, orjson.OPT_INDENT_2)


def _problem(line: str, hint: str | None) -> Iterator[str]:
    yield line
    if hint:
        yield f"  hint: {sanitize(hint)}"


def _sums(result: SetReport) -> Iterator[str]:
    """Yield one line per field with amounts: numbers raised and lowered, and the sum if there is one currency."""
    found: dict[tuple[str, str], list[FieldChange]] = {}
    for change in result.run.changes:
        for move in change.fields:
            if isinstance(move.after, Decimal) or isinstance(move.before, Decimal):
                found.setdefault((change.address.kind, move.field), []).append(move)
    for (kind, name), moves in found.items():
        total = _total(moves, result.currencies.get(kind, ""))
        yield f"  {sanitize(kind)} {sanitize(name)}: {_describe_moves(moves)}{total}"


def _describe_moves(moves: Sequence[FieldChange]) -> str:
    pairs = [(each.before, each.after) for each in moves]
    both = [(old, new) for old, new in pairs if isinstance(old, Decimal) and isinstance(new, Decimal)]
    counts = {"raised": sum(new > old for old, new in both), "lowered": sum(new < old for old, new in both)}
    counts["newly stated or cleared"] = len(pairs) - len(both)
    return ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)


def _total(moves: Sequence[FieldChange], currency: str) -> str:
    """Return the sum before and after if the project states one currency, else an empty text."""
    if not currency or not all(isinstance(each.before, Decimal) and isinstance(each.after, Decimal) for each in moves):
        return ""
    before, after = (
        sum((amount for amount in amounts if isinstance(amount, Decimal)), Decimal(0))
        for amounts in ((each.before for each in moves), (each.after for each in moves))
    )
    far = format_change_percent(before, after)
    return f"; {sanitize(currency)} {group_digits(before)} {ARROW} {group_digits(after)} ({far})"


FORMATS = {"text": text, "json": report}
