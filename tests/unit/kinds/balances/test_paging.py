"""A list that changes while its pages are read loses nothing and doubles nothing (contract §2.10)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

import pytest

from reconciler.sandbox.balances.book import FIRST_ID
from reconciler.sandbox.message import Request, Response
from reconciler.sandbox.seed import consent
from reconciler.sandbox.world import World

from ....support.bench import ACCOUNT, bench
from ....support.readings import errors

PAGES = {"2026-01": 100, "2026-07": 500}
ELSEWHERE = "5"
FIRST = str(FIRST_ID + 1)
"""The first of the list: when it goes, the first of each later page becomes the last of the page before."""


class Restless(World):
    """A world in which somebody moves a balance to another account just before the n-th page is read."""

    moves: Mapping[int, tuple[str, str]] = MappingProxyType({})
    pages = 0

    def handle(self, request: Request) -> Response:
        if request.method == "GET" and request.path.endswith("/balances"):
            self.pages += 1
            key, account = self.moves.get(self.pages, (FIRST, ""))
            if account:
                self.state.put("balances", key, {**self.state.all("balances")[key], "accountId": account})
        return super().handle(request)


def crowd(size: int, moves: Mapping[int, tuple[str, str]] | None = None) -> Restless:
    """The demo with so many balances more, all of one account."""
    world = Restless.demo(running=False)
    assert isinstance(world, Restless)
    world.moves = moves or {}
    pattern = world.state.all("balances")[FIRST]
    for number in range(size):
        key = str(FIRST_ID + 1000 + number)
        world.state.put("balances", key, {**pattern, "name": f"Balance {number}", "deposited": Decimal(10)})
    return world


def wanted(size: int) -> str:
    """Every balance of the crowd, as it is."""
    blocks = "".join(f"  b{number}: {{name: Balance {number}, deposited: 10}}\n" for number in range(size))
    return f"defaults: {{balances: {{accountId: {ACCOUNT}}}}}\nbalances:\n{blocks}"


@pytest.mark.parametrize("version", PAGES)
def test_every_page_of_both_styles_is_read(version: str) -> None:
    size = PAGES[version] + 20
    with bench(family="retailMedia", version=version, world=crowd(size)) as desk:
        desk.write({"a.yaml": wanted(size)})

        run = desk.plan()

        assert errors(run) == []
        assert (run.changes, run.unchanged) == ((), size)


@pytest.mark.parametrize("version", PAGES)
def test_a_balance_that_slips_to_an_earlier_page_is_not_lost(version: str) -> None:
    size = PAGES[version] + 20
    world = crowd(size, {2: (FIRST, ELSEWHERE)})
    with bench(family="retailMedia", version=version, world=world) as desk:
        desk.write({"a.yaml": wanted(size)})

        run = desk.plan()

        assert errors(run) == []
        assert (run.changes, run.unchanged) == ((), size)
        assert world.pages == 6  # the first reading missed one, so it took two more that agree


@pytest.mark.parametrize("version", PAGES)
def test_a_balance_that_slips_to_a_later_page_is_not_doubled(version: str) -> None:
    size = PAGES[version] + 20
    world = crowd(size, {1: (FIRST, ELSEWHERE), 2: (FIRST, ACCOUNT)})
    with bench(family="retailMedia", version=version, world=world) as desk:
        desk.write({"a.yaml": wanted(size)})

        run = desk.plan()

        assert errors(run) == []
        assert (run.changes, run.unchanged) == ((), size)


def test_a_list_that_never_comes_to_rest_is_refused() -> None:
    size = PAGES["2026-01"] + 20
    gone = {page: (str(FIRST_ID + 1 + page // 2), ELSEWHERE) for page in (1, 3, 5)}
    world = crowd(size, gone | {7: (FIRST, ACCOUNT)})
    with bench(family="retailMedia", version="2026-01", world=world) as desk:
        desk.write({"a.yaml": wanted(size)})

        run = desk.plan()

        assert [code for _, code in errors(run)] == ["list-unstable"]


class Deaf(World):
    """A world that shows the first page of the accounts, whatever page it is asked for."""

    def handle(self, request: Request) -> Response:
        if request.path.endswith("/accounts"):
            request = replace(request, query=tuple(pair for pair in request.query if pair[0] != "pageIndex"))
        return super().handle(request)


def test_a_list_of_accounts_that_shows_one_page_for_ever_is_not_taken_for_whole() -> None:
    world = Deaf.demo(running=False)
    pattern = world.state.all("accounts")[ACCOUNT]
    for number in range(300):
        world.state.put("accounts", str(number), {**pattern, "id": str(number)})
    consent(world.state, "sandbox-rm", accountIds=list(world.state.all("accounts")))
    with bench(family="retailMedia", version="2026-07", world=world) as desk:
        desk.write({"a.yaml": wanted(1)})

        assert [code for _, code in errors(desk.plan())] == ["list-cut-short"]
        assert len([each for each in world.log if each["path"].endswith("/accounts")]) <= 2


class Short(World):
    """A world whose list of balances ends early: its totals count more than it shows."""

    def handle(self, request: Request) -> Response:
        answer = super().handle(request)
        if request.method == "GET" and request.path.endswith("/balances"):
            body = json.loads(answer.body)
            answer = replace(
                answer,
                body=json.dumps(
                    {**body, "data": body["data"][:1] * (dict(request.query).get("offset", "0") == "0")}
                ).encode(),
            )
        return answer


@pytest.mark.parametrize("version", PAGES)
def test_nothing_is_planned_from_a_part_of_a_list(version: str) -> None:
    world = Short.demo(running=False)
    with bench(family="retailMedia", version=version, world=world) as desk:
        desk.write({"a.yaml": wanted(1)})

        run = desk.plan()

        assert [code for _, code in errors(run)] == ["list-cut-short"]
        assert run.changes == ()
