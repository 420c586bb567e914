"""Checks of one product's account: application, portfolio, permissions, rate limit, version."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from reconciler.kinds.kind import Kind
from reconciler.kinds.versions import ApiVersion
from reconciler.model import Call, Json, Place, WriteEffect
from reconciler.model.doctor import Check, CheckLevel, check_of_problem
from reconciler.provider import scope as account_scope
from reconciler.provider.http import Reply
from reconciler.provider.reader import ReadError, Send, read_error

SHOWN = 5
"""Number of names listed in text; JSON holds all of them."""


class SeenReplies:
    """Replies to one product's calls, each with its local time."""

    def __init__(self) -> None:
        self.replies: list[tuple[str, Reply, datetime]] = []

    def __call__(self, path: str, reply: Reply) -> None:
        self.replies.append((path, reply, datetime.now(UTC)))

    @property
    def token(self) -> bool:
        """True if a token was granted."""
        return any(path == "/oauth2/token" and reply.status == 200 for path, reply, _ in self.replies)

    def numbers(self, header: str) -> list[int]:
        """Return the integer values of a header, in the order of the replies."""
        said = (reply.headers.get(header, "") for _, reply, _ in self.replies)
        return [int(text) for text in said if text.isascii() and text.isdigit()]


class ProductAccount(Struct, frozen=True):
    """One product with its kinds and versions. ``scope`` is empty without a project."""

    product: str
    title: str
    kinds: tuple[Kind, ...]
    dialects: Mapping[str, ApiVersion]
    scope: Mapping[str, tuple[str, ...]]
    at: Place | None

    @property
    def root(self) -> str:
        return self.dialects[self.product].root

    @property
    def ids(self) -> tuple[str, ...]:
        return self.scope.get(self.kinds[0].scope, ())


def check_account(
    account: ProductAccount, send: Send, heard: SeenReplies, now: Callable[[], datetime]
) -> Iterator[Check]:
    """Yield all checks of the product, until one cannot be reached. It sends reads only."""
    try:
        yield from _application(account, send, heard)
        ids = account.ids
        if account.dialects[account.product].listed:
            ids = yield from _portfolio(account, send)
        yield from _permissions(account, ids, send)
    except ReadError as unread:
        name = "connection" if heard.token else "token"
        yield check_of_problem(account.title, name, unread.problem)
    yield from _limits(account, heard)
    yield from _versions(account, heard, now())


def _application(account: ProductAccount, send: Send, heard: SeenReplies) -> Iterator[Check]:
    app = account_scope.read_application(account.product, account.root, send)
    if heard.token:
        yield Check(account.title, "token", CheckLevel.OK, "granted")
    name, service = account_scope.application_name(app), str(app.get("criteoService") or "")
    facts: dict[str, Json] = {"name": name, "service": service, "applicationId": app.get("applicationId")}
    wrong = [
        check_of_problem(account.title, "application", each)
        for each in account_scope.wrong_product(account.product, app)
    ]
    yield from wrong or [Check(account.title, "application", CheckLevel.OK, f'"{name}" of {service}', facts=facts)]


def _portfolio(account: ProductAccount, send: Send) -> Generator[Check, None, tuple[str, ...]]:
    """Yield checks that the scope is in the portfolio; return the ids that can be read."""
    title, kind = account.title, account.kinds[0]
    known = dict(account_scope.read_members(kind, account.root, send))
    facts: dict[str, Json] = {"portfolio": dict(known)}
    if not account.ids:
        named = [f'{id} "{name}"' for id, name in known.items()]
        more = f" and {len(named) - SHOWN:,} more" if len(named) > SHOWN else ""
        said = f"{', '.join(named[:SHOWN])}{more}" if named else "empty"
        yield Check(title, "portfolio", CheckLevel.OK if named else CheckLevel.WARNING, said, facts=facts)
        return tuple(known)[:1]
    assert account.at is not None
    problems = list(account_scope.ids_outside_portfolio(account.ids, known, account.at))
    for problem in problems:
        yield check_of_problem(title, "portfolio", problem)
    if not problems:
        named = [f'{id} "{known[id]}"' for id in account.ids[:SHOWN]]
        said = f"{', '.join(named)}{' …' if len(account.ids) > SHOWN else ''}"
        yield Check(title, "portfolio", CheckLevel.OK, f"the scope is in it: {said}", facts=facts)
    return tuple(id for id in account.ids if id in known)


# --- Permissions ---------------------------------------------------------------------------------------------


def _permissions(account: ProductAccount, ids: Sequence[str], send: Send) -> Iterator[Check]:
    """Yield a check per domain: whether it can be read; whether it can be managed, only a write shows."""
    managed: dict[str, list[str]] = {}
    for kind, probe in ((each, probe) for each in account.kinds for probe in each.probes):
        holder = f"{{{kind.holder}}}"
        if (holder in probe.path and not ids) or (probe.attached and kind.attachments is None):
            continue
        path = probe.path.format_map({"root": account.dialects[kind.family].root, kind.holder: ids[0] if ids else ""})
        query = probe.query if probe.attached or not _is_indexed(kind) else ()
        call = Call(
            "doctor", kind.name, "", WriteEffect.READ, probe.method, path, (probe.body,), query, product=kind.product
        )
        problem = read_error(call, send(call))
        name = f"{probe.domain}, read"
        if problem is not None:
            yield check_of_problem(account.title, name, problem)
        else:
            yield Check(account.title, name, CheckLevel.OK, f"allowed: {probe.reads}", facts={"kind": kind.name})
            managed.setdefault(probe.domain, []).append(probe.manages)
    for domain, uses in managed.items():
        said = f"only a write can show it; needed for {', '.join(uses)}"
        yield Check(account.title, f"{domain}, manage", CheckLevel.UNKNOWN, said)


def _is_indexed(kind: Kind) -> bool:
    """Return True if the kind's list is paged by index, which refuses offsets."""
    from reconciler.kinds.read_methods import Listing, Paging

    return isinstance(kind.read, Listing) and kind.read.paging is not Paging.OFFSET


# --- Limits, versions ----------------------------------------------------------------------------------------


def _limits(account: ProductAccount, heard: SeenReplies) -> Iterator[Check]:
    limits, left = heard.numbers("x-ratelimit-limit"), heard.numbers("x-ratelimit-remaining")
    if not heard.replies:
        return
    if not limits or not left:
        said = "no response had one; at most 240 calls a minute are sent"
        yield Check(account.title, "rate limit", CheckLevel.WARNING, said)
        return
    said = f"{limits[-1]:,} calls a minute, {left[-1]:,} left"
    facts: dict[str, Json] = {"limit": limits[-1], "remaining": left[-1]}
    yield Check(account.title, "rate limit", CheckLevel.OK, said, facts=facts)


def _versions(account: ProductAccount, heard: SeenReplies, now: datetime) -> Iterator[Check]:
    for dialect in {kind.family: account.dialects[kind.family] for kind in account.kinds}.values():
        facts: dict[str, Json] = {"family": dialect.family, "version": dialect.version}
        said = f"{dialect.family} uses {dialect.version}"
        if dialect.ends is None:
            yield Check(account.title, "version", CheckLevel.OK, f"{said}, which has no announced end", facts=facts)
            continue
        days = (dialect.ends - now.date()).days
        facts |= {"ends": dialect.ends.isoformat(), "days": days}
        said += f", supported until {dialect.ends} ({days:,} days)" if days >= 0 else f"; support ended {dialect.ends}"
        level = CheckLevel.OK if days > account_scope.NOTICE.days else CheckLevel.WARNING
        hint = None if level is CheckLevel.OK else f"move to a newer version in time; see api.{dialect.family}"
        yield Check(account.title, "version", level, said, hint, facts=facts)
    ends = sorted({reply.headers["sunset"] for _, reply, _ in heard.replies if reply.headers.get("sunset")})
    for end in ends:
        said = f"an answer announced its end: {end}"
        yield Check(account.title, "version", CheckLevel.WARNING, said, "move to a newer version in time")
