"""Campaigns: what the client sends and what the sandbox answers are what the document of the version promises."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.model import ItemStatus
from reconciler.sandbox.encoding import decode, encode
from reconciler.sandbox.message import Request, Response
from reconciler.sandbox.world import World

from ..support.bench import Bench, bench
from . import openapi

VERSIONS = ("2026-01", "2026-07", "2027-01", "preview")
FIRST = """campaigns:
  known: {id: "358313", spendLimit: {spendLimitAmount: 15000.5}}
  open: {id: "358314", spendLimit: {spendLimitType: capped, spendLimitRenewal: daily, spendLimitAmount: 70}}
  summer:
    advertiserId: "1352"
    name: Summer
    goal: acquisition
    spendLimit: {spendLimitType: capped, spendLimitRenewal: lifetime, spendLimitAmount: 1000.25}
    budgetAutomation: {enabled: true, budgetConfiguration: {adSetObjectives: visits}}
  winter: {advertiserId: "1352", name: Winter, goal: retention, spendLimit: {spendLimitType: uncapped}}
"""
THEN = (
    FIRST.replace("70}", "90}")
    .replace("enabled: true, budgetConfiguration: {adSetObjectives: visits}", "enabled: false")
    .replace("15000.5", "16000")
    .replace("spendLimitRenewal: lifetime, spendLimitAmount: 1000.25", "spendLimitRenewal: monthly")
    .replace("Renewal: monthly", "Renewal: monthly, spendLimitAmount: 500")
)


class Judge:
    """The sandbox, with every request and answer of campaigns held against the document."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.wrong: list[str] = []
        self.used: set[tuple[str, str]] = set()

    def handle(self, request: Request) -> Response:
        answer = self.world.handle(request)
        version, _, rest = request.path.lstrip("/").partition("/")
        if rest.startswith("marketing-solutions/campaigns"):
            given = ("marketingsolutions", version, request.method, request.path)
            self.used.add((request.method, rest))
            self.wrong += openapi.request_faults(*given, plain(request.body))
            self.wrong += openapi.faults(*given, answer.status, plain(answer.body))
        return answer


def plain(body: bytes) -> Any:
    return json.loads(body) if body else None


def judged(here: Bench) -> Judge:
    judge = Judge(here.world)
    here.handle = judge.handle
    here.begin()
    return judge


@pytest.mark.parametrize("merged", [False, True], ids=["facets", "merged"])
@pytest.mark.parametrize("version", VERSIONS)
def test_requests_and_answers_are_those_of_the_document(version: str, merged: bool) -> None:
    with bench(version=version, merged=merged, guarded=False) as here:
        judge = judged(here)
        for text in (FIRST, THEN):
            here.write({"campaigns.yaml": text})
            run = here.apply()
            assert not run.failed, run.problems
            assert {each.status for each in run.outcomes} == {ItemStatus.APPLIED}
            assert here.plan().plan.total == 0
        here.live("marketingSolutions", f"/{version}/marketing-solutions/campaigns/358313")

    assert judge.wrong == []
    base = "marketing-solutions/campaigns"
    assert judge.used == {("POST", base), ("PATCH", base), ("POST", f"{base}/search"), ("GET", f"{base}/358313")}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"id": "358313", "attributes": {"spendLimit": {"spendLimitAmount": {"value": None}}}}, "invalid-spend-limit"),
        ({"id": "1", "attributes": {}}, "not-found"),
        ({"id": "358314", "attributes": {"budgetAutomation": {"enabled": True}}}, "invalid-budget-automation"),
    ],
)
def test_a_refusal_has_the_form_of_the_document(body: Any, code: str) -> None:
    with bench() as here:
        judge = judged(here)
        here.live("marketingSolutions", "/2026-07/marketing-solutions/campaigns/search", {"filters": {}})
        token = next(iter(here.world.state.all("tokens")))
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        path = "/2026-07/marketing-solutions/campaigns"
        answer = judge.handle(Request("PATCH", path, (), headers, encode({"data": [body]})))

    told = decode(answer.body)
    assert judge.wrong == []
    assert [each["code"].rpartition("--")[2] for each in told["errors"]] == [code]
    assert (told["data"], told["errors"][0]["instance"]) == ([], "@data/0")


def test_an_older_version_has_none() -> None:
    with bench(version="2025-10") as here:
        here.write({"campaigns.yaml": FIRST})
        assert [each.code for each in here.plan().problems] == ["not-in-version"]
