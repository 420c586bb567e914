"""Walk a list page by page, and return it only if it says without contradiction that it is whole.

What a list does not hold would be created again, so a list that was cut short is a failed read and never a
short list (contract §2.10, §13). ``metadata.count`` has no documented meaning (the total, or the rows of this
page), so it can prove that rows are missing, and never alone that none are.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from reconciler.kinds.read_methods import Listing, Paging
from reconciler.model import Answer, Json, Live, error
from reconciler.provider.read_errors import ReadError

Query: TypeAlias = tuple[tuple[str, str], ...]
Ask: TypeAlias = Callable[[Query], Answer]
"""Read one page by its query. Raises :class:`reconciler.provider.read_errors.ReadError` when the page cannot be had."""
MAX_PAGES = 100_000
"""No list is longer; a server that never ends a list is stopped here (contract §2.10)."""


class CutShort(ReadError):
    """A list that contradicts itself: rows are missing, or the same page came twice."""

    def __init__(self, list_: str, reason: str) -> None:
        hint = "nothing is planned from a part of a list; try again, and report it if it stays"
        super().__init__(error("list-cut-short", f"the list {list_} is not whole: {reason}", hint=hint))


class Totals(Struct, frozen=True):
    """What the metadata of one answer says about the size of its list. None where it says nothing."""

    pages: int | None = None
    items: int | None = None
    count: int | None = None
    size: int | None = None
    has_next: bool = False

    @property
    def is_silent(self) -> bool:
        return self.pages is None and self.items is None and self.count is None


def totals(body: Json) -> Totals:
    """Return what an answer says about the size of its list, in any of the styles of contract §2.10."""
    told: Any = body.get("metadata") or body.get("meta") if isinstance(body, dict) else None
    told = told if isinstance(told, dict) else {}
    return Totals(
        pages=_number(told.get("totalPages")),
        items=_number(told.get("totalItemsAcrossAllPages", told.get("totalItems"))),
        count=_number(told.get("count")),
        size=_number(told.get("currentPageSize", told.get("limit"))) or None,
        has_next=bool(told.get("nextPage")),
    )


def walk(listing: Listing, ask: Ask, name: str) -> list[Answer]:
    """Return all pages of a list. Raise :class:`CutShort` if it is not whole, ``name`` being its path.

    The next page starts after the rows that were received, so that a server with smaller pages than those
    that were asked for loses nothing.
    """
    pages: list[Answer] = []
    held = _Held()
    while len(pages) < MAX_PAGES:
        answer = ask((*listing.query, *_position(listing, len(pages), held.received)))
        found = rows(answer)
        if pages and found and not held.add(found):
            raise CutShort(name, f"page {len(pages) + 1} holds only rows of the pages before it")
        if not pages:
            held.add(found)
        pages.append(answer)
        if not found or listing.paging is Paging.NONE or not _has_more(answer, len(found), held, len(pages), listing):
            break
    contradiction = _contradiction(pages, held)
    if contradiction:
        raise CutShort(name, contradiction)
    return pages


def rows(answer: Answer) -> Sequence[dict[str, Any]]:
    """Return the rows of a list as the API sent them. Raise :class:`ReadError` if the answer holds no list."""
    return [row for row in entries(answer) if isinstance(row, dict)]


def entries(answer: Answer) -> Sequence[Any]:
    """Return the rows of a list, decoded or not; an answer that holds no list is not an empty one."""
    data: Any = answer.body.get("data") if isinstance(answer.body, dict) else answer.body
    if not isinstance(data, list) or not all(isinstance(row, dict | Live) for row in data):
        raise ReadError(error("read-failed", f"the API answered {answer.status} without the list that was asked for"))
    return data


def check_one_page(answer: Answer, name: str) -> None:
    """Raise :class:`CutShort` if a list without pages says that it has more rows than it holds."""
    held = len(entries(answer))
    reason = _shortage(totals(answer.body), held, pages=1)
    if reason:
        raise CutShort(name, reason)


class _Held:
    """The rows received so far: all of them, and the different ones by id (an entry of a history has none)."""

    def __init__(self) -> None:
        self.received, self.ids, self.without_id = 0, set[str](), 0
        self._last: Sequence[dict[str, Any]] = ()

    @property
    def different(self) -> int:
        return len(self.ids) + self.without_id

    def add(self, found: Sequence[dict[str, Any]]) -> bool:
        """Add the rows of a page; return False if it brought nothing new."""
        before, repeated = self.different, bool(found) and found == self._last
        self.received, self._last = self.received + len(found), found
        self.ids |= {str(row["id"]) for row in found if row.get("id") is not None}
        self.without_id += 0 if repeated else sum(row.get("id") is None for row in found)
        return self.different > before


def _position(listing: Listing, page: int, received: int) -> Query:
    match listing.paging:
        case Paging.NONE:
            return ()
        case Paging.INDEX:
            return (("pageIndex", str(page)), ("pageSize", str(listing.page)))
        case Paging.OFFSET:
            return (("offset", str(received)), ("limit", str(listing.page)))


def _has_more(answer: Answer, found: int, held: _Held, pages: int, listing: Listing) -> bool:
    """True while anything says that there is more, and while nothing says that there is not."""
    told = totals(answer.body)
    if told.is_silent or _shortage(told, held.different, pages):
        return True
    is_complete = told.pages is not None or told.items is not None
    return not is_complete and found >= min(listing.page, told.size or listing.page)


def _contradiction(pages: Sequence[Answer], held: _Held) -> str | None:
    """Why the list is not whole though no further page came, or None."""
    told = [totals(page.body) for page in pages]
    latest = next((each for each in reversed(told) if not each.is_silent), told[-1])
    if latest.items is not None and held.different > latest.items:
        return f"it tells {latest.items} rows, and {held.different} came"
    return _shortage(replace(latest, has_next=told[-1].has_next), held.different, len(pages))


def _shortage(told: Totals, held: int, pages: int) -> str | None:
    """What the metadata promises beyond the rows and pages that came, or None."""
    for total in (told.items, told.count):
        if total is not None and total > held:
            return f"it tells {total} rows, and {held} came"
    if told.pages is not None and told.pages > pages:
        return f"it tells {told.pages} pages, and {pages} came"
    return "it tells of a next page, which did not come" if told.has_next else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
