"""A run as GitLab's plan widget: what a merge request will create, update and delete.

GitLab has no word for a stop; it is shown as *delete*, since delivery ends. The report of problems is
another format: codequality.
"""

from reconciler.model import Run
from reconciler.reports.json import dumped
from reconciler.reports.words import Manner, counts


def report(run: Run, manner: Manner) -> str:
    """One JSON object and a line break."""
    count = counts(run)
    return dumped({"create": count["create"], "update": count["update"], "delete": count["stop"]})
