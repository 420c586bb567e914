"""What the pages of the reference share: headings, and a JSON Schema in words."""

import re
from collections.abc import Mapping
from typing import Any

GENERATED = "<!-- Written by `make reference` from the code. Do not edit. -->\n"
KINDS = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "`true` or `false`",
    "array": "a list",
    "object": "a block",
    "null": "`null`",
}


def page(title: str, *parts: str, depth: int = 2) -> str:
    """A whole page. ``depth`` is how many levels of headings its table of contents shows."""
    body = "\n\n".join(part.strip("\n") for part in parts if part.strip())
    return f"---\ntocdepth: {depth}\n---\n\n{GENERATED}\n# {title}\n\n{body}\n"


def sentence(doc: str) -> str:
    """A docstring for readers of the site: without references to other papers, and code as Markdown marks it."""
    text = re.sub(r"\s*\([^()]*contract[^()]*\)", "", " ".join(doc.split()))
    text = re.sub(r"^(Rules? [\d, and]+|Contract §[\d.]+)(, [^:]*)?: ", "", text)
    return text.replace("``", "`")[:1].upper() + text.replace("``", "`")[1:]


def capped(text: str) -> str:
    return text[:1].upper() + text[1:]


def words(schema: Mapping[str, Any] | bool) -> str:
    """What may be written where this schema stands."""
    if isinstance(schema, bool):
        return "anything"
    if "if" in schema:
        return f"{words(schema['else'])}; `false` turns it off"
    if "const" in schema:
        return f"`{schema['const']}`"
    if "anyOf" in schema:
        return f"{words(schema['anyOf'][0])}, in any case"
    if "enum" in schema:
        return "one of " + ", ".join("`null`" if each is None else f"`{each}`" for each in schema["enum"])
    kinds = schema.get("type", [])
    return " or ".join(_kind(kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _kind(kind: str, schema: Mapping[str, Any]) -> str:
    match kind:
        case "array":
            return f"a list; each item is {words(schema.get('items', {})) or 'anything'}"
        case "object" if isinstance(schema.get("additionalProperties"), Mapping):
            return f"a block of names, each with {words(schema['additionalProperties'])}"
        case "number" | "integer" if "minimum" in schema or "exclusiveMinimum" in schema:
            bound = f"at least {schema['minimum']}" if "minimum" in schema else f"above {schema['exclusiveMinimum']}"
            return f"{KINDS[kind]}, {bound}"
        case _:
            return KINDS[kind]


def properties(schema: Mapping[str, Any], name: str, level: int) -> list[str]:
    """A heading for every key below a block, with its description and form."""
    parts = []
    required = schema.get("required", ())
    for key, inner in schema.get("properties", {}).items():
        whole = f"{name}.{key}" if name else key
        inner = inner if isinstance(inner, Mapping) else {}
        must = " Required." if key in required else ""
        parts.append(
            f"{'#' * level} `{whole}`\n\n{sentence(inner.get('description', ''))}{must}\n\nForm: {words(inner)}."
        )
        parts += properties(inner, whole, level + 1)
        if isinstance(inner.get("items"), Mapping):
            parts += properties(inner["items"], f"{whole}[]", level + 1)
    return parts
