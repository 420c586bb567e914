"""Days of balances that an edition of the API tells as instants, and the end that a new one does not have."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from reconciler.kinds.calendar import day_in
from reconciler.kinds.date_types import DayType
from reconciler.sandbox.message import Request, Response

from ....support.bench import ACCOUNT, Bench, bench
from ....support.readings import errors, fates

VERSIONS = ("2026-07", "2026-01")
BALANCE = "balances:\n  b: {accountId: %s, name: Q4, startDate: %s, endDate: %s}\n"


def telling(handle: Callable[[Request], Response], zone: str, start: str, end: str) -> Callable[[Request], Response]:
    """The same account, where every balance has these dates and the account this time zone."""

    def told(request: Request) -> Response:
        response = handle(request)
        if request.method != "GET" or not request.path.endswith(("/balances", "/accounts")):
            return response
        body = json.loads(response.body)
        for row in body["data"]:
            row["attributes"] |= (
                {"timeZone": zone} if request.path.endswith("/accounts") else {"startDate": start, "endDate": end}
            )
        kept = tuple(each for each in response.headers if each[0] != "content-length")
        return Response(response.status, kept, json.dumps(body).encode())

    return told


def served(desk: Bench, zone: str, start: str, end: str) -> None:
    desk.handle = telling(desk.world.handle, zone, start, end)
    desk.begin()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("zone", "start", "end", "days"),
    [
        ("America/New_York", "2026-10-01T04:00:00+00:00", "2027-01-01T04:59:59+00:00", ("2026-10-01", "2026-12-31")),
        ("America/New_York", "2026-10-01T00:00:00-04:00", "2026-12-31T23:59:59-05:00", ("2026-10-01", "2026-12-31")),
        ("Asia/Tokyo", "2026-09-30T15:00:00Z", "2026-12-31T14:59:59Z", ("2026-10-01", "2026-12-31")),
        ("Pacific/Kiritimati", "2026-09-30T10:00:00Z", "2026-12-31T09:59:59Z", ("2026-10-01", "2026-12-31")),
        ("Nowhere/Unknown", "2026-10-01T00:00:00Z", "2026-12-31T23:59:59Z", ("2026-10-01", "2026-12-31")),
        ("America/New_York", "2026-10-01T00:00:00", "2026-12-31T23:59:59", ("2026-10-01", "2026-12-31")),
        ("America/New_York", "2026-10-01", "2026-12-31", ("2026-10-01", "2026-12-31")),
    ],
)
def test_an_instant_is_the_day_of_the_accounts_zone(
    version: str, zone: str, start: str, end: str, days: tuple[str, str]
) -> None:
    with bench(family="retailMedia", version=version) as desk:
        served(desk, zone, start, end)
        desk.write({"a.yaml": BALANCE % (ACCOUNT, *days)})
        run = desk.plan()
    assert (errors(run), run.changes) == ([], ())


def test_the_accounts_are_asked_only_where_instants_come() -> None:
    asked: list[int] = []
    for start, end in (("2026-10-01", "2026-12-31"), ("2026-10-01T00:00:00Z", "2026-12-31T12:00:00Z")):
        with bench(family="retailMedia") as desk:
            served(desk, "UTC", start, end)
            desk.write({"a.yaml": BALANCE % (ACCOUNT, "2026-10-01", "2026-12-31")})
            desk.plan()
            asked.append(sum(each["path"].endswith("/retail-media/accounts") for each in desk.world.log))
    assert asked == [1, 2]


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        ("2027-01-01T04:59:59+00:00", datetime(2027, 1, 1, 4, 59, 59, tzinfo=UTC)),
        ("2027-01-01T04:59:59", date(2027, 1, 1)),
        ("2027-01-01", date(2027, 1, 1)),
        ("0001-01-01T00:00:00+12:00", date(1, 1, 1)),
        (None, None),
        ("", None),
        ("soon", "soon"),
    ],
)
def test_what_the_wire_says_of_a_day(wire: str | None, value: object) -> None:
    assert DayType(instants=True).read(wire) == value


def test_days_of_seller_budgets_are_cut() -> None:
    assert DayType().read("2027-01-01T04:59:59+00:00") == date(2027, 1, 1)


def test_a_day_at_the_edge_of_the_calendar() -> None:
    assert day_in(datetime(2027, 1, 1, 4, 59, tzinfo=UTC), "America/New_York") == date(2026, 12, 31)


@pytest.mark.parametrize("version", ["2025-10", *VERSIONS])
def test_a_new_balance_without_an_end_may_say_so(version: str) -> None:
    text = "balances:\n  b: {accountId: %s, name: Q1, spendType: onsite, startDate: 2027-01-01, deposited: 50%s}\n"
    bodies = []
    for end in (", endDate: null", ""):
        with bench(family="retailMedia", version=version) as desk:
            desk.write({"a.yaml": text % (ACCOUNT, end)})
            run = desk.apply()
            assert (errors(run), set(fates(run).values())) == ([], {"applied"})
            bodies.append(desk.writes[0]["body"])
            assert desk.plan().changes == ()
    assert bodies[0] == bodies[1]
