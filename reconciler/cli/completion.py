"""Shell completion, from the files of the project only."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

MOST = 1000
"""Maximum number of candidates."""
LARGEST = 16 * 2**20
"""Maximum size in bytes of a file that is searched, so that the shell does not wait."""
SECTION = re.compile(r"([A-Za-z]+):\s*(#.*)?$")
KEY = re.compile(r"""( +)(["']?)([^\s#"'{\[&*!|>%@-][^:"']*)\2:(\s|$)""")


def addresses(context: click.Context, begun: str) -> list[str]:
    """Return the addresses of resources in the files of the command's project."""
    from reconciler.config import project_files

    given = context.params.get("paths") or context.params.get("project") or ()
    project, files, _ = project_files.find_project([given] if isinstance(given, str) else list(given))
    if project is None:
        return []
    found = (f"{kind}.{key}" for file in files for kind, key in _find_keys(file) if kind in project.kinds)
    return _first(found, begun)


def guardrails(context: click.Context, begun: str) -> list[str]:
    """Return the names of guardrails."""
    from reconciler.guardrails import RULES

    return _first(RULES, begun)


def kinds(context: click.Context, begun: str) -> list[str]:
    """Return the kinds of resources."""
    from reconciler.kinds import versions

    return _first(versions.kind_names(), begun)


def codes(context: click.Context, begun: str) -> list[str]:
    """Return the problem codes that can be explained."""
    from reconciler.provider.api_codes import api_table
    from reconciler.reports.problem_catalogue import problem_table

    return _first([*problem_table(), *api_table()], begun)


def _first(names: Iterable[str], begun: str) -> list[str]:
    found: dict[str, None] = {}
    for name in names:
        if name.startswith(begun):
            found[name] = None
        if len(found) == MOST:
            break
    return list(found)


def _find_keys(file: Path) -> Iterator[tuple[str, str]]:
    """Yield sections and the keys below them, found by indentation, so that incomplete files work too."""
    try:
        if file.stat().st_size > LARGEST:
            return
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    section, depth = "", 0
    for line in text.splitlines():
        if head := SECTION.match(line):
            section, depth = head[1], 0
        elif section and (key := KEY.match(line)):
            depth = depth or len(key[1])
            if len(key[1]) == depth:
                yield section, key[3].strip()
