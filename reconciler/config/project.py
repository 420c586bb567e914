"""Project file ``reconciler.yaml``: API versions, scope, and the settings of a run."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from pathlib import Path as File
from typing import TYPE_CHECKING

from msgspec import Struct, field

from reconciler.config import extended, project_schema, schema_errors
from reconciler.config.yaml_document import Document
from reconciler.kinds import versions as api_versions
from reconciler.kinds.kind import Kind
from reconciler.kinds.nested_types import ObjectType
from reconciler.kinds.value_types import MoneyType, ValueType
from reconciler.kinds.versions.api_version import ApiVersion
from reconciler.model import Desired, Json, Locator, Place, Problem, Severity, error

if TYPE_CHECKING:
    from reconciler.guardrails import GuardrailSettings as Guardrails
    from reconciler.guardrails import Names

SHARED_LEDGERS = ("postgresql:", "postgres:", "s3:", "gs:", "az:")
"""URL schemes of ledgers that several projects share."""
LEDGERS = re.compile(r"none|sqlite:.+|(postgres|postgresql|s3|gs|az)://.*", re.DOTALL)
"""Forms of the address of a ledger."""
KEEP_TOO_SHORT = "a journal of less than a week is too short for drift, rollback and the guardrails of a day"


class Project(Struct, frozen=True, dict=True):
    """Content of the project file. ``scope`` holds ids by ``advertiserIds`` and ``retailMediaAccountIds``.

    ``own_name`` is the name in the file; ``name`` defaults to the folder's, which may differ between checkouts.
    ``whole`` is false if only some files were requested; ``careful`` selects the exposure-safe order; ``currencies``
    are by id of an advertiser or account.
    """

    folder: File
    source: Locator
    versions: Mapping[str, str]
    scope: Mapping[str, tuple[str, ...]]
    merged: bool = False
    assumptions: Mapping[str, bool] = field(default_factory=dict)
    name: str = ""
    own_name: str | None = None
    ledger: str | None = None
    memo_token: bool = True
    text: bytes = b""
    whole: bool = True
    careful: bool = False
    currencies: Mapping[str, str] = field(default_factory=dict)
    look_for: timedelta = project_schema.LOOK_FOR
    settle_after: timedelta = project_schema.SETTLE_AFTER
    ledger_keep: timedelta | None = None

    def dialect(self, family: str) -> ApiVersion:
        return api_versions.find_version(family, self.versions[family])

    @property
    def locks(self) -> tuple[str, ...]:
        """Names of the locks that a writing run must hold."""
        return tuple(f"{name}:{id}" for name, ids in sorted(self.scope.items()) for id in sorted(ids))

    def stated_currency(self, scope: str) -> str | None:
        """Return the currency of all ids of a scope (`advertiserIds`), or None if the file states no single one."""
        stated = {self.currencies.get(id) for id in self.scope.get(scope, ())}
        return stated.pop() if len(stated) == 1 else None

    def at(self, *path: str | int) -> Place:
        return Place(self.source, path)

    def terms(self, key: str) -> "Sequence[Mapping[str, Json]]":
        """Return the entries of a list in the project file."""
        found = self.content.get(key)
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else ()

    @property
    def content(self) -> "Mapping[str, Json]":
        """The project file as parsed YAML."""
        content = self.source.value if isinstance(self.source, Document) else None
        return content if isinstance(content, dict) else {}

    @property
    def chooses_files(self) -> bool:
        """True if the project file says which files belong to it."""
        return "include" in self.content

    @cached_property
    def guardrails(self) -> "Guardrails":
        """Guardrail settings of the project file; imported on first use."""
        from reconciler.guardrails import GuardrailSettings

        return GuardrailSettings(_map(self.content, "guardrails"), self.source)

    @cached_property
    def kinds(self) -> Mapping[str, Kind]:
        """Every kind in the configured versions."""
        named = {name: kind for family in api_versions.FAMILIES for name, kind in self.dialect(family).kinds.items()}
        return {name: api_versions.with_assumptions(kind, self.assumptions) for name, kind in named.items()}


def find_mistakes(project: Project) -> Iterator[Problem]:
    """Yield errors of the project file that its schema cannot express and that prevent its use."""
    yield from (each for each in guardrail_mistakes(project) if each.severity is Severity.ERROR)
    if not project.scope:
        hint = "state `scope` here, or in the file that it extends"
        yield error("missing-key", "scope is missing", at=project.at(), hint=hint)
    if project.ledger is not None and not LEDGERS.fullmatch(project.ledger):
        hint = "write sqlite:PATH, s3://BUCKET/PREFIX, postgresql://… or none"
        yield error("bad-ledger", "the ledger is in no store that is known here", at=project.at("ledger"), hint=hint)
    if project.own_name is None and (project.ledger or "").startswith(SHARED_LEDGERS):
        hint = "write `name: …`; never change it later, or its ledger starts empty"
        message = "a ledger in PostgreSQL or in a bucket is one of several, and needs the name of this project"
        yield error("no-name", message, at=project.at("ledger"), hint=hint)
    if project.ledger_keep is not None and project.ledger_keep < project_schema.LEAST_KEPT:
        yield error("keep-too-short", KEEP_TOO_SHORT, at=project.at("ledgerKeep"), hint="write 7d or more")
    if project.settle_after < project_schema.LEAST_SETTLE:
        message = "settleAfter is shorter than one sending may take: what is on its way would count as absent"
        yield error("settle-too-soon", message, at=project.at("recovery", "settleAfter"), hint="write 5m or more")


def guardrail_mistakes(project: Project, desired: Sequence[Desired] | None = None) -> Iterator[Problem]:
    """Yield a problem for each unknown name inside a guardrail.

    With all resources of the project, addresses and fields that no resource has are included.
    """
    if "guardrails" not in project.content:
        return
    for each in project.guardrails.mistakes(_names(project, desired)):
        message = f"guardrails.{'.'.join(map(str, each.path))}: {each.why}"
        at = Place(project.source, ("guardrails", *each.path), key=each.key)
        hint = schema_errors.closest_word(each.word, list(each.known)) if each.known else None
        yield Problem(each.severity, "bad-guardrail", message, at.span, hint=hint)


def _names(project: Project, desired: Sequence[Desired] | None) -> "Names":
    """Return the names that a guardrail of this project may use."""
    from reconciler.guardrails import Names

    writable = {name: [row for row in kind.fields if row.writable] for name, kind in project.kinds.items()}
    moved = {name: [row for row in rows if _holds_amount(row.type)] for name, rows in writable.items()}
    every = [row for rows in writable.values() for row in rows]
    facets = frozenset(row.facet for row in every)
    return Names(
        amounts={name: frozenset((*(r.name for r in rows), *(r.facet for r in rows))) for name, rows in moved.items()},
        facets=facets,
        others=facets.union(row.name for row in every),
        currencies=frozenset(project.currencies.values()),
        addresses=None if desired is None else frozenset(each.address for each in desired),
    )


def _holds_amount(form: ValueType) -> bool:
    return isinstance(form, MoneyType) or (isinstance(form, ObjectType) and any(map(_holds_amount, form.of.values())))


def parse_project(home: File, parsed: Document, content: Mapping[str, Json]) -> Project:
    api, scope, assumptions = (content.get(key) or {} for key in ("api", "scope", "assumptions"))
    assert isinstance(api, dict)
    assert isinstance(scope, dict)
    assert isinstance(assumptions, dict)
    return Project(
        folder=home,
        source=parsed,
        versions={family: str(api.get(family, api_versions.DEFAULT)) for family in api_versions.FAMILIES},
        scope={name: tuple(str(id) for id in ids) for name, ids in scope.items() if isinstance(ids, list)},
        merged=content.get("batching") == "merged",
        assumptions={name: bool(value) for name, value in assumptions.items()},
        name=str(content.get("name") or home.name),
        own_name=None if content.get("name") is None else str(content["name"]),
        ledger=None if content.get("ledger") is None else str(content["ledger"]),
        memo_token=content.get("memoToken", True) is True,
        text=parsed.text + (parsed.base.text if isinstance(parsed, extended.ExtendedDocument) else b""),
        careful=content.get("ordering") == "exposure-safe",
        currencies={str(id): str(code) for id, code in _map(content, "currencies").items()},
        look_for=_span(content, "lookFor", project_schema.LOOK_FOR),
        settle_after=_span(content, "settleAfter", project_schema.SETTLE_AFTER),
        ledger_keep=project_schema.duration(str(content["ledgerKeep"])) if "ledgerKeep" in content else None,
    )


def _span(content: Mapping[str, Json], key: str, default: timedelta) -> timedelta:
    said = _map(content, "recovery").get(key)
    return default if said is None else project_schema.duration(str(said))


def _map(content: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    found = content.get(key)
    return found if isinstance(found, dict) else {}
