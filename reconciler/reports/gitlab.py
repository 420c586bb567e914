"""A run as GitLab's plan widget: what a merge request will create, update and delete.

GitLab has no word for a stop; it is shown as *delete*, since delivery ends. For ``drift``, *update* counts the
resources that changed outside. The report of problems is another format: codequality.
"""

from reconciler.model import Run
from reconciler.reports.common import RenderOptions, counts
from reconciler.reports.json import dump_report


def report(run: Run, manner: RenderOptions) -> str:
    """Return the report: one JSON object and a line break."""
    count = counts(run)
    if run.command == "drift":
        count = {**count, "update": len({each.address for each in run.drift if each.moved_outside})}
    return dump_report({"create": count["create"], "update": count["update"], "delete": count["stop"]})
