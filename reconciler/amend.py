"""Live values into the files that state them: which lines to change so that exactly these resources change.

Only what a file states is touched. A value that comes from its ``defaults`` is changed there if all who
use it move alike, and else where the resource stands.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.edits import GONE, Change, Gone
from reconciler.kinds.kind import Kind
from reconciler.kinds.types import Refused
from reconciler.model import Desired, Json, Live, Path, Value
from reconciler.spelling import refused, spelled

Moves = Mapping[str, "Json | Gone"]
"""Dotted field names to what is to be written for them."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """A block of a file and what is to be written into it."""

    desired: Desired
    moves: Moves


def moves(kind: Kind, desired: Desired, live: Live, written: Json) -> Moves:
    """What the block states otherwise than live is; ``written`` is the file's whole value.

    What is live and may not be written, alone or beside the rest, is not stated any longer.
    """
    moved: dict[str, Json | Gone] = {}
    values: dict[str, Value] = dict(desired.values)
    for name, stated in desired.values.items():
        if not kind.has(name) or kind.field(name).path("read") is None or live.values.get(name) == stated:
            continue
        try:
            values[name] = live.values.get(name)
            moved[name] = spelled(kind.field(name), values[name], _said(written, desired, name))
        except Refused:
            moved[name] = GONE
            del values[name]
    while moved and (wrong := [name for name in refused(kind, values, desired.id) if name in values]):
        for name in wrong:
            moved[name] = GONE
            del values[name]
    return moved


def _said(written: Json, desired: Desired, name: str) -> Json:
    for step in desired.at(name).path:
        written = written.get(str(step)) if isinstance(written, dict) else None
    return written


def changes(kind: Kind, written: Json, amendments: Sequence[Amendment], others: Iterable[Desired]) -> Iterator[Change]:
    """The edits of one file. ``others`` are the blocks of the kind in it that do not move."""
    shared: dict[str, dict[str, Json | Gone]] = {}
    for each in amendments:
        for name, new in each.moves.items():
            path = each.desired.at(name).path
            if path[:1] == ("defaults",):
                shared.setdefault(name, {})[each.desired.address.key] = new
            else:
                yield path, new
    blocks = [*(each.desired for each in amendments), *others]
    for name, moved in shared.items():
        users = [each for each in blocks if name in each.values and each.at(name).path[:1] == ("defaults",)]
        yield from _shared(kind, name, _said(written, users[0], name), users, moved)


def _shared(
    kind: Kind, name: str, said: Json, users: Sequence[Desired], moved: Mapping[str, "Json | Gone"]
) -> Iterator[Change]:
    """A value of the defaults, for some or for all who use it."""
    news = list(moved.values())
    alike = len(moved) == len(users) and all(new == news[0] for new in news)
    if alike:
        yield users[0].at(name).path, news[0]
        return
    if GONE in news:  # a default cannot be undone by a block, so everybody states it
        yield users[0].at(name).path, GONE
    for each in users:
        new = moved.get(each.address.key, said if GONE in news else GONE)
        if new is not GONE:
            yield _own(kind, each, name), new


def _own(kind: Kind, desired: Desired, name: str) -> Path:
    return (kind.name, desired.address.key, *name.split("."))
