"""What one call sees of Retail Media: accounts, balances, campaigns, and whose they are (contract §5, rule 6)."""

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
"""2^64: beyond every integer type, so that nobody takes an id of Retail Media for a number (§2.11)."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Book:
    """The accounts as one call sees them."""

    call: Call

    # --- accounts ---

    def account(self, account_id: str) -> Record:
        """An account of the portfolio; 404 if there is none, 403 if it is somebody else's."""
        record = self.call.state.get("accounts", account_id)
        if record is None:
            raise Refusal(404, problem("not-found", "Not found", f"no account {account_id}"))
        if not self.call.manages_account(account_id):
            raise Refusal(403, forbidden("RetailMedia"))
        return record

    def today(self, account_id: str) -> date:
        """The day by the account's own calendar (rule 71)."""
        record = self.call.state.get("accounts", account_id) or {}
        return today_at(self.call.now, record.get("timeZone", "UTC"))

    # --- balances ---

    def balances(self, account_id: str) -> list[Balance]:
        """The balances of an account by ascending id; none of one outside the portfolio (rule 6)."""
        if not self.call.manages_account(account_id):
            return []
        rows = self.call.state.where("balances", accountId=account_id)
        return sorted((self._balance(key, row) for key, row in rows), key=lambda balance: int(balance.id))

    def balance(self, balance_id: str, account_id: str | None = None) -> Balance:
        """One balance, of that account if one is named."""
        if account_id is not None:
            self.account(account_id)
        record = self.call.state.get("balances", balance_id)
        if record is None or account_id not in (None, record["accountId"]):
            raise Refusal(404, problem("not-found", "Not found", f"no balance {balance_id}"))
        self.account(record["accountId"])
        return self._balance(balance_id, record)

    def _balance(self, balance_id: str, record: Record) -> Balance:
        return Balance.of(balance_id, record, self.call.state.spent(record, self.call.now))

    @property
    def author(self) -> Author:
        """The application, by whose name history knows it."""
        return Author(self.call.application.get("name") or "", self.call.now)

    def new_id(self) -> str:
        """An id that no balance has."""
        while True:
            key = str(FIRST_ID + self.call.state.count("ids.balances"))
            if self.call.state.get("balances", key) is None:
                return key

    def keep(self, balance: Balance, entries: Iterable[Entry]) -> None:
        """Store a balance and what history tells about the write."""
        keep(self.call.state, balance, entries)

    def history(self, balance_id: str) -> tuple[Entry, ...]:
        """The entries of a balance, oldest first."""
        rows = self.call.state.where("history", balanceId=balance_id)
        return tuple(Entry.of(record) for _, record in rows)

    # --- campaigns ---

    def campaigns(self, account_id: str) -> dict[str, Record]:
        """The campaigns of an account."""
        if not self.call.manages_account(account_id):
            return {}
        return dict(self.call.state.where("retailCampaigns", accountId=account_id))

    def attached(self, balance_id: str) -> list[str]:
        """The campaigns that draw from a balance, by ascending id."""
        rows = self.call.state.where("attachments", balanceId=balance_id)
        return sorted((record["campaignId"] for _, record in rows), key=int)

    def attach(self, balance_id: str, campaign_ids: Iterable[str]) -> None:
        """Let campaigns draw from a balance; one that does already goes on (rule 73)."""
        for campaign_id in campaign_ids:
            record = {"balanceId": balance_id, "campaignId": campaign_id}
            self.call.state.put("attachments", f"{balance_id}/{campaign_id}", record)

    def detach(self, balance_id: str, campaign_ids: Iterable[str]) -> None:
        """Let campaigns no longer draw from a balance."""
        for campaign_id in campaign_ids:
            self.call.state.remove("attachments", f"{balance_id}/{campaign_id}")


def keep(state: State, balance: Balance, entries: Iterable[Entry]) -> None:
    """Store a balance and its new history entries."""
    kept = state.get("balances", balance.id) or {"spent": 0}
    state.put("balances", balance.id, {**kept, **balance.to_record()})
    for entry in entries:
        state.put("history", state.next_id("history"), entry.to_record(balance.id))


def edited_by_user(state: State, balance_id: str, before: Record, login: str) -> None:
    """Tell history of a change that somebody made in the user interface, once it is in the state (rule 79)."""
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
"""What no change of a user is about, and an edit may set all the same."""
_ATTRIBUTES = (
    "name", "start", "end", "deposited", "spend_type", "po_number", "memo",
    "billing", "criteo_po_number", "retailer_id",
)  # fmt: skip


def strict(value: Any, declared: Mapping[str, Any], path: str = "") -> list[str]:
    """The keys of a body that its schema does not declare (rule 10); a declared key maps to those inside it."""
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
    """A problem for each key that a closed body may not have."""
    title = "Invalid field"
    return [
        problem("invalid-field", title, f"{place} is not a field of this request", source={place: place})
        for place in places
    ]
