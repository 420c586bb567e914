"""Whatever was compared before, the ledger holds the value of each field on which files and live last agreed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler import ledger
from reconciler.drift import baseline
from reconciler.model import NOWHERE, Address, Desired, Live, Origin

Values = dict[str, str]
Blocks = dict[str, Values]
NAMES = ("summer", "winter")
AT = datetime(2026, 11, 21, 9, tzinfo=UTC)
values = st.fixed_dictionaries({"bid": st.sampled_from("ab")}, optional={"name": st.sampled_from("ab")})
blocks = st.fixed_dictionaries(dict.fromkeys(NAMES, values))
CORRECTED = "as stated"
BID_A, BID_B = ({name: {"bid": bid} for name in NAMES} for bid in "ab")
steps = st.lists(
    st.tuples(st.none() | blocks, st.none() | st.just(CORRECTED) | blocks, st.booleans()), min_size=1, max_size=8
)


@settings(max_examples=50)
@given(steps)
@example([(BID_A, BID_B, False), (None, CORRECTED, False)])
@example([(BID_A, BID_B, True), (None, BID_B, False), (BID_B, None, False), (BID_A, CORRECTED, True)])
def test_the_ledger_holds_what_was_last_agreed(runs: list[tuple[Blocks | None, Blocks | str | None, bool]]) -> None:
    """Files and live change between runs, or do not; a run applies all that differs, or nothing."""
    book = ledger.open("none", Path())
    files: Blocks = {name: {} for name in NAMES}
    live: Blocks = {name: {} for name in NAMES}
    agreed: Blocks = {name: {} for name in NAMES}
    for edited, moved, applies in runs:
        files = edited or files
        live = files if isinstance(moved, str) else moved or live
        pairs = [(_desired(name, files[name]), _live(name, live[name])) for name in NAMES]
        before = baseline.remember_baseline(book, {"adSets": pairs}, repr(files), AT)
        applied = {
            (name, field): value
            for name in NAMES
            for field, value in files[name].items()
            if applies and live[name].get(field, value) != value
        }
        for (name, field), value in applied.items():
            book.remember(Address("adSets", name), None, {field: value})
        live = {
            name: live[name] | {field: value for (of, field), value in applied.items() if of == name} for name in NAMES
        }
        baseline.note_applied(book, before, {(Address("adSets", name), field) for name, field in applied}, AT)
        for name in NAMES:
            agreed[name] |= {field: value for field, value in files[name].items() if live[name].get(field) == value}

        assert {address.key: dict(known) for address, known in book.values().items()} == agreed
    book.close()


def _desired(name: str, stated: Values) -> Desired:
    return Desired(Address("adSets", name), name, dict(stated), Origin(NOWHERE))


def _live(name: str, shown: Values) -> Live:
    return Live("adSets", name, dict(shown))
