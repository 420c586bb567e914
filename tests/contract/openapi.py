"""The published OpenAPI documents as a judge of bodies: what an operation may be sent and may answer."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

FOLDER = Path(__file__).parent / "openapi"
VERSIONS = ("2025-10", "2026-01", "2026-07", "2027-01", "preview")
PRODUCTS = ("marketingsolutions", "retailmedia")
_FORMATS = FormatChecker(formats=["date", "date-time"])


def faults(product: str, version: str, method: str, path: str, status: int, body: Any) -> list[str]:
    """Why a body is not what the document promises for that status; empty if it is."""
    operation = _operation(product, version, method, path)
    answers = operation["responses"]
    if str(status) not in answers:
        return [f"{method} {path} may not answer {status}, only {', '.join(answers)}"]
    content = answers[str(status)].get("content", {})
    return _judged(product, version, content["application/json"]["schema"], body) if content else []


def request_faults(product: str, version: str, method: str, path: str, body: Any) -> list[str]:
    """Why a body is not what the document asks for; empty if it is."""
    declared = _operation(product, version, method, path).get("requestBody")
    if declared is None:
        return [] if body is None else [f"{method} {path} takes no body"]
    return _judged(product, version, declared["content"]["application/json"]["schema"], body)


def operations(product: str, version: str) -> list[tuple[str, str]]:
    """Every operation of a document: verb and path template."""
    verbs = ("get", "post", "put", "patch", "delete")
    paths = document(product, version)["paths"]
    return [(verb.upper(), path) for path, item in paths.items() for verb in verbs if verb in item]


@cache
def document(product: str, version: str) -> dict[str, Any]:
    """One published document."""
    loaded: dict[str, Any] = json.loads((FOLDER / f"{product}_{version}.json").read_text())
    return loaded


def template(product: str, version: str, method: str, path: str) -> str:
    """The path template of an operation; the one with the fewest parameters, as a router would choose."""
    path = path.partition("?")[0]
    found = [
        (candidate.count("{"), candidate)
        for verb, candidate in operations(product, version)
        if verb == method and re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", candidate), path)
    ]
    if not found:
        raise LookupError(f"{method} {path} is not in the document of {product} {version}")
    return min(found)[1]


def _operation(product: str, version: str, method: str, path: str) -> dict[str, Any]:
    place = template(product, version, method, path)
    found: dict[str, Any] = document(product, version)["paths"][place][method.lower()]
    return found


def _judged(product: str, version: str, schema: dict[str, Any], body: Any) -> list[str]:
    whole = _plain(schema) | {"components": _components(product, version)}
    errors = Draft202012Validator(whole, format_checker=_FORMATS).iter_errors(body)
    return [f"{error.json_path}: {error.message}" for error in errors]


@cache
def _components(product: str, version: str) -> dict[str, Any]:
    schemas = document(product, version)["components"]["schemas"]
    return {"schemas": {name: _plain(schema) for name, schema in schemas.items()}}


def _plain(schema: Any) -> Any:
    """The schema, closed, and without the two habits of OpenAPI 3.0 that JSON Schema does not have.

    The documents leave most objects open; to a judge a key that nobody declared is a key misspelt.

    `nullable` becomes a choice with null, around whatever stands beside it: an enum that does not list null, or an
    `allOf` that could never be null, would refuse what the documents themselves describe.
    """
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _plain(value) for key, value in schema.items() if key not in ("nullable", "example", "discriminator")}
    if "properties" in plain:
        plain.setdefault("additionalProperties", False)
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") is True else plain
