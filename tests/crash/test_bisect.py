"""``apply --bisect``: a batch that is refused as a whole is sent again without what is to blame."""

from __future__ import annotations

import pytest

from reconciler.sandbox.world import World

from .conftest import Open
from .inside import Ended

SELLERS = range(100, 200)
OFFENDER = 137


def marketplace(**options: str) -> World:
    """A hundred sellers, each with a bid in one campaign and without a budget."""
    world = World.demo(running=False, **options)
    for number in SELLERS:
        pair = {"sellerId": str(number), "campaignId": "10001", "bid": None, "suspendedSince": None}
        world.state.put("sellers", str(number), {"advertiserId": "1352", "name": f"Seller {number}"})
        world.state.put("sellerCampaigns", f"{number}.10001", pair)
    return world


BUDGET = 'b{n}: {{sellerId: "{n}", campaignIds: ["10001"], budgetType: Capped, amount: 30, startDate: {day}}}'


def budgets() -> str:
    lines = [BUDGET.format(n=number, day="2026-12-01") for number in SELLERS]
    return "sellerBudgets:\n" + "".join(f"  {line}\n" for line in lines)


def clash(world: World, seller: int) -> None:
    """Somebody else makes a budget for the same time, after the plan was made."""
    row = {"sellerId": str(seller), "campaignIds": ["10001"], "budgetType": "Capped", "amount": 5, "spent": 0}
    dates = {"startDate": "2026-12-05", "endDate": "2026-12-20", "isSuspended": False}
    world.state.put("sellerBudgets", f"9{seller}", {**row, **dates})


def calls(world: World, path: str) -> list[int]:
    """How many items each write to the path held."""
    return [len(entry["body"]) for entry in world.log if entry["method"] == "POST" and entry["path"].endswith(path)]


def racing(world: World, seller: int) -> None:
    """Let the clash appear just before the first batch is judged."""
    handle, seen = world.handle, []

    def late(request):  # type: ignore[no-untyped-def]
        if request.method == "POST" and request.path.endswith("/budgets") and not seen:
            seen.append(1)
            clash(world, seller)
        return handle(request)

    world.handle = late  # type: ignore[method-assign]


def applied(ended: Ended) -> int:
    return ended.statuses.count("applied")


def test_without_it_one_offender_keeps_all_others_back(desk: Open) -> None:
    here = desk(budgets(), marketplace())
    racing(here.world, OFFENDER)

    ended = here.apply()

    assert ended.code == 5
    assert applied(ended) == 0
    assert calls(here.world, "/budgets") == [100]


@pytest.mark.parametrize(
    ("told", "sizes"),
    [
        pytest.param("errors", [100, 99], id="the API names it: the others go in one more call"),
        pytest.param("nameless", [100, 50, 50, 25, 25, 12, 13, 6, 7, 3, 3, 1, 2], id="it names none: by halves"),
    ],
)
def test_99_get_through_and_the_offender_stands_at_its_line(desk: Open, told: str, sizes: list[int]) -> None:
    here = desk(budgets(), marketplace())
    racing(here.world, OFFENDER)
    if told == "nameless":
        _unnamed(here.world)

    ended = here.apply("--bisect")

    assert ended.code == 5
    assert applied(ended) == 99
    (refused,) = [each for each in ended.report["outcomes"] if each["status"] == "rejected"]
    assert refused["address"] == f"sellerBudgets.b{OFFENDER}"
    assert refused["diagnostics"][0]["range"]["start"]["line"] == 2 + OFFENDER - SELLERS.start
    assert sorted(calls(here.world, "/budgets")) == sorted(sizes)
    created = [row["sellerId"] for id, row in here.world.state.all("sellerBudgets").items() if not id.startswith("9")]
    assert all(created.count(str(number)) == (number != OFFENDER) for number in SELLERS)


def _unnamed(world: World) -> None:
    """An API that refuses a batch without a word on which item it means."""
    from dataclasses import replace

    handle = world.handle

    def nameless(request):  # type: ignore[no-untyped-def]
        response = handle(request)
        if response.status == 400 and request.path.endswith("/budgets"):
            return replace(response, body=b'{"errors": [{"code": "Invalid", "title": "Invalid"}]}')
        return response

    world.handle = nameless  # type: ignore[method-assign]


def test_bids_of_existing_sellers_too(desk: Open) -> None:
    lines = [f'  b{n}: {{sellerId: "{n}", campaignId: "10001", bid: 0.25}}\n' for n in SELLERS]
    here = desk("sellerCampaigns:\n" + "".join(lines), marketplace())
    handle, gone = here.world.handle, []

    def late(request):  # type: ignore[no-untyped-def]
        if request.method == "PATCH" and not gone:
            gone.append(here.world.state.remove("sellerCampaigns", f"{OFFENDER}.10001"))
        return handle(request)

    here.world.handle = late  # type: ignore[method-assign]

    ended = here.apply("--bisect")

    assert applied(ended) == 99
    assert ended.code == 5


@pytest.mark.parametrize("status", [401, 403])
def test_what_is_refused_for_its_sender_is_not_split(desk: Open, status: int) -> None:
    here = desk(budgets(), marketplace())
    body = {"errors": [{"code": "no", "title": "No"}]}
    fault = {"kind": "status", "status": status, "body": body, "path": "*/budgets", "method": "POST", "count": None}
    here.world.inject(fault)

    ended = here.apply("--bisect")

    assert applied(ended) == 0
    assert len(calls(here.world, "/budgets")) == (2 if status == 401 else 1)  # a 401 is forgiven once


def test_a_lost_batch_is_found_before_it_is_split(desk: Open) -> None:
    here = desk(budgets(), marketplace())
    here.world.inject({"kind": "lost_answer", "path": "*/budgets", "method": "POST"})

    ended = here.apply("--bisect")

    assert (ended.code, applied(ended)) == (0, 100)
    assert calls(here.world, "/budgets") == [100]
