"""What the API would refuse and files alone can show: refused by ``validate``, with no network at all.

Each row is an error code of the API that can be told from the YAML (wholly or in part), a file that would provoke it,
and the code under which it is told here.
"""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Never

import pytest

from reconciler.config import loader
from reconciler.engine import plan
from reconciler.model import Run, Severity

from ..support.commands import project

CREATION, UPDATE, START = (f"campaign--ad-set-{what}-check--" for what in ("creation", "update", "start"))
WHOLE: dict[str, Any] = {
    "name": "FR",
    "campaignId": '"358313"',
    "datasetId": '"6789"',
    "objective": "conversions",
    "mediaType": "display",
    "trackingCode": "utm_source=criteo",
    "schedule": "{startDate: 2027-01-01}",
    "bidding": "{costController: maxCPC, bidAmount: 0.9}",
    "budget": "{budgetStrategy: uncapped}",
}
"""An ad set that may be created."""
KNOWN: dict[str, Any] = {"id": '"123467"'}
"""One that exists: only what is stated is judged."""


def row(code: str, block: dict[str, Any], told: str, severity: str = "error", **changes: str) -> Any:
    return pytest.param(block | changes, told, severity, id=f"{code} by {' '.join(changes.values()) or 'the block'}")


GEO = "{{geoLocation: {{{}}}}}"
TABLE = [
    # --- creation ---
    row(f"{CREATION}invalid-data", WHOLE, "bad-choice", objective="sales"),
    row(f"{CREATION}invalid-data", WHOLE, "bad-text", trackingCode='"?utm_source=criteo"'),
    row(f"{CREATION}invalid-data", WHOLE, "bad-id", campaignId="A7"),
    row(f"{CREATION}invalid-data", WHOLE, "empty-text", name='""'),
    row(f"{CREATION}invalid-data", WHOLE, "empty-text", name='"  "'),
    row(f"{CREATION}invalid-data", WHOLE, "empty-text", trackingCode='"  "'),
    row(f"{CREATION}invalid-data", WHOLE, "null-not-allowed", trackingCode="null"),
    row(
        f"{CREATION}invalid-data",
        WHOLE,
        "budget-amount",
        budget="{budgetStrategy: capped, budgetRenewal: daily, budgetDeliverySmoothing: standard}",
    ),
    row(
        f"{CREATION}invalid-data",
        WHOLE,
        "budget-renewal",
        budget="{budgetStrategy: capped, budgetAmount: 5, budgetDeliverySmoothing: standard}",
    ),
    row(
        f"{CREATION}invalid-data",
        WHOLE,
        "budget-smoothing",
        budget="{budgetStrategy: capped, budgetAmount: 5, budgetRenewal: daily}",
    ),
    row(f"{CREATION}invalid-data", WHOLE, "budget-uncapped", budget="{budgetStrategy: uncapped, budgetAmount: 5}"),
    row(
        f"{CREATION}invalid-data",
        WHOLE,
        "budget-week",
        budget="{budgetStrategy: capped, budgetAmount: 5, budgetRenewal: daily, budgetDeliverySmoothing: standard,"
        " budgetDeliveryWeek: mondayToSunday}",
    ),
    row(
        f"{CREATION}invalid-data",
        WHOLE,
        "budget-pacing",
        budget="{budgetStrategy: capped, budgetAmount: 5, budgetRenewal: daily, budgetDeliverySmoothing: accelerated,"
        " pacingBehavior: targetFullBudget}",
    ),
    row(
        f"{CREATION}invalid-data",
        WHOLE,
        "budget-pacing",
        budget="{budgetStrategy: capped, budgetAmount: 5, budgetRenewal: daily, budgetDeliverySmoothing: standard,"
        " pacingBehavior: targetAverageDailyBudget}",
    ),
    row(
        f"{CREATION}invalid-data",
        WHOLE,
        "lookback-method",
        attributionConfiguration="{attributionMethod: criteoAttribution, lookbackWindow: 30D}",
    ),
    row(
        f"{CREATION}invalid-data",
        WHOLE,
        "bad-choice",
        attributionConfiguration="{attributionMethod: googleAnalyticsLastClick}",
    ),
    row(
        f"{CREATION}invalid-geolocation",
        WHOLE,
        "empty-list",
        targeting=GEO.format("countries: {operand: in, values: []}"),
    ),
    row(
        f"{CREATION}invalid-geolocation",
        WHOLE,
        "bad-choice",
        targeting=GEO.format("countries: {operand: undefined, values: [FR]}"),
    ),
    row(
        f"{CREATION}invalid-geolocation",
        WHOLE,
        "bad-text",
        targeting=GEO.format("countries: {operand: in, values: [FRA]}"),
    ),
    row(
        f"{CREATION}invalid-geolocation",
        WHOLE,
        "bad-text",
        targeting=GEO.format("subdivisions: {operand: in, values: [Isere]}"),
    ),
    row(f"{CREATION}invalid-geolocation", WHOLE, "missing-key", targeting=GEO.format("countries: {values: [FR]}")),
    row(
        f"{CREATION}invalid-os-env-configuration",
        WHOLE,
        "bad-choice",
        targeting="{deliveryLimitations: {operatingSystems: [windows]}}",
    ),
    row(
        f"{CREATION}start-date-not-valid",
        WHOLE,
        "end-before-start",
        schedule="{startDate: 2027-01-01, endDate: 2027-01-01}",
    ),
    row(
        f"{CREATION}end-date-not-valid",
        WHOLE,
        "end-before-start",
        schedule="{startDate: 2027-01-01, endDate: 2026-12-31}",
    ),
    row(
        f"{CREATION}end-date-not-valid",
        WHOLE,
        "end-in-past",
        "warning",
        schedule="{startDate: 2020-01-01, endDate: 2020-12-31}",
    ),
    row(f"{CREATION}invalid-bid-amount", WHOLE, "out-of-range", bidding="{costController: maxCPC, bidAmount: 0}"),
    row(f"{CREATION}invalid-bid-amount", WHOLE, "out-of-range", bidding="{costController: maxCPC, bidAmount: -1}"),
    row(
        f"{CREATION}invalid-bid-amount",
        WHOLE,
        "too-many-decimals",
        bidding="{costController: maxCPC, bidAmount: 0.12345}",
    ),
    row(
        f"{CREATION}invalid-bid-amount", WHOLE, "bid-not-allowed", bidding="{costController: dailyBudget, bidAmount: 1}"
    ),
    row(
        f"{CREATION}frequency-cappings-not-valid",
        WHOLE,
        "bad-choice",
        targeting="{frequencyCapping: {frequency: advanced, maximumImpressions: 3}}",
    ),
    row(
        f"{CREATION}frequency-cappings-not-valid",
        WHOLE,
        "out-of-range",
        targeting="{frequencyCapping: {frequency: daily, maximumImpressions: 0}}",
    ),
    row(
        f"{CREATION}frequency-cappings-not-valid",
        WHOLE,
        "missing-key",
        targeting="{frequencyCapping: {frequency: daily}}",
    ),
    row(f"{CREATION}invalid-dataset-id", WHOLE, "bad-id", datasetId="main"),
    row(f"{CREATION}multiple-audience-configs", WHOLE, "wrong-type", audienceId='["9876", "9877"]'),
    row(f"{CREATION}invalid-audience-id", WHOLE, "bad-id", audienceId="buyers"),
    row(f"{CREATION}invalid-bidding-configuration", WHOLE, "objective-media", objective="videoViews"),
    row(
        f"{CREATION}invalid-bidding-configuration",
        WHOLE,
        "controller-media",
        "warning",
        bidding="{costController: CPV, bidAmount: 1}",
    ),
    # --- update ---
    row(
        f"{UPDATE}ad-set-invalid-geolocation",
        KNOWN,
        "empty-list",
        targeting=GEO.format("zipCodes: {operand: in, values: []}"),
    ),
    row(f"{UPDATE}name-is-null", KNOWN, "null-not-allowed", name="null"),
    row(f"{UPDATE}name-is-null", KNOWN, "empty-text", name='" "'),
    row(f"{UPDATE}start-date-is-null", KNOWN, "null-not-allowed", schedule="{startDate: null}"),
    row(
        f"{UPDATE}start-date-not-valid",
        KNOWN,
        "end-before-start",
        schedule="{startDate: 2027-01-02, endDate: 2027-01-01}",
    ),
    row(
        f"{UPDATE}end-date-not-valid",
        KNOWN,
        "end-before-start",
        schedule="{startDate: 2027-01-01T00:00:00+02:00, endDate: 2026-12-31T22:00:00Z}",
    ),
    row(f"{UPDATE}invalid-bid-amount", KNOWN, "out-of-range", bidding="{bidAmount: 0}"),
    row(
        f"{UPDATE}frequency-cappings-not-valid",
        KNOWN,
        "bad-choice",
        targeting="{frequencyCapping: {frequency: weekly, maximumImpressions: 3}}",
    ),
    # --- start ---
    row(
        f"{START}cannot-activate-ad-set-without-revenue",
        WHOLE,
        "bid-missing",
        bidding="{costController: maxCPC}",
        audienceId='"9876"',
        schedule="{startDate: 2027-01-01, activationStatus: on}",
    ),
    row(
        f"{START}ad-set-requiring-an-audience",
        WHOLE,
        "audience-missing",
        schedule="{startDate: 2027-01-01, activationStatus: on}",
    ),
    row(
        f"{START}context-zero-no-geoloc-filter",
        WHOLE,
        "no-geo-filter",
        "warning",
        audienceId='"9876"',
        schedule="{startDate: 2027-01-01, activationStatus: on}",
    ),
    row(
        f"{START}desktop-device-not-supported-for-app-install",
        WHOLE,
        "desktop-app-install",
        "warning",
        objective="appPromotion",
        targeting="{deliveryLimitations: {devices: [desktop]}}",
    ),
    row(
        f"{START}ad-set-with-revenue-optimizer",
        WHOLE,
        "revenue-start",
        "warning",
        objective="revenue",
        audienceId='"9876"',
        schedule="{startDate: 2027-01-01, activationStatus: on}",
    ),
    # --- audience, categories ---
    row("audience-not-found", KNOWN, "bad-id", audienceId='"98 76"'),
    row(
        "campaign--display-multiplier-update-check--invalid-display-multiplier",
        KNOWN,
        "out-of-range",
        displayMultipliers='{"5544": 0}',
    ),
    row(
        "campaign--display-multiplier-update-check--invalid-display-multiplier",
        KNOWN,
        "multiplier-range",
        "warning",
        displayMultipliers='{"5544": 2.5}',
    ),
    row("campaign--category-bid-update-check--*", KNOWN, "too-many-decimals", categoryBids='{"5544|1": 0.12345}'),
    row("campaign--category-bid-update-check--*", KNOWN, "out-of-range", categoryBids='{"5544|1": -1}'),
    row("campaign--category-bid-update-check--*", KNOWN, "category-id", categoryBids='{"5544": 1}'),
    row("campaign--category-bid-update-check--*", KNOWN, "category-id", categoryBids='{"shoes|1": 1}'),
    row("campaign--category-bid-update-check--*", KNOWN, "category-id", categoryBids='{"5544|4": 1}'),
]
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens a socket fails."""

    def refuse(*args: object, **more: object) -> Never:
        raise AssertionError("validate opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)


def validated(folder: Path, block: dict[str, Any]) -> Run:
    lines = "".join(f"    {name}: {value}\n" for name, value in block.items())
    project(folder, {"ads.yaml": f"adSets:\n  one:\n{lines}"})
    return plan.validate(loader.load([str(folder)]), NOW)


@pytest.mark.parametrize(("block", "told", "severity"), TABLE)
def test_it_is_told_before_any_call(tmp_path: Path, block: dict[str, Any], told: str, severity: str) -> None:
    run = validated(tmp_path, block)

    found = [each for each in run.problems if each.code == told]
    assert [each.severity for each in found] == [Severity(severity)], run.problems
    assert found[0].span is not None
    assert found[0].span.file.endswith("ads.yaml")
    assert found[0].span.line >= 2


@pytest.mark.parametrize("block", [WHOLE, KNOWN | {"name": "FR"}], ids=["new", "known"])
def test_what_the_table_begins_with_is_in_order(tmp_path: Path, block: dict[str, Any]) -> None:
    run = validated(tmp_path, block)

    assert run.problems == ()
