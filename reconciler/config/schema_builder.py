"""Build the JSON Schemas of the kinds, which ``make schemas`` writes into ``schemas/``.

One schema serves all API versions and accepts what any of them accepts; the loader reports fields that the configured
version does not have, at their lines.
"""

from collections.abc import Mapping
from typing import Any

from reconciler import guardrails
from reconciler.config import project_schema
from reconciler.kinds import versions as api_versions
from reconciler.kinds.assumptions import SWITCHES
from reconciler.kinds.kind import Field, Kind
from reconciler.kinds.products import SCOPES
from reconciler.kinds.value_types import EnumType

Schema = dict[str, Any]
DRAFT = "https://json-schema.org/draft/2020-12/schema"
SECTIONS_DOC = "Resources by the name you give them. The name is yours: it is the address in plans and reports."


def build_resource_schema() -> Schema:
    """Return the schema of a resource file."""
    kinds = {name: _union(name) for name in api_versions.kind_names()}
    sections = {
        name: {
            "type": "object",
            "description": f"{kind['description']} {SECTIONS_DOC}",
            "additionalProperties": {"$ref": f"#/$defs/{name}"},
        }
        for name, kind in kinds.items()
    }
    defaults: Schema = {
        "type": "object",
        "description": "Values for every resource of this file that does not state them itself.",
        "properties": {name: {"$ref": f"#/$defs/{name}"} for name in kinds},
        "additionalProperties": False,
    }
    return {
        "$schema": DRAFT,
        "$id": "resources.schema.json",
        "title": "Resources of a reconciler project",
        "type": "object",
        "properties": {"defaults": defaults, "allow": project_schema.allow(), **sections},
        "additionalProperties": False,
        "$defs": kinds,
    }


def build_project_schema() -> Schema:
    """Return the schema of ``reconciler.yaml``.

    One table, so it is as long as the file has keys.
    """
    ids = {"type": "array", "items": {"type": ["string", "integer"], "pattern": "^[0-9]+$"}, "uniqueItems": True}
    return {
        "$schema": DRAFT,
        "$id": "project.schema.json",
        "title": "A reconciler project",
        "type": "object",
        "required": ["version"],
        "if": {"required": ["extends"]},
        "else": {"required": ["scope"]},
        "properties": {
            "version": {"const": 1, "description": "Version of this file's form."},
            "extends": {
                "type": "string",
                "minLength": 1,
                "description": "A file of several projects, from this folder: its guardrails, overrides, scope and"
                " currencies hold here too. What is stated here wins; a guardrail that is hard there cannot be.",
            },
            "api": {
                "type": "object",
                "description": "API version of each family of endpoints.",
                "properties": {
                    family: {
                        "enum": list(api_versions.version_names(family)),
                        "description": f"Default: {api_versions.version_names(family)[0]}",
                    }
                    for family in api_versions.FAMILIES
                },
                "additionalProperties": False,
            },
            "scope": {
                "type": "object",
                "description": "What is read, locked and compared. Nothing outside it is ever touched.",
                "minProperties": 1,
                "properties": {each.name: ids | {"description": each.doc} for each in SCOPES.values()},
                "additionalProperties": False,
            },
            "include": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Globs of the resource files, from the project's folder. Default: all other YAML.",
            },
            "batching": {
                "enum": ["facets", "merged"],
                "description": "facets: bids, budgets and settings travel apart. merged: one item per ad set.",
            },
            "ordering": {
                "enum": ["frees-first", "exposure-safe"],
                "description": "frees-first: stops and decreases come first, as far as it costs no call (the default)."
                " exposure-safe: increases go in calls of their own, once all decreases are confirmed.",
            },
            "currencies": {
                "type": "object",
                "description": "Currency of an advertiser or account, by its id, where the API does not return it.",
                "propertyNames": {"pattern": "^[0-9]+$"},
                "additionalProperties": {"type": "string", "pattern": "^[A-Z]{3}$"},
            },
            "guardrails": guardrails.schema(),
            **project_schema.build_key_schemas(),
            "name": {
                "type": "string",
                "pattern": "^[a-z][a-z0-9_]{0,39}$",
                "description": "Name of the project. Default: the folder's. A ledger in PostgreSQL or in a"
                " bucket needs one: it keeps this project's ledger and locks apart there. Never change it.",
            },
            "ledger": {
                "type": "string",
                "minLength": 1,
                "description": "Where runs are remembered: sqlite:PATH, or for a team s3://BUCKET/PREFIX or"
                " postgresql://..."
                " Default: sqlite:.reconciler/ledger.db. It holds the ids of one server: with another --api-url it is"
                " refused. none: every run begins without a memory, and looks twice before it creates or funds.",
            },
            "ledgerKeep": project_schema.AGE
            | {
                "description": "How long the journal is kept: 180d, at least 7d. What is older is removed once a day by"
                " apply, but never what is open or held, nor the last call of each facet of an address. Default: for"
                " good.",
            },
            "memoToken": {
                "type": "boolean",
                "description": "Whether a top-up carries a mark of its run in the balance's memo. Default: true.",
            },
            "recovery": project_schema.recovery(),
            "assumptions": {
                "type": "object",
                "description": "Unverified API behaviour, each with a switch.",
                "properties": {
                    name: {"type": "boolean", "description": text} for name, text in {**ASSUMPTIONS, **SWITCHES}.items()
                },
                "additionalProperties": False,
            },
        },
        "additionalProperties": False,
    }


ASSUMPTIONS: dict[str, str] = {
    "strictSeedDates": "The end of a running seller budget cannot move. Default: on legacy.",  # contract §4.4 rule 4
    "memoEcho": "The history of a balance shows the memo of each top-up. Default: true.",  # contract §9 rule 12
    "nearNames": "Names that differ only in what can hardly be seen are of one object. Default: true.",  # §9, A3
    "budgetPatch": "Budgets of an existing ad set can be patched. Default: true.",  # contract §3.2
    "currencyDecimals": "Amounts may have the decimals of their currency (ISO 4217); else two. Default: true.",  # §2.11
}


def build_schemas() -> Mapping[str, Schema]:
    """Return every schema by its file name."""
    return {"resources.schema.json": build_resource_schema(), "project.schema.json": build_project_schema()}


def _union(name: str) -> Schema:
    """Return the schema of a kind that accepts the fields of all its versions."""
    kinds = tuple(api_versions.kind_across_versions(name))
    rows: dict[str, list[Field]] = {}
    for kind in kinds:
        for row in kind.fields:
            if row.writable:
                rows.setdefault(row.name, []).append(row)
    schema: Schema = {"type": "object", "description": kinds[0].doc, "properties": {}, "additionalProperties": False}
    joined = any(kind.create is not None and kind.create.keyed for kind in kinds)  # 1001.10002: of two other ids
    schema["properties"]["id"] = {
        "type": ["string", "integer"],
        "pattern": "^[0-9.]+$" if joined else "^[0-9]+$",
        "description": f"The {kinds[0].singular}'s own id. Without it, the natural key finds it.",
    }
    for same in rows.values():
        _place(schema, same, kinds[0])
    return schema


def _place(schema: Schema, rows: list[Field], kind: Kind) -> None:
    *blocks, leaf = rows[0].name.split(".")
    for depth, block in enumerate(blocks):
        properties = schema.setdefault("properties", {})
        if leaf == "*" and depth == len(blocks) - 1:
            properties[block] = {
                "type": "object",
                "description": rows[0].doc,
                "additionalProperties": _value(rows),
            }
            return
        name = ".".join(blocks[: depth + 1])
        types = ["object", "null"] if name in kind.optional_null_blocks else "object"
        empty: Schema = {"properties": {}, "additionalProperties": False}
        schema = properties.setdefault(block, {"type": types, "description": kind.blocks[name], **empty})
    schema["properties"][leaf] = _value(rows) | {"description": rows[0].doc}


def _value(rows: list[Field]) -> Schema:
    """Return the schema of one value with the enum words of every version, and null if it can be cleared."""
    form = rows[0].type
    for row in rows[1:]:
        if isinstance(form, EnumType) and isinstance(row.type, EnumType):
            form = form.join(row.type)
    schema = form.schema()
    if any(row.nullable for row in rows):
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        schema["type"] = [*kinds, "null"]
        if isinstance(form, EnumType):
            schema["anyOf"][0]["enum"].append(None)
    return schema
