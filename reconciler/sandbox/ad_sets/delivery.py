"""Delivery status of an ad set, and the reasons that prevent its start (contract §8.4, §11 rules 36 to 39)."""

from __future__ import annotations

from datetime import datetime

from ..clock import instant
from ..state import Record, State
from . import words

PREFIX = "campaign--ad-set-start-check--"
ORDER = (
    "cannot-activate-archived-ad-set",
    "active-ad-sets-limit-reached",
    "ad-set-with-custom-settings",
    "data-set-is-in-creative-ab-test",
    "ad-set-is-in-ab-test",
    "ad-set-with-revenue-optimizer",
    "payment-billing-status-declined",
    "payment-billing-status-no-details",
    "ad-set-requiring-data-sharing",
    "payment-billing-status-no-payment-method",
    "advertiser-financial-statuses-not-ok",
    "terms-and-conditions-not-accepted",
    "ad-set-has-no-remaining-budget",
    "no-inventory-placements-for-ad-set",
    "not-enough-transaction-tag-hits",
    "no-active-catalog-feed",
    "no-design-set-found-for-banner-types",
    "cannot-activate-ad-set-without-revenue",
    "context-zero-no-geoloc-filter",
    "context-zero-wrong-configuration",
    "desktop-device-not-supported-for-app-install",
    "data-set-logo-required-for-app-install",
    "parallel-click-tracking-incorrectly-set-up",
    "ad-set-has-missing-attribution-url",
    "crp-ad-set-should-not-have-smoothing-budget",
    "misconfigured-ad-set",
    "ad-set-requiring-an-audience",
)
"""Codes of start failures by precedence: a failing item reports the first that applies (rule 38)."""


def status(record: Record, state: State, now: datetime) -> str:
    """Return the delivery status, computed from the state and the clock (rule 39)."""
    schedule = record["schedule"]
    if record.get("archived"):
        return "archived"
    if schedule["endDate"] is not None and instant(schedule["endDate"]) < now:
        return "ended"
    if not record.get("started"):
        return "draft"
    if schedule["activationStatus"] == "off":
        return state.options.off_delivery_status
    if schedule["startDate"] is not None and instant(schedule["startDate"]) > now:
        return "scheduled"
    return "notDelivering" if _exhausted(record, state, now) else "live"


def _exhausted(record: Record, state: State, now: datetime) -> bool:
    if record.get("exhausted"):
        return True
    budget = record["budget"]
    if budget["budgetStrategy"] != "capped" or budget["budgetAmount"] is None:
        return False
    return bool(state.spent(record, now) >= budget["budgetAmount"])


def obstacles(record: Record, state: State) -> list[str]:
    """Return the codes, without prefix and in order, of every reason that prevents the start of the ad set."""
    found = {
        "cannot-activate-archived-ad-set": record.get("archived"),
        "active-ad-sets-limit-reached": _limit_reached(record, state),
        "ad-set-with-custom-settings": _customised(record),
        "ad-set-has-no-remaining-budget": _worthless(record),
        "cannot-activate-ad-set-without-revenue": _without_bid(record),
        "context-zero-no-geoloc-filter": record.get("contextZero") and not _has_geo_filter(record),
        "desktop-device-not-supported-for-app-install": _desktop_app(record),
        "crp-ad-set-should-not-have-smoothing-budget": _smooth_reseller(record, state),
        "ad-set-requiring-an-audience": not (record.get("audienceId") or record.get("audienceFree")),
    }
    scripted = (record.get("startError") or "").removeprefix(PREFIX)
    reasons = [code for code in ORDER if found.get(code) or code == scripted]
    return [*reasons, scripted] if scripted and scripted not in ORDER else reasons


def _customised(record: Record) -> bool:
    """Return True if the frequency is one that the API cannot set (the catalogue only hints at this)."""
    return bool((record["targeting"]["frequencyCapping"] or {}).get("frequency") == "advanced")


def _smooth_reseller(record: Record, state: State) -> bool:
    """Return True if the ad set of a marketplace campaign spends its budget evenly."""
    campaign = state.get("campaigns", record["campaignId"]) or {}
    return bool(campaign.get("marketplace") and record["budget"]["budgetDeliverySmoothing"] == "standard")


def _worthless(record: Record) -> bool:
    budget = record["budget"]
    return bool(budget["budgetStrategy"] == "capped" and not budget["budgetAmount"])


def _without_bid(record: Record) -> bool:
    bidding = record["bidding"]
    return bool(bidding["costController"] not in words.ADAPTIVE and bidding["bidAmount"] is None)


def _has_geo_filter(record: Record) -> bool:
    return any(record["targeting"]["geoLocation"].values())


def _desktop_app(record: Record) -> bool:
    devices = record["targeting"]["deliveryLimitations"]["devices"]
    return bool(record["objective"] == "appPromotion" and "desktop" in devices)


def _limit_reached(record: Record, state: State) -> bool:
    limit = state.options.active_ad_sets_limit
    if limit is None or record["schedule"]["activationStatus"] == "on":
        return False
    mine = state.where("adSets", advertiserId=record["advertiserId"])
    active = [key for key, other in mine if other["schedule"]["activationStatus"] == "on"]
    return len(active) >= limit
