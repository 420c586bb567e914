"""Origin of a project's settings: its own file, the file that it extends, or the default."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from reconciler.config import project_files
from reconciler.config.project import Project
from reconciler.guardrails import RULES
from reconciler.model import Json, Place

SECTIONS = ("guardrails", "overrides", "scope", "currencies")


def describe(folder: str, name: str) -> str:
    """Return the lines about a guardrail or the entries of a section; empty without a project."""
    if project_files.home_of(Path(folder)) is None:
        return ""
    project, _, problems = project_files.find_project((folder,))
    if project is None:
        return "".join(f"{each.span}: {each.message}\n" for each in problems)
    lines = _section(project, name) if name in SECTIONS else [_rule(project, name)] if name in RULES else []
    return "".join(f"{line}\n" for line in lines)


def _rule(project: Project, rule: str) -> str:
    """Return the setting of a guardrail, and its origin."""
    active = {each.name: (each.said(setting), level.value) for each, setting, level in project.guardrails.active()}
    stated = project.guardrails.at(rule)
    where = f"from {stated.span}" if stated is not None else "by default"
    if rule not in active:
        return f"{rule} is off, {where}"
    said, level = active[rule]
    levels = project.guardrails.rules.get("levels") or {}
    at = f" from {project.at('guardrails', 'levels', rule).span}" if rule in levels else ""
    return f"{rule} is on ({said}), {where}; its level is {level}{at}"


def _section(project: Project, name: str) -> Iterator[str]:
    found = project.content.get(name)
    if name == "guardrails":
        yield from (_rule(project, rule) for rule in RULES)
    elif isinstance(found, list):
        for number, entry in enumerate(found):
            yield f"{name}[{number}] ({_reason(entry)}), from {project.at(name, number).span}"
    elif isinstance(found, dict):
        for key in found:
            place: Place = project.at(name, key)
            yield f"{name}.{key}: {_plain(found[key])}, from {place.span}"
    else:
        yield f"{name} is not stated"


def _reason(entry: Json) -> str:
    return str(entry.get("because", "")) if isinstance(entry, Mapping) else ""


def _plain(value: Json) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
