"""Read the lists and pages of a kind, each until it is whole. A read that fails raises; ``send`` is passed in."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from reconciler.kinds.kind import Kind
from reconciler.kinds.read_methods import Listing, Reference
from reconciler.model import Answer, Call, Json, ReadCall, WriteEffect, error
from reconciler.provider.paging import CutShort, Query, read_rows, walk_pages
from reconciler.provider.read_errors import ReadError, read_error

Send = Callable[[Call], Answer]
TOO_LONG = 504
PASSES = 4
"""Maximum number of times that a list of several pages is read until two readings agree."""


def read_until_stable(
    kind: Kind, listing: Listing, root: str, id: str, send: Send, narrowed: Sequence[str] | None = None
) -> list[Answer]:
    """Return all pages of a list, or of the list under each of its parents; ``narrowed`` restricts these.

    If a list times out on the server, the pages of each of its parts are returned (contract §4.2).
    """
    if listing.under is None:
        return _read_whole(kind, listing, root, id, send)
    parents = [row for page in _read_until_same(kind, listing.under, root, id, send) for row in read_rows(page)]
    fertile = [str(row.get("id")) for row in parents if not _is_barren(row, listing)]
    lists = [
        replace(listing, path=listing.path.replace("{parent}", parent), under=None)
        for parent in fertile
        if narrowed is None or parent in narrowed
    ]
    return [page for each in lists for page in _read_until_same(kind, each, root, id, send)]


def _is_barren(row: Mapping[str, Any], listing: Listing) -> bool:
    attributes = row.get("attributes")
    shown = attributes if isinstance(attributes, dict) else {}
    return any(shown.get(name) in words for name, words in listing.barren.items())


def _read_whole(kind: Kind, listing: Listing, root: str, id: str, send: Send) -> list[Answer]:
    """Return all pages of a list; if it times out on the server, the pages of each of its parts (contract §4.2)."""
    try:
        return _read_until_same(kind, listing, root, id, send)
    except ReadError as unread:
        if unread.status != TOO_LONG or listing.parts is None:
            raise
        parts = [str(row.get("id")) for row in read_reference(kind, listing.parts, root, id, send)]
        if not parts:
            raise
    lists = [replace(listing, query=(*listing.query, (listing.parts.field, part))) for part in parts]
    return [page for each in lists for page in _read_until_same(kind, each, root, id, send)]


def _read_until_same(kind: Kind, listing: Listing, root: str, id: str, send: Send) -> list[Answer]:
    """Return all pages of a list.

    A list of several pages is read again until two readings have the same ids, since an entry may slip between two
    pages while others are added or removed (contract §2.10).
    """
    before: set[str] | None = None
    cut: str | None = None
    for _ in range(PASSES):
        try:
            pages = read_pages(kind, listing, root, id, send)
        except CutShort as short:
            if cut == short.problem.message:  # the same cut twice: not caused by a concurrent change
                raise
            before, cut = None, short.problem.message
            continue
        ids = {str(row.get("id")) for page in pages for row in read_rows(page)}
        if len(pages) == 1 or ids == before:
            return pages
        before = ids
    message = f"the list {listing.path.format(root=root, scope=id)} changed each of the {PASSES} times it was read"
    raise ReadError(error("list-unstable", message, hint="try again when the account is not being changed"))


def read_pages(kind: Kind, listing: Listing, root: str, id: str, send: Send) -> list[Answer]:
    """Return all pages of a list, read once."""
    asked = of_owner(listing, id)
    path = listing.path.format(root=root, scope=id)
    return walk_pages(asked, lambda query: send_read(page_call(kind, listing, root, id, query), send), path)


def of_owner(listing: Listing, id: str) -> Listing:
    """Return a list with its query for an owner."""
    return replace(listing, query=tuple((name, value.format(scope=id)) for name, value in listing.query))


def page_call(kind: Kind, listing: Listing, root: str, id: str, query: Query) -> ReadCall:
    """Return the read of one page."""
    return read_call(kind, "GET", listing.path.format(root=root, scope=id), query=query)


def read_call(
    kind: Kind,
    method: str,
    path: str,
    *,
    body: Json = None,
    query: tuple[tuple[str, str], ...] = (),
    row_hook: Callable[[dict[str, Any]], Any] | None = None,
) -> ReadCall:
    """Return a read of a kind."""
    name, read = f"{kind.name}.read", WriteEffect.READ
    return ReadCall(name, kind.name, "", read, method, path, (body,), query, product=kind.product, row_hook=row_hook)


def send_read(call: Call, send: Send) -> Answer:
    """Return the answer of a read. Raise :class:`ReadError` if it failed."""
    answer = send(call)
    problem = read_error(call, answer)
    if problem is not None:
        raise ReadError(problem, answer.status)
    return answer


def read_reference(kind: Kind, reference: Reference, root: str, id: str, send: Send) -> Sequence[dict[str, Any]]:
    """Return the rows of a list to which a field refers."""
    listing = Listing(reference.path, query=reference.query, paging=reference.paging, page=reference.page)
    return [row for page in read_pages(kind, listing, root, id, send) for row in read_rows(page)]
