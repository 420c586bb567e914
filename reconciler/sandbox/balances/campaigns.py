"""Attachment of campaigns to balances, and the accounts: B8 to B10, B13 (contract §5.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..call import Call
from ..errors import Refusal, envelope, problem
from ..message import Response
from ..paging import by_index, single_page
from ..state import Record
from .book import Book, Json
from .calls import close
from .writes import review

Move = Callable[[Book, str, Iterable[str]], None]


def list_campaigns(call: Call) -> Response:
    """List the campaigns of a balance (B8)."""
    book = Book(call)
    balance = book.balance(call.params["balanceId"])
    wanted = call.values("limitToId")
    ids = [key for key in book.attached(balance.id) if not wanted or key in wanted]
    page, metadata = by_index(call, ids)
    return envelope(call, _resources(page), metadata=metadata)


def append(call: Call) -> Response:
    """Attach campaigns (B9)."""
    return _moved(call, Book.attach)


def delete(call: Call) -> Response:
    """Detach campaigns (B10)."""
    return _moved(call, Book.detach)


def list_accounts(call: Call) -> Response:
    """List the accounts of the portfolio (B13)."""
    wanted = call.values("limitToId")
    rows = [
        (key, row)
        for key, row in call.state.all("accounts").items()
        if call.manages_account(key) and (not wanted or key in wanted)
    ]
    rows.sort(key=lambda entry: int(entry[0]))
    page, metadata = by_index(call, rows)
    return envelope(call, [_account(key, row) for key, row in page], metadata=metadata, family="E2")


def _moved(call: Call, move: Move) -> Response:
    """Attach or detach campaigns; return the whole set after the change (rule 73)."""
    if call.generation != "G1":
        close(call, {"ids": None})
    book = Book(call)
    balance = book.balance(call.params["balanceId"])
    ids = _named(call)
    known = book.campaigns(balance.account_id)
    strangers = [key for key in ids if key not in known]
    if strangers and call.options.unknown_attachment == "refused":
        raise Refusal(400, *(review("ids", f"there is no campaign {key}") for key in strangers))
    move(book, balance.id, [key for key in ids if key in known])
    after = book.attached(balance.id)
    if call.generation == "G1":
        return envelope(call, _resources(after), metadata=single_page(after))
    data = {"type": "BalanceCampaignsV1", "attributes": {"ids": after}}
    return envelope(call, data, family="E2")


def _named(call: Call) -> list[str]:
    """Return the campaign ids of a body: a list of resources in G1, a list of ids since G2."""
    data = call.body.get("data") if isinstance(call.body, Mapping) else None
    if call.generation == "G1":
        rows = data if isinstance(data, list) else [None]
        named: Any = [row.get("id") if isinstance(row, Mapping) else None for row in rows]
    else:
        attributes = data.get("attributes") if isinstance(data, Mapping) else None
        named = attributes.get("ids") if isinstance(attributes, Mapping) else None
    if not isinstance(named, list) or not all(isinstance(key, str) for key in named):
        raise Refusal(400, problem("invalid", "Invalid field", "a list of campaign ids is expected"))
    return named


def _resources(ids: Iterable[str]) -> list[Json]:
    return [{"type": "BalanceCampaign202110", "id": key, "attributes": {}} for key in ids]


def _account(key: str, record: Record) -> Json:
    attributes = {
        "name": record["name"],
        "type": record.get("type", "demand"),
        "subtype": record.get("subtype", "brand"),
        "countries": list(record.get("countries", ())),
        "currency": record["currency"],
        "timeZone": record["timeZone"],
        "parentAccountLabel": record.get("parentAccountLabel", record["name"]),
        "companyName": record.get("companyName"),
        "onBehalfCompanyName": record.get("onBehalfCompanyName"),
    }
    return {"type": "RetailMediaAccount", "id": key, "attributes": attributes}
