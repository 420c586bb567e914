"""Balance operations B1 to B7 and B11 (contract §5.1), each in the form of its generation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..call import Call
from ..errors import Problem, Refusal, envelope, problem, reply
from ..message import Response
from ..paging import by_index, by_offset, unreadable
from . import shapes, writes
from .balance import Balance, edited, opened
from .book import Book, Json, strict, undeclared
from .history import told, unsupported
from .writes import Changes, Dialect

LARGEST_PAGE = 500
LARGEST_OLD_HISTORY = 100
LARGEST_ID_FILTER = 50

Write = Callable[[Mapping[str, Any], Balance, Dialect], tuple[Changes, list[Problem]]]
Shape = Callable[..., Json]


def list_balances(call: Call) -> Response:
    """List the balances (B1): paged by index in G1, by offset since G2."""
    account_id = call.params["accountId"]
    book = Book(call)
    old = call.generation == "G1"
    wanted = call.values("limitToId" if old else "limit-to-id")
    if not old and len(wanted) > LARGEST_ID_FILTER:
        raise Refusal(400, unreadable("limit-to-id", f"at most {LARGEST_ID_FILTER} ids"))
    rows = [one for one in book.balances(account_id) if not wanted or one.id in wanted]
    shape = shapes.older if old else shapes.listed
    page, metadata = by_index(call, rows) if old else by_offset(call, rows, LARGEST_PAGE)
    today = book.today(account_id)
    data = [shape(balance, today) for balance in page]
    return envelope(call, data, metadata=metadata, family=_family(call))


def get_of_account(call: Call) -> Response:
    """Return a balance of an account (B2): the older form, also in G2."""
    balance = Book(call).balance(call.params["balanceId"], call.params["accountId"])
    return _told(call, balance, shapes.older)


def get_balance(call: Call) -> Response:
    """Return a balance (B3): the newer form, since G2."""
    return _told(call, Book(call).balance(call.params["balanceId"]), shapes.listed)


def create_balance(call: Call) -> Response:
    """Create a balance (B4), billed by the retailer like every balance created through the API (§5.4 rule 1)."""
    book, account_id = Book(call), call.params["accountId"]
    book.account(account_id)
    changes, wrong = writes.creation(_attributes(call), _dialect(call))
    if wrong:
        raise Refusal(400, *wrong)
    _guard_name(book, account_id, "", changes["name"])
    blank = Balance("", account_id, "", call.now.date(), None, None, "", None, None, "", "")
    balance, entries = opened(replace(blank, id=book.new_id(), **changes), book.author)
    book.keep(balance, entries)
    shape = shapes.older if call.generation == "G1" else shapes.newer
    return _told(call, balance, shape, status=201)


def patch_balance(call: Call) -> Response:
    """Patch a balance (B5); undeclared keys are refused since G2, even `id` (rules 10 and 66)."""
    if call.generation == "G1":
        return _written(call, writes.patch, shapes.older)
    declared = {"name": None, "startDate": None, "endDate": None, "retailerPoNumber": None, "memo": None}
    close(call, declared)
    return _written(call, writes.patch, shapes.patched)


def add_funds(call: Call) -> Response:
    """Add funds (B6)."""
    return _written(call, writes.funds, shapes.older if call.generation == "G1" else shapes.newer)


def change_dates(call: Call) -> Response:
    """Change the dates (B7): the older form in every generation."""
    return _written(call, writes.dates, shapes.older)


def history(call: Call) -> Response:
    """Return the history (B11): flat items under `meta` in G1, an envelope since G2."""
    book = Book(call)
    balance = book.balance(call.params["balanceId"])
    wanted = call.value("limitToChangeTypes")
    stranger = None if wanted is None else unsupported(wanted, call.generation)
    if stranger is not None:
        text = f"Change data capture type {stranger} is not supported"
        raise Refusal(400, problem("invalid-change-type", text, text))
    rows = told(book.history(balance.id), wanted, call.generation)
    if call.options.history_order == "oldest_first":
        rows.reverse()
    old = call.generation == "G1"
    page, metadata = by_offset(call, rows, LARGEST_OLD_HISTORY if old else LARGEST_PAGE)
    if old:
        return reply(200, {"data": page, "meta": metadata})
    data = [{"type": "BalanceHistoryChangeDataCaptureV1", "attributes": row} for row in page]
    return envelope(call, data, metadata=metadata, family="E2")


def close(call: Call, attributes: Mapping[str, Any]) -> None:
    """Raise `Refusal` if the body has a key that the closed schema of G2/P does not declare."""
    foreign = strict(call.body, {"data": {"type": None, "attributes": attributes}})
    if foreign:
        raise Refusal(call.options.strict_body_status, *undeclared(foreign))


def _written(call: Call, write: Write, shape: Shape) -> Response:
    book = Book(call)
    balance = book.balance(call.params["balanceId"], call.params["accountId"])
    given = _attributes(call)
    changes, wrong = write(given, balance, _dialect(call))
    if wrong:
        raise Refusal(400, *wrong)
    if "name" in changes:
        _guard_name(book, balance.account_id, balance.id, changes["name"])
    memo = given.get("memo")
    after, entries = edited(balance, changes, book.author, memo)
    if after != balance:
        book.keep(after, entries)
    return _told(call, after, shape)


def _guard_name(book: Book, account_id: str, own_id: str, name: str) -> None:
    """Raise `Refusal` if another balance of the account has the name (rule 63)."""
    options, today = book.call.options, book.today(account_id)
    for other in book.balances(account_id):
        is_free = options.ended_balance_names == "free" and other.status(today) == "ended"
        if other.id != own_id and not is_free and writes.same_name(other.name, name, options):
            raise Refusal(400, writes.taken_name())


def _attributes(call: Call) -> Mapping[str, Any]:
    data = call.body.get("data") if isinstance(call.body, Mapping) else None
    attributes = data.get("attributes") if isinstance(data, Mapping) else None
    if not isinstance(attributes, Mapping):
        raise Refusal(400, problem("invalid", "Invalid field", "data.attributes must be an object"))
    return attributes


def _told(call: Call, balance: Balance, shape: Shape, status: int = 200) -> Response:
    data = shape(balance, Book(call).today(balance.account_id))
    newest = shape in (shapes.listed, shapes.patched)
    return envelope(call, data, status=status, family="E2" if newest else "E1")


def _dialect(call: Call) -> Dialect:
    return Dialect(call.generation, call.options)


def _family(call: Call) -> str:
    return "E1" if call.generation == "G1" else "E2"
