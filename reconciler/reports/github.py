"""A run as GitHub workflow commands: annotations at file and line, then the text report with commands disabled.

Paths are relative to the root of the repository. The runner shows ten annotations of a kind per step, so the most
severe come first and the rest is counted. The job summary is another format: markdown, appended to
``$GITHUB_STEP_SUMMARY``.
"""

import hashlib
from collections.abc import Iterator, Mapping

from reconciler.model import Address, Problem, Run, Severity
from reconciler.model.text import count_noun, sanitize
from reconciler.reports import text
from reconciler.reports.common import Checkout, RenderOptions, clip, findings, objects, sentence_with_address
from reconciler.reports.places import place_from_root

MOST, LONGEST = 10, 4000
KINDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def report(run: Run, manner: RenderOptions) -> str:
    """Return the workflow commands, followed by the text report."""
    body = text.report(run, manner)
    token = f"reconciler-{hashlib.sha256(body.encode('utf-8', 'replace')).hexdigest()[:32]}"
    return (
        "\n".join([*_annotations(run, manner.checkout), f"::stop-commands::{token}", body.rstrip("\n"), f"::{token}::"])
        + "\n"
    )


def _annotations(run: Run, checkout: Checkout | None) -> Iterator[str]:
    """Yield at most ten annotations of a kind; the notice that counts the rest is one of the ten notices."""
    problems = [place_from_root(each, checkout) for each in findings(run)]
    known = objects(run)
    left = 0
    for severity in Severity:
        of_kind = [problem for problem in problems if problem.severity is severity]
        most = MOST - 1 if severity is Severity.NOTE and (left or len(of_kind) > MOST) else MOST
        yield from (annotation(problem, known) for problem in of_kind[:most])
        left += max(0, len(of_kind) - most)
    if left:
        yield f"::notice title=reconciler::{count_noun(left, 'more problem')}: see the job summary or the log"


def annotation(problem: Problem, known: Mapping[Address, str]) -> str:
    """Return one workflow command, with its text escaped."""
    properties = {"title": problem.code}
    if problem.span is not None:
        span = problem.span
        properties |= {"file": span.file, "line": str(span.line), "col": str(span.column)}
        properties |= {"endLine": str(span.line), "endColumn": str(span.column + span.width)}
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    hint = f"%0A{_data(problem.hint)}" if problem.hint else ""
    return f"::{KINDS[problem.severity]} {said}::{_data(sentence_with_address(problem, known))}{hint}"


def _data(value: str) -> str:
    return clip(sanitize(value), LONGEST).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
