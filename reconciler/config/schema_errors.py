"""Turn refusals of a JSON Schema into problems at their lines.

``jsonschema-rs`` decides (it is a hundred times faster and right about numbers); ``jsonschema`` only explains what was
refused.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import json

from reconciler.config import published_schemas
from reconciler.model import FieldPath, Json, Locator, Place, Problem, error

Schema = dict[str, Any]
KINDS = {
    "object": "a block of keys",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}
SPELLINGS = {"true": "on", "false": "off"}
"""Common mistakes for words of the schema."""


def is_valid(value: Json, schema: str) -> bool:
    """Return True if the published schema accepts the value."""
    accepted: bool = _fast(schema, frozenset(value) if isinstance(value, dict) else frozenset()).is_valid(value)
    return accepted


def problems(value: Json, schema: str, source: Locator) -> Iterator[tuple[FieldPath, Problem]]:
    """Yield (path, problem) for every refusal of the schema."""
    for refusal in _slow(schema).iter_errors(value):
        for problem in _explain_refusal(refusal, source):
            yield tuple(refusal.absolute_path), problem


@lru_cache(maxsize=64)
def _fast(schema: str, keys: frozenset[str]) -> Any:
    """Return the validator of files with these keys: compiling all kinds takes longer than most files."""
    import jsonschema_rs

    rules = json.decode(published_schemas.read_schema(schema))
    rules["properties"] = {key: rule for key, rule in rules["properties"].items() if key in keys}
    return jsonschema_rs.validator_for(rules, validate_formats=False)


@lru_cache(maxsize=4)
def _slow(schema: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.decode(published_schemas.read_schema(schema)))


def _explain_refusal(refusal: Any, source: Locator) -> Iterator[Problem]:
    path: FieldPath = tuple(refusal.absolute_path)
    at, value, allowed = Place(source, path), refusal.instance, refusal.validator_value
    name = str(path[-1]) if path else "the file"
    match refusal.validator:
        case "additionalProperties":
            yield from _unknown(path, value, refusal.schema, source)
        case "required":
            for key in (key for key in allowed if key not in value and repr(key) in refusal.message):
                yield error("missing-key", f"{key} is missing", at=Place(source, path, key=bool(path)))
        case "enum" | "const":
            yield _not_one_of(name, value, [allowed] if refusal.validator == "const" else allowed, at)
        case "anyOf" if "enum" in allowed[0]:  # a word in its canonical form, or in another spelling
            yield _not_one_of(name, value, allowed[0]["enum"], at)
        case "type":
            yield _wrong_type(name, value, [allowed] if isinstance(allowed, str) else allowed, at)
        case "minimum" | "exclusiveMinimum":
            bound = "at least" if refusal.validator == "minimum" else "above"
            yield error("out-of-range", f"{name} is {_format_value(value)}; it must be {bound} {allowed}", at=at)
        case "minLength":
            yield error("empty-text", f"{name} must not be empty", at=at)
        case "maxLength":
            yield error("text-too-long", f"{name} has {len(value)} characters, at most {allowed} are allowed", at=at)
        case "minItems":
            hint = "leave the field out, or write null to clear it"
            yield error("empty-list", f"{name} must not be empty", at=at, hint=hint)
        case "pattern":
            yield _not_an_id(path, value, allowed, at)
        case _:
            yield error("schema", f"{name}: {refusal.message}", at=at)


def _not_an_id(path: FieldPath, value: Json, pattern: str, at: Place) -> Problem:
    """Return the error for a text that is no id, nor the address of a block where the pattern allows one."""
    *_, last = path
    name = f"{path[-2]}[{last}]" if isinstance(last, int) else str(last)
    found = re.search(r"\|(\w+)\\\.", pattern)
    hint = f"write the id, or the address of one of the {found[1]}: {found[1]}.NAME" if found else None
    return error("bad-id", f"{name} is {_format_value(value)}; an id is digits only", at=at, hint=hint)


def _unknown(path: FieldPath, value: dict[str, Json], schema: Schema, source: Locator) -> Iterator[Problem]:
    known = list(schema.get("properties", ()))
    for key in value:
        if key not in known:
            hint = closest_word(key, known) or f"known here: {', '.join(known)}"
            yield error(
                "unknown-key", f"unknown key {_format_value(key)}", at=Place(source, (*path, key), key=True), hint=hint
            )


def _not_one_of(name: str, value: Json, allowed: list[Json], at: Place) -> Problem:
    if value is None:
        return _not_null(name, at)
    words = [str(word) for word in allowed if word is not None]
    hint = closest_word(str(value), words) or f"one of: {', '.join(words)}"
    return error("bad-choice", f"{name} cannot be {_format_value(value)}", at=at, hint=hint)


def _wrong_type(name: str, value: Json, allowed: list[str], at: Place) -> Problem:
    if value is None:
        return _not_null(name, at)
    wanted = " or ".join(KINDS[kind] for kind in allowed if kind != "null")
    hint = "write it in quotes" if "string" in allowed and isinstance(value, int | float) else None
    if "number" in allowed and isinstance(value, str):
        hint = "write it without quotes, and with a point: 0.90"
    return error("wrong-type", f"{name} must be {wanted}, not {_format_value(value)}", at=at, hint=hint)


def _not_null(name: str, at: Place) -> Problem:
    hint = "leave it out, and it stays as it is"
    return error("null-not-allowed", f"{name} cannot be null: the API has no way to clear it", at=at, hint=hint)


def closest_word(word: str, known: list[str]) -> str | None:
    """Return a hint with the known word that is closest, or None."""
    import difflib

    spelling = SPELLINGS.get(word)
    folded = {each.casefold(): each for each in known}
    guess = difflib.get_close_matches(word.casefold(), list(folded), 1, 0.6)
    meant = spelling if spelling in known else folded[guess[0]] if guess else None
    return f"did you mean {meant!r}?" if meant is not None else None


def _format_value(value: Json) -> str:
    match value:
        case dict():
            return "a block of keys"
        case list():
            return "a list"
        case bool():
            return "true" if value else "false"
        case str():
            return repr(value if len(value) <= 60 else value[:57] + "...")
        case _:
            return str(value)
