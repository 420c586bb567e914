"""Accounts, balances and campaigns of Retail Media that one call may access (contract §5, rule 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from ..access import forbidden
from ..call import Call
from ..errors import Problem, Refusal, problem
from ..state import Record, State
from .balance import Author, Balance, Entry, edited, today_at

FIRST_ID = 18446744073709551616
"""First id, 2^64: beyond every integer type, so that clients must treat ids of Retail Media as text (§2.11)."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Book:
    """Retail Media accounts that one call may read and write."""

    call: Call

    # --- accounts ---

    def account(self, account_id: str) -> Record:
        """Return an account of the portfolio.

        Raise `Refusal`: 404 if it does not exist, 403 if it is outside the portfolio.
        """
        record = self.call.state.get("accounts", account_id)
        if record is None:
            raise Refusal(404, problem("not-found", "Not found", f"no account {account_id}"))
        if not self.call.manages_account(account_id):
            raise Refusal(403, forbidden("RetailMedia"))
        return record

    def today(self, account_id: str) -> date:
        """Return today's date in the account's time zone (rule 71)."""
        record = self.call.state.get("accounts", account_id) or {}
        return today_at(self.call.now, record.get("timeZone", "UTC"))

    # --- balances ---

    def balances(self, account_id: str) -> list[Balance]:
        """Return the balances of an account by ascending id; empty if it is outside the portfolio (rule 6)."""
        if not self.call.manages_account(account_id):
            return []
        rows = self.call.state.where("balances", accountId=account_id)
        return sorted((self._balance(key, row) for key, row in rows), key=lambda balance: int(balance.id))

    def balance(self, balance_id: str, account_id: str | None = None) -> Balance:
        """Return one balance, of `account_id` if given. Raise `Refusal` with 404 or 403."""
        if account_id is not None:
            self.account(account_id)
        record = self.call.state.get("balances", balance_id)
        if record is None or account_id not in (None, record["accountId"]):
            raise Refusal(404, problem("not-found", "Not found", f"no balance {balance_id}"))
        self.account(record["accountId"])
        return self._balance(balance_id, record)

    def found(self, balance_id: str) -> Balance | None:
        """Return a balance of any account, or None."""
        record = self.call.state.get("balances", balance_id)
        return None if record is None else self._balance(balance_id, record)

    def _balance(self, balance_id: str, record: Record) -> Balance:
        return Balance.of(balance_id, record, self.call.state.spent(record, self.call.now))

    @property
    def author(self) -> Author:
        """Author of writes by the application, under the name that history shows."""
        return Author(self.call.application.get("name") or "", self.call.now)

    def new_id(self) -> str:
        """Return an id that no balance has."""
        while True:
            key = str(FIRST_ID + self.call.state.count("ids.balances"))
            if self.call.state.get("balances", key) is None:
                return key

    def keep(self, balance: Balance, entries: Iterable[Entry]) -> None:
        """Store a balance and its new history entries."""
        keep(self.call.state, balance, entries)

    def history(self, balance_id: str) -> tuple[Entry, ...]:
        """Return the history entries of a balance, oldest first."""
        rows = self.call.state.where("history", balanceId=balance_id)
        return tuple(Entry.of(record) for _, record in rows)

    # --- campaigns ---

    def campaigns(self, account_id: str) -> dict[str, Record]:
        """Return the campaigns of an account by id."""
        if not self.call.manages_account(account_id):
            return {}
        return dict(self.call.state.where("retailMediaCampaigns", accountId=account_id))

    def attached(self, balance_id: str) -> list[str]:
        """Return the ids of the campaigns attached to a balance, ascending."""
        rows = self.call.state.where("attachments", balanceId=balance_id)
        return sorted((record["campaignId"] for _, record in rows), key=int)

    def attach(self, balance_id: str, campaign_ids: Iterable[str]) -> None:
        """Attach campaigns to a balance; no effect for those that are attached already (rule 73)."""
        for campaign_id in campaign_ids:
            record = {"balanceId": balance_id, "campaignId": campaign_id}
            self.call.state.put("attachments", f"{balance_id}/{campaign_id}", record)

    def detach(self, balance_id: str, campaign_ids: Iterable[str]) -> None:
        """Detach campaigns from a balance."""
        for campaign_id in campaign_ids:
            self.call.state.remove("attachments", f"{balance_id}/{campaign_id}")


def keep(state: State, balance: Balance, entries: Iterable[Entry]) -> None:
    """Store a balance and its new history entries."""
    kept = state.get("balances", balance.id) or {"spent": 0}
    state.put("balances", balance.id, {**kept, **balance.to_record()})
    for entry in entries:
        state.put("history", state.next_id("history"), entry.to_record(balance.id))


def edited_by_user(state: State, balance_id: str, before: Record, login: str) -> None:
    """Add the history entries of a change made in the web interface; `before` is the record before it (rule 79)."""
    after = state.collections["balances"][balance_id]
    now, zero = state.clock.now(), Decimal(0)
    old, new = Balance.of(balance_id, before, zero), Balance.of(balance_id, after, zero)
    changes = {name: getattr(new, name) for name in _ATTRIBUTES}
    balance, entries = edited(old, changes, Author(login, now))
    keep(state, balance, entries)
    others = {name: after[name] for name in _OTHERS if after.get(name) != before.get(name)}
    if others:
        state.put("balances", balance_id, {**state.collections["balances"][balance_id], **others})


_OTHERS = ("accountId", "createdAt", "updatedAt")
"""Attributes that no write changes, but that an `edit` may set."""
_ATTRIBUTES = (
    "name", "start", "end", "deposited", "spend_type", "po_number", "memo",
    "billing", "criteo_po_number", "retailer_id",
)  # fmt: skip


def strict(value: Any, declared: Mapping[str, Any], path: str = "") -> list[str]:
    """Return the keys of a body that its schema does not declare (rule 10); a declared key maps to its inner keys."""
    if not isinstance(value, Mapping):
        return []
    foreign = []
    for key, inner in value.items():
        place = f"{path}/{key}" if path else key
        if key not in declared:
            foreign.append(place)
        elif declared[key]:
            foreign += strict(inner, declared[key], place)
    return foreign


def undeclared(places: Iterable[str]) -> list[Problem]:
    """Return one problem for each undeclared key."""
    title = "Invalid field"
    return [
        problem("invalid-field", title, f"{place} is not a field of this request", source={place: place})
        for place in places
    ]
