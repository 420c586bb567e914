"""Turn refusals of a JSON Schema into problems at their lines.

``jsonschema-rs`` decides (it is a hundred times faster and right about numbers); ``jsonschema`` only explains what was
refused.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
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
FORMS = {
    "2026-12-24T08:00:00+01:00": ("bad-date", "a day or a moment", "write 2026-12-24, or 2026-12-24T08:00:00+01:00"),
    "2026-12-24": ("bad-date", "a day", "write it as 2026-12-24"),
    "08:00": ("bad-form", "a time of day", "write it as 08:00, in quotes"),
    "120s": ("bad-form", "a length of time", "write a whole number with its unit: 120s, 2m or 1h"),
    "180d": ("bad-form", "a number of days", "write a whole number and d: 180d"),
    "EUR": ("bad-form", "a currency", "write its code of three capitals: EUR"),
    "shop_fr": ("bad-form", "a name", "write at most 40 of a-z, 0-9 and _, a letter first"),
}
"""What a text must be, by an example that only patterns of that form accept: code, noun, cure."""


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
    name = _name(path)
    match refusal.validator:
        case "additionalProperties":
            yield from _unknown(path, value, refusal.schema, source)
        case "required":
            for key in (key for key in allowed if key not in value and repr(key) in refusal.message):
                place, hint = Place(source, path, key=bool(path)), _describe_missing(key, refusal.schema)
                yield error("missing-key", f"{key} is missing", at=place, hint=hint)
        case "enum" | "const":
            yield _not_one_of(name, value, [allowed] if refusal.validator == "const" else allowed, at)
        case "anyOf" if "enum" in allowed[0]:  # a word in its canonical form, or in another spelling
            yield _not_one_of(name, value, allowed[0]["enum"], at)
        case "type":
            yield _wrong_type(name, value, [allowed] if isinstance(allowed, str) else allowed, at)
        case "pattern":
            yield _not_of_form(path, value, allowed, at, key="propertyNames" in refusal.absolute_schema_path)
        case _:
            yield _out_of_bounds(path, refusal, at)


def _describe_missing(key: str, schema: Schema) -> str:
    """Return how to add a key that is missing: its only value, or the words or keys that it knows."""
    own = schema.get("properties", {}).get(key, {})
    if "const" in own:
        return f"write `{key}: {own['const']}`"
    words = own.get("enum") or own.get("anyOf", [{}])[0].get("enum") or [*own.get("properties", ())]
    return f"write `{key}: …`" + (f", with one of: {', '.join(map(str, words))}" if words else "")


def _out_of_bounds(path: FieldPath, refusal: Any, at: Place) -> Problem:
    """Return the error for a value that is too small, too large, too long, empty, or there twice."""
    name, value, bound = _name(path), refusal.instance, refusal.validator_value
    match refusal.validator:
        case "minimum" | "exclusiveMinimum":
            least = "at least" if refusal.validator == "minimum" else "above"
            return error("out-of-range", f"{name} is {_format_value(value)}; it must be {least} {bound}", at=at)
        case "minLength":
            return error("empty-text", f"{name} must not be empty", at=at)
        case "maxLength":
            message = f"{name} has {len(value)} characters, at most {bound} are allowed"
            return error("text-too-long", message, at=at)
        case "minItems":
            hint = "leave the field out, or write null to clear it"
            return error("empty-list", f"{name} must not be empty", at=at, hint=hint)
        case "minProperties":
            keys = list(refusal.schema.get("properties", ()))
            hint = f"write one of: {', '.join(keys)}" if keys else "write an entry, or delete the key"
            return error("empty-block", f"{name} holds nothing", at=at, hint=hint)
        case "uniqueItems":
            number = next(number for number, item in enumerate(value) if item in value[:number])
            message = f"{name} holds {_format_value(value[number])} twice"
            return error("listed-twice", message, at=Place(at.source, (*path, number)), hint="delete one")
        case _:
            return error("schema", f"{name}: {refusal.message}", at=at)


def _name(path: FieldPath) -> str:
    match path:
        case ():
            return "the file"
        case (*_, str(above), int(number)):
            return f"{above}[{number}]"
        case _:
            return str(path[-1])


def _not_of_form(path: FieldPath, value: Json, pattern: str, at: Place, *, key: bool) -> Problem:
    """Return the error for a text of another form: an id, the address of a block, a day, a length of time."""
    if key:
        at = Place(at.source, (*path, str(value)), key=True)
    what = f"a key of {_name(path)}" if key else _name(path)
    for example, (code, noun, cure) in FORMS.items():
        if re.search(pattern, example):
            return error(code, f"{what} is {_format_value(value)}, which is not {noun}", at=at, hint=cure)
    found = re.search(r"\|(\w+)\\\.", pattern)
    hint = f"write the id, or the address of one of the {found[1]}: {found[1]}.NAME" if found else None
    return error("bad-id", f"{what} is {_format_value(value)}; an id is digits only", at=at, hint=hint)


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
    if str(value) in words and value not in allowed:
        hint = f"write it without quotes: {value}" if isinstance(value, str) else f'write it in quotes: "{value}"'
        return error("bad-choice", f"{name} cannot be {_format_value(value)}", at=at, hint=hint)
    hint = closest_word(str(value), words) or f"one of: {', '.join(words)}"
    return error("bad-choice", f"{name} cannot be {_format_value(value)}", at=at, hint=hint)


def _wrong_type(name: str, value: Json, allowed: list[str], at: Place) -> Problem:
    if value is None:
        return _not_null(name, at)
    wanted = " or ".join(KINDS[kind] for kind in allowed if kind != "null")
    return error(
        "wrong-type", f"{name} must be {wanted}, not {_format_value(value)}", at=at, hint=_correct_type(value, allowed)
    )


def _correct_type(value: Json, allowed: list[str]) -> str | None:
    """Return how to write a value so that it has one of the allowed types."""
    single = isinstance(value, str | int | Decimal)
    if "string" in allowed and single:
        return "write it in quotes"
    if "number" in allowed and isinstance(value, str):
        return "write it without quotes, and with a point: 0.90"
    if "integer" in allowed and single:
        return "write digits only, without quotes"
    if "boolean" in allowed and single:
        return "write true or false, without quotes"
    if "array" in allowed and single:
        return "write it in brackets: [...]"
    if "object" in allowed:
        return (
            "write KEY: VALUE lines, without a dash" if isinstance(value, list) else "write KEY: VALUE lines below it"
        )
    return None


def _not_null(name: str, at: Place) -> Problem:
    """Return the error for a null: a field of the API keeps its value without it, all else is only left empty."""
    if _is_field(at.path):
        hint = "leave it out, and it stays as it is"
        return error("null-not-allowed", f"{name} cannot be null: the API has no way to clear it", at=at, hint=hint)
    hint = "write what it should hold, or delete the key" if at.path else "write its first key"
    return error("null-not-allowed", f"{name} is empty", at=at, hint=hint)


def _is_field(path: FieldPath) -> bool:
    """Return True for a path inside of a resource or its defaults, where all but blocks is a field of the API."""
    return len(path) > 2 and path[0] != "allow" and path[0] in _slow(published_schemas.RESOURCES).schema["properties"]


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
