"""Every answer of the marketplace and of the balances is what the document of its version promises."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ..sandbox.small_worlds import ACCOUNT, MPO, Client, accounts, marketplace
from . import openapi
from .judge import Judge

STABLE = [version for version in openapi.VERSIONS if version != "preview"]
EARLY = "2026-10-01T09:00:00Z"
"""When 2025-10 still answered for itself."""


@pytest.mark.parametrize("version", STABLE)
def test_the_marketplace_answers_what_its_document_promises(version):
    judge = Judge(marketplace(now=EARLY), "marketingsolutions", version)
    item = {"sellerId": "1", "campaignIds": [10001], "budgetType": "Capped", "amount": "30.50"}
    item |= {"startDate": "2026-11-01T00:00:00Z", "endDate": "2026-11-30"}
    open_ended = {"sellerId": "2", "campaignIds": [10001], "budgetType": "Uncapped"}
    open_ended |= {"startDate": "2026-11-01T00:00:00Z", "endDate": ""}
    made = judge("POST", MPO + "/budgets", [item, open_ended]).body
    judge("PATCH", MPO + "/budgets", [{"budgetId": int(made[0]["id"]), "amount": "20.00", "isSuspended": True}])
    judge("PATCH", f"{MPO}/budgets/{made[0]['id']}", {"isSuspended": False})
    judge("GET", f"{MPO}/budgets/{made[0]['id']}")
    wide = {"startBeforeDate": "2099-01-01", "endAfterDate": "2000-01-01"}
    for path in ("", "/advertisers/1352", "/sellers/1", "/seller-campaigns/1.10001"):
        assert judge("GET", f"{MPO}{path}/budgets", **wide).body != []
    judge("PATCH", MPO + "/seller-campaigns", [{"id": "1.10001", "bid": Decimal("0.55")}, {"id": "2.10001", "bid": 0}])
    judge("PATCH", MPO + "/seller-campaigns/3.10001", bid="1.55")
    judge("POST", MPO + "/sellers/3/seller-campaigns", {"campaignId": 10002, "bid": Decimal("0.5")})
    for path in ("/seller-campaigns", "/sellers/1/seller-campaigns", "/advertisers/1352/seller-campaigns", "/sellers"):
        assert judge("GET", MPO + path).body != []
    for path in ("/advertisers", "/advertisers/1352/campaigns", "/advertisers/1352/adsets"):
        assert judge("GET", MPO + path).body != []
    for path in ("/seller-campaigns/1.10001", "/sellers/1", "/advertisers/1352"):
        judge("GET", MPO + path)
    judge.assert_complete(MPO, "/advertisers/{advertiserId}/sellers", "/me")


def deposit(client: Client, key: str, **changes: Any) -> str:
    record = {
        "accountId": ACCOUNT,
        "name": f"Balance {key}",
        "startDate": "2026-01-01",
        "endDate": None,
        "deposited": Decimal(1000),
        "spent": Decimal("1.25"),
        "spendType": "OffsiteAwareness",
        "privateMarketBillingType": "billByRetailer",
        "createdAt": "2026-01-01T08:00:00Z",
        "updatedAt": "2026-01-01T08:00:00Z",
    }
    client.world.state.put("balances", key, record | changes)
    return key


def attributes(**given: Any) -> dict[str, Any]:
    return {"data": {"attributes": given}}


@pytest.mark.parametrize("version", openapi.VERSIONS)
def test_the_balances_answer_what_their_document_promises(version):
    client = accounts(now=EARLY)
    judge = Judge(client, "retailmedia", version)
    one, old = deposit(client, "697385288434028544"), version < "2026-07"
    deposit(client, "7", deposited=None, privateMarketBillingType="billByCriteo", retailerId="44")
    base, order = f"/retail-media/accounts/{ACCOUNT}", "poNumber" if old else "retailerPoNumber"
    end: Any = "2027-01-31" if old else {"value": "2027-01-31"}
    judge("PATCH", f"{base}/balances/{one}", attributes(name="New", endDate=end, memo="m", **{order: "PO 2"}))
    judge("GET", f"{base}/balances")
    judge("GET", "/retail-media/me")
    client.world.edit("balances", one, {"retailerId": "9", "deposited": 2000}, by="ada")
    for verb in ("append", "delete"):
        body = {"data": [{"id": "71"}]} if old else attributes(ids=["71"])
        judge("POST", f"/retail-media/balances/{one}/campaigns/{verb}", body)
    if version != "preview":
        stable_only(judge, base, one, order)
    if not old:
        for key in (one, "7"):
            judge("GET", f"/retail-media/balances/{key}")
    assert judge("GET", f"/retail-media/balances/{one}/history").body["data"] != []
    judge.assert_complete(r"/balances|/retail-media/(me|accounts)$")


def stable_only(judge: Judge, base: str, one: str, order: str) -> None:
    new = {"name": "Q1", "startDate": "2027-01-01", "spendType": "Onsite", "deposited": 5000, order: "PO", "memo": "m"}
    judge("POST", f"{base}/balances", attributes(**new))
    judge("POST", f"{base}/balances", attributes(name="Open", startDate="2027-01-01", spendType="Offsite"))
    judge(
        "POST", f"{base}/balances/{one}/add-funds", attributes(deltaAmount=Decimal("250.5"), memo="run", **{order: "P"})
    )
    judge(
        "POST",
        f"{base}/balances/{one}/change-dates",
        attributes(startDate="2026-02-01", endDate="2027-02-01", memo="m"),
    )
    for key in (one, "7"):
        judge("GET", f"{base}/balances/{key}")
    judge("GET", "/retail-media/accounts", pageSize=1)
    judge("GET", f"{base}/campaigns", pageSize=2)
    judge("GET", f"/retail-media/balances/{one}/campaigns")
