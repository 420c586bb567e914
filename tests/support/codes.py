"""Every problem code of the program, found in its source where a code is passed."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from reconciler.model import Cause

PACKAGE = Path(__file__).resolve().parents[2] / "reconciler"
MAKERS = {"error": 0, "warning": 0, "Problem": 1, "Refused": 0}
PATTERNS = ("http-", "unknown-")
"""Codes that are put together: of a status, of what a reference names."""


def find_codes() -> set[str]:
    """Return every code in the source; one that is composed ends with its dash."""
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in files()}
    takers = dict(MAKERS)
    for tree in trees.values():
        takers |= {name: place for name, place in _takers(tree) if name not in takers}
    return {code for tree in trees.values() for code in _codes(tree, takers)} | {each.value for each in Cause}


def files() -> Iterator[Path]:
    return (file for file in PACKAGE.rglob("*.py") if "sandbox" not in file.relative_to(PACKAGE).parts[:1])


def _takers(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Functions with a parameter ``code`` hand it on to a problem."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names = [each.arg for each in node.args.args if each.arg not in ("self", "cls")]
            if "code" in names and node.name != "__init__":
                yield node.name, names.index("code")


def _codes(tree: ast.Module, takers: Mapping[str, int]) -> Iterator[str]:
    constants = dict(_constants(tree))
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                given = [each.value for each in node.keywords if each.arg == "code"]
                place = takers.get(name)
                if place is not None and len(node.args) > place:
                    given.append(node.args[place])
                for each in given:
                    yield from _words(each, constants)
            case ast.Assign(targets=[ast.Name(id="code")]) | ast.AnnAssign(target=ast.Name(id="code")):
                yield from _words(node.value, constants) if node.value else ()
            case ast.Assign(targets=[ast.Tuple(elts=[ast.Name(id="code"), *_])], value=value):
                pairs = (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,)
                for pair in pairs:
                    yield from _words(pair.elts[0], constants) if isinstance(pair, ast.Tuple) else ()


def _constants(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, value
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                yield from ((each.id, value) for each, value in zip(names, values, strict=True) if hasattr(each, "id"))


def _words(given: ast.expr, constants: Mapping[str, ast.expr]) -> Iterator[str]:
    match given:
        case ast.Constant(value=str() as word):
            yield word
        case ast.Name(id=name) if name in constants:
            yield from _words(constants[name], constants)
        case ast.IfExp(body=one, orelse=other):
            yield from (*_words(one, constants), *_words(other, constants))
        case ast.BoolOp(values=several) | ast.Dict(values=several):
            for each in several:
                yield from _words(each, constants)
        case ast.Subscript(value=several):
            yield from _words(several, constants)
        case ast.JoinedStr(values=[ast.Constant(value=str() as beginning), *_]):
            yield beginning
        case ast.Call(args=[several]) if isinstance(given.func, ast.Name) and given.func.id == "str":
            yield from _words(several, constants)
