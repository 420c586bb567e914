"""When the API refuses: exactly what it refused is rejected, at the line of its value, and the rest is in force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.write_methods import PatchFields
from reconciler.model import ItemStatus, Run, Span

from .portfolios import Blocks, Spoken, created, edited, section, spoken
from .test_convergence import CHUNKS, applied, stage


def patched(case: Spoken) -> str | None:
    """The end of the path to which changes go in batches that are refused item by item."""
    patches = (write for write in case.kind.writes.values() if isinstance(write, PatchFields) and not write.atomic)
    return next((f"/{patch.path.rpartition('/')[2]}" for patch in patches), None)


BULK = [case for case in spoken() if patched(case)]
BIDDING = [case for case in BULK if case.kind.has("bidding.bidAmount")]
bulk, bidding = (pytest.mark.parametrize("case", cases, ids=repr) for cases in (BULK, BIDDING))
CODE = "campaign--ad-set-update-check--invalid-bid-amount"
INSTANCES = st.sampled_from(("as_is", "repeated"))


def refusing(here: Any, case: Spoken, indices: list[int], nth: int = 1, instances: str = "as_is") -> None:
    """Make those items of the n-th patch fail."""
    here.world.inject(
        {
            "kind": "item_errors",
            "method": "PATCH",
            "path": f"*{patched(case)}",
            "nth": nth,
            "indices": indices,
            "code": CODE,
            "instances": instances,
        }
    )


@bulk
@given(data=st.data())
def test_exactly_the_refused_items_are_rejected_and_planned_again(case: Spoken, data: st.DataObject) -> None:
    blocks, chunk = data.draw(created(case, least=3)), data.draw(CHUNKS)
    after = data.draw(edited(case, blocks))

    with stage(case, chunk=chunk, in_flight=1) as here:  # one at a time: the n-th call is the n-th planned
        applied(here, case, blocks)
        here.write({"a.yaml": section(case.name, after)})
        planned = here.plan()
        patches = [
            call for call in planned.plan.calls if call.method == "PATCH" and call.path.endswith(str(patched(case)))
        ]
        if not patches:
            return
        nth = data.draw(st.integers(1, len(patches)))
        size = len(patches[nth - 1].items)
        indices = data.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=3, unique=True))
        refusing(here, case, indices, nth, data.draw(INSTANCES))
        run = here.apply()
        here.world.repair()
        rest = here.plan()

    refused = patches[nth - 1]
    wanted = {refused.items[index].address for index in indices}
    rejected = {each.item.address for each in run.outcomes if each.status is ItemStatus.REJECTED}
    waiting = {each.item.address for each in run.outcomes if each.status is ItemStatus.NOT_SENT}
    assert rejected == wanted
    assert waiting <= wanted
    assert not [each for each in run.outcomes if each.status is ItemStatus.UNKNOWN]
    left = {(change.address, move.field) for change in rest.changes for move in change.fields}
    assert left >= {(refused.items[i].address, move.field) for i in indices for move in refused.items[i].fields}
    assert {address for address, _ in left} == wanted


@bulk
@given(data=st.data())
def test_every_rejection_stands_at_a_line_that_the_user_wrote(case: Spoken, data: st.DataObject) -> None:
    blocks = data.draw(created(case, least=2))
    after = data.draw(edited(case, blocks))
    text = section(case.name, after)

    with stage(case) as here:
        applied(here, case, blocks)
        here.write({"a.yaml": text})
        here.world.inject(
            {"kind": "item_errors", "method": "PATCH", "path": f"*{patched(case)}", "code": CODE, "count": None}
        )
        run = here.apply()

        for outcome in run.outcomes:
            if outcome.status is not ItemStatus.REJECTED:
                continue
            for problem in outcome.problems:
                assert problem.span is not None
                assert Path(problem.span.file).resolve() == (here.folder / "a.yaml").resolve()
                assert of_the_item(problem.span, text, outcome.item.address.key)


def of_the_item(span: Span, text: str, key: str) -> bool:
    """Whether the line lies in the block of that resource."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines, 1) if line.startswith(f"  {key}:"))
    later = (number for number, line in enumerate(lines, 1) if number > start and not line.startswith("    "))
    return start <= span.line < next(later, len(lines) + 1) and span.column <= len(lines[span.line - 1])


@bidding
@given(data=st.data())
def test_a_refused_bid_is_told_at_the_bid(case: Spoken, data: st.DataObject) -> None:
    blocks = data.draw(created(case, least=2).filter(lambda drawn: any(bids(raw) for raw in drawn.values())))
    after = {key: raised(raw) if bids(raw) else raw for key, raw in blocks.items()}
    text = section(case.name, after)

    with stage(case) as here:
        applied(here, case, blocks)
        here.write({"a.yaml": text})
        here.world.inject(
            {"kind": "item_errors", "method": "PATCH", "path": f"*{patched(case)}", "code": CODE, "count": None}
        )
        run = here.apply()

    told = rejected_at(run)
    assert len(told) == sum(bids(raw) for raw in after.values())
    assert all('"bidding"' in text.splitlines()[span.line - 1] for span in told)
    assert all(text.splitlines()[span.line - 1][span.column - 1].isdigit() for span in told)


def rejected_at(run: Run) -> list[Span]:
    rejected = [each for each in run.outcomes if each.status is ItemStatus.REJECTED]
    return [problem.span for each in rejected for problem in each.problems if problem.span]


def bids(raw: Blocks | Any) -> bool:
    return raw.get("bidding.bidAmount") is not None


def raised(raw: Any) -> Any:
    return raw | {"bidding.bidAmount": raw["bidding.bidAmount"] + 1}
