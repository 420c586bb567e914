"""A run as GitLab's code quality report: each problem at its file and line in the merge request.

Paths begin at the root of the repository, as those of the merge request do.
"""

from reconciler.model import Problem, Run, Severity, Span
from reconciler.reports.json import Shape, dumped
from reconciler.reports.places import fingerprinted, place, rooted
from reconciler.reports.words import Manner, findings, named, objects, plain

SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def report(run: Run, manner: Manner) -> str:
    """One JSON list and a line break."""
    known, problems = objects(run), [rooted(each, manner.checkout) for each in findings(run)]
    marked = fingerprinted(problems)
    return dumped([_entry(each, named(each, known), mark, place(each, manner.checkout)) for each, mark in marked])


def _entry(problem: Problem, said: str, fingerprint: str, at: Span) -> Shape:
    hint = f" ({plain(problem.hint)})" if problem.hint else ""
    return {
        "description": said + hint,
        "check_name": plain(problem.code),
        "fingerprint": fingerprint,
        "severity": SEVERITIES[problem.severity],
        "location": {"path": plain(at.file), "lines": {"begin": at.line}},
    }
