"""Report of an import: files with new resources and changes, and skipped objects with the reason."""

from collections import Counter
from collections.abc import Iterator, Sequence

import orjson

from reconciler.importer.account_import import ImportResult
from reconciler.importer.resource_blocks import Skipped
from reconciler.model import Severity
from reconciler.model.exit_codes import exit_code
from reconciler.model.text import count_noun, sanitize
from reconciler.reports import json
from reconciler.reports.common import format_problem, sentence_with_address

FEW = 20
"""Number of similar entries listed in text; JSON holds all of them."""


def text(done: ImportResult) -> str:
    """Return the report for people: one line per file, then skipped objects, then problems."""
    lines = [
        line
        for problem in done.problems
        for line in _problem(format_problem(problem, sentence_with_address(problem, {})), problem.hint)
    ]
    lines += [""] if lines else []
    for output in done.files:
        parts = [f"{len(output.added):,} new" if output.added else "", _describe_moved(output.moved)]
        lines.append(f"  {'+' if output.new else '~'} {sanitize(output.path)}  ({', '.join(filter(None, parts))})")
    lines += [""] if done.files else []
    if done.left:
        lines += ["Left out:", *_describe_skipped(done.left), ""]
    return "\n".join([*lines, _summary(done)]) + "\n"


def _problem(line: str, hint: str | None) -> Iterator[str]:
    yield line
    if hint:
        yield f"  hint: {sanitize(hint)}"


def _describe_moved(addresses: Sequence[object]) -> str:
    if not addresses:
        return ""
    named = ", ".join(sanitize(each) for each in addresses[:FEW])
    return f"moved: {named}{f' and {len(addresses) - FEW:,} more' if len(addresses) > FEW else ''}"


def _describe_skipped(left: Sequence[Skipped]) -> Iterator[str]:
    """Yield the skipped objects; similar ones are folded above a number."""
    met: Counter[tuple[str, str | None, str]] = Counter()
    for each in left:
        sort = (each.kind.singular, each.field, each.reason)
        met[sort] += 1
        if met[sort] <= FEW:
            name = f' "{sanitize(each.name)}"' if each.name else ""
            what = f"{each.field} of " if each.field else ""
            yield f"  {sanitize(what)}{each.kind.singular} {sanitize(each.id)}{name}: {sanitize(each.reason)}"
    for (singular, field, reason), count in met.items():
        if count > FEW:
            what = f"{field} of " if field else ""
            yield f"  {what}{count - FEW:,} more {singular}s: {sanitize(reason)}"


def _summary(done: ImportResult) -> str:
    if any(each.severity is Severity.ERROR for each in done.problems):
        written = count_noun(len(done.files), "file")
        return f"The import is not whole; {written} written." if done.files else "Nothing was written."
    added, moved = (sum(len(getattr(each, name)) for each in done.files) for name in ("added", "moved"))
    held = f" {done.present:,} already managed." if done.present else ""
    if not done.files:
        return f"Nothing to import.{held}"
    changed = f", {moved:,} brought up to date" if moved else ""
    return f"Imported {count_noun(added, 'resource')}{changed}, in {count_noun(len(done.files), 'file')}.{held}"


def report(done: ImportResult) -> str:
    """Return the report as JSON; minor versions add keys."""
    shape: json.Shape = {
        "format_version": json.FORMAT_VERSION,
        "command": "import",
        "project": done.project,
        "exit_code": int(exit_code(done.run)),
        "errored": done.run.failed,
        "files": [
            {
                "path": output.path.as_posix(),
                "action": "create" if output.new else "update",
                "added": [str(each) for each in output.added],
                "moved": [str(each) for each in output.moved],
            }
            for output in done.files
        ],
        "present": done.present,
        "left_out": [
            {
                "kind": each.kind.name,
                "id": each.id,
                "name": each.name,
                "field": each.field,
                "code": each.code,
                "reason": each.reason,
            }
            for each in done.left
        ],
        "diagnostics": [json.problem(each) for each in done.problems],
    }
    return json.dump_report(shape, orjson.OPT_INDENT_2)


FORMATS = {"text": text, "json": report}
