"""Scope check: the application's product, and every advertiser and account of the scope.

A lost consent reads as an empty list, and a plan would create everything again (contract §2.2); so every id of the
scope must be in the portfolio before a plan is used.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from reconciler.kinds.kind import Kind
from reconciler.kinds.products import PRODUCTS, SCOPES, Scope, credential_hint
from reconciler.kinds.read_methods import Listing
from reconciler.kinds.versions import ApiVersion
from reconciler.model import Answer, Call, Json, Place, Problem, WriteEffect, error, warning
from reconciler.provider.paging import first_query, read_rows, walk_pages
from reconciler.provider.read_errors import is_of_token
from reconciler.provider.reader import ReadError, Send, read_error

NOTICE = timedelta(days=90)


def check_scope(
    kinds: Iterable[Kind],
    dialects: Mapping[str, ApiVersion],
    scope: Mapping[str, tuple[str, ...]],
    at: Place,
    send: Send,
    codes: dict[tuple[str, str], str],
    names: dict[tuple[str, str], str] | None = None,
    zones: dict[tuple[str, str], str] | None = None,
) -> Iterator[Problem]:
    """Yield the problems of the application with this scope, for the kinds in the files.

    It fills ``codes`` with currencies by scope and id, ``names`` with the names of the scope's ids by the field that
    holds them, ``zones`` with time zones of accounts by scope and id.
    """
    used = {kind.product: kind for kind in kinds}
    for product, kind in used.items():
        root = dialects[product].root
        yield from wrong_product(product, read_application(product, root, send))
        if not dialects[product].listed:
            yield warning(
                "portfolio-unchecked", f"{dialects[product].version} cannot list the accounts of this application"
            )
            continue
        table = SCOPES[kind.scope]
        known = {str(row.get("id")): row.get("attributes") for row in _rows(table, root, send)}
        found_currencies = {(kind.scope, id): _currency(attributes, "currency") for id, attributes in known.items()}
        codes.update({whose: code for whose, code in found_currencies.items() if code})
        if zones is not None:
            zones.update({(kind.scope, id): zone for id, row in known.items() if (zone := _text(row, "timeZone"))})
        if names is not None:
            named = {(table.holder, id): _label(table, known[id]) for id in scope.get(kind.scope, ()) if id in known}
            names.update({whose: name for whose, name in named.items() if name})
        yield from ids_outside_portfolio(scope.get(kind.scope, ()), known, Place(at.source, (*at.path, kind.scope)))


def ids_outside_portfolio(ids: Iterable[str], known: Container[str], at: Place) -> Iterator[Problem]:
    """Yield an error for each id outside the application's portfolio."""
    for id in ids:
        if id not in known:
            message = f"{id} is not in the portfolio of this application"
            hint = "correct scope, or ask for the account's consent; without it everything would look absent"
            yield error("out-of-portfolio", message, at=at, hint=hint)


def version_warnings(dialects: Iterable[ApiVersion], now: datetime, at: Place) -> Iterator[Problem]:
    """Yield a warning for each version whose support has ended, or ends within three months (contract §2.13)."""
    for dialect in dialects:
        if dialect.ends is None or dialect.ends > (now + NOTICE).date():
            continue
        over = dialect.ends < now.date()
        message = f"support of {dialect.version} {'ended' if over else 'ends'} on {dialect.ends}"
        hint = "the API may answer 410" if over else "move to a newer version in time"
        place = Place(at.source, (*at.path, dialect.family))
        yield warning("version-ending", message, at=place, hint=f"{hint}; see api.{dialect.family}")


def wrong_product(product: str, attributes: Mapping[str, Json]) -> Iterator[Problem]:
    """Yield an error if the application belongs to the other product."""
    service = str(attributes.get("criteoService") or "")
    letters = _letters(service)
    if is_known_service(letters) and letters != PRODUCTS[product].service:
        message = f"the application belongs to {service}, and these files need one of {product}"
        yield error("wrong-product", message, hint=credential_hint())


def read_application(product: str, root: str, send: Send) -> Mapping[str, Json]:
    """Return the application's attributes. Raise :class:`reconciler.provider.reader.ReadError` if the read fails.

    Every application may read them (contract §2.3), so a refusal means that it belongs to the other product.
    """
    call = first_call(product, root)
    answer = send(call)
    problem = refusal_of(call, answer)
    if problem is not None:
        raise ReadError(problem)
    data = answer.body.get("data") if isinstance(answer.body, dict) else None
    attributes = data.get("attributes") if isinstance(data, dict) else None
    return attributes if isinstance(attributes, dict) else {}


def application_name(attributes: Mapping[str, Json]) -> str:
    """Return the application's name, or an empty text."""
    name = attributes.get("name")
    return name if isinstance(name, str) else ""


def first_call(product: str, root: str) -> Call:
    """Return the first read of a run."""
    return _read(f"{root}/{PRODUCTS[product].segment}/me", product)


def refusal_of(call: Call, answer: Answer) -> Problem | None:
    """Return the problem by which the response to the first call stops the run, or None."""
    problem = read_error(call, answer)
    if problem is not None and answer.status == 403 and not is_of_token(answer) and not isinstance(answer.body, str):
        said = f"the application was refused {call.path} (403), which every application of {call.product} may read"
        return replace(problem, message=said, hint=f"does it belong to the other product? {credential_hint()}")
    return problem


def is_known_service(service: str) -> bool:
    """Return True if it is the name of a product."""
    return _letters(service) in {each.service for each in PRODUCTS.values()}


def _letters(service: str) -> str:
    return "".join(letter for letter in service.casefold() if letter.isalpha())


def read_members(kind: Kind, root: str, send: Send) -> Iterator[tuple[str, str]]:
    """Yield (id, name) of every advertiser or account in the portfolio for the kind's scope."""
    table = SCOPES[kind.scope]
    for row in _rows(table, root, send):
        yield str(row.get("id")), _label(table, row.get("attributes"))


def directory_call(table: Scope, root: str) -> Call:
    """Return the read of a scope's directory."""
    assert table.directory is not None
    return _read(table.directory[1].format(root=root), table.product)


def portfolio_call(table: Scope, root: str) -> Call:
    """Return the read of the first page of the portfolio."""
    path = table.portfolio.format(root=root)
    return _read(path, table.product, first_query(Listing(path, paging=table.paging)))


def read_directory(table: Scope, root: str, send: Send) -> dict[str, tuple[str | None, str]]:
    """Return (currency, time zone) of members by id, from the directory if it may be read (§2.2)."""
    answer = send(directory_call(table, root))
    rows = answer.body if isinstance(answer.body, list) and answer.status == 200 else []
    return {
        str(row.get("id")): (_currency(row, "currencyName"), _text(row, "timeZoneId"))
        for row in rows
        if isinstance(row, dict)
    }


def _currency(row: object, key: str) -> str | None:
    """Return a currency code of three letters, or None."""
    code = row.get(key) if isinstance(row, dict) else None
    return code.upper() if isinstance(code, str) and len(code) == 3 and code.isascii() and code.isalpha() else None


def _text(row: object, key: str) -> str:
    value = row.get(key) if isinstance(row, dict) else None
    return value if isinstance(value, str) else ""


def _label(table: Scope, attributes: object) -> str:
    """Return the name of a scope's member in a list; a version may use the attribute of another list."""
    said = attributes if isinstance(attributes, dict) else {}
    labels = dict.fromkeys((table.label, *(each.label for each in SCOPES.values())))
    return next((str(said[label]) for label in labels if said.get(label)), "")


def _rows(table: Scope, root: str, send: Send) -> Iterator[dict[str, Json]]:
    """Yield the rows of the whole portfolio.

    Raise :class:`reconciler.provider.reader.ReadError` if a read fails or the list is incomplete.
    """
    path = table.portfolio.format(root=root)
    listing = Listing(path, paging=table.paging)
    for answer in walk_pages(listing, lambda query: _send_query(path, table.product, send, query), path):
        yield from read_rows(answer)


def _send_query(path: str, product: str, send: Send, query: tuple[tuple[str, str], ...] = ()) -> Answer:
    call = _read(path, product, query)
    answer = send(call)
    problem = read_error(call, answer)
    if problem is not None:
        raise ReadError(problem)
    return answer


def _read(path: str, product: str, query: tuple[tuple[str, str], ...] = ()) -> Call:
    return Call("portfolio.read", "", "", WriteEffect.READ, "GET", path, query=query, product=product)
