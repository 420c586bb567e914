"""Share equal values between desired and live objects to save memory."""

from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, Sequence
from contextlib import suppress
from typing import Any

from reconciler.model import Address, Desired, Live, Value, Values


class SharedValues(Mapping[str, Value]):
    """Values of a live object: those equal to a block of the files, by reference, and the rest."""

    __slots__ = ("rest", "stated")

    def __init__(self, stated: Values, rest: Values) -> None:
        self.stated = stated
        self.rest = rest

    def __getitem__(self, name: str) -> Value:
        return self.rest[name] if name in self.rest else self.stated[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self.rest[name] if name in self.rest else self.stated.get(name, default)

    def __contains__(self, name: object) -> bool:
        return name in self.rest or name in self.stated

    def __iter__(self) -> Iterator[str]:
        yield from self.stated
        yield from self.rest

    def __len__(self) -> int:
        return len(self.stated) + len(self.rest)

    def keys(self) -> KeysView[str]:
        return {**self.stated, **self.rest}.keys()

    def items(self) -> ItemsView[str, Value]:
        return {**self.stated, **self.rest}.items()


def holds_field(live: Values, stated: Values) -> bool:
    """Return True if every stated value is live."""
    if isinstance(live, SharedValues) and live.stated is stated:
        return True
    return stated.items() <= live.items()


def share_values(
    desired: Sequence[Desired], key: Sequence[str], remembered: Mapping[Address, str]
) -> Callable[[Live], Live]:
    """Return a function that makes a live object share the values of its block where they are equal.

    The block is found by id or natural key, as in matching; a wrong guess is harmless, since only equal values are
    shared.
    """
    wanted: dict[object, Values] = {}
    for each in desired:
        id = each.id or remembered.get(each.address)
        wanted.setdefault(id or tuple(each.values.get(name) for name in key), each.values)
    rests: dict[object, Values] = {}

    def share(live: Live) -> Live:
        stated = wanted.get(live.id) or wanted.get(tuple(live.values.get(name) for name in key))
        if stated is None or not stated.items() <= live.values.items():
            return live
        rest: Values = {name: value for name, value in live.values.items() if name not in stated}
        with suppress(TypeError):  # unhashable: a nested value, which is not shared
            rest = rests.setdefault(tuple(rest.items()), rest)
        return Live(live.kind, live.id, SharedValues(stated, rest), live.refs, live.owner)

    return share
