"""Random portfolios: what is live, what the files want of it, and the changes between the two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from reconciler.kinds import versions
from reconciler.kinds.kind import Kind
from reconciler.model import Address, Change, Desired, FixedLocator, Live, Origin, Pair, Place, Span, Value
from reconciler.planning.cost import CostContext
from reconciler.planning.diff import diff

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
SCOPE = {"advertiserIds": ("1", "2", "3"), "retailMediaAccountIds": ("8", "9")}
CODES = {
    ("advertiserIds", "1"): "EUR",
    ("advertiserIds", "2"): "USD",
    ("retailMediaAccountIds", "8"): "JPY",
    ("retailMediaAccountIds", "9"): "EUR",
}
NAMES = {
    ("advertiserIds", "3"): "currency of advertiser 3",
    **CODES,
}
"""What each owner's currency is called; nobody tells that of advertiser 3."""
KINDS: Mapping[str, Kind] = {
    "adSets": versions.find_version("marketingSolutions", "preview").kinds["adSets"],
    "sellerCampaigns": versions.find_version("sellers", "2026-07").kinds["sellerCampaigns"],
    "sellerBudgets": versions.find_version("sellers", "2026-07").kinds["sellerBudgets"],
    "balances": versions.find_version("retailMedia", "2026-07").kinds["balances"],
}
Values = dict[str, Value]


@dataclass(frozen=True)
class Thing:
    """One object: its owner, what is live of it (if it exists), what the files want of it (if they hold it)."""

    kind: str
    owner: str
    live: Values | None
    wanted: Values | None

    @property
    def currency(self) -> str:
        scope = "retailMediaAccountIds" if self.kind == "balances" else "advertiserIds"
        return NAMES[scope, self.owner]


@dataclass(frozen=True)
class World:
    things: tuple[Thing, ...]
    book: CostContext

    @property
    def changes(self) -> tuple[Change, ...]:
        return tuple(self.book.changes)


def world(random: Random, most: int = 6, kinds: tuple[str, ...] = tuple(KINDS)) -> World:
    """A portfolio of at most so many objects."""
    things = tuple(_thing(random, random.choice(kinds), index) for index in range(random.randint(0, most)))
    live: dict[str, list[Live]] = {name: [] for name in KINDS}
    live["sellerCampaigns"] += [Live("sellerCampaigns", f"m{id}", {"campaignId": f"10{id}"}, owner=id) for id in "123"]
    changes: list[Change] = []
    for name, kind in KINDS.items():
        pairs: list[Pair] = []
        for index, thing in enumerate(things):
            if thing.kind != name:
                continue
            row = None if thing.live is None else Live(name, str(index), thing.live, owner=thing.owner)
            live[name] += [row] if row else []
            if thing.wanted is not None:
                place = Place(FixedLocator(Span("ads.yaml", index + 1, 1)), ())
                pairs.append((Desired(Address(name, f"t{index}"), None, thing.wanted, Origin(place)), row))
        moved, _ = diff(kind, pairs, {})
        changes += moved
    return World(things, CostContext(KINDS, live, changes, SCOPE, CODES, NOW))


def _thing(random: Random, kind: str, index: int) -> Thing:
    owner = random.choice(SCOPE["retailMediaAccountIds" if kind == "balances" else "advertiserIds"])
    make = {"adSets": _ad_set, "sellerCampaigns": _bid, "sellerBudgets": _seller_budget, "balances": _balance}[kind]
    new = random.random() < 0.25
    live = make(random, owner, index, new)
    if new:
        return Thing(kind, owner, None, live)
    other = make(random, owner, index, False)
    fixed = {"campaignId", "advertiserId", "accountId", "sellerId", "budgetType", "name", "status",
             "schedule.deliveryStatus", "startDate"}  # fmt: skip
    if kind == "balances" and None in (live["deposited"], other["deposited"]):
        fixed = fixed | {"deposited"}
    some = {name: value for name, value in other.items() if name not in fixed and random.random() < 0.5}
    start, end = live.get("startDate"), some.get("endDate")
    if isinstance(start, date) and isinstance(end, date) and end <= start:
        del some["endDate"]  # no file says so: validation refuses it
    return Thing(kind, owner, live, some if random.random() < 0.8 else None)


def _amount(random: Random) -> Decimal:
    return Decimal(random.choice((1, 10, 100, 5000, 99999))) / 100 * random.randint(1, 9)


def _moment(random: Random) -> datetime | None:
    return random.choice((None, NOW - timedelta(days=1), NOW, NOW + timedelta(seconds=1), NOW + timedelta(days=9)))


def _day(random: Random) -> date:
    return NOW.date() + timedelta(days=random.randint(-4, 6))


def _budget(random: Random, prefix: str) -> Values:
    if random.random() < 0.2:
        return {f"{prefix}budgetStrategy": "uncapped"}
    renewal = random.choice(("daily", "weekly", "monthly", "lifetime"))
    return {f"{prefix}budgetStrategy": "capped", f"{prefix}budgetAmount": _amount(random),
            f"{prefix}budgetRenewal": renewal}  # fmt: skip


def _ad_set(random: Random, owner: str, index: int, new: bool) -> Values:
    values: Values = {"campaignId": f"10{owner}", "name": f"n{index}",
                      "schedule.activationStatus": random.choice(("on", "on", "off")),
                      "bidding.bidAmount": _amount(random), **_budget(random, "budget.")}  # fmt: skip
    values["schedule.endDate"] = _moment(random)
    if new:
        return values | {"datasetId": "1", "objective": "clicks", "mediaType": "display", "trackingCode": "a=b",
                         "schedule.startDate": NOW, "bidding.costController": "maxCPC",
                         "targeting.frequencyCapping": None}  # fmt: skip
    if random.random() < 0.2:
        values["scheduledBudgets.2026-12-01"] = _budget(random, "")
    return values | {"advertiserId": owner, "schedule.deliveryStatus": random.choice(("live", "live", "archived"))}


def _bid(random: Random, owner: str, index: int, new: bool) -> Values:
    return {"sellerId": str(index), "campaignId": f"10{owner}", "bid": _amount(random)}


def _seller_budget(random: Random, owner: str, index: int, new: bool) -> Values:
    kind = random.choice(("Daily", "Daily", "Capped", "Uncapped", "Uncapped"))
    start = _day(random)
    values: Values = {"sellerId": random.choice(("s", "s", "t")), "budgetType": kind, "startDate": start,
                      "campaignIds": random.choice(((f"10{owner}",), (f"10{owner}", f"20{owner}"))),
                      "endDate": random.choice((None, start + timedelta(days=random.randint(1, 5))))}  # fmt: skip
    if kind != "Uncapped":
        values["amount"] = _amount(random)
    if new:
        return values
    return values | {"suspended": random.random() < 0.2, "status": random.choice(("Current", "Current", "Archived"))}


def _balance(random: Random, owner: str, index: int, new: bool) -> Values:
    deposited = None if random.random() < 0.2 else _amount(random)
    start = _day(random)
    values: Values = {"accountId": owner, "name": f"b{index}", "startDate": start,
                      "endDate": random.choice((None, _day(random))), "deposited": deposited}  # fmt: skip
    if new:
        values["spendType"] = "onsite"
        return {name: value for name, value in values.items() if name != "deposited" or value is not None}
    return values
