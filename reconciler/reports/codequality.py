"""A run as GitLab's code quality report: each problem at its file and line in the merge request."""

from reconciler.model import Problem, Run, Severity
from reconciler.reports.json import Shape, dumped
from reconciler.reports.places import fingerprinted, line, path
from reconciler.reports.words import Manner, all_problems, plain

SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def report(run: Run, manner: Manner) -> str:
    """One JSON list and a line break."""
    return dumped([_entry(problem, mark) for problem, mark in fingerprinted(all_problems(run))])


def _entry(problem: Problem, fingerprint: str) -> Shape:
    hint = f" ({plain(problem.hint)})" if problem.hint else ""
    return {
        "description": plain(problem.message) + hint,
        "check_name": plain(problem.code),
        "fingerprint": fingerprint,
        "severity": SEVERITIES[problem.severity],
        "location": {"path": path(problem), "lines": {"begin": line(problem)}},
    }
