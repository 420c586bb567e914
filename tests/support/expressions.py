"""The expressions of GitHub's workflows, as far as the recipes use them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[A-Za-z_][A-Za-z0-9_.*-]*|&&|\|\||==|!=|[!(),])")
EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
STATUS = re.compile(r"\b(always|cancelled|failure|success)\(")


class Expression:
    """A parser that evaluates while it reads; an unknown word is an error, not an empty text."""

    def __init__(self, text: str, context: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> None:
        assert TOKEN.sub("", text).strip() == "", text
        self.tokens = [each.group(1) for each in TOKEN.finditer(text)]
        self.context, self.functions = context, functions

    def value(self) -> Any:
        found = self._or()
        assert not self.tokens
        return found

    def _or(self) -> Any:
        found = self._and()
        while self._took("||"):
            other = self._and()
            found = found or other
        return found

    def _and(self) -> Any:
        found = self._compared()
        while self._took("&&"):
            other = self._compared()
            found = found and other
        return found

    def _compared(self) -> Any:
        found = self._one()
        for sign in ("==", "!="):
            if self._took(sign):
                return (found == self._one()) is (sign == "==")
        return found

    def _one(self) -> Any:
        token = self.tokens.pop(0)
        if token == "!":
            return not self._one()
        if token == "(":
            found = self._or()
            assert self.tokens.pop(0) == ")"
            return found
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if self._took("("):
            words = []
            while not self._took(")"):
                words.append(self._or())
                self._took(",")
            return self.functions[token](*words)
        return self._looked_up(token)

    def _looked_up(self, path: str) -> Any:
        first, *steps = path.split(".")
        found: Any = self.context[first]
        for at, step in enumerate(steps):
            if step == "*":
                rest = steps[at + 1 :]
                return [each[rest[0]] for each in found.values()]
            found = found.get(step) if isinstance(found, Mapping) else None
        return found

    def _took(self, token: str) -> bool:
        if self.tokens[:1] == [token]:
            self.tokens.pop(0)
            return True
        return False


def evaluate(text: str, context: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> Any:
    """The value of an expression, or of a condition that may be written without its braces."""
    whole = EXPRESSION.fullmatch(text.strip())
    known = {"fromJSON": json.loads, "join": lambda words, by: by.join(words), **functions}
    return Expression(whole[1] if whole else text, context, known).value()


def filled(value: Any, context: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]] | None = None) -> Any:
    """A part of a workflow with its expressions replaced by what they are."""
    if isinstance(value, dict):
        return {key: filled(each, context, functions) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, context, functions) for each in value]
    if not isinstance(value, str):
        return value
    if EXPRESSION.fullmatch(value.strip()):
        found = evaluate(value, context, functions or {})
        return "" if found is None else found
    return EXPRESSION.sub(lambda found: _text(evaluate(found[1], context, functions or {})), value)


def _text(value: Any) -> str:
    return {None: "", True: "true", False: "false"}.get(value, value) if not isinstance(value, str) else value
