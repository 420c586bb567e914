"""No code outside of `kinds` and the sandbox names a kind, a product, a scope, a facet or a field of the API."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.kinds.products import PRODUCTS, SCOPES
from reconciler.kinds.versions import FAMILIES, all_versions, kind_names

ROOT = Path(__file__).parents[3] / "reconciler"
OUTSIDE = ("kinds", "sandbox")
KINDS = [kind for version in all_versions() for kind in version.kinds.values()]
FIELDS = {name.removesuffix(".*") for kind in KINDS for name in kind.by_name}
PARTS = {part for name in FIELDS for part in name.split(".")} | {name for kind in KINDS for name in kind.blocks}
FACETS = {row.facet for kind in KINDS for row in kind.fields}
HISTORY = {
    word
    for kind in KINDS
    if kind.history
    for word in (kind.history.change, kind.history.at, kind.history.details, kind.history.who, kind.history.amount)
}
OWN = {*kind_names(), *PRODUCTS, *SCOPES, *FAMILIES, *FIELDS, *PARTS, *FACETS, *HISTORY}
WORDS = {each for each in OWN if not each.islower()} | set(kind_names())
"""Names that no other thing has. A plain English word (`name`, `status`) is one of our own reports too: it is judged
by where it stands, as a key of values or a facet."""


def sources() -> list[Path]:
    return [each for each in sorted(ROOT.rglob("*.py")) if each.relative_to(ROOT).parts[0] not in OUTSIDE]


def texts(tree: ast.AST) -> Iterator[ast.Constant]:
    """Yield every text of a module but its docstrings."""
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node


def is_about_values(node: ast.AST) -> bool:
    """True for `values`, `x.values`, `x.after` and `x.facet`: what holds the fields of a resource, or names a facet."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in ("values", "facet")
        case _:
            return False


def keys(tree: ast.AST) -> Iterator[ast.Constant]:
    """Yield the texts by which values are asked, or with which a facet is compared."""
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=held, slice=key) if is_about_values(held):
                yield from texts(key)
            case ast.Call(func=ast.Attribute(value=held, attr="get"), args=[key, *_]) if is_about_values(held):
                yield from texts(key)
            case ast.Compare(left=left, comparators=[right]) if is_about_values(left) or is_about_values(right):
                yield from texts(left)
                yield from texts(right)


def named(tree: ast.AST) -> Iterator[str]:
    for each in texts(tree):
        if each.value in WORDS or each.value.rstrip(".") in WORDS:
            yield f"{each.lineno}: {each.value}"
    yield from (f"{each.lineno}: {each.value}" for each in keys(tree) if each.value in OWN)


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_outside_of_the_kinds_names_none_of_them(path: Path) -> None:
    assert list(named(ast.parse(path.read_text()))) == []


@pytest.mark.parametrize(
    "code",
    [
        'if kind.name == "adSets": pass',
        'values.get("name")',
        'live.values["status"]',
        '"memo" in desired.values',
        'move.facet in ("bids", "categoryBids")',
        'name.startswith("categoryBids.")',
        'row.get("changeType")',
    ],
)
def test_each_way_of_naming_one_is_found(code: str) -> None:
    assert list(named(ast.parse(code))) != []


def test_our_own_words_are_not_taken_for_fields() -> None:
    assert list(named(ast.parse('shape = {"name": each.name, "status": 1}; shape.get("name")'))) == []
