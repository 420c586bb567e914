"""Versions of all parts, for bug reports."""

import json
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from reconciler import __version__
from reconciler.kinds import versions as api_versions
from reconciler.ledger.tables import FORMAT as LEDGER
from reconciler.model import Json
from reconciler.planfile.plan_file import FORMAT_VERSION as PLAN
from reconciler.reports.json import FORMAT_VERSION as REPORT

PROJECT = 1
"""Version of the form of reconciler.yaml."""
OPTIONAL = {"postgres": "psycopg", "socks": "socksio"}
"""Extras, each with the package that shows whether it is installed."""


def collect_versions() -> Mapping[str, Json]:
    """Return the versions by name; None for an optional part that is not installed."""
    return {
        "reconciler": __version__,
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
        "api": {
            family: [
                {"version": name, "ends": None if ends is None else ends.isoformat()}
                for name in api_versions.version_names(family)
                for ends in (api_versions.find_version(family, name).ends,)
            ]
            for family in api_versions.FAMILIES
        },
        "formats": {"project": PROJECT, "report": REPORT, "plan": PLAN, "ledger": LEDGER},
        "optional": {name: _find_installed(package) for name, package in OPTIONAL.items()},
    }


def as_json() -> str:
    """Return the versions as JSON."""
    return json.dumps(collect_versions(), indent=2) + "\n"


def as_text() -> str:
    """Return the versions as text."""
    lines = [
        f"reconciler {__version__}",
        f"Python     {platform.python_version()} on {sys.platform} {platform.machine()}",
    ]
    lines += [
        f"API        {family}: {', '.join(api_versions.version_names(family))}" for family in api_versions.FAMILIES
    ]
    lines.append(f"Formats    project {PROJECT}, report {REPORT}, plan {PLAN}, ledger {LEDGER}")
    for name, package in OPTIONAL.items():
        lines.append(f"Optional   {name}: {_find_installed(package) or f'not installed (the extra `{name}`)'}")
    return "\n".join(lines) + "\n"


def _find_installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
