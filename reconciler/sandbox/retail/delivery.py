"""Statuses of campaigns and line items, computed at the time of a call from dates, budgets and funds (E4.2, E4.3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from ..balances.book import Book
from ..call import Call
from ..state import Record
from .lookup import zone_of
from .values import day_of

ARCHIVED_AFTER = timedelta(days=90)
"""A line item is archived so long after its end."""


class Delivery:
    """What delivers at the moment of one call. The end day counts, and nothing but the intent is stored."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self._days: dict[str, date] = {}
        self._funded: dict[str, bool] = {}

    @cached_property
    def drawable(self) -> dict[str, list[str]]:
        """The balances of each campaign, ascending."""
        found: dict[str, list[str]] = {}
        for record in self.call.state.all("attachments").values():
            found.setdefault(record["campaignId"], []).append(record["balanceId"])
        return {key: sorted(ids, key=int) for key, ids in found.items()}

    @cached_property
    def items(self) -> dict[str, list[Record]]:
        """The line items of each campaign."""
        found: dict[str, list[Record]] = {}
        for record in self.call.state.all("lineItems").values():
            found.setdefault(record["campaignId"], []).append(record)
        return found

    def today(self, account_id: str) -> date:
        """Return the day in the account's time zone."""
        if account_id not in self._days:
            self._days[account_id] = Book(self.call).today(account_id)
        return self._days[account_id]

    def spent(self, record: Record) -> Decimal:
        """Return the spend of a campaign or a line item."""
        return self.call.state.spent(record, self.call.now)

    def remaining(self, record: Record) -> Decimal | None:
        """Return what is left of the budget; None if it is uncapped."""
        budget = record.get("budget")
        return None if budget is None else budget - self.spent(record)

    def of_campaign(self, campaign_id: str, record: Record) -> str:
        """Return the status of a campaign: inactive while none of its line items delivers."""
        start, end, today = self._dates(record, record["accountId"])
        if end is not None and end < today:
            return "ended"
        if start is not None and start > today:
            return "scheduled"
        delivers = any(self.of_item(item, campaign_id, record) == "active" for item in self.items.get(campaign_id, ()))
        return "active" if delivers else "inactive"

    def of_item(self, record: Record, campaign_id: str, campaign: Record) -> str:
        """Return the status of a line item: its intent, unless dates, budgets or funds say otherwise."""
        start, end, today = self._dates(record, campaign["accountId"])
        if record.get("archived") or (end is not None and today - end >= ARCHIVED_AFTER):
            return "archived"
        if end is not None and end < today:
            return "ended"
        if record["status"] != "active":
            return str(record["status"])
        if start is not None and start > today:
            return "scheduled"
        if self._exhausted((record, campaign)):
            return "budgetHit"
        return "active" if self._is_funded(campaign_id, campaign) else "noFunds"

    def _exhausted(self, records: Iterable[Record]) -> bool:
        left = (self.remaining(record) for record in records)
        return any(amount is not None and amount <= 0 for amount in left)

    def _is_funded(self, campaign_id: str, campaign: Record) -> bool:
        """Return True if an active balance of the campaign has funds."""
        if campaign_id not in self._funded:
            today, book = self.today(campaign["accountId"]), Book(self.call)
            balances = [one for one in map(book.found, self.drawable.get(campaign_id, ())) if one is not None]
            self._funded[campaign_id] = any(
                one.status(today) == "active" and (one.remaining is None or one.remaining > 0) for one in balances
            )
        return self._funded[campaign_id]

    def _dates(self, record: Record, account_id: str) -> tuple[date | None, date | None, date]:
        zone = zone_of(self.call, account_id)
        days = (day_of(record.get(name), zone) for name in ("startDate", "endDate"))
        start, end = days
        return start, end, self.today(account_id)
