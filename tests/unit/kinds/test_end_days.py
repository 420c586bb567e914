"""What an end that is written means is said at plan: in one kind the day is excluded, in others included."""

from __future__ import annotations

import pytest

from reconciler.model import Run, Severity

from ...support.bench import ACCOUNT, bench
from ...support.readings import errors

AD_SET = 'adSets:\n  a: {id: "123467", schedule: {endDate: %s}}\n'
BALANCE = f"balances:\n  b: {{accountId: {ACCOUNT}, name: Q4, endDate: %s}}\n"


def told(run: Run) -> list[tuple[str, str | None]]:
    assert errors(run) == []
    return [
        (each.message, each.hint) for each in run.problems if each.code == "end-day" and each.severity is Severity.NOTE
    ]


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (
            "2027-03-31",
            "2027-03-31 is not included: the end is its first moment, in UTC, so the last day is 2027-03-30",
        ),
        ("2027-03-31T08:00:00Z", None),
        ("null", None),
    ],
)
def test_the_end_day_of_an_ad_set_is_excluded(end: str, message: str | None) -> None:
    with bench() as desk:
        desk.write({"a.yaml": AD_SET % end})
        expected = [(message, "to include it write 2027-04-01")] if message else []
        assert told(desk.plan()) == expected
        if message:
            desk.apply()
            assert told(desk.plan()) == []  # nothing moves


def test_the_end_day_of_a_balance_is_included() -> None:
    with bench(family="retailMedia") as desk:
        desk.write({"a.yaml": BALANCE % "2027-03-31"})
        assert told(desk.plan()) == [("2027-03-31 is the last day, and is included, in the account's time zone", None)]


def test_many_ends_are_one_note() -> None:
    both = AD_SET % "2027-03-31" + '  b: {id: "123470", schedule: {endDate: 2027-04-30}}\n'
    with bench() as desk:
        desk.write({"a.yaml": both})
        ((message, _),) = told(desk.plan())
    assert message.endswith("so the last day is 2027-03-30; the same holds for 1 more")
