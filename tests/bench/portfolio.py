"""Portfolios of any size, as files for every contestant and as the API's answers; the same each time.

An ad set is 870 bytes of block YAML with 77 nodes, 100 of them stand in a file. What is live differs
from the files in the bids of a share of them, spread evenly.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PER_FILE = 100
ADVERTISER, ACCOUNT = "1352", "18446744073709551616"
ROOT = "/2026-07/marketing-solutions"
SELLERS = f"{ROOT}/marketplace-performance-outcomes/advertisers/{ADVERTISER}"
BALANCES = f"/2026-07/retail-media/accounts/{ACCOUNT}/balances"
COUNTRIES = ("FR", "NO", "DE", "IT", "ES")
CONTROLLERS = ("maxCPC", "COS", "CPO")

AD_SET = """\
  ad-set-{n}:
    id: "{id}"
    name: Prospecting {n} {country}
    campaignId: "{campaign}"
    datasetId: "6789"
    objective: conversions
    mediaType: display
    schedule:
      startDate: 2026-09-01
      endDate: 2029-12-31
      activationStatus: on
    bidding:
      costController: {controller}
      bidAmount: {bid}
    targeting:
      deliveryLimitations:
        devices:
        - desktop
        - mobile
        environments: [web]
        operatingSystems:
        - android
        - ios
      geoLocation:
        countries:
          operand: in
          values: [{country}, BE]
        subdivisions:
          operand: notIn
          values: ["FR-{division}"]
      frequencyCapping:
        frequency: daily
        maximumImpressions: {cap}
    budget:
      budgetStrategy: capped
      budgetRenewal: daily
      budgetDeliverySmoothing: standard
      budgetAmount: {budget}
"""
SELLER_CAMPAIGN = """\
  seller-campaign-{n}:
    sellerId: "{n}"
    campaignId: "{campaign}"
    bid: {bid}
"""
SELLER_BUDGET = """\
  seller-budget-{n}:
    sellerId: "{n}"
    campaignIds: ["{campaign}"]
    budgetType: Capped
    amount: {budget}
    startDate: 2026-01-01
    endDate: 2029-12-31
"""
BALANCE = """\
  balance-{n}:
    name: Balance {n}
    accountId: "{account}"
    startDate: 2026-01-01
    endDate: 2029-12-31
    deposited: {budget}
"""
PROJECT = """\
version: 1
name: bench
scope:
  advertiserIds: ["{advertiser}"]
"""


@dataclass(frozen=True)
class Portfolio:
    """So many ad sets, of which every so-manieth has another bid live; ``others`` objects of each other kind.

    They belong to so many ``advertisers`` in turn, a file to one of them.
    """

    ad_sets: int
    changed: float = 0.01
    others: int = 0
    advertisers: int = 1

    def values(self, n: int) -> dict[str, str]:
        return {
            "n": str(n),
            "id": str(900_000 + n),
            "account": ACCOUNT,
            "campaign": str(10_000 + n // 5),
            "country": COUNTRIES[n % len(COUNTRIES)],
            "division": str(n % 90 + 10),
            "cap": str(n % 9 + 1),
            "controller": CONTROLLERS[n % len(CONTROLLERS)],
            "bid": f"{n % 97 / 100 + 0.01:.2f}",
            "budget": f"{n % 1009 + 1}.50",
        }

    def advertiser(self, n: int) -> str:
        return str(int(ADVERTISER) + n // PER_FILE % self.advertisers)

    def is_changed(self, n: int) -> bool:
        return self.changed > 0 and n % round(1 / self.changed) == 0

    # --- Files ----------------------------------------------------------------------------------------------

    def write(self, folder: Path) -> Path:
        """The project with all its files; a folder that is there already is taken as it is."""
        if not (folder / "reconciler.yaml").exists():
            (folder / "ads").mkdir(parents=True)
            for number, text in enumerate(self.files()):
                (folder / "ads" / f"ads-{number:05}.yaml").write_text(text)
            accounts = f'  retailMediaAccountIds: ["{ACCOUNT}"]\n' if self.others else ""
            owners = '", "'.join(str(int(ADVERTISER) + n) for n in range(self.advertisers))
            (folder / "reconciler.yaml").write_text(PROJECT.format(advertiser=owners) + accounts)
        return folder

    def files(self) -> Iterator[str]:
        sections = (("adSets", AD_SET, self.ad_sets), *((name, form, self.others) for name, form in OTHERS.items()))
        for section, form, count in sections:
            for start in range(0, count, PER_FILE):
                numbers = range(start, min(start + PER_FILE, count))
                yield f"{section}:\n" + "".join(form.format(**self.values(n)) for n in numbers)

    # --- What is live ---------------------------------------------------------------------------------------

    def answers(self) -> dict[str, bytes]:
        """The body of every answer, by method and path."""
        accounts = [{"type": "RetailMediaAccount", "id": ACCOUNT, "attributes": {"currency": "EUR"}}]
        balances = [self.balance(n) for n in range(self.others)]
        owners = [str(int(ADVERTISER) + n) for n in range(self.advertisers)]
        portfolio = [{"type": "advertiser", "id": id, "attributes": {}} for id in owners]
        answers: dict[str, object] = {
            f"GET {ROOT}/me": {"data": {"attributes": {"criteoService": "MarketingSolutions"}}},
            "GET /2026-07/retail-media/me": {"data": {"attributes": {"criteoService": "RetailMedia"}}},
            "GET /2026-07/advertisers/me": {"data": portfolio},
            "GET /2026-07/retail-media/accounts": _page(accounts),
            f"POST {ROOT}/ad-sets/search": {"data": []},
            f"GET {SELLERS}/seller-campaigns": [self.seller_campaign(n) for n in range(self.others)],
            f"GET {SELLERS}/budgets": [self.seller_budget(n) for n in range(self.others)],
            f"GET {BALANCES}": _page(balances),
        }
        searched: dict[str, list[object]] = {id: [] for id in owners}
        for n in range(self.ad_sets):
            searched[self.advertiser(n)].append(self.ad_set(n))
        for id, rows in searched.items():
            asked = f'{{"filters":{{"advertiserIds":["{id}"]}}}}'
            answers[f"POST {ROOT}/ad-sets/search" + (f" {asked}" if self.advertisers > 1 else "")] = {"data": rows}
        for count in (1, PER_FILE):  # of the campaigns of the first ad set, and of the first file
            answers |= self._part(min(count, self.ad_sets))
        return {name: json.dumps(body, separators=(",", ":")).encode() for name, body in answers.items()}

    def _part(self, count: int) -> dict[str, object]:
        """The answer to a search for the campaigns of the first ad sets: whole campaigns."""
        campaigns = sorted({self.values(n)["campaign"] for n in range(count)})
        asked = json.dumps({"filters": {"campaignIds": campaigns}}, separators=(",", ":"))
        rows = [self.ad_set(n) for n in range(self.ad_sets) if self.values(n)["campaign"] in campaigns]
        return {f"POST {ROOT}/ad-sets/search {asked}": {"data": rows}}

    def ad_set(self, n: int) -> dict[str, object]:
        v = self.values(n)
        bid = float(v["bid"]) + (0.05 if self.is_changed(n) else 0)
        attributes = {
            "name": f"Prospecting {n} {v['country']}",
            "advertiserId": self.advertiser(n),
            "datasetId": "6789",
            "campaignId": v["campaign"],
            "objective": "conversions",
            "destinationEnvironment": "web",
            "mediaType": "display",
            "videoChannel": None,
            "schedule": {
                "startDate": {"value": "2026-09-01T00:00:00Z"},
                "endDate": {"value": "2029-12-31T00:00:00Z"},
                "activationStatus": "on",
                "deliveryStatus": "live",
            },
            "bidding": {"bidAmount": round(bid, 2), "costController": v["controller"]},
            "targeting": {
                "deliveryLimitations": {
                    "devices": ["desktop", "mobile"],
                    "environments": ["web"],
                    "operatingSystems": ["android", "ios"],
                },
                "frequencyCapping": {"value": {"frequency": "daily", "maximumImpressions": int(v["cap"])}},
                "geoLocation": {
                    "countries": {"value": {"operand": "in", "values": [v["country"], "BE"]}},
                    "subdivisions": {"value": {"operand": "notIn", "values": [f"FR-{v['division']}"]}},
                    "zipCodes": {"value": None},
                },
            },
            "budget": {
                "budgetStrategy": "capped",
                "budgetRenewal": "daily",
                "budgetDeliverySmoothing": "standard",
                "budgetDeliveryWeek": "undefined",
                "budgetAmount": float(v["budget"]),
                "pacingBehavior": "undefined",
            },
            "attributionConfiguration": {"attributionMethod": "criteoAttribution", "lookbackWindow": None},
        }
        return {"type": "ReadAdSetV26Q1", "id": v["id"], "attributes": attributes}

    def seller_campaign(self, n: int) -> dict[str, object]:
        v = self.values(n)
        bid = float(v["bid"]) + (0.05 if self.is_changed(n) else 0)
        own = {"id": f"{n}.{v['campaign']}", "sellerId": str(n), "campaignId": int(v["campaign"])}
        return {**own, "sellerName": f"Seller {n}", "bid": round(bid, 2), "suspendedSince": None}

    def seller_budget(self, n: int) -> dict[str, object]:
        v = self.values(n)
        own = {"id": str(n + 1), "sellerId": str(n), "campaignIds": [int(v["campaign"])], "budgetType": "Capped"}
        days = {"startDate": "2026-01-01", "endDate": "2029-12-31"}
        return {**own, **days, "amount": float(v["budget"]), "isSuspended": False, "status": "Current", "spend": 0.0}

    def balance(self, n: int) -> dict[str, object]:
        own = {"name": f"Balance {n}", "deposited": float(self.values(n)["budget"]), "startDate": "2026-01-01"}
        attributes = {**own, "endDate": "2029-12-31", "status": "active", "balanceType": "capped", "spent": 0.0}
        return {"type": "BalanceResponseV2", "id": str(700_000 + n), "attributes": attributes}


OTHERS = {"sellerCampaigns": SELLER_CAMPAIGN, "sellerBudgets": SELLER_BUDGET, "balances": BALANCE}


def _page(rows: list[dict[str, object]]) -> dict[str, object]:
    """A list of one page that says so: one that says nothing is asked for its next page."""
    told = {"count": len(rows), "totalItemsAcrossAllPages": len(rows), "totalPages": 1}
    return {"data": rows, "metadata": told}
