"""What a shell offers for a word that is begun: looked up in the files here, and nowhere else."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

MOST = 1000
"""Nobody reads on after so many."""
LARGEST = 16 * 2**20
"""Bytes of a file that is still looked through: a shell waits."""
SECTION = re.compile(r"([A-Za-z]+):\s*(#.*)?$")
KEY = re.compile(r"""( +)(["']?)([^\s#"'{\[&*!|>%@-][^:"']*)\2:(\s|$)""")


def addresses(context: click.Context, begun: str) -> list[str]:
    """Names of resources in the files of the project that the command is about."""
    from reconciler.config import project as projects

    given = context.params.get("paths") or context.params.get("project") or ()
    project, files, _ = projects.find_project([given] if isinstance(given, str) else list(given))
    if project is None:
        return []
    found = (f"{kind}.{key}" for file in files for kind, key in _named(file) if kind in project.kinds)
    return _first(found, begun)


def guardrails(context: click.Context, begun: str) -> list[str]:
    """Names of rules that can be overridden."""
    from reconciler.guardrails import RULES

    return _first(RULES, begun)


def kinds(context: click.Context, begun: str) -> list[str]:
    """Kinds of resources."""
    from reconciler.kinds import versions

    return _first(versions.kind_names(), begun)


def codes(context: click.Context, begun: str) -> list[str]:
    """Problem codes that can be explained."""
    from reconciler.reports.problem_catalogue import problem_table

    return _first(problem_table(), begun)


def _first(names: Iterable[str], begun: str) -> list[str]:
    found: dict[str, None] = {}
    for name in names:
        if name.startswith(begun):
            found[name] = None
        if len(found) == MOST:
            break
    return list(found)


def _named(file: Path) -> Iterator[tuple[str, str]]:
    """Sections and the keys right below them, by their indentation: a file that is half written has them too."""
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
