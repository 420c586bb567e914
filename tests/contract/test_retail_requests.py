"""Campaigns and line items of Retail Media: what the client sends, and is answered, is what the document promises."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from reconciler.model import ItemStatus
from reconciler.sandbox.message import Request, Response
from reconciler.sandbox.world import World

from ..support.bench import ACCOUNT, bench
from . import openapi

VERSIONS = ("2026-01", "2026-07", "2027-01")
FIRST = f"""retailMediaCampaigns:
  spring: {{id: "73", accountId: "{ACCOUNT}", budget: 6000.5, endDate: 2027-06-30, viewAttributionScope: sameSku}}
  cocoa:
    accountId: "{ACCOUNT}"
    name: Cocoa
    isAutoDailyPacing: false
    budget: 1500
    dailyPacing: 60.25
    startDate: 2026-12-01
    clickAttributionWindow: 14D
    companyName: Brio
    retailerId: "1106"
    dailyBudgetOverrides:
      2026-12-24: {{maxDailySpend: 400, duration: 2D}}
    monthlyBudgetOverrides:
      2026-12: {{maxMonthlySpend: 900.5, duration: 1M}}
lineItems:
  search: {{id: "9001", targetBid: 0.65, bidMultipliers: {{search: 1.5, home: 0.5}}}}
  mugs: {{id: "9004", maxBid: 1.5}}
  hot:
    campaignId: retailMediaCampaigns.cocoa
    name: Hot cocoa
    targetRetailerId: "1106"
    startDate: 2026-12-01
    endDate: 2027-01-31
    status: active
    budget: 900
    targetBid: 0.55
    keywordStrategy: conquesting
    flightSchedule: {{legs: [{{dayOfWeek: weekdays, startTime: "08:00", endTime: "20:00"}}]}}
    dailyBudgetOverrides:
      2026-12-24: {{maxDailySpend: 300, duration: 2D}}
"""
THEN = FIRST.replace("6000.5", "null").replace("status: active", "status: paused").replace("search: 1.5", "search: 2")
ASSUMED = "assumptions: {retailDays: false, overrideMonths: false}\n"
"""Dates are written as the documents type them, rather than as their text says."""


class Judge:
    """The sandbox, with every request and answer about Retail Media held against the document."""

    def __init__(self, world: World, *, short: bool) -> None:
        self.world, self.short = world, short
        self.wrong: list[str] = []
        self.used: set[tuple[str, str]] = set()

    def handle(self, request: Request) -> Response:
        answer = self.world.handle(request)
        if "/retail-media/" in request.path:
            version = request.path.split("/")[1]
            given = ("retailmedia", version, request.method, request.path)
            self.used.add((request.method, openapi.template(*given).split("/", 3)[3]))
            sent = plain(request.body)
            self.wrong += openapi.request_faults(*given, timed(sent) if self.short else sent)
            self.wrong += openapi.faults(*given, answer.status, plain(answer.body))
        return answer


def timed(body: Any) -> Any:
    """The body with days and months as date-times: the documents type them so, while their text says short ones."""
    if isinstance(body, dict):
        return {key: timed(value) for key, value in body.items()}
    if isinstance(body, list):
        return [timed(each) for each in body]
    if isinstance(body, str) and (found := re.fullmatch(r"(\d{4}-\d\d)(-\d\d)?", body)):
        return f"{found[1]}{found[2] or '-01'}T00:00:00Z"
    return body


def plain(body: bytes) -> Any:
    return json.loads(body) if body else None


@pytest.mark.parametrize("short", [True, False], ids=["days", "date-times"])
@pytest.mark.parametrize("version", VERSIONS)
def test_requests_and_answers_are_those_of_the_document(version: str, short: bool) -> None:
    with bench(family="retailMedia", version=version, guarded=False) as here:
        judge = Judge(here.world, short=short)
        here.handle = judge.handle
        here.begin()
        for text in (FIRST, THEN):
            here.write({"all.yaml": text})
            project = here.folder / "reconciler.yaml"
            project.write_text(project.read_text() + ("" if short else ASSUMED))
            run = here.apply()
            assert not run.failed, run.problems
            assert {each.status for each in run.outcomes} == {ItemStatus.APPLIED}
            assert here.plan().plan.total == 0

    assert judge.wrong == []
    one, of_item = "campaigns/{campaignId}", "line-items/{lineItemId}"
    assert judge.used >= {
        ("POST", "accounts/{accountId}/campaigns"),
        ("PUT", one),
        ("PUT", f"{one}/campaign-budget-overrides"),
        ("POST", f"{one}/auction-line-items"),
        ("PUT", "auction-line-items/{lineItemId}"),
        ("PUT", f"{of_item}/line-item-budget-overrides"),
        ("PUT", f"{of_item}/bid-multipliers"),
        ("POST", "retailers/{retailerId}/cpc-min-bids"),
    }
