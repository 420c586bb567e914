"""One account of three kinds and four, its files, and nights in which somebody else works on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from reconciler.commands import drift as drift_command
from reconciler.commands import drift_accept
from reconciler.commands.session import Session
from reconciler.model import Drift, DriftState, Run, Severity
from reconciler.sandbox.world import World

from ...support.bench import Bench, bench

BALANCE = "18446744073709551617"
CAMPAIGNS = """\
campaigns:
  main:
    id: "358313"
    goal: acquisition
    spendLimit: {spendLimitType: capped, spendLimitRenewal: monthly, spendLimitAmount: 20000}
    budgetAutomation: {enabled: false}
  second:
    id: "358314"
    budgetAutomation: {enabled: true, budgetConfiguration: {adSetObjectives: visits}}
"""
ADS = """\
adSets:
  de:
    id: "123474"
    name: Winter sale
    schedule: {startDate: 2026-12-01, endDate: 2027-01-15T00:00:00Z, activationStatus: on}
    bidding: {bidAmount: 1.10} # agreed with Jo
    targeting:
      deliveryLimitations: {devices: [mobile, desktop], environments: [], operatingSystems: []}
      frequencyCapping: {frequency: daily, maximumImpressions: 3}
      geoLocation: {countries: {operand: in, values: [DE]}, subdivisions: null, zipCodes: null}
    budget: {budgetStrategy: capped, budgetRenewal: weekly, budgetDeliverySmoothing: standard,
      budgetDeliveryWeek: mondayToSunday, budgetAmount: 700, pacingBehavior: undefined}
    attributionConfiguration: {attributionMethod: criteoAttribution}
"""
SELLERS = """\
sellerCampaigns:
  one: {sellerId: "1", campaignId: "10001", bid: 0.25}
sellerBudgets:
  one: {id: "101", sellerId: "1", campaignIds: ["10001"], budgetType: Capped, amount: 500,
    startDate: 2026-11-01, endDate: 2026-11-30, suspended: false}
"""
BALANCES = f"""\
balances:
  q4: {{id: "{BALANCE}", accountId: "18446744073709551616", name: Q4, startDate: 2026-10-01,
    endDate: 2026-12-31, deposited: 5000.00,
    poNumber: PO 1, campaignIds: ["73"]}}
"""
MARKET = """\
retailMediaCampaigns:
  tea: {id: "73", accountId: "18446744073709551616", name: Spring, type: auction, budget: 5000, monthlyPacing: null,
    dailyPacing: 80, isAutoDailyPacing: false, startDate: null, endDate: null, clickAttributionWindow: 30D,
    viewAttributionWindow: none, clickAttributionScope: null, viewAttributionScope: null, companyName: null,
    onBehalfCompanyName: null, dailyBudgetOverrides: {2026-12-24: {maxDailySpend: 90, duration: 2D}},
    monthlyBudgetOverrides: {2026-12: {maxMonthlySpend: 900, duration: 1M}}}
lineItems:
  tea: {id: "9002", campaignId: "73", name: "Tea, category", targetRetailerId: "1106", startDate: 2026-10-01,
    endDate: null, status: active, budget: null, monthlyPacing: null, dailyPacing: null, isAutoDailyPacing: false,
    bidStrategy: manual, optimizationStrategy: conversion, targetBid: 0.45, maxBid: null, bidMultipliers: {search: 1.5},
    flightSchedule: {legs: [{dayOfWeek: weekdays, startTime: "08:00", endTime: "20:00"}]}}
"""
FILES = {"ads.yaml": ADS, "sellers.yaml": SELLERS, "balances.yaml": BALANCES}


@dataclass
class Night:
    """A bench whose account agrees with its files, and what a look at it tells."""

    bench: Bench

    @property
    def world(self) -> World:
        return self.bench.world

    def look(self, *targets: str, at: datetime | None = None) -> Run:
        """One look, which must write nothing at the API."""
        before = len(self.bench.writes)
        run = drift_command.detect_drift(self.session(at), targets).run
        assert self.bench.writes[before:] == []
        return run

    def accept_live(self) -> Run:
        session = self.session()
        return drift_accept.accept(session.loaded, drift_command.detect_drift(session))

    def session(self, at: datetime | None = None) -> Session:
        session = self.bench.session()
        assert isinstance(session, Session), session
        if at is not None:
            session.moment = at
        return session

    def plan(self, at: datetime | None = None) -> Run:
        prepared = self.session(at).plan(())
        return prepared if isinstance(prepared, Run) else prepared.run

    def edit(self, collection: str, key: str, by: str = "anna", **changes: Any) -> None:
        """What somebody does in the vendor's interface."""
        self.world.edit(collection, key, {name.replace("__", "."): value for name, value in changes.items()}, by)

    def rewrite(self, file: str, old: str, new: str) -> None:
        """What the user does in an editor."""
        path = self.bench.folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, (old, text)
        path.write_text(text.replace(old, new), encoding="utf-8")

    def text(self, file: str) -> str:
        return (self.bench.folder / file).read_text(encoding="utf-8")

    def pass_by(self, **span: float) -> None:
        """Time that nobody waits for."""
        self.bench.time.sleep(timedelta(**span).total_seconds())


@contextmanager
def night(files: dict[str, str] | None = None, head: str = "", **options: Any) -> Iterator[Night]:
    """An account that was applied once; ``head`` goes into reconciler.yaml."""
    with bench(guarded=False, **options) as here:
        here.write(FILES if files is None else files)
        made = Night(here)
        if head:
            path = here.folder / "reconciler.yaml"
            path.write_text(path.read_text(encoding="utf-8") + head, encoding="utf-8")
        run = here.apply()
        assert not errors(run), errors(run)
        yield made


def errors(run: Run) -> list[str]:
    return [f"{each.code}: {each.message}" for each in run.problems if each.severity is Severity.ERROR]


def states(run: Run) -> dict[str, DriftState]:
    """By address and field, which side moved."""
    return {f"{each.address} {each.field}": each.state for each in run.drift}


def only(run: Run) -> Drift:
    assert len(run.drift) == 1, states(run)
    return run.drift[0]


def codes(run: Run) -> set[str]:
    return {each.code for each in run.problems} - {"cannot-expose-specific-adsets", "unmanaged"}
