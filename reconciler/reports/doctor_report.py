"""Report of ``doctor``: one line per check, then a summary."""

import sys
from collections import Counter
from collections.abc import Iterator
from itertools import groupby

import orjson

from reconciler import __version__
from reconciler.model.doctor import Check, CheckLevel, DoctorReport
from reconciler.model.exit_codes import exit_code
from reconciler.model.text import count_noun, sanitize
from reconciler.reports import json

MARKS = {CheckLevel.OK: "ok", CheckLevel.UNKNOWN: "?", CheckLevel.WARNING: "warning", CheckLevel.ERROR: "error"}


def text(done: DoctorReport) -> str:
    """Return the report for people; a question mark is a check that reading cannot decide."""
    python = ".".join(map(str, sys.version_info[:3]))
    lines = [f"reconciler {__version__}, Python {python}"]
    width = max(len(each.name) for each in done.checks)
    for group, checks in groupby(done.checks, key=lambda each: each.group):
        lines += ["", group, *(line for each in checks for line in _lines(each, width))]
    return "\n".join([*lines, "", _summary(done)]) + "\n"


def _lines(check: Check, width: int) -> Iterator[str]:
    yield f"  {MARKS[check.level]:<7}  {check.name:<{width}}  {sanitize(check.said)}"
    if check.hint is not None:
        yield f"  {'':7}  {'':{width}}  hint: {sanitize(check.hint)}"


def _summary(done: DoctorReport) -> str:
    counts = Counter(each.level for each in done.checks)
    wrong = [count_noun(counts[each], each.value) for each in (CheckLevel.ERROR, CheckLevel.WARNING) if counts[each]]
    unknown = f"; {counts[CheckLevel.UNKNOWN]:,} need a write and were skipped" if counts[CheckLevel.UNKNOWN] else ""
    return f"{', '.join(wrong) or 'Healthy'}: {count_noun(len(done.checks), 'check')}{unknown}. Nothing was written."


def report(done: DoctorReport) -> str:
    """Return the report as JSON; minor versions add keys."""
    shape: json.Shape = {
        "format_version": json.FORMAT_VERSION,
        "command": "doctor",
        "project": done.project,
        "exit_code": int(exit_code(done.run)),
        "errored": done.run.failed,
        "checks": [
            {
                "group": each.group,
                "name": each.name,
                "level": each.level.value,
                "message": each.said,
                "hint": each.hint,
                "code": each.code,
                "facts": dict(each.facts),
            }
            for each in done.checks
        ],
    }
    return json.dump_report(shape, orjson.OPT_INDENT_2)


FORMATS = {"text": text, "json": report}
