"""Retail Media account of the demo: one balance of each kind (clock: 2026-11-21). `retail/seed.py` adds campaigns."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from ..clock import instant
from ..state import State
from .balance import Author, Balance, opened
from .book import FIRST_ID, keep

ACCOUNT = str(FIRST_ID)
CAMPAIGNS = {"71": "Always on", "72": "Winter", "73": "Spring", "74": "Brand days", "8343086999167541140": "Launch"}


def balances(state: State) -> None:
    """Add the account to a state."""
    account = {
        "name": "Maison Brio",
        "type": "demand",
        "subtype": "brand",
        "countries": ["FR"],
        "currency": "EUR",
        "timeZone": "Europe/Paris",
        "parentAccountLabel": "Maison Brio",
    }
    state.put("accounts", ACCOUNT, account)
    _put(state, _balance("Q4", "2026-10-01", "2026-12-31", 5000, "Onsite"), Decimal("1204.56"), "73")
    _put(state, _balance("Always on", "2026-01-01", None, None, "Onsite"), Decimal("310.20"), "74")
    _put(state, _balance("Criteo credit", "2026-06-01", None, 800, "Offsite", "billByCriteo"), Decimal(0))


def _balance(
    name: str, start: str, end: str | None, deposited: int | None, spend_type: str, billing: str = "billByRetailer"
) -> Balance:
    return Balance(
        id="",
        account_id=ACCOUNT,
        name=name,
        start=instant(start + "T00:00:00Z").date(),
        end=None if end is None else instant(end + "T00:00:00Z").date(),
        deposited=None if deposited is None else Decimal(deposited),
        spend_type=spend_type,
        po_number=None,
        memo=None,
        created_at="",
        updated_at="",
        billing=billing,
    )


def _put(state: State, balance: Balance, spent: Decimal, *campaign_ids: str) -> None:
    """Add a balance that a user created on its start day."""
    author = Author("Kip Heaney", instant(f"{balance.start}T08:00:00Z"))
    key = str(FIRST_ID + state.count("ids.balances"))
    made, entries = opened(balance, author)
    state.put("balances", key, {"spent": spent})
    keep(state, replace(made, id=key), entries)
    for campaign_id in campaign_ids:
        record = {"balanceId": key, "campaignId": campaign_id}
        state.put("attachments", f"{key}/{campaign_id}", record)
