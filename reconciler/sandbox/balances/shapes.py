"""Each generation answers a balance in its own shape, and G2 in three of them (contract §5.6, rule 72)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from .balance import Balance

Json = dict[str, Any]


def older(balance: Balance, today: date) -> Json:
    """G1 everywhere; in G2 still `GET …/balances/{b}` and change-dates: `poNumber`, Pascal-case spend type."""
    po = {"poNumber": balance.po_number}
    return _resource("BalanceResponseV2", balance, _common(balance, today) | po)


def newer(balance: Balance, today: date) -> Json:
    """G2's create and add-funds: the new key of the purchase order, the old case of the spend type."""
    po = {"retailerPoNumber": balance.po_number}
    return _resource("BalanceResponseV3", balance, _common(balance, today) | po)


def listed(balance: Balance, today: date) -> Json:
    """G2/P's list and `GET balances/{b}`: amounts are never null, so an uncapped balance reads 0 there."""
    attributes = _lower(balance, today) | {
        "criteoPoNumber": balance.criteo_po_number,
        "retailerId": balance.retailer_id,
        "deposited": balance.deposited if balance.deposited is not None else Decimal(0),
        "remaining": balance.remaining if balance.remaining is not None else Decimal(0),
    }
    return _resource("BalanceV1", balance, attributes)


def patched(balance: Balance, today: date) -> Json:
    """G2/P's answer to a patch: as the list, but without the read-only numbers, and null is null."""
    return _resource("BalanceResponseV1", balance, _lower(balance, today))


def _common(balance: Balance, today: date) -> Json:
    return {
        "name": balance.name,
        "memo": balance.memo,
        "deposited": balance.deposited,
        "spent": balance.spent,
        "remaining": balance.remaining,
        "startDate": balance.start.isoformat(),
        "endDate": None if balance.end is None else balance.end.isoformat(),
        "status": balance.status(today),
        "balanceType": "uncapped" if balance.deposited is None else "capped",
        "spendType": balance.spend_type,
        "privateMarketBillingType": balance.billing,
        "createdAt": balance.created_at,
        "updatedAt": balance.updated_at,
    }


def _lower(balance: Balance, today: date) -> Json:
    spend_type = balance.spend_type[:1].lower() + balance.spend_type[1:]
    po = {"retailerPoNumber": balance.po_number, "spendType": spend_type}
    return _common(balance, today) | po


def _resource(kind: str, balance: Balance, attributes: Mapping[str, Any]) -> Json:
    return {"type": kind, "id": balance.id, "attributes": dict(attributes)}
