"""``extends``: shared guardrails, overrides, scope and currencies from a file of several projects.

The project's own entries take precedence; overrides of both apply, the shared ones first. A guardrail whose level is
``hard`` in the shared file cannot be set in the project.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.config.yaml_document import Document
from reconciler.model import FieldPath, Json, Place, Problem, error

KEY = "extends"
SHARED = ("guardrails", "overrides", "scope", "currencies")
MAPS = ("guardrails", "scope", "currencies")


class ExtendedDocument(Document):
    """Two files as one value, in which every part is located in its own file."""

    def __init__(self, own: Document, base: Document) -> None:
        super().__init__(own.file, _merge(_content(own), _content(base)), own.text, own.notes)
        self.own = own
        self.base = base

    def has(self, path: FieldPath) -> bool:
        """Return whether the path is written, in one of the files."""
        document, inner = self._home(path)
        return document.has(inner)

    def span(self, path: FieldPath, *, key: bool = False) -> Any:
        """Return where a value stands, in the file that it came from."""
        document, inner = self._home(path)
        return document.span(inner, key=key)

    def _home(self, path: FieldPath) -> tuple[Document, FieldPath]:
        match path:
            case ("overrides", int(number), *rest):
                shared = _content(self.base).get("overrides")
                first = len(shared) if isinstance(shared, list) else 0
                return (self.base, path) if number < first else (self.own, ("overrides", number - first, *rest))
            case ("guardrails", "levels", _, *_):
                return self._find_stating_file(path, 3)
            case (_, _, *_) if path[0] in MAPS:
                return self._find_stating_file(path, 2)
        return self._find_stating_file(path, 1)

    def _find_stating_file(self, path: FieldPath, depth: int) -> tuple[Document, FieldPath]:
        """Return the file that states the first steps of a path: the project's own, if it does."""
        own = self.own.has(path[:depth]) or not path or not self.base.has(path[:depth])
        return (self.own if own else self.base), path


def mistakes(own: Document, base: Document) -> Iterator[Problem]:
    """Yield the problems of keys that a shared file may not hold, or a project may not set again."""
    if not isinstance(base.value, dict):
        hint = f"write what the projects share: {', '.join(SHARED)}; or remove `{KEY}`"
        message = f"{base.file} holds no block of keys, so none of its rules would hold"
        yield error("wrong-type", message, at=Place(own, (KEY,)), hint=hint)
    for name in _content(base):
        if name not in SHARED:
            hint = f"a file that others extend holds {', '.join(SHARED)}"
            yield error("unknown-key", f"unknown key {name!r}", at=Place(base, (name,), key=True), hint=hint)
    levels = _map(_map(_content(base), "guardrails"), "levels")
    stated = _map(_content(own), "guardrails")
    for rule, level in levels.items():
        for path in (("guardrails", rule), ("guardrails", "levels", rule)):
            if level == "hard" and rule in (stated if len(path) == 2 else _map(stated, "levels")):
                message = f"{rule} is hard in {base.file}, and cannot be set again"
                hint = "remove it here, or change it there"
                yield error("extends-hard", message, at=Place(own, path, key=True), hint=hint)


def _merge(own: Mapping[str, Json], base: Mapping[str, Json]) -> dict[str, Json]:
    """Return the content of both files as one."""
    whole: dict[str, Json] = dict(own)
    for name in MAPS:
        if name in base:
            whole[name] = {**_map(base, name), **_map(own, name)} if isinstance(own.get(name, {}), dict) else own[name]
    if "levels" in _map(base, "guardrails") and isinstance(whole["guardrails"], dict):
        levels = (_map(_map(each, "guardrails"), "levels") for each in (base, own))
        whole["guardrails"]["levels"] = {name: level for each in levels for name, level in each.items()}
    shared, stated = base.get("overrides"), own.get("overrides", [])
    if isinstance(shared, list) and isinstance(stated, list):
        whole["overrides"] = [*shared, *stated]
    return whole


def _content(document: Document) -> Mapping[str, Json]:
    return document.value if isinstance(document.value, dict) else {}


def _map(content: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    found = content.get(name)
    return found if isinstance(found, dict) else {}
