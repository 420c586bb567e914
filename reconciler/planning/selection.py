"""Select addresses by targets: exact addresses by lookup, patterns by one pass each."""

import re
from collections.abc import Iterable, Sequence
from fnmatch import translate


def select(addresses: Iterable[str], targets: Sequence[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the addresses that any target matches, and the targets that match none, in order.

    A target is an address or a glob of addresses (``adSets.summer-*``). An exact address costs one lookup, so that a
    list of 20,000 of them, as in a rollback, stays linear.
    """
    known = frozenset(addresses)
    chosen, unmatched = set[str](), list[str]()
    for target in targets:
        if target in known:
            chosen.add(target)
            continue
        matches = re.compile(translate(target)).match
        found = [address for address in known if matches(address)] if _is_glob(target) else []
        chosen.update(found)
        if not found:
            unmatched.append(target)
    return frozenset(chosen), tuple(unmatched)


def _is_glob(target: str) -> bool:
    return any(sign in target for sign in "*?[")
