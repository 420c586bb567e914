"""Assumptions about the API (docs/explanation/assumptions.md), tested as far as reading allows."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise

from msgspec import Struct

from reconciler.commands.doctor.account import ProductAccount, SeenReplies
from reconciler.config.project import Project
from reconciler.kinds.assumptions import ASSUMPTIONS
from reconciler.kinds.products import SCOPES
from reconciler.kinds.write_methods import AddDifference
from reconciler.model.doctor import Check, CheckLevel
from reconciler.provider import reader, scope
from reconciler.provider.reader import ReadError, Send

GROUP = "Assumptions"
LIMIT = 250
"""Documented calls per minute (contract §2.4)."""
LOOKED_AT = 5
"""Number of balances whose history is searched for a mark of this tool, one call each."""
UTC_ZONES = ("UTC", "Etc/UTC", "Etc/GMT", "GMT", "Z")


class Evidence(Struct, frozen=True):
    """The account of one product, the function that reads it, and the replies so far."""

    account: ProductAccount
    send: Send
    heard: SeenReplies


Found = tuple[CheckLevel, str]
UNWRITTEN = "only a write can show it"


def check_assumptions(project: Project | None, evidence: Iterable[Evidence]) -> Iterator[Check]:
    """Yield a check per assumption of the reached products: it holds, does not, or cannot be tested by reading."""
    reached = {each.account.product: each for each in evidence if each.heard.token}
    for name, (product, claim) in ASSUMPTIONS.items():
        if product not in reached:
            continue
        try:
            level, said = TESTS.get(name, _unwritten)(reached[product])
        except ReadError as unread:
            level, said = CheckLevel.UNKNOWN, f"could not be looked at: {unread.problem.message}"
        switch = _describe_switch(project, name)
        hint = "report it: the tool assumes otherwise" if level is CheckLevel.WARNING else None
        yield Check(GROUP, name, level, f"{claim}: {said}{switch}", hint, facts={"assumption": claim})


def _describe_switch(project: Project | None, name: str) -> str:
    if project is None:
        return ""
    if name == "memoToken":
        return "" if project.memo_token else " (switched off in the project)"
    if name not in project.assumptions:
        return ""
    return f" (switched {'on' if project.assumptions[name] else 'off'} in the project)"


def _unwritten(evidence: Evidence) -> Found:
    return CheckLevel.UNKNOWN, UNWRITTEN


def _limit(evidence: Evidence) -> Found:
    """Check the rate limit: two responses of one window must give the limit and a decreasing remainder."""
    limits, left = (evidence.heard.numbers(f"x-ratelimit-{each}") for each in ("limit", "remaining"))
    resets = evidence.heard.numbers("x-ratelimit-reset")
    if not limits or not left or not resets:
        return CheckLevel.WARNING, "the answers do not show it"
    if limits[-1] != LIMIT:
        return CheckLevel.WARNING, f"the answers show {limits[-1]:,}"
    if any(later not in (before - 1, limits[-1] - 1) for before, later in pairwise(left)):
        return CheckLevel.UNKNOWN, f"{LIMIT} is sent, but others are calling too, or calls count otherwise"
    return CheckLevel.OK, f"sent, and counted down from {left[0]:,} to {left[-1]:,}"


def _service(evidence: Evidence) -> Found:
    account = evidence.account
    said = str(scope.read_application(account.product, account.root, evidence.send).get("criteoService") or "")
    return (CheckLevel.OK if scope.is_known_service(said) else CheckLevel.WARNING), f"it says {said or 'nothing'}"


def _today(evidence: Evidence) -> Found:
    """Check the day of budgets; if every advertiser's time zone is UTC, the assumption has no effect."""
    account = evidence.account
    table = SCOPES[next((kind.scope for kind in account.kinds if kind.days_by_owner), account.kinds[0].scope)]
    if table.directory is None or table.directory[0] not in account.dialects:
        return CheckLevel.UNKNOWN, UNWRITTEN
    told_by_id = scope.read_directory(table, account.dialects[table.directory[0]].root, evidence.send)
    zones = sorted({zone for _, zone in told_by_id.values() if zone})
    if zones and all(zone in UTC_ZONES for zone in zones):
        return CheckLevel.OK, "every advertiser lives by UTC"
    zone_words = f"the advertisers live by {', '.join(zones[:3])}; " if zones else ""
    return CheckLevel.UNKNOWN, f"{zone_words}only a write shortly before midnight can show it"


def _memo(evidence: Evidence) -> Found:
    """Check if a history shows the mark of an earlier top-up."""
    account = evidence.account
    found = ((kind, write) for kind in account.kinds for write in kind.writes.values())
    kind, funds = next(((kind, write) for kind, write in found if isinstance(write, AddDifference)), (None, None))
    if kind is None or funds is None or kind.history is None:
        return CheckLevel.UNKNOWN, "this version has no history"
    root = account.dialects[kind.family].root
    looked = reader.read_list(kind, root, account.ids[:1], evidence.send).live[:LOOKED_AT]
    for balance in looked:
        path = funds.history.format(root=root, id=balance.id)
        entries = reader.read_history(kind, path, funds.history_page, evidence.send)
        if any(str(entry.get(kind.history.memo) or "").startswith("reconciler ") for entry in entries):
            return CheckLevel.OK, f"seen in the history of balance {balance.id}"
    return CheckLevel.UNKNOWN, f"no top-up of ours in the history of {len(looked):,} balances"


def _names(evidence: Evidence) -> Found:
    """Check if two live names differ only in case, so that the API distinguishes them."""
    account = evidence.account
    kind = next(kind for kind in account.kinds if kind.money)
    root, folded = account.dialects[kind.family].root, dict[tuple[str, str], str]()
    for balance in reader.read_list(kind, root, account.ids[:1], evidence.send).live:
        name = kind.name_of(balance.values)
        twin = folded.setdefault((str(kind.owner_of(balance.values)), name.casefold()), name)
        if twin != name:
            return CheckLevel.OK, f"there are {twin} and {name}"
    return CheckLevel.UNKNOWN, "no two names differ by capitals alone; only a write can show it"


TESTS: Mapping[str, Callable[[Evidence], Found]] = {
    "rateLimit": _limit,
    "criteoService": _service,
    "sellerToday": _today,
    "memoToken": _memo,
    "balanceNames": _names,
}
"""Tests by name of the assumption; all other assumptions need a write."""
