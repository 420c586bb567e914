"""Read live resources: the reads of a scope, page by page, with rows as canonical values.

A read that fails is a problem, never an empty list, since absent objects would be created again. It opens no socket;
``send`` is passed in.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.kinds.calendar import day_in
from reconciler.kinds.date_types import DayType
from reconciler.kinds.kind import Kind
from reconciler.kinds.read_methods import Listing, Paging, Search
from reconciler.model import (
    Call,
    Json,
    Live,
    Problem,
    ReadCall,
    Severity,
    warning,
)
from reconciler.provider import codec
from reconciler.provider.lists import Send as Send
from reconciler.provider.lists import of_owner, page_call, read_call, read_pages, read_until_stable, send_read
from reconciler.provider.paging import check_one_page, first_query, read_entries, read_rows
from reconciler.provider.read_errors import ReadError as ReadError
from reconciler.provider.read_errors import read_error as read_error


class ReadResult(Struct, frozen=True):
    """Everything live of one kind in the scope, and the API's warnings."""

    live: tuple[Live, ...]
    problems: tuple[Problem, ...] = ()


def read_list(
    kind: Kind,
    root: str,
    scope: Sequence[str],
    send: Send,
    *,
    attached: bool = False,
    narrowed: Sequence[str] | None = None,
    kept: Callable[[Live], Live] = lambda live: live,
) -> ReadResult:
    """Return all objects of a kind in the scope. Raise :class:`ReadError` if any page of it cannot be read.

    ``attached`` also reads the sets that are listed on the other side, which costs a list of its own; ``narrowed``
    restricts a search, or lists by parent, to these parents; ``kept`` converts each object as it is read.
    """
    match kind.read:
        case Search() as search:
            filtered = None if narrowed is None else (search.parents, narrowed)
            return _search(kind, search, root, scope, send, filtered, kept)
        case Listing() as listing:
            live: dict[str, Live] = {}
            warnings: list[Problem] = []
            for id in scope:
                inject = {listing.inject: id} if listing.inject else None
                pages = read_until_stable(kind, listing, root, id, send, narrowed)
                own = {
                    each.id: each
                    for page in pages
                    for each in (kept(codec.decode_row(kind, row, inject, id)) for row in read_rows(page))
                }
                warnings += (each for page in pages for each in _warnings(kind, [page.body]))
                own = _with_days(kind, root, id, own, send)
                live |= _read_attached(kind, root, id, own, send) if attached and kind.attachments else own
            return ReadResult(tuple(live.values()), tuple(warnings))


def read_some(kind: Kind, root: str, scope: Sequence[str], ids: Sequence[str], send: Send) -> tuple[Live, ...]:
    """Return the objects with these ids, of a kind with a search. Raise :class:`ReadError` if it fails."""
    assert isinstance(kind.read, Search)
    return _search(kind, kind.read, root, scope, send, (kind.read.ids, ids), lambda live: live).live


def _search(
    kind: Kind,
    search: Search,
    root: str,
    scope: Sequence[str],
    send: Send,
    filtered: tuple[str, Sequence[str]] | None,
    kept: Callable[[Live], Live],
) -> ReadResult:
    """Return the objects of a search for each owner, or of one with another filter; each is on one page."""
    found: list[Live] = []
    bodies: list[Json] = []
    for owners in [(id,) for id in scope] if filtered is None else [tuple(scope)]:
        by, ids = filtered or (search.by, owners)
        call = _search_call(kind, search, root, by, ids, codec.row_hook(kind, kept))
        answer = send_read(call, send)
        check_one_page(answer, call.path)
        decoded = (row if isinstance(row, Live) else kept(codec.decode_row(kind, row)) for row in read_entries(answer))
        # An id that the API cannot parse may disable the whole filter (contract §3.3.1).
        found += (each for each in decoded if each.values.get(kind.holder) in owners)
        bodies.append({"warnings": answer.body.get("warnings")} if isinstance(answer.body, dict) else None)
    return ReadResult(tuple(found), tuple(_warnings(kind, bodies)))


def _search_call(
    kind: Kind,
    search: Search,
    root: str,
    by: str,
    ids: Sequence[str],
    row_hook: Callable[[dict[str, Any]], Any] | None = None,
) -> ReadCall:
    body: Json = {"filters": {by: list(ids)}}
    return read_call(kind, "POST", search.path.format(root=root), body=body, row_hook=row_hook)


def first_calls(kind: Kind, root: str, scope: Sequence[str], narrowed: Sequence[str] | None = None) -> Iterator[Call]:
    """Yield the reads with which :func:`read_list` begins: every search, or the first page of every list."""
    if narrowed is not None and isinstance(kind.read, Search):
        yield from [_search_call(kind, kind.read, root, kind.read.parents, narrowed)] if narrowed else ()
        return
    for id in scope:
        match kind.read:
            case Search() as search:
                yield _search_call(kind, search, root, search.by, (id,))
            case Listing() as listing:
                first = of_owner(listing.under or listing, id)
                yield page_call(kind, first, root, id, first_query(first))


def read_object(kind: Kind, path: str, send: Send) -> Json:
    """Return one object as the API shows it. Raise :class:`ReadError` if it cannot be read."""
    return send_read(read_call(kind, "GET", path), send).body


def read_zones(kind: Kind, root: str, scope: Sequence[str], send: Send) -> tuple[str, ...]:
    """Return the time zones of the owners in the scope, if the kind has a list of them."""
    if kind.owners is None:
        return ()
    owners = {
        str(row.get("id")): row for page in read_pages(kind, kind.owners, root, "", send) for row in read_rows(page)
    }
    return tuple(dict.fromkeys(zone for id in scope if (zone := _zone(owners.get(id, {})))))


def read_history(kind: Kind, path: str, page: int, send: Send) -> Iterator[Mapping[str, Any]]:
    """Yield every entry of a history, wrapped or flat; which end is the newest is unverified (contract §14, 27)."""
    listing = Listing(path, paging=Paging.OFFSET, page=page)
    for answer in read_pages(kind, listing, "", "", send):
        for row in read_rows(answer):
            attributes = row.get("attributes")
            yield attributes if isinstance(attributes, dict) else row


def _with_days(kind: Kind, root: str, owner: str, live: dict[str, Live], send: Send) -> dict[str, Live]:
    """Return the objects of an owner, with days in its time zone where the API returns instants (contract §13, 45)."""
    names = [row.name for row in kind.fields if isinstance(row.type, DayType) and row.type.instants]
    told = {
        id: days
        for id, each in live.items()
        if (days := {name: day for name in names if isinstance(day := each.values.get(name), datetime)})
    }
    if not told or kind.owners is None:
        return live
    listed = (row for page in read_pages(kind, kind.owners, root, owner, send) for row in read_rows(page))
    zone = next((_zone(row) for row in listed if str(row.get("id")) == owner), "")
    meant = {id: {name: day_in(day, zone) for name, day in days.items()} for id, days in told.items()}
    return {id: replace(each, values={**each.values, **meant.get(id, {})}) for id, each in live.items()}


def _zone(row: Mapping[str, Any]) -> str:
    attributes = row.get("attributes")
    zone = attributes.get("timeZone") if isinstance(attributes, dict) else None
    return zone if isinstance(zone, str) else ""


def _read_attached(kind: Kind, root: str, id: str, live: Mapping[str, Live], send: Send) -> dict[str, Live]:
    """Return every object with its set field, read from the list of attached objects."""
    assert kind.attachments is not None
    name, names = kind.attachments.field, kind.attachments.names
    members: dict[str, set[str]] = {each: set() for each in live}
    listing = Listing(kind.attachments.path, paging=Paging.INDEX, page=kind.attachments.page)
    for page in read_until_stable(kind, listing, root, id, send):
        for row in read_rows(page):
            for owner in row.get("attributes", row).get(names) or ():
                members.setdefault(str(owner), set()).add(str(row.get("id")))
    return {
        each: replace(known, values={**known.values, name: tuple(sorted(members[each]))})
        for each, known in live.items()
    }


def _warnings(kind: Kind, bodies: Iterable[Json]) -> Iterator[Problem]:
    """Yield the API's warnings; hidden objects are one note with their number, as far as it is given."""
    told = [body.get("warnings") if isinstance(body, dict) else None for body in bodies]
    warned = [each for listed in told if isinstance(listed, list) for each in listed if isinstance(each, dict)]
    hidden = sum(each.get("code") == kind.hidden_code for each in warned)
    if hidden and kind.hidden_code:
        some = f"{hidden:,} {kind.singular}{'' if hidden == 1 else 's'}"
        message = f"the API hides at least {some} of the scope, and names none of them"
        hint = "to list them, compare the platform with `reconciler import`: what only the platform shows is hidden"
        yield Problem(Severity.NOTE, kind.hidden_code, message, hint=hint)
    for each in warned:
        if each.get("code") != kind.hidden_code:
            code = str(each.get("code") or "api-warning")
            yield warning(code, str(each.get("detail") or each.get("title") or code))
