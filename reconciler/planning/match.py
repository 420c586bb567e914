"""Match desired resources to live objects by id, ledger id or natural key.

In this order: the id in the file, the id in the ledger, the natural key if exactly one live object has it (contract
§12). Two candidates are an error, never a guess.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property

from msgspec.structs import replace

from reconciler.kinds.kind import Kind
from reconciler.model import Address, Desired, Live, Pair, Problem, Severity, Value, error
from reconciler.planning import likeness


def match(
    kind: Kind, desired: Sequence[Desired], live: Sequence[Live], remembered: Mapping[Address, str]
) -> tuple[tuple[Pair, ...], tuple[Problem, ...]]:
    """Return every block with its live object (None: to be created), and the problems.

    ``remembered`` holds ids by address, from the ledger. An id that the API does not return is a problem and never a
    creation, since the object may be hidden (contract §8.1).
    """
    by_id = {each.id: each for each in live}
    keys = [_Index(key, kind, live) for key in kind.natural_keys]
    pairs: list[Pair] = []
    problems: list[Problem] = []
    for each in desired:
        id = each.id or remembered.get(each.address)
        found = by_id.get(id) if id else None
        if id and found is None:
            problems.append(_report_absent(kind, each, id))
            continue
        candidates = [found] if found else _drop_superseded(kind, _find_candidates(each, keys))
        if len(candidates) > 1:
            problems.append(_report_ambiguous(kind, each, candidates))
        else:
            pairs.append((each, candidates[0] if candidates else None))
    return tuple(pairs), (*problems, *_find_claimed_twice(pairs), *_find_created_twice(kind, pairs))


def without_ended(
    kind: Kind, pairs: Sequence[Pair], today: Callable[[Desired], date]
) -> tuple[tuple[Pair, ...], tuple[Problem, ...]]:
    """Return the pairs without the entries of maps that are over, which are neither compared nor sent, and notes."""
    if kind.is_ended is None:
        return tuple(pairs), ()
    kept: list[Pair] = []
    notes: list[Problem] = []
    for desired, live in pairs:
        day = today(desired)
        over = {name for name, value in desired.values.items() if kind.is_ended(name, value, day)}
        values = {name: value for name, value in desired.values.items() if name not in over}
        kept.append((replace(desired, values=values) if over else desired, live))
        for name in sorted(over):
            message = f"{name} is over, so it is neither compared nor sent"
            at, hint = desired.at(name), "its line can go"
            notes.append(Problem(Severity.NOTE, "entry-over", message, at.span, desired.address, hint))
    return tuple(kept), tuple(notes)


class _Index:
    """Live objects by one natural key, without excluded ones."""

    def __init__(self, key: tuple[str, ...], kind: Kind, live: Iterable[Live]) -> None:
        self.key, self._kind, self._live = key, kind, live

    @cached_property
    def found(self) -> Mapping[tuple[Value, ...], list[Live]]:
        """Live objects by key; made when it is needed, since most blocks are found by their id."""
        found: dict[tuple[Value, ...], list[Live]] = {}
        for each in self._live:
            if not any(each.values.get(name) in gone for name, gone in self._kind.excluded_when.items()):
                found.setdefault(tuple(each.values.get(name) for name in self.key), []).append(each)
        return found

    def of(self, desired: Desired) -> list[Live]:
        return self.found.get(tuple(desired.values.get(name) for name in self.key), [])


def _find_candidates(desired: Desired, keys: Iterable[_Index]) -> list[Live]:
    """Return the live objects that the first key finds; further keys only narrow several down."""
    found: list[Live] = []
    for index in keys:
        if not all(name in desired.values for name in index.key):
            continue
        narrower = index.of(desired)
        found = narrower if not found else [each for each in found if each in narrower] or found
    return found


def _drop_superseded(kind: Kind, found: list[Live]) -> list[Live]:
    """Return the objects that are not superseded, or all if all of them are."""
    alive = [
        each for each in found if not any(each.values.get(name) in over for name, over in kind.superseded_when.items())
    ]
    return alive or found


def _report_absent(kind: Kind, desired: Desired, id: str) -> Problem:
    stated = desired.id is not None
    at = desired.at("id") if stated else desired.place
    message = f"the API shows no {kind.singular} {id} in the scope"
    hint = "correct the id or the scope; it may be hidden, or the application has lost access to it"
    if not stated:
        message = f"{kind.singular} {id}, which {desired.address} was, is not in the API's answer"
        hint = "it may be hidden, or the application has lost access to it, so it is not created again;"
        hint += " `ledger forget` stops tracking it"
    return error("not-found", message, at=at, address=desired.address, hint=hint)


def _report_ambiguous(kind: Kind, desired: Desired, candidates: Iterable[Live]) -> Problem:
    ids = ", ".join(sorted(each.id for each in candidates))
    message = f"several {kind.singular}s match {desired.address}: {ids}"
    return error("ambiguous", message, at=desired.place, address=desired.address, hint="write the id of the one meant")


def _find_created_twice(kind: Kind, pairs: Iterable[Pair]) -> Iterable[Problem]:
    """Yield a problem for two blocks that would create indistinguishable objects."""
    first: dict[tuple[str, ...], Desired] = {}
    for desired, live in pairs:
        if live is None:
            key = tuple(str(likeness.fold_value(desired.values.get(name))) for name in kind.natural_keys[-1])
            other = first.setdefault(key, desired)
            if other is not desired:
                message = f"{desired.address} and {other.address} ({other.place.span}) would create the same twice"
                hint = f"give them another {kind.natural_keys[-1][-1]}, or remove one"
                yield error("duplicate-claim", message, at=desired.place, address=desired.address, hint=hint)


def _find_claimed_twice(pairs: Iterable[Pair]) -> Iterable[Problem]:
    first: dict[str, Desired] = {}
    for desired, live in pairs:
        other = first.setdefault(live.id, desired) if live else desired
        if live and other is not desired:
            message = f"{desired.address} and {other.address} ({other.place.span}) are the same live object, {live.id}"
            hint = "one live object can be described only once"
            yield error("duplicate-claim", message, at=desired.place, address=desired.address, hint=hint)
