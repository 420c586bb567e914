"""An import of any account is valid, changes nothing when planned, and is the same again when repeated.

Names are hostile: whatever a person or a program may have typed into the vendor's interface is live somewhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.commands import import_
from reconciler.config import loader
from reconciler.engine import plan as plan_engine
from reconciler.engine.environment import StateSnapshot
from reconciler.importer.account_import import ImportRequest, ImportResult
from reconciler.kinds import versions
from reconciler.model import Problem, Severity

from ..support.bench import Bench, bench
from .accounts import distort, populate
from .portfolios import Spoken


def cases() -> list[Spoken]:
    """Every kind in every version that says it differently."""
    found: list[Spoken] = []
    for dialect in versions.all_versions():
        for name, kind in dialect.kinds.items():
            if not any(kind is other.kind for other in found):
                found.append(Spoken(name, dialect))
    return found


pytestmark = pytest.mark.parametrize("case", cases(), ids=repr)


@given(data=st.data())
def test_an_import_is_valid_plans_nothing_and_changes_no_byte_when_repeated(case: Spoken, data: st.DataObject) -> None:
    with stage(case) as here:
        populate(here.world, case.name, data.draw)
        first = imported(here, case)
        before = texts(here.folder)

        assert first.files
        assert errors(first.problems) == []
        assert (refused(here), planned(here)) == ([], [])
        again, update = imported(here, case), imported(here, case, update=True)
        assert (again.files, update.files) == ((), ())
        assert texts(here.folder) == before
        assert [each for each in first.left if each.field is None] == list(again.left)


@given(data=st.data())
def test_what_is_live_and_could_not_be_written_is_left_out_and_told(case: Spoken, data: st.DataObject) -> None:
    with stage(case) as here:
        populate(here.world, case.name, data.draw)
        distort(here.world, case.name, data.draw)
        done = imported(here, case, details=True)
        before = texts(here.folder)

        assert (refused(here), planned(here)) == ([], [])
        assert all(each.reason for each in done.left)
        assert imported(here, case, update=True).files == ()
        assert texts(here.folder) == before


@given(data=st.data())
def test_an_update_brings_the_files_to_what_is_live_and_then_is_quiet(case: Spoken, data: st.DataObject) -> None:
    with stage(case) as here:
        populate(here.world, case.name, data.draw)
        imported(here, case)
        distort(here.world, case.name, data.draw)
        done = imported(here, case, update=True)
        before = texts(here.folder)

        assert errors(done.problems) == []

        assert planned(here, but=BEYOND_FILES) == []
        assert imported(here, case, update=True).files == ()
        assert texts(here.folder) == before


# --- The import ------------------------------------------------------------------------------------------------


def stage(case: Spoken) -> Any:
    return bench(family=case.dialect.family, version=case.dialect.version)


def imported(here: Bench, case: Spoken, **wish: Any) -> ImportResult:
    if not (here.folder / "reconciler.yaml").exists():
        here.write({})
    asked = ImportRequest(tuple(case.dialect.kinds), **wish)
    return import_.write_import(here.load(), here.outside, StateSnapshot(), asked, lambda line: None, here.world.now)


def texts(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*.yaml"))}


def errors(problems: tuple[Problem, ...]) -> list[str]:
    """What is wrong, but for a project that has no resources since the account has none that could be written."""
    return [
        f"{each.code}: {each.message}"
        for each in problems
        if each.severity is Severity.ERROR and each.code not in import_.EMPTY
    ]


def refused(here: Bench) -> list[str]:
    return errors(plan_engine.validate(loader.load([str(here.folder)]), here.world.now).problems)


BEYOND_FILES = ("not-found", "budget-overlap", "daily-uncovered")
"""What is wrong with the account itself, and stays so whatever the files say."""


def planned(here: Bench, but: tuple[str, ...] = ()) -> list[str]:
    """What a plan would change, and what it refuses."""
    run = here.plan()
    moves = [f"{each.address} {[(m.field, m.before, m.after) for m in each.fields]}" for each in run.changes]
    return [*moves, *errors(tuple(each for each in run.problems if each.code not in but))]
