"""Small changes that a test ought to notice: one at a time, in the body of one function.

Texts are left alone: the words of a message are read by people, and snapshots hold them. Tables at the
top of a module are data, and are held against the API's contract.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
COUNTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
CONDITIONS = (ast.Compare, ast.BoolOp)
STEPS = (ast.Call, ast.Yield, ast.YieldFrom)
FOLDED = {"all": "any", "any": "all", "min": "max", "max": "min"}
Function = ast.FunctionDef


@dataclass(frozen=True)
class Mutant:
    """One change: in which function, at which place, how it reads then, and the function's code with it."""

    module: str
    function: str
    line: int
    column: int
    told: str
    code: CodeType

    def __str__(self) -> str:
        return f"{self.module}:{self.line}:{self.column} {self.function}: {self.told}"


def mutants(module: str, file: str, text: str) -> Iterator[Mutant]:
    """Every mutant of a module that can be compiled."""
    tree = ast.parse(text)
    for path, function in functions(tree):
        for node, change in _sites(function):
            mutated = copy.deepcopy(tree)
            twin = _twin(tree, mutated, node)
            told = change(twin)
            if told is None:
                continue
            ast.fix_missing_locations(mutated)
            try:
                code = _inside(compile(mutated, file, "exec"), path, function.lineno)
            except (SyntaxError, ValueError):
                continue
            if code is not None:
                yield Mutant(module, path, node.lineno, node.col_offset, told, code)


def functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    """Functions and methods by their qualified names; what stands inside of one belongs to it."""
    for node in tree.body:
        if isinstance(node, Function):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{each.name}", each) for each in node.body if isinstance(each, Function))


Change = Callable[[ast.AST], str | None]


def _sites(function: Function) -> Iterator[tuple[ast.AST, Change]]:
    """Each place that can be changed, with the change to make there."""
    for node in _bodies(function):
        for fits, change in CHANGES:
            if fits(node):
                yield node, change
        if isinstance(node, ast.comprehension) and node.ifs:
            yield node.ifs[0], _always


def _bodies(function: Function) -> Iterator[ast.AST]:
    """What is executed when it is called: neither its decorators nor its annotations, nor a text in braces.

    That lists of one length are zipped strictly says that they are; it does nothing.
    """
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop(0)
        yield node
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.keyword) and node.arg == "strict"):
            continue
        skipped = {id(node.annotation)} if isinstance(node, ast.AnnAssign) else set()
        if isinstance(node, Function):
            waiting += node.body
            continue
        waiting += [each for each in ast.iter_child_nodes(node) if id(each) not in skipped]


def _is_text(node: ast.BinOp) -> bool:
    return any(isinstance(side, ast.JoinedStr) or (isinstance(side, ast.Constant) and isinstance(side.value, str))
               for side in (node.left, node.right))  # fmt: skip


def _twin(tree: ast.AST, mutated: ast.AST, node: ast.AST) -> ast.AST:
    """The same place in the copy."""
    return next(there for here, there in zip(ast.walk(tree), ast.walk(mutated), strict=True) if here is node)


# --- The changes: each says how the place reads then ---------------------------------------------------------------


def _reads(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:90]


def _compare(node: ast.AST) -> str | None:
    assert isinstance(node, ast.Compare)
    node.ops[0] = COMPARED[type(node.ops[0])]()
    return _reads(node)


def _connect(node: ast.AST) -> str | None:
    assert isinstance(node, ast.BoolOp)
    node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    return _reads(node)


def _unary(node: ast.AST) -> str | None:
    assert isinstance(node, ast.UnaryOp)
    before = _reads(node)
    if isinstance(node.operand, ast.Constant) and isinstance(node.op, ast.USub):
        node.op = ast.UAdd()
    else:
        node.op = ast.UAdd() if isinstance(node.op, ast.USub) else node.op
        node.operand = ast.UnaryOp(ast.Not(), node.operand) if isinstance(node.op, ast.Not) else node.operand
    return f"{before} without its sign"


def _count(node: ast.AST) -> str | None:
    assert isinstance(node, ast.BinOp)
    node.op = COUNTED[type(node.op)]()
    return _reads(node)


def _augment(node: ast.AST) -> str | None:
    assert isinstance(node, ast.AugAssign)
    node.op = COUNTED[type(node.op)]()
    return _reads(node)


def _constant(node: ast.AST) -> str | None:
    assert isinstance(node, ast.Constant)
    before = node.value
    node.value = not before if isinstance(before, bool) else int(str(before)) + 1
    return f"{before} becomes {node.value}"


def _negate(node: ast.AST) -> str | None:
    assert isinstance(node, ast.If | ast.IfExp | ast.While)
    node.test = ast.UnaryOp(ast.Not(), node.test)
    return f"if {_reads(node.test)}"


def _forget(node: ast.AST) -> str | None:
    assert isinstance(node, ast.Return)
    before, node.value = _reads(node), ast.Constant(None)
    return f"{before} becomes return None"


def _skip(node: ast.AST) -> str | None:
    assert isinstance(node, ast.Expr)
    before = _reads(node)
    if isinstance(node.value, ast.Yield | ast.YieldFrom):  # it stays a generator, and yields nothing here
        node.value = ast.IfExp(ast.Constant(False), node.value, ast.Constant(None))
    else:
        node.value = ast.Constant(None)
    return f"without {before}"


def _fold(node: ast.AST) -> str | None:
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    node.func = ast.Name(FOLDED[node.func.id], ast.Load())
    return _reads(node)


def _always(node: ast.AST) -> str | None:
    before = _reads(node)
    for name in list(node._fields):
        delattr(node, name)
    node.__class__ = ast.Constant
    node.value, node.kind = True, None  # type: ignore[attr-defined]
    return f"without if {before}"


def _jump(node: ast.AST) -> str | None:
    node.__class__ = ast.Continue if isinstance(node, ast.Break) else ast.Break
    return f"{_reads(node)} instead"


def _inside(code: CodeType, path: str, line: int) -> CodeType | None:
    """The code of one function in that of its module."""
    for each in code.co_consts:
        if isinstance(each, CodeType):
            if each.co_qualname == path and abs(each.co_firstlineno - line) <= 20:
                return each
            if path.startswith(f"{each.co_qualname}."):
                return _inside(each, path, line)
    return None


CHANGES: tuple[tuple[Callable[[Any], bool], Change], ...] = (
    (lambda node: isinstance(node, ast.Compare), _compare),
    (lambda node: isinstance(node, ast.BoolOp), _connect),
    (lambda node: isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub), _unary),
    (lambda node: isinstance(node, ast.BinOp) and type(node.op) in COUNTED and not _is_text(node), _count),
    (lambda node: isinstance(node, ast.AugAssign) and type(node.op) in COUNTED, _augment),
    (lambda node: isinstance(node, ast.Constant) and isinstance(node.value, bool | int), _constant),
    (
        lambda node: isinstance(node, ast.If | ast.IfExp | ast.While) and not isinstance(node.test, CONDITIONS),
        _negate,
    ),
    (lambda node: isinstance(node, ast.Return) and not isinstance(node.value, ast.Constant | None), _forget),
    (lambda node: isinstance(node, ast.Expr) and isinstance(node.value, STEPS), _skip),
    (lambda node: isinstance(node, ast.Call) and getattr(node.func, "id", None) in FOLDED, _fold),
    (lambda node: isinstance(node, ast.Break | ast.Continue), _jump),
)
