"""Write live values into the files that state them, changing only the lines of these resources.

Only fields that a file states are changed. A value from ``defaults`` is changed there if it changes alike for all
resources that use it, else in the resource.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from reconciler.config.value_formatter import rule_violations, to_yaml
from reconciler.config.yaml_editor import REMOVED, Change, Removed
from reconciler.kinds.kind import Kind
from reconciler.kinds.value_types import InvalidValue
from reconciler.model import Desired, FieldPath, Json, Live, Value

Moves = Mapping[str, "Json | Removed"]
"""Dotted field name -> new YAML value."""


class Amendment(Struct, frozen=True):
    """A block of a file and its new values."""

    desired: Desired
    moves: Moves


def differs_from_block(kind: Kind, desired: Desired, live: Live) -> bool:
    """Return True if a stated value differs from live, as far as the API returns it."""
    return any(_is_moved(kind, live, name, stated) for name, stated in desired.values.items())


def _is_moved(kind: Kind, live: Live, name: str, stated: Value) -> bool:
    return live.values.get(name) != stated and kind.has(name) and kind.field(name).path("read") is not None


def block_changes(kind: Kind, desired: Desired, live: Live, written: Json) -> Moves:
    """Return the new values of the fields that differ from live; ``written`` is the parsed file.

    A live value that cannot be written, alone or together with the other values, is removed from the block.
    """
    moved: dict[str, Json | Removed] = {}
    values: dict[str, Value] = dict(desired.values)
    for name, stated in desired.values.items():
        if not _is_moved(kind, live, name, stated):
            continue
        try:
            values[name] = live.values.get(name)
            moved[name] = to_yaml(kind.field(name), values[name], _as_written(written, desired, name))
        except InvalidValue:
            moved[name] = REMOVED
            del values[name]
    while moved and (wrong := [name for name in rule_violations(kind, values, desired.id) if name in values]):
        for name in wrong:
            moved[name] = REMOVED
            del values[name]
    return moved


def _as_written(written: Json, desired: Desired, name: str) -> Json:
    for step in desired.at(name).path:
        written = written.get(str(step)) if isinstance(written, dict) else None
    return written


def file_edits(
    kind: Kind, written: Json, amendments: Sequence[Amendment], others: Iterable[Desired]
) -> Iterator[Change]:
    """Yield the edits of one file. ``others`` are its unchanged blocks of the kind."""
    shared: dict[str, dict[str, Json | Removed]] = {}
    for each in amendments:
        for name, new in each.moves.items():
            own = not _is_default(each.desired, name)
            if own:
                yield each.desired.at(name).path, new
            if not own or (new is REMOVED and _default(kind, written, name) is not REMOVED):
                shared.setdefault(name, {})[each.desired.address.key] = new
    blocks = [*(each.desired for each in amendments), *others]
    for name, moved in shared.items():
        users = [each for each in blocks if name in each.values and _is_default(each, name)]
        yield from _edit_default(kind, name, _default(kind, written, name), users, moved)


def _edit_default(
    kind: Kind, name: str, said: "Json | Removed", users: Sequence[Desired], moved: Mapping[str, "Json | Removed"]
) -> Iterator[Change]:
    """Yield the edits of a default value for all or some of the resources that use it."""
    news = list(moved.values())
    alike = moved.keys() == {each.address.key for each in users} and all(new == news[0] for new in news)
    undone = REMOVED in news  # a block cannot unset a default, so the default is removed and the other blocks state it
    if alike or undone:
        yield _default_path(kind, name), REMOVED if undone else news[0]
    for each in users if not alike else ():
        new = moved.get(each.address.key, said if undone else REMOVED)
        if new is not REMOVED:
            yield (kind.name, each.address.key, *name.split(".")), new


def _is_default(desired: Desired, name: str) -> bool:
    return desired.at(name).path[:1] == ("defaults",)


def _default_path(kind: Kind, name: str) -> FieldPath:
    return ("defaults", kind.name, *name.split("."))


def _default(kind: Kind, written: Json, name: str) -> "Json | Removed":
    for step in _default_path(kind, name):
        if not isinstance(written, dict) or step not in written:
            return REMOVED
        written = written[str(step)]
    return written
