"""Dated budgets of campaigns and line items: caps of some days or months, replaced as a whole (E4.4).

A record keeps them as `dailyOverrides` and `monthlyOverrides`: lists of `start` (a day), `length` and `amount`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ..balances.book import Book, strict, undeclared
from ..balances.writes import review
from ..call import Call
from ..clock import stamp
from ..errors import Problem, Refusal, envelope
from ..message import Response
from ..state import Record
from . import lookup
from .bodies import attributes_of
from .values import money

_LENGTH = re.compile(r"([1-9][0-9]{0,3})([DdMm])")
_MONTH = re.compile(r"\d{4}-\d\d")
_LATEST = date(9000, 1, 1)


@dataclass(frozen=True, slots=True)
class Span:
    """One of the two lists: of days, or of months."""

    list_key: str
    start_key: str
    amount_key: str
    kept_as: str
    unit: str
    is_required: bool = True
    """False if an entry may lack its amount."""

    def after(self, start: date, length: int) -> date:
        """Return the first day after so many days or months."""
        if self.unit == "D":
            return start + timedelta(days=length)
        months = start.year * 12 + start.month - 1 + length
        return date(months // 12, months % 12 + 1, 1)

    def shown(self, start: date, form: str) -> str:
        """Return a start as an answer shows it: a date-time as the documents type it, or `short` as their text says."""
        if form == "short":
            return start.isoformat() if self.unit == "D" else start.isoformat()[:7]
        return f"{start.isoformat()}T00:00:00Z"


DAYS = Span("dailyBudgetOverrides", "startDate", "maxDailySpend", "dailyOverrides", "D")
MONTHS = Span("monthlyBudgetOverrides", "startMonth", "maxMonthlySpend", "monthlyOverrides", "M")
ITEM_DAYS = Span("dailyLineItemBudgetOverrides", "startDate", "maxDailySpend", "dailyOverrides", "D", False)
ITEM_MONTHS = Span("monthlyLineItemBudgetOverrides", "startMonth", "maxMonthlySpend", "monthlyOverrides", "M")

Spans = tuple[Span, Span]
OF_CAMPAIGN: Spans = (DAYS, MONTHS)
OF_LINE_ITEM: Spans = (ITEM_DAYS, ITEM_MONTHS)


def get_of_campaign(call: Call) -> Response:
    """Return the dated budgets of a campaign."""
    record = lookup.campaign(call, call.params["campaignId"])
    return _told(call, record, record["accountId"], OF_CAMPAIGN)


def replace_of_campaign(call: Call) -> Response:
    """Replace the dated budgets of a campaign; answered with 201."""
    key = call.params["campaignId"]
    record = lookup.campaign(call, key)
    return _replaced(call, ("retailMediaCampaigns", key), record, record["accountId"], OF_CAMPAIGN)


def get_of_line_item(call: Call) -> Response:
    """Return the dated budgets of a line item."""
    record, campaign = lookup.line_item(call, call.params["lineItemId"])
    return _told(call, record, campaign["accountId"], OF_LINE_ITEM)


def replace_of_line_item(call: Call) -> Response:
    """Replace the dated budgets of a line item; answered with 201."""
    key = call.params["lineItemId"]
    record, campaign = lookup.line_item(call, key)
    return _replaced(call, ("lineItems", key), record, campaign["accountId"], OF_LINE_ITEM)


def _replaced(call: Call, place: tuple[str, str], old: Record, account_id: str, spans: Spans) -> Response:
    entry = {span.list_key: None for span in spans}
    foreign = strict(call.body, {"data": {"type": None, "attributes": entry}})
    if foreign:
        raise Refusal(call.options.strict_body_status, *undeclared(foreign))
    given, wrong, record = attributes_of(call), list[Problem](), dict(old)
    today = Book(call).today(account_id)
    for span in spans:
        record[span.kept_as] = _sequence(span, given.get(span.list_key), today, wrong)
    if wrong:
        raise Refusal(400, *wrong)
    call.state.put(*place, {**record, "updatedAt": stamp(call.now)})
    return _told(call, record, account_id, spans, status=201)


def _sequence(span: Span, given: Any, today: date, wrong: list[Problem]) -> list[Record]:
    """Return the entries with their starts; one without a start follows the entry before it, the first one today."""
    if not isinstance(given, list):
        wrong.append(review(span.list_key, "it is required, and must be a list"))
        return []
    free = today if span.unit == "D" else today.replace(day=1)
    rows: list[Record] = []
    for index, one in enumerate(given):
        try:
            row = _entry(span, one, free)
            start = date.fromisoformat(row["start"])
            if rows and start < free:
                raise ValueError("the entries must be in chronological order, and must not overlap")
            free = span.after(start, row["length"])
            if free > _LATEST:
                raise ValueError("it ends too late")
        except (ValueError, OverflowError) as error:
            wrong.append(review(f"{span.list_key}/{index}", str(error)))
            return []
        rows.append(row)
    return rows


def _entry(span: Span, given: Any, following: date) -> Record:
    """Return one entry. Raise `ValueError` with a reason; a given status is computed again, and not read."""
    known = (span.start_key, "duration", span.amount_key, "status")
    if not isinstance(given, Mapping) or set(given) - set(known):
        raise ValueError(f"it must be an object of {', '.join(known)}")
    length = _LENGTH.fullmatch(given["duration"]) if isinstance(given.get("duration"), str) else None
    if length is None or length[2].upper() != span.unit:
        raise ValueError(f'duration must be a number and "{span.unit}"')
    cap = given.get(span.amount_key)
    if cap is None and span.is_required:
        raise ValueError(f"{span.amount_key} is required")
    start = following if given.get(span.start_key) is None else _start(span, given[span.start_key])
    return {"start": start.isoformat(), "length": int(length[1]), "amount": None if cap is None else money(cap)}


def _start(span: Span, given: Any) -> date:
    """Return a start: a day or a month, or a date-time of which the day counts."""
    if not isinstance(given, str):
        raise ValueError(f"{span.start_key} must be a date")
    if span.unit == "M" and _MONTH.fullmatch(given):
        return date.fromisoformat(f"{given}-01")
    day = date.fromisoformat(given[:10])
    if day >= _LATEST:
        raise ValueError(f"{span.start_key} is too late")
    return day if span.unit == "D" else day.replace(day=1)


def _told(call: Call, record: Record, account_id: str, spans: Spans, status: int = 200) -> Response:
    today = Book(call).today(account_id)
    lists = {span.list_key: _shown(call, span, record.get(span.kept_as) or (), today) for span in spans}
    name = "CampaignBudgetOverrides" if spans is OF_CAMPAIGN else "LineItemBudgetOverrides"
    return envelope(call, {"type": name, "attributes": lists}, status=status, family="E2")


def _shown(call: Call, span: Span, rows: Any, today: date) -> list[dict[str, Any]]:
    """Return the entries of an answer, with their status on that day of the account."""
    told = []
    for row in rows:
        start = date.fromisoformat(row["start"])
        over = span.after(start, row["length"]) <= today
        if over and call.options.expired_overrides == "dropped":
            continue
        entry = {
            span.start_key: span.shown(start, call.options.override_starts),
            "duration": f"{row['length']}{span.unit}",
            span.amount_key: row["amount"],
            "status": "Expired" if over else "Active" if start <= today else "Upcoming",
        }
        told.append(entry)
    return told
