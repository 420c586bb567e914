"""What the files of a scenario may want, by a short name, and how an object in the world is known to be that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.crash.scenarios import ACCOUNT, NEW_BUDGET

Record = Mapping[str, Any]
AD_SET = """  new-{n}:
    {{campaignId: "358313", datasetId: "6789", objective: conversions, mediaType: display, name: New {n},
    trackingCode: t{n}, schedule: {{startDate: 2026-12-01, activationStatus: off}},
    bidding: {{costController: maxCPC, bidAmount: 0.9{n}}},
    budget: {{budgetStrategy: capped, budgetRenewal: daily, budgetDeliverySmoothing: standard, budgetAmount: 7{n}}}}}
"""
CAMPAIGN = """  new-{n}:
    {{advertiserId: "1352", name: New {n}, goal: acquisition,
    spendLimit: {{spendLimitType: capped, spendLimitRenewal: monthly, spendLimitAmount: 90{n}}}}}
"""
RETAIL = """  new-{n}:
    {{accountId: "{account}", name: Retail {n}, isAutoDailyPacing: false, budget: 100{n}}}
"""
LINE_ITEM = """  new-{n}:
    {{campaignId: {campaign}, name: Item {n}, targetRetailerId: "1106", startDate: 2026-12-01, budget: 60{n}}}
"""
BALANCE = """  new-{n}:
    {{accountId: "{account}", name: New {n}, startDate: 2027-01-0{n}, spendType: onsite, deposited: 5{n}.50}}
"""
FUNDS = """  {key}: {{accountId: "{account}", name: {name}, deposited: {amount}{memo}}}
"""


@dataclass(frozen=True)
class Want:
    """One block of the files: its section, its text, its address as reports name it."""

    section: str
    text: str
    address: str
    balance: str | None = None
    """The id of the balance that it tops up."""
    deposited: Decimal | None = None
    ids: frozenset[str] = frozenset()
    """Objects that were there before and that it may write to."""
    also: tuple[Want, ...] = ()
    """Further blocks, which name it."""

    @property
    def parts(self) -> tuple[Want, ...]:
        """All its blocks."""
        return (self, *self.also)


def _fund(name: str, id: str, amount: str, memo: str = "") -> Want:
    key = name.lower()
    text = FUNDS.format(key=key, account=ACCOUNT, name=name, amount=amount, memo=memo)
    return Want("balances", text, f"balances.{key}", id, Decimal(amount), frozenset({id}))


WANTS: Mapping[str, Want] = {
    **{f"adSet{n}": Want("adSets", AD_SET.format(n=n), f"adSets.new-{n}") for n in (1, 2, 3)},
    "campaign1": Want("campaigns", CAMPAIGN.format(n=1), "campaigns.new-1"),
    "family": Want(
        "campaigns",
        CAMPAIGN.format(n=2),
        "campaigns.new-2",
        also=(Want("adSets", AD_SET.format(n=9).replace('"358313"', "campaigns.new-2"), "adSets.new-9"),),
    ),
    "limit": Want(
        "campaigns",
        '  limit: {id: "358313", spendLimit: {spendLimitAmount: 25000}}\n',
        "campaigns.limit",
        ids=frozenset({"358313"}),
    ),
    "retail1": Want("retailMediaCampaigns", RETAIL.format(n=1, account=ACCOUNT), "retailMediaCampaigns.new-1"),
    "item1": Want("lineItems", LINE_ITEM.format(n=1, campaign='"73"'), "lineItems.new-1"),
    "shelf": Want(
        "retailMediaCampaigns",
        RETAIL.format(n=2, account=ACCOUNT),
        "retailMediaCampaigns.new-2",
        also=(Want("lineItems", LINE_ITEM.format(n=2, campaign="retailMediaCampaigns.new-2"), "lineItems.new-2"),),
    ),
    "replace": Want(
        "lineItems", '  whole: {id: "9001", targetBid: 0.65}\n', "lineItems.whole", ids=frozenset({"9001"})
    ),
    **{f"budget{n}": Want("sellerBudgets", NEW_BUDGET.format(n=n), f"sellerBudgets.new-{n}") for n in (5, 6)},
    **{f"balance{n}": Want("balances", BALANCE.format(n=n, account=ACCOUNT), f"balances.new-{n}") for n in (1, 2)},
    "pair": Want(
        "sellerCampaigns", '  join: {sellerId: "5", campaignId: "10002", bid: 0.20}\n', "sellerCampaigns.join"
    ),
    "bid": Want(
        "adSets", '  bid: {id: "123467", bidding: {bidAmount: 1.1000}}\n', "adSets.bid", ids=frozenset({"123467"})
    ),
    "more": _fund("Spare", "900001", "1250.50"),
    "less": _fund("Spring", "900002", "350.00"),
    "credit": _fund("Spring", "900002", "410.00", ", memo: ours"),
}
SETS: Mapping[str, str] = {"123467": "adSets.bid", "358313": "campaigns.limit", "9001": "lineItems.whole"}
"""The addresses of the objects of which only absolute values are written, by id."""
CREATED = ("campaigns", "retailMediaCampaigns", "lineItems", "adSets", "sellerBudgets", "balances", "sellerCampaigns")
"""The collections in which a write of ours may make something new."""


def text(wanted: Iterable[str]) -> str:
    """Return the files' text for these wants."""
    sections: dict[str, str] = {}
    for want in (part for name in wanted for part in WANTS[name].parts):
        sections[want.section] = sections.get(want.section, "") + want.text
    return "".join(f"{section}:\n{blocks}" for section, blocks in sections.items())


def address_of(collection: str, record: Record) -> str | None:
    """Return the address that an object of the world was made for, by what no edit of another user changes."""
    match collection:
        case "adSets":
            return f"adSets.new-{str(record['trackingCode'])[1:]}"
        case "campaigns":
            return f"campaigns.new-{str(record['name'])[-1]}"
        case "retailMediaCampaigns" | "lineItems":
            return f"{collection}.new-{str(record['name'])[-1]}"
        case "sellerBudgets":
            return f"sellerBudgets.new-{record['sellerId']}"
        case "balances":
            return f"balances.new-{int(str(record['startDate'])[-2:])}"
        case "sellerCampaigns":
            return "sellerCampaigns.join"
    return None
