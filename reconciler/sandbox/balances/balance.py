"""Balances, and the history entries that each write adds (contract §5.4, rules 63-71, 75)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ..clock import stamp
from ..state import Record

EDITABLE_BILLING = ("billByRetailer", "notApplicable")


@dataclass(frozen=True, slots=True)
class Entry:
    """History entry: one attribute changed by one write, with the names of G1 (rule 75)."""

    at: str
    change_type: str
    previous: str | None
    current: str | None
    change: str | None
    by: str
    memo: str | None = None

    def to_record(self, balance_id: str) -> Record:
        """Return the entry as a record of the state."""
        return {"balanceId": balance_id, **asdict(self)}

    @classmethod
    def of(cls, record: Record) -> Entry:
        """Return the entry of a record of the state."""
        return cls(**{name: value for name, value in record.items() if name != "balanceId"})


@dataclass(frozen=True, slots=True)
class Balance:
    """One balance as stored; `deposited` None is uncapped, `end` None is open-ended."""

    id: str
    account_id: str
    name: str
    start: date
    end: date | None
    deposited: Decimal | None
    spend_type: str
    po_number: str | None
    memo: str | None
    created_at: str
    updated_at: str
    spent: Decimal = Decimal(0)
    billing: str = "billByRetailer"
    criteo_po_number: str | None = None
    retailer_id: str | None = None

    @property
    def remaining(self) -> Decimal | None:
        """Deposit minus spend (rule 69); None if uncapped."""
        return None if self.deposited is None else self.deposited - self.spent

    @property
    def is_foreign(self) -> bool:
        """True if the API refuses to change the balance because of its billing (contract §5.4 rule 1)."""
        return self.billing not in EDITABLE_BILLING

    def to_record(self) -> Record:
        """Return the balance as a record of the state, without its spend, which no write changes."""
        return {
            "accountId": self.account_id,
            "name": self.name,
            "startDate": self.start.isoformat(),
            "endDate": text_of(self.end),
            "deposited": self.deposited,
            "spendType": self.spend_type,
            "poNumber": self.po_number,
            "criteoPoNumber": self.criteo_po_number,
            "retailerId": self.retailer_id,
            "memo": self.memo,
            "privateMarketBillingType": self.billing,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
        }

    @classmethod
    def of(cls, balance_id: str, record: Record, spent: Decimal) -> Balance:
        """Return the balance of a record of the state."""
        return cls(
            id=balance_id,
            account_id=record["accountId"],
            name=record["name"],
            start=date.fromisoformat(record["startDate"]),
            end=date.fromisoformat(record["endDate"]) if record.get("endDate") else None,
            deposited=None if record.get("deposited") is None else Decimal(record["deposited"]),
            spent=spent,
            spend_type=record.get("spendType", "Onsite"),
            po_number=record.get("poNumber"),
            criteo_po_number=record.get("criteoPoNumber"),
            retailer_id=record.get("retailerId"),
            memo=record.get("memo"),
            billing=record.get("privateMarketBillingType", "billByRetailer"),
            created_at=record["createdAt"],
            updated_at=record["updatedAt"],
        )

    def status(self, today: date) -> str:
        """Return the status on a day of the account's calendar (rule 71)."""
        if self.start > today:
            return "scheduled"
        return "ended" if self.end is not None and self.end < today else "active"


@dataclass(frozen=True, slots=True)
class Author:
    """Author of a write and its time: an application's name, or the login of a user of the web interface."""

    name: str
    now: datetime

    @property
    def at(self) -> str:
        """The instant in the format of history and `updatedAt`."""
        return stamp(self.now)


def opened(balance: Balance, author: Author) -> tuple[Balance, tuple[Entry, ...]]:
    """Return the new balance, and the history entry of its creation."""
    funds = text_of(balance.deposited)
    entry = Entry(author.at, "BalanceCreated", None, funds, funds, author.name, balance.memo)
    return replace(balance, created_at=author.at, updated_at=author.at), (entry,)


def edited(
    balance: Balance, changes: Mapping[str, Any], author: Author, memo: str | None = None
) -> tuple[Balance, tuple[Entry, ...]]:
    """Return the changed balance and one history entry per changed attribute; none if nothing changed (rule 67)."""
    after = replace(balance, **changes)
    if after == balance:
        return balance, ()
    entries = tuple(
        Entry(author.at, change_type, before, now, change, author.name, memo)
        for change_type, before, now, change in _differences(balance, after)
    )
    return replace(after, updated_at=author.at), entries


def today_at(now: datetime, time_zone: str) -> date:
    """Return the calendar day in a time zone."""
    return now.astimezone(ZoneInfo(time_zone)).date()


def text_of(value: Decimal | date | str | None) -> str | None:
    """Return a value as history prints it; the format is not documented, so plain digits and ISO dates are used."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return None if value is None else str(value)


def _differences(before: Balance, after: Balance) -> list[tuple[str, str | None, str | None, str | None]]:
    """Return (change type, value before, value after, signed difference of an amount or None) per changed attribute."""
    found = []
    if before.deposited != after.deposited:
        found.append((_funds_type(before, after), *_amounts(before.deposited, after.deposited)))
    for change_type, old, new in (
        ("StartDate", before.start, after.start),
        ("EndDate", before.end, after.end),
        ("BalanceName", before.name, after.name),
        ("RetailerPoNumber", before.po_number, after.po_number),
        ("CriteoPoNumber", before.criteo_po_number, after.criteo_po_number),
        ("RetailerId", before.retailer_id, after.retailer_id),
    ):
        if old != new:
            found.append((change_type, text_of(old), text_of(new), None))
    return found


def _funds_type(before: Balance, after: Balance) -> str:
    if after.deposited is None:
        return "BalanceUncapped"
    if before.deposited is None:
        return "BalanceCapped"
    return "BalanceAdded" if after.deposited > before.deposited else "BalanceRemoved"


def _amounts(before: Decimal | None, after: Decimal | None) -> tuple[str | None, str | None, str | None]:
    moved = None if before is None or after is None else after - before
    return text_of(before), text_of(after), text_of(moved)
