"""API versions as data: an older version is the cells in which it differs.

To add a version, write its file and name it in ``_VERSIONS``.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import import_module

from reconciler.kinds.cells import FacetRole
from reconciler.kinds.kind import Kind
from reconciler.kinds.versions import v2026_07
from reconciler.kinds.versions.api_version import ApiVersion
from reconciler.kinds.write_methods import Replace
from reconciler.model import Values

_VERSIONS = ("v2026_07", "v2025_07", "preview", "guide")
"""Modules of the versions, the default first; a module is imported only if no earlier one has the version."""
FAMILIES: Sequence[str] = tuple(dict.fromkeys(dialect.family for dialect in v2026_07.DIALECTS))
DEFAULT = "2026-07"
"""Default version: stable until July 2027, and 2027-01 is identical for every operation here (contract §0.1)."""


def all_versions() -> Iterator[ApiVersion]:
    """Yield all versions, the default first."""
    return (dialect for module in _VERSIONS for dialect in import_module(f"{__name__}.{module}").DIALECTS)


def version_names(family: str) -> tuple[str, ...]:
    """Return the names of a family's versions, the default first."""
    return tuple(dialect.version for dialect in all_versions() if dialect.family == family)


@lru_cache
def find_version(family: str, version: str) -> ApiVersion:
    """Return the version of a family. Raise KeyError if there is none."""
    for each in all_versions():
        if (each.family, each.version) == (family, version):
            return each
    raise KeyError(family, version)


def kind_across_versions(kind: str) -> Iterator[Kind]:
    """Yield a kind in each version that has it, the default first."""
    return (each.kinds[kind] for each in all_versions() if kind in each.kinds)


def kind_names() -> tuple[str, ...]:
    """Return the names of all kinds, in the order of the project file."""
    return tuple(dict.fromkeys(name for each in all_versions() for name in each.kinds))


def kind_named(name: str) -> Kind | None:
    """Return a kind in the newest version that has it, or None."""
    return next(kind_across_versions(name), None)


def role_of(kind: str, facet: str) -> FacetRole | None:
    """Return the role of a kind's facet (bid, budget or funds), or None."""
    found = kind_named(kind)
    return found.role(facet) if found else None


def replaced_whole(kind: str, facet: str) -> str:
    """Return what a call of this facet replaces (``the whole campaign``), or an empty text if it replaces nothing."""
    found = kind_named(kind)
    write = found.writes.get(facet) if found else None
    return write.whole if isinstance(write, Replace) else ""


def name_of(kind: str, values: Values) -> str:
    """Return the name of an object, or an empty text."""
    found = kind_named(kind)
    return found.name_of(values) if found else ""


def first_kind_of(scope: str) -> Kind:
    """Return a kind of a scope (``advertiserIds``), in the default version. Raise KeyError if there is none."""
    for name in kind_names():
        kind = next(kind_across_versions(name))
        if kind.scope == scope:
            return kind
    raise KeyError(scope)


def with_assumptions(kind: Kind, assumptions: Mapping[str, bool]) -> Kind:
    """Return the kind with the user's settings of unverified assumptions applied (contract §14)."""
    off = {name for name, facet in kind.assumed_patches.items() if not assumptions.get(name, True) and facet}
    facets = {kind.assumed_patches[name] for name in off}
    kind = kind.amend({row.name: {"patch": None} for row in kind.fields if row.facet in facets}) if off else kind
    for name, amend in kind.assumed.items():
        kind = kind if assumptions.get(name, True) else amend(kind)
    return kind


__all__ = [
    "DEFAULT",
    "FAMILIES",
    "ApiVersion",
    "all_versions",
    "find_version",
    "first_kind_of",
    "kind_across_versions",
    "kind_named",
    "kind_names",
    "name_of",
    "replaced_whole",
    "role_of",
    "version_names",
    "with_assumptions",
]
