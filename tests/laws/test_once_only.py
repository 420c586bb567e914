"""Whatever is lost on the way: what creates is never there twice, and what was lost is found or told."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import ItemStatus, Severity

from .portfolios import Spoken, created, section, spoken
from .test_convergence import records, stage

CREATING = [case for case in spoken() if case.kind.create is not None]
pytestmark = pytest.mark.parametrize("case", CREATING, ids=repr)
TROUBLES = st.one_of(
    st.sampled_from(("lost_request", "lost_answer", "empty", "html", "truncated", "reset_in_body")).map(
        lambda kind: {"kind": kind}
    ),
    st.sampled_from((429, 500, 502, 503, 504)).flatmap(
        lambda status: st.booleans().map(
            lambda applied: {"kind": "status", "status": status, "applied": applied and status != 429}
        )
    ),
    st.just({"kind": "lost_answer", "status": 502}),
    # Absence is proved by three looks; a lag that outlasts them cannot be told from absence by any client.
    st.integers(1, 2).map(lambda reads: {"kind": "lag", "reads": reads}),
)


@st.composite
def faults(draw: Any, case: Spoken) -> list[dict[str, Any]]:
    """Troubles of creations, each at its own call, alone or several in a row."""
    path = "*" + str(getattr(case.kind.create, "path", "")).rpartition("}")[2]
    return [
        draw(TROUBLES) | {"method": "POST", "path": path, "nth": nth, "count": draw(st.integers(1, 2))}
        for nth in draw(st.lists(st.integers(1, 5), min_size=1, max_size=3, unique=True))
    ]


@given(data=st.data())
def test_nothing_is_created_twice_whatever_is_lost(case: Spoken, data: st.DataObject) -> None:
    blocks = data.draw(created(case, least=2))
    scripted = data.draw(faults(case))

    with stage(case) as here:
        before = set(records(here))
        here.write({"a.yaml": section(case.name, blocks)})
        here.world.inject(*scripted)
        here.apply()
        here.world.repair()
        here.later(minutes=2)
        here.apply()
        run = here.apply()
        made = Counter(key(case, record) for id, record in records(here).items() if id not in before)

    assert [name for name, count in made.items() if count > 1] == []
    assert [each for each in run.problems if each.severity is Severity.ERROR and each.code != "undecided"] == []


@given(data=st.data())
def test_an_apply_that_says_applied_tells_the_truth(case: Spoken, data: st.DataObject) -> None:
    blocks = data.draw(created(case, least=2))
    scripted = data.draw(faults(case))

    with stage(case) as here:
        here.write({"a.yaml": section(case.name, blocks)})
        here.world.inject(*scripted)
        run = here.apply()
        held = records(here)

    creates = [
        each for each in run.outcomes if each.item.id is None and each.call.rpartition(".")[0].endswith("create")
    ]
    for outcome in creates:
        if outcome.status is ItemStatus.APPLIED:
            assert outcome.id in held
        if outcome.status is ItemStatus.NOT_SENT:
            wanted = key(case, blocks[outcome.item.address.key])
            assert not any(key(case, record) == wanted for record in held.values())


def key(case: Spoken, values: dict[str, Any]) -> tuple[str, ...]:
    """What finds a resource without an id; files and the account name it by the same words."""
    return tuple(str(values.get(name)) for name in case.kind.natural_keys[0])
