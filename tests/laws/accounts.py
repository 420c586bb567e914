"""Accounts as they may be found: hostile names, and states that no rule of ours would let through.

They are put into the sandbox directly, since somebody else made them, with other tools and in other years.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from reconciler.sandbox.seed import ad_set
from reconciler.sandbox.world import World

TRAPS = (
    "NO", "on", "null", "~", "1e3", "0123", "0x1F", "12:30", "1_000", "2026-01-01", ".inf", "true", "y", "=", "<<",
    "", "- item", "# not a comment", "a: b", "a #b", "{", "[x", "%TAG", "@at", "`tick", "*alias", "&anchor", "!tag",
    "it's", 'a "quote"', "back\\slash", " leading", "trailing ", "tab\there", "two\nlines", "three\r\nlines\n",
    "| bar", "\u2028", "nul\0", "bell\a", "\x85next", "\ufeffmark", "non\xa0breaking", "\U0001f468\u200d\U0001f469",
    "👟 shoes", "حملة الصيف", "שלום #1", "夏のセール", "ﬁ", "İstanbul", "é" * 255, "x" * 256, "???", "../../etc/passwd",
    "con", "a/b", "\u202ereversed", "---", "...", "key: [unclosed", "${HOME}", "50 % – €", "'", '"', "''", '"\\', "-",
    "--- text", "defaults", "id", "r 1", "r-1",
)  # fmt: skip
NAMES = st.one_of(st.sampled_from(TRAPS), st.text(max_size=20), st.text("ab-: #'\"\n", max_size=8))

DAILY = {"budgetStrategy": "capped", "budgetRenewal": "daily", "budgetDeliverySmoothing": "standard",
         "budgetDeliveryWeek": "undefined", "budgetAmount": Decimal(50), "pacingBehavior": "undefined"}  # fmt: skip
ODD: dict[str, dict[str, list[Any]]] = {
    "adSets": {
        "name": ["", "x" * 300, "fresh"],
        "schedule.endDate": ["2020-01-01T00:00:00Z", None, "2031-05-05T13:37:00.123000+00:00"],
        "schedule.startDate": [None, "2019-01-01T08:00:00Z", "2026-09-01T00:00:00Z"],
        "schedule.activationStatus": ["on", "off"],
        "bidding.bidAmount": [None, Decimal(0), Decimal("0.3333"), Decimal("0.9")],
        "bidding.costController": ["dailyBudget", "CPM", "CPI", "brandNew"],
        "objective": ["revenue", "videoViews", "appPromotion", "conversions"],
        "targeting.frequencyCapping": [None, {"frequency": "advanced", "maximumImpressions": 3}],
        "targeting.geoLocation.countries": [
            None,
            {"operand": "undefined", "values": []},
            {"operand": "in", "values": ["NO", "FR"]},
        ],
        "targeting.geoLocation.zipCodes": [None, {"operand": "notIn", "values": ["01234", "1e3", "A B", "y"]}],
        "targeting.deliveryLimitations.devices": [["desktop", "fridge"], ["mobile"], ["desktop", "other"]],
        "targeting.deliveryLimitations.operatingSystems": [["unknown"], ["ios", "android"]],
        "budget.budgetStrategy": ["capped", "uncapped"],
        "budget.budgetAmount": [None, Decimal(0), Decimal(12)],
        "budget.budgetRenewal": ["undefined", "weekly", "monthly"],
        "budget.budgetDeliverySmoothing": [None, "accelerated", "standard"],
        "budget.budgetDeliveryWeek": ["mondayToSunday", "undefined"],
        "budget.pacingBehavior": ["undefined", "targetFullBudget", "targetAverageDailyBudget"],
        "attributionConfiguration.attributionMethod": ["unknown", "criteoAttribution", "lastClick"],
        "attributionConfiguration.lookbackWindow": [None, "30D"],
        "scheduledBudgets": [
            [],
            [{"id": "1", "startDate": "2027-01-01", **DAILY}],
            [{"id": "2", "startDate": "2027-02-01", **DAILY, "budgetStrategy": "uncapped"}],
        ],
        "categoryBids": [{}, {"5545|2": Decimal("1.2345")}],
        "archived": [True, False],
        "unexposable": [True, False],
    },
    "campaigns": {
        "name": ["", "x" * 300, "fresh"],
        "goal": ["unspecified", "retention"],
        "spendLimit": [
            None,
            {"spendLimitType": "capped", "spendLimitRenewal": "daily", "spendLimitAmount": Decimal(0)},
            {"spendLimitType": "capped", "spendLimitRenewal": "lifetime", "spendLimitAmount": Decimal("0.01")},
        ],
        "automatesBudgets": [True, False],
        "adSetObjectives": [None, "visits"],
    },
    "sellerCampaigns": {"bid": [None, Decimal(0), Decimal("0.1234")]},
    "sellerBudgets": {
        "isSuspended": [True, False],
        "budgetType": ["Capped", "Uncapped", "Daily"],
        "endDate": [None, "2026-10-01", "2028-01-01"],
        "startDate": ["2026-10-01", "2027-01-01"],
        "amount": [Decimal(0), Decimal(10), None],
        "campaignIds": [["10001"], ["10001", "10002"]],
    },
    "retailMediaCampaigns": {
        "name": ["", "x" * 300, "fresh"],
        "type": ["preferred", "auction", "unknown"],
        "budget": [None, Decimal(0), Decimal("0.01"), Decimal("1e7")],
        "monthlyPacing": [None, Decimal(0), Decimal("12.3456")],
        "dailyPacing": [None, Decimal(5)],
        "isAutoDailyPacing": [True, False],
        "startDate": [None, "2026-10-02T12:00:00Z", "2027-03-31T23:30:00Z"],
        "endDate": [None, "2026-10-02T22:00:00Z", "2030-01-01T00:00:00Z"],
        "clickAttributionWindow": ["unknown", "7D", "90D"],
        "viewAttributionScope": [None, "unknown", "sameSku"],
        "companyName": [None, "", "two\nlines", "0123"],
        "dailyOverrides": [
            [],
            [{"start": "2026-10-01", "length": 2, "amount": Decimal(7)}],
            [{"start": "2027-01-10", "length": 999, "amount": Decimal("0.5")}],
        ],
        "monthlyOverrides": [[{"start": "2027-01-01", "length": 2, "amount": Decimal(90)}], []],
    },
    "lineItems": {
        "name": ["", "x" * 300, "fresh"],
        "status": ["active", "paused", "draft"],
        "archived": [True, False],
        "budget": [None, Decimal(0), Decimal("0.01")],
        "dailyPacing": [None, Decimal(5)],
        "isAutoDailyPacing": [True, False, None],
        "bidStrategy": ["automated", None, "unknown"],
        "optimizationStrategy": ["clicks", None, "unknown"],
        "targetBid": [None, Decimal(0), Decimal("0.3333")],
        "maxBid": [None, Decimal("2.5")],
        "keywordStrategy": [None, "conquesting", "unknown"],
        "endDate": [None, "2026-09-01T22:00:00Z", "2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z"],
        "flightSchedule": [
            None,
            {"legs": None},
            {"legs": []},
            {"legs": [{"dayOfWeek": "monday", "startTime": "08:00", "endTime": "09:30"}] * 2},
        ],
        "dailyOverrides": [[], [{"start": "2026-12-24", "length": 2, "amount": None}]],
        "bidMultipliers": [{}, {"search": Decimal("0.5"), "category": Decimal(1)}],
    },
    "balances": {
        "endDate": [None, "2026-10-02", "2030-01-01"],
        "deposited": [None, Decimal(7000), Decimal("0.01")],
        "memo": [None, "", "two\nlines", "0123"],
        "poNumber": ["1e3", None, "x" * 40],
        "spendType": ["Onsite", "OffsiteAwareness"],
        "privateMarketBillingType": ["billByCriteo", "notApplicable", "unknown", "billByRetailer"],
    },
}


def populate(world: World, kind: str, draw: Any) -> None:
    """More objects of a kind than the demo has, each with a name of its own devising."""
    pool = draw(st.lists(NAMES, min_size=1, max_size=5))
    for number in range(draw(st.integers(1, 4))):
        if kind == "adSets":
            record = ad_set(str(900 + number), "", bid="0.5", amount="20", countries=["FR"], status="off")
            world.state.put(kind, record["id"], record)
        elif kind == "campaigns":
            world.state.put(kind, str(900 + number), {"advertiserId": "1352", "name": ""})
        elif kind in ("retailMediaCampaigns", "lineItems") or kind == "balances":
            first = next(iter(world.state.all(kind).values()))
            world.state.put(kind, str(2**64 + 900 + number), first)
        elif kind == "sellerBudgets":
            first = next(iter(world.state.all(kind).values()))
            world.state.put(kind, str(900 + number), first | {"sellerId": str(6 + number)})
    _rename(world, draw, pool)


def _rename(world: World, draw: Any, pool: list[str]) -> None:
    """Some share a name, but for those of Retail Media: there the vendor forbids it."""
    for collection in ("adSets", "campaigns", "sellers", "advertisers", "accounts"):
        for key, record in dict(world.state.all(collection)).items():
            world.state.put(collection, key, record | {"name": draw(st.sampled_from(pool))})
    for collection in ("retailMediaCampaigns", "lineItems"):
        for number, (key, record) in enumerate(dict(world.state.all(collection)).items()):
            world.state.put(collection, key, record | {"name": f"{draw(st.sampled_from(pool))} {number}"})
    unlike = draw(st.lists(NAMES, min_size=9, max_size=9, unique=True))
    for name, (key, record) in zip(unlike, dict(world.state.all("balances")).items(), strict=False):
        memo, order = (draw(st.sampled_from([None, *pool])) for _ in range(2))
        world.state.put("balances", key, record | {"name": name, "memo": memo, "poNumber": order})


def distort(world: World, kind: str, draw: Any) -> None:
    """Values that the vendor's own tools can leave behind, together as they come."""
    for number, (key, record) in enumerate(dict(world.state.all(kind)).items()):
        changed = dict(record)
        for path in draw(st.lists(st.sampled_from(sorted(ODD[kind])), max_size=5, unique=True)):
            value = draw(st.sampled_from(ODD[kind][path]))
            if path == "name" and kind in ("retailMediaCampaigns", "lineItems"):
                value = f"{value} {number}"  # there the vendor forbids that two share one
            _set(changed, path.split("."), value)
        world.state.put(kind, key, changed)


def _set(record: dict[str, Any], path: list[str], value: Any) -> None:
    *blocks, last = path
    for block in blocks:
        record[block] = dict(record[block])
        record = record[block]
    record[last] = value
