"""The same files reach the same state, whatever version they are sent in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.kinds import value_types
from reconciler.kinds import versions as api_versions
from reconciler.kinds.kind import Kind

from .portfolios import SENSES, Blocks, Spoken, created, edited, spoken
from .test_convergence import applied, records, stage


def groups() -> dict[str, list[Spoken]]:
    """All versions of a kind; and those of a published document, which share more than the guide's form has."""
    found: dict[str, list[Spoken]] = {}
    for case in spoken():
        found.setdefault(case.name, []).append(case)
        if case.dialect.version != "guide":
            found.setdefault(f"{case.name}, published", []).append(case)
    return {name: cases for name, cases in found.items() if len(cases) > 1}


GROUPS = groups()


class Shared(Spoken):
    """A kind as far as all these versions have it: their common fields, with their common words."""

    def __init__(self, cases: list[Spoken]) -> None:
        super().__init__(cases[0].name, cases[0].dialect)
        kinds = [case.kind for case in cases]
        common = kinds[0].amend({row.name: shared(row.name, kinds) for row in kinds[0].fields})
        rules = tuple(dict.fromkeys(rule for kind in kinds for rule in kind.scene_rules))
        self._kind = replace(common, scene_rules=rules)  # what one of the versions refuses, none is asked for

    @property
    def kind(self) -> Kind:
        return self._kind


def shared(name: str, kinds: list[Kind]) -> dict[str, Any] | None:
    """The cells of a field in which versions differ; None if one of them does not have it."""
    if not all(name in kind.by_name for kind in kinds):
        return None
    rows = [kind.by_name[name] for kind in kinds]
    cells: dict[str, Any] = {"nullable": all(row.nullable for row in rows)}
    if any(row.path("patch") is None for row in rows):
        cells["patch"] = None
    if isinstance(rows[0].type, value_types.EnumType):
        words = [word for word in rows[0].type.words if all(word in row.type.words for row in rows)]  # type: ignore[attr-defined]
        cells["type"] = value_types.EnumType(tuple(words))
    return cells


@pytest.mark.parametrize("group", GROUPS)
@given(data=st.data())
def test_the_same_files_reach_the_same_state_in_every_version(group: str, data: st.DataObject) -> None:
    cases = GROUPS[group]
    common = Shared(cases)
    blocks = data.draw(created(common, most=3))
    after = data.draw(edited(common, blocks))

    reached = {repr(case): reach(case, blocks, after) for case in cases}

    first, *rest = reached.values()
    assert all(state == first for state in rest)


def reach(case: Spoken, *steps: Blocks) -> Any:
    with stage(case, in_flight=1) as here:  # ids come in the order of creation
        for blocks in steps:
            applied(here, case, blocks)
        return {id: {name: unmarked(value) for name, value in each.items()} for id, each in records(here).items()}


def unmarked(value: Any) -> Any:
    """A value, or that it is the mark of a top-up: those differ from run to run."""
    return "a mark" if isinstance(value, str) and value.startswith("reconciler ") else value


def test_every_kind_has_a_reader() -> None:
    missing = set(api_versions.kind_names()) - SENSES.keys()

    assert missing == set(), "say in portfolios.py which ids exist and which values go together"
