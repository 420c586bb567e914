"""A run as GitLab's plan widget: what a merge request will create, update and delete.

GitLab has no word for a stop; it is shown as *delete*, since delivery ends. Of ``drift``, *update* counts the
resources that moved outside. The report of problems is
another format: codequality.
"""

from reconciler.model import Run
from reconciler.reports.json import dumped
from reconciler.reports.words import Manner, counts


def report(run: Run, manner: Manner) -> str:
    """One JSON object and a line break."""
    count = counts(run)
    if run.command == "drift":
        count = {**count, "update": len({each.address for each in run.drift if each.moved_outside})}
    return dumped({"create": count["create"], "update": count["update"], "delete": count["stop"]})
