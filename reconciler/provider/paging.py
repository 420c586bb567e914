"""Read a list page by page, and return it only if its metadata does not contradict that it is complete.

Objects missing from a list would be created again, so a truncated list is a failed read, never a short list (contract
§2.10, §13). ``metadata.count`` has no documented meaning (the total, or the rows of this page), so it can prove that
rows are missing, but not alone that none are.
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
"""Reads one page by its query. Raises :class:`reconciler.provider.read_errors.ReadError` if the read fails."""
MAX_PAGES = 100_000
"""Maximum number of pages, at which an endless list is stopped (contract §2.10)."""


class CutShort(ReadError):
    """Raised for a list that contradicts itself: rows are missing, or a page is repeated."""

    def __init__(self, list_: str, reason: str) -> None:
        hint = "nothing is planned from a part of a list; try again, and report it if it stays"
        super().__init__(error("list-cut-short", f"the list {list_} is not whole: {reason}", hint=hint))


class Totals(Struct, frozen=True):
    """Metadata of one response about the size of its list; None where it is not given."""

    pages: int | None = None
    items: int | None = None
    count: int | None = None
    size: int | None = None
    has_next: bool = False

    @property
    def is_silent(self) -> bool:
        return self.pages is None and self.items is None and self.count is None


def read_totals(body: Json) -> Totals:
    """Return the size of the list according to a response, in any of the styles of contract §2.10."""
    reported: Any = body.get("metadata") or body.get("meta") if isinstance(body, dict) else None
    reported = reported if isinstance(reported, dict) else {}
    return Totals(
        pages=_number(reported.get("totalPages")),
        items=_number(reported.get("totalItemsAcrossAllPages", reported.get("totalItems"))),
        count=_number(reported.get("count")),
        size=_number(reported.get("currentPageSize", reported.get("limit"))) or None,
        has_next=bool(reported.get("nextPage")),
    )


def walk_pages(listing: Listing, ask: Ask, name: str) -> list[Answer]:
    """Return all pages of a list. Raise :class:`CutShort` if it is incomplete; ``name`` is its path.

    The next page starts after the rows received, so that no row is lost if the server uses smaller pages than
    requested.
    """
    pages: list[Answer] = []
    held = _Held()
    while len(pages) < MAX_PAGES:
        answer = ask((*listing.query, *_position(listing, len(pages), held.received)))
        found = read_rows(answer)
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


def read_rows(answer: Answer) -> Sequence[dict[str, Any]]:
    """Return the rows of a list as the API sent them. Raise :class:`ReadError` if the response holds no list."""
    return [row for row in read_entries(answer) if isinstance(row, dict)]


def read_entries(answer: Answer) -> Sequence[Any]:
    """Return the rows of a list, decoded or not. Raise :class:`ReadError` if the response holds no list."""
    data: Any = answer.body.get("data") if isinstance(answer.body, dict) else answer.body
    if not isinstance(data, list) or not all(isinstance(row, dict | Live) for row in data):
        raise ReadError(error("read-failed", f"the API answered {answer.status} without the list that was asked for"))
    return data


def check_one_page(answer: Answer, name: str) -> None:
    """Raise :class:`CutShort` if an unpaged list has more rows by its metadata than it holds."""
    held = len(read_entries(answer))
    reason = _shortage(read_totals(answer.body), held, pages=1)
    if reason:
        raise CutShort(name, reason)


def first_query(listing: Listing) -> Query:
    """Return the query of the first page of a list."""
    return (*listing.query, *_position(listing, 0, 0))


class _Held:
    """Rows received so far: their total, and the distinct ones by id (history entries have none)."""

    def __init__(self) -> None:
        self.received, self.ids, self.without_id = 0, set[str](), 0
        self._last: Sequence[dict[str, Any]] = ()

    @property
    def different(self) -> int:
        return len(self.ids) + self.without_id

    def add(self, found: Sequence[dict[str, Any]]) -> bool:
        """Add the rows of a page; return False if it has no new row."""
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
    """Return True if any metadata says that there are more rows, or none says that there are not."""
    reported = read_totals(answer.body)
    if reported.is_silent or _shortage(reported, held.different, pages):
        return True
    is_complete = reported.pages is not None or reported.items is not None
    return not is_complete and found >= min(listing.page, reported.size or listing.page)


def _contradiction(pages: Sequence[Answer], held: _Held) -> str | None:
    """Return the reason why the list is incomplete although no page follows, or None."""
    reported = [read_totals(page.body) for page in pages]
    latest = next((each for each in reversed(reported) if not each.is_silent), reported[-1])
    if latest.items is not None and held.different > latest.items:
        return f"it counts {latest.items} rows, and {held.different} came"
    return _shortage(replace(latest, has_next=reported[-1].has_next), held.different, len(pages))


def _shortage(reported: Totals, held: int, pages: int) -> str | None:
    """Return what the metadata promises beyond the rows and pages received, or None."""
    for total in (reported.items, reported.count):
        if total is not None and total > held:
            return f"it counts {total} rows, and {held} came"
    if reported.pages is not None and reported.pages > pages:
        return f"it announces {reported.pages} pages, and {pages} came"
    return "it announces a next page, which did not come" if reported.has_next else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
