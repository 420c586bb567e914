"""JSON forms of a balance: one for each generation, three in G2 (contract §5.6, rule 72)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from .balance import Balance

Json = dict[str, Any]


def older(balance: Balance, today: date) -> Json:
    """Return the form of G1, used in G2 by change-dates and `GET …/balances/{b}`: `poNumber`, Pascal-case type."""
    po = {"poNumber": balance.po_number}
    return _resource("BalanceResponseV2", balance, _common(balance, today) | po)


def newer(balance: Balance, today: date) -> Json:
    """Return the form of create and add-funds in G2: `retailerPoNumber`, Pascal-case spend type."""
    po = {"retailerPoNumber": balance.po_number}
    return _resource("BalanceResponseV3", balance, _common(balance, today) | po)


def listed(balance: Balance, today: date) -> Json:
    """Return the form of the list and `GET balances/{b}` in G2/P, where an uncapped balance has amount 0, not null."""
    attributes = _lower(balance, today) | {
        "criteoPoNumber": balance.criteo_po_number,
        "retailerId": balance.retailer_id,
        "deposited": balance.deposited if balance.deposited is not None else Decimal(0),
        "remaining": balance.remaining if balance.remaining is not None else Decimal(0),
    }
    return _resource("BalanceV1", balance, attributes)


def patched(balance: Balance, today: date) -> Json:
    """Return the form of a patch response in G2/P: as the list, without the read-only amounts, with nulls."""
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
