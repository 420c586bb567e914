"""Bodies drawn from the published documents: whatever an operation may be sent by its schema."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from . import openapi

WORDS = {
    "date-time": ("2026-12-01T00:00:00Z", "2027-03-31T23:30:00+02:00"),
    "date": ("2026-12-01",),
    "long-id": ("1", "44"),
}
NUMBERS = st.sampled_from([0, 1, 5.5, 0.75, 1000, 123456.78])
TEXTS = st.sampled_from(["", "Tea", "Mugs", "x" * 255, "🥝", "A\u00a0b"])


def body(product: str, version: str, method: str, path: str, known: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Bodies of an operation; `known` holds the values to choose from for keys that no schema can tell."""
    place = openapi.template(product, version, method, path)
    declared = openapi.document(product, version)["paths"][place][method.lower()]["requestBody"]
    return _drawn(product, version, declared["content"]["application/json"]["schema"], known)


def _drawn(product: str, version: str, schema: dict[str, Any], known: dict[str, Any]) -> st.SearchStrategy[Any]:
    def inner(part: dict[str, Any]) -> st.SearchStrategy[Any]:
        return _drawn(product, version, part, known)

    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return inner(openapi.document(product, version)["components"]["schemas"][name])
    if "allOf" in schema:
        return inner(schema["allOf"][0])
    if schema.get("nullable"):
        return st.none() | inner({key: value for key, value in schema.items() if key != "nullable"})
    if "properties" in schema:
        return _object(schema, known, inner)
    return _leaf(schema, inner)


def _object(schema: dict[str, Any], known: dict[str, Any], inner: Any) -> st.SearchStrategy[Any]:
    parts = {
        key: st.sampled_from(known[key]) if key in known else inner(part) for key, part in schema["properties"].items()
    }
    always = {"data", "attributes", "type", "id", *schema.get("required", ())}  # a body without them tells nothing
    given = {key: part for key, part in parts.items() if key in always}
    return st.fixed_dictionaries(given, optional={key: part for key, part in parts.items() if key not in always})


def _leaf(schema: dict[str, Any], inner: Any) -> st.SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from([word for word in schema["enum"] if word != "unknown"])  # a word of answers
    match schema["type"]:
        case "array":
            return st.lists(inner(schema["items"]), max_size=3)
        case "boolean":
            return st.booleans()
        case "integer":
            return st.sampled_from([0, 44, 2**31 - 1])
        case "number":
            return NUMBERS
        case _ if "pattern" in schema:
            return st.from_regex(schema["pattern"].replace("$", r"\Z"))
        case _:
            return st.sampled_from(WORDS[schema["format"]]) if schema.get("format") in WORDS else TEXTS
