"""A run as GitLab's code quality report: each problem at its file and line in the merge request.

Paths are relative to the root of the repository, like those of the merge request.
"""

from reconciler.model import Problem, Run, Severity, Span
from reconciler.model.text import sanitize
from reconciler.reports.common import RenderOptions, findings, objects, sentence_with_address
from reconciler.reports.json import Shape, dump_report
from reconciler.reports.places import place, place_from_root, with_fingerprints

SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def report(run: Run, manner: RenderOptions) -> str:
    """Return the report: one JSON list and a line break."""
    known, problems = objects(run), [place_from_root(each, manner.checkout) for each in findings(run)]
    marked = with_fingerprints(problems)
    return dump_report(
        [_entry(each, sentence_with_address(each, known), mark, place(each, manner.checkout)) for each, mark in marked]
    )


def _entry(problem: Problem, said: str, fingerprint: str, at: Span) -> Shape:
    hint = f" ({sanitize(problem.hint)})" if problem.hint else ""
    return {
        "description": said + hint,
        "check_name": sanitize(problem.code),
        "fingerprint": fingerprint,
        "severity": SEVERITIES[problem.severity],
        "location": {"path": sanitize(at.file), "lines": {"begin": at.line}},
    }
