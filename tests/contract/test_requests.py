"""Every body that the client sends is one that the published document of its version asks for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.model import ItemStatus
from reconciler.sandbox.encoding import encode

from ..support.bench import bench
from .openapi import request_faults

VERSIONS = ("2025-10", "2026-01", "2026-07", "2027-01", "preview")
NEW = """  new:
    name: DE prospecting
    campaignId: "358313"
    datasetId: "6789"
    objective: conversions
    mediaType: display
    trackingCode: utm_source=criteo
    schedule: {startDate: 2026-12-01, endDate: 2027-02-28T23:00:00+01:00, activationStatus: on}
    bidding: {costController: maxCPC, bidAmount: 0.95}
    targeting:
      deliveryLimitations: {devices: [desktop, mobile], environments: [web], operatingSystems: [ios]}
      frequencyCapping: {frequency: daily, maximumImpressions: 3}
      geoLocation:
        countries: {operand: in, values: [DE]}
        subdivisions: {operand: notIn, values: [DE-BY]}
        zipCodes: {operand: in, values: ["10115"]}
    budget: {budgetStrategy: capped, budgetAmount: 75.5, budgetRenewal: weekly, budgetDeliverySmoothing: standard,
      budgetDeliveryWeek: mondayToSunday}
    attributionConfiguration: {attributionMethod: lastClick, lookbackWindow: 30D}
    audienceId: "9876"
  bare:
    name: Bare
    campaignId: "358313"
    datasetId: "6789"
    objective: clicks
    mediaType: display
    trackingCode: a=b
    schedule: {startDate: 2026-12-01}
    bidding: {costController: dailyBudget}
    budget: {budgetStrategy: uncapped}
"""
CHANGED = """  fr:
    id: "123467"
    name: FR prospecting (Q4)
    schedule: {startDate: 2026-09-05, endDate: null}
    bidding: {bidAmount: 0.9501}
    targeting:
      deliveryLimitations: {devices: [desktop]}
      frequencyCapping: null
      geoLocation: {countries: {operand: notIn, values: [FR, NO]}, zipCodes: null}
    budget: {budgetAmount: 200}
    attributionConfiguration: {attributionMethod: postClick, lookbackWindow: 7D}
    audienceId: "9876"
    categoryBids: {"5544|1": 1.5}
    displayMultipliers: {"5544": 1.25}
  paused: {id: "123468", bidding: {bidAmount: 2}, budget: {budgetStrategy: uncapped}, schedule: {activationStatus: on}}
  german:
    id: "123470"
    schedule: {activationStatus: off}
    budget: {budgetStrategy: capped, budgetAmount: 250, budgetRenewal: monthly, budgetDeliverySmoothing: standard}
"""
SCHEDULED = """    scheduledBudgets:
      2026-12-01: {budgetStrategy: capped, budgetAmount: 500, budgetRenewal: daily, budgetDeliverySmoothing: standard}
      2027-01-01: {budgetStrategy: uncapped}
"""
RESCHEDULED = """    scheduledBudgets:
      2026-12-01: {budgetStrategy: capped, budgetAmount: 400, budgetRenewal: daily, budgetDeliverySmoothing: standard}
      2027-01-01: null
"""
WRITES = {
    ("POST", "/ad-sets"),
    ("PATCH", "/ad-sets"),
    ("POST", "/ad-sets/start"),
    ("POST", "/ad-sets/stop"),
    ("PUT", "/audience"),
    ("PATCH", "/category-bids"),
    ("PATCH", "/display-multipliers"),
}


def sent(version: str, *, merged: bool = False) -> list[dict[str, Any]]:
    """The sandbox's log of an account that every write was used on."""
    first = "adSets:\n" + NEW + CHANGED.replace("  paused", (SCHEDULED if version == "preview" else "") + "  paused")
    then = first.replace(SCHEDULED, RESCHEDULED)
    with bench(version=version, merged=merged, guarded=False) as here:
        for text in (first, then):
            here.write({"ads.yaml": text})
            run = here.apply()
            assert not run.failed, run.problems
            assert {each.status for each in run.outcomes} <= {ItemStatus.APPLIED}
        return list(here.world.log)


@pytest.mark.parametrize("merged", [False, True], ids=["facets", "merged"])
@pytest.mark.parametrize("version", VERSIONS)
def test_every_body_is_what_the_document_asks_for(version: str, merged: bool) -> None:
    log = [entry for entry in sent(version, merged=merged) if entry["path"] != "/oauth2/token"]

    wrong = {f"{entry['method']} {entry['path']}": found for entry in log if (found := faults_of(entry))}
    assert wrong == {}
    used = {(entry["method"], entry["path"]) for entry in log}
    missing = [(method, tail) for method, tail in WRITES if not any(m == method and p.endswith(tail) for m, p in used)]
    assert missing == []


def faults_of(entry: dict[str, Any]) -> list[str]:
    """By the document of the version that the path names: families may speak different ones."""
    version = entry["path"].split("/")[1]
    return request_faults("marketingsolutions", version, entry["method"], entry["path"], plain(entry["body"]))


def plain(body: Any) -> Any:
    """The body as JSON alone would have it: numbers are numbers."""
    return None if body is None else json.loads(encode(body))
