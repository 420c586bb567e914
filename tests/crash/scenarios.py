"""Accounts and files that mix all kinds: every way of writing that there is, in one plan."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from reconciler.sandbox.world import World

ACCOUNT = "18446744073709551616"
PROJECT = f"""version: 1
api: {{marketingSolutions: "2026-07", sellers: "2026-07", retailMedia: "2026-07"}}
scope: {{advertiserIds: ["1352"], retailMediaAccountIds: ["{ACCOUNT}"]}}
"""
NEW_AD_SET = """  new-{n}:
    {{campaignId: "358313", datasetId: "6789", objective: conversions, mediaType: display, name: New {n},
    trackingCode: t{n}, schedule: {{startDate: 2026-12-01, activationStatus: {status}}}, audienceId: "9876",
    bidding: {{costController: maxCPC, bidAmount: 0.9{n}}}, categoryBids: {{"5544|1": 1.2{n}}},
    budget: {{budgetStrategy: capped, budgetRenewal: daily, budgetDeliverySmoothing: standard, budgetAmount: 7{n}}}}}
"""
NEW_CAMPAIGN = """  new-{n}:
    {{advertiserId: "1352", name: New {n}, goal: acquisition,
    spendLimit: {{spendLimitType: capped, spendLimitRenewal: monthly, spendLimitAmount: 90{n}}}}}
"""
IN_CAMPAIGN = """  in-{n}:
    {{campaignId: campaigns.new-{n}, datasetId: "6789", objective: conversions, mediaType: display, name: In {n},
    trackingCode: i{n}, schedule: {{startDate: 2026-12-01, activationStatus: on}}, audienceId: "9876",
    bidding: {{costController: maxCPC, bidAmount: 0.8{n}}},
    budget: {{budgetStrategy: capped, budgetRenewal: daily, budgetDeliverySmoothing: standard, budgetAmount: 6{n}}}}}
"""
"""An ad set of a campaign that is new as well: it names the block, for there is no id yet."""
NEW_RETAIL = """  new-{n}:
    {{accountId: "{account}", name: Retail {n}, isAutoDailyPacing: false, budget: 100{n}, dailyPacing: 5{n},
    dailyBudgetOverrides: {{2026-11-27: {{maxDailySpend: 30{n}, duration: 4D}}}}}}
"""
NEW_LINE_ITEM = """  new-{n}:
    {{campaignId: retailMediaCampaigns.new-{n}, name: Item {n}, targetRetailerId: "1106", startDate: 2026-12-01,
    status: active, budget: 60{n}, targetBid: 0.5{n}, bidMultipliers: {{search: 1.{n}}}}}
"""
MOVED_RETAIL = (
    f'  more: {{id: "73", accountId: "{ACCOUNT}", budget: 6000}}\n',
    f'  less: {{id: "71", accountId: "{ACCOUNT}", budget: 2000, name: All year}}\n',
)
MOVED_LINE_ITEMS = (
    '  bid: {id: "9001", targetBid: 0.65, budget: 2600, bidMultipliers: {search: 1.5}}\n',
    '  hold: {id: "9007", status: paused}\n',
    '  days: {id: "9004", maxBid: 1.1, dailyBudgetOverrides: {2026-12-24: {maxDailySpend: 50, duration: 2D}}}\n',
)
NEW_BUDGET = """  new-{n}:
    {{sellerId: "{n}", campaignIds: ["10001"], budgetType: Capped, amount: 3{n}, startDate: 2026-12-0{n},
    endDate: 2026-12-31}}
"""
NEW_BALANCE = """  new-{n}:
    {{accountId: "{account}", name: New {n}, startDate: 2027-01-01, spendType: onsite, deposited: 5{n}.50,
    campaignIds: ["71"]}}
"""
MOVED_AD_SETS = (
    '  bid: {id: "123467", bidding: {bidAmount: 1.1000}}\n',
    '  more: {id: "123468", budget: {budgetAmount: 150.00}, schedule: {activationStatus: on}}\n',
    '  stop: {id: "123470", schedule: {activationStatus: off}}\n',
    '  link: {id: "123474", audienceId: "9876", name: Winter sales}\n',
    '  less: {id: "123471", budget: {budgetAmount: 1500.00}, bidding: {bidAmount: 0.0500}}\n',
)
MOVED_CAMPAIGNS = (
    '  limit: {id: "358313", spendLimit: {spendLimitAmount: 25000}}\n',
    '  less: {id: "358313", spendLimit: {spendLimitRenewal: daily, spendLimitAmount: 700}}\n',
)
CATEGORIES = '  shoes: {id: "123467", categoryBids: {"5545|2": 1.3, "5544|1": 1.4}, bidding: {bidAmount: 1.1000}}\n'
MOVED_SELLER_CAMPAIGNS = (
    '  one: {sellerId: "1", campaignId: "10001", bid: 0.35}\n',
    '  two: {sellerId: "2", campaignId: "10001", bid: 0.10}\n',
    '  join: {sellerId: "5", campaignId: "10002", bid: 0.20}\n',
    '  come: {sellerId: "6", campaignId: "10002", bid: 0.25}\n',
)
MOVED_BUDGETS = (
    '  more: {id: "101", amount: 600.00}\n',
    '  hold: {id: "104", suspended: true}\n',
)
MOVED_BALANCES = (
    f'  q4: {{accountId: "{ACCOUNT}", name: Q4, deposited: 5750.25, campaignIds: ["71", "72"]}}\n',
    f'  down: {{accountId: "{ACCOUNT}", name: Spare, deposited: 700.00}}\n',
    f'  credit: {{accountId: "{ACCOUNT}", name: Spring, deposited: 410.00, endDate: 2027-06-30, memo: ours}}\n',
)


@dataclass(frozen=True)
class Scenario:
    """An account at rest, and the files that want it otherwise."""

    world: Callable[[], World]
    text: str

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "reconciler.yaml").write_text(PROJECT)
        (folder / "mixed.yaml").write_text(self.text)
        return folder


def account() -> World:
    """The demo's account with two more balances; its clock stands still."""
    world = World.demo(running=False)
    first = next(iter(world.state.collections["balances"].values()))
    for key, name in (("900001", "Spare"), ("900002", "Spring")):
        capped = {"name": name, "deposited": Decimal(1000 if name == "Spare" else 400)}
        world.state.put("balances", key, {**first, **capped, "spent": Decimal(0)})
    return world


def everything() -> Scenario:
    """All of it at once."""
    return Scenario(account, _text(MOVED_AD_SETS[1:], (CATEGORIES,), (1, 2), (7, 8), (1, 2), new_campaigns=(1,)))


def drawn(seed: int) -> Scenario:
    """Some of it, and always some of each kind: five to ten calls, so that many such plans can be tried."""
    rng = random.Random(seed)
    moved = rng.sample(MOVED_AD_SETS, rng.randint(0, 1))
    shoes = (CATEGORIES,) if MOVED_AD_SETS[0] not in moved and rng.random() < 0.3 else ()
    ad_sets = rng.sample(range(1, 10), rng.randint(0 if moved or shoes else 1, 1))
    budgets = rng.sample(range(5, 10), rng.randint(0, 2))
    moved_balances = rng.sample(MOVED_BALANCES, rng.randint(0, 1))
    return Scenario(
        account,
        _text(
            moved,
            shoes,
            ad_sets,
            budgets,
            rng.sample(range(1, 10), rng.randint(0 if moved_balances else 1, 1)),
            rng.sample(MOVED_SELLER_CAMPAIGNS, rng.randint(1, 2)),
            rng.sample(MOVED_BUDGETS, rng.randint(0 if budgets else 1, 1)),
            moved_balances,
            new_campaigns=rng.sample(range(1, 10), rng.randint(0, 1)),
            moved_campaigns=rng.sample(MOVED_CAMPAIGNS, rng.randint(0, 1)),
        ),
    )


def retail_media(n: int) -> Scenario:
    """An account of Retail Media alone: a new campaign with a line item by address, and whole objects replaced."""
    sections = {
        "retailMediaCampaigns": (NEW_RETAIL.format(n=n, account=ACCOUNT), MOVED_RETAIL[n % 2]),
        "lineItems": (NEW_LINE_ITEM.format(n=n), *MOVED_LINE_ITEMS),
        "balances": MOVED_BALANCES[n % 3 : n % 3 + 1],
    }
    return Scenario(account, "".join(f"{name}:\n{''.join(blocks)}" for name, blocks in sections.items()))


def _text(
    moved: Sequence[str],
    shoes: Sequence[str],
    ad_sets: Sequence[int],
    budgets: Sequence[int],
    balances: Sequence[int],
    seller_campaigns: Sequence[str] = MOVED_SELLER_CAMPAIGNS,
    moved_budgets: Sequence[str] = MOVED_BUDGETS,
    moved_balances: Sequence[str] = MOVED_BALANCES,
    new_campaigns: Sequence[int] = (),
    moved_campaigns: Sequence[str] = MOVED_CAMPAIGNS[:1],
) -> str:
    new = [NEW_AD_SET.format(n=n, status="on" if n % 2 else "off") for n in ad_sets]
    new += [IN_CAMPAIGN.format(n=n) for n in new_campaigns]
    sections = {
        "campaigns": [*moved_campaigns, *(NEW_CAMPAIGN.format(n=n) for n in new_campaigns)],
        "adSets": [*moved, *shoes, *new],
        "sellerCampaigns": list(seller_campaigns),
        "sellerBudgets": [*moved_budgets, *(NEW_BUDGET.format(n=n) for n in budgets)],
        "balances": [*moved_balances, *(NEW_BALANCE.format(n=n, account=ACCOUNT) for n in balances)],
    }
    return "".join(f"{name}:\n{''.join(blocks)}" for name, blocks in sections.items() if blocks)
