"""A resource as the files declare it, and as the API returns it."""

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct, field

from reconciler.model.addresses import Address, Origin, Place
from reconciler.model.values import Value, Values  # noqa: F401 -- Values is recursive: its hints name Value


class Desired(Struct, frozen=True):
    """One resource as declared in the files: only the fields that they state."""

    address: Address
    id: str | None
    values: Values
    origin: Origin

    @property
    def place(self) -> Place:
        """Position of the resource."""
        return self.origin.place

    def at(self, name: str, *, key: bool = False) -> Place:
        """Return the position of a field."""
        return self.origin.at(name, key=key)


class Live(Struct, frozen=True):
    """One resource as the API returns it.

    ``refs`` holds ids of nested entries, by field; ``owner`` is the id of the scope in whose list it was read.
    """

    kind: str
    id: str
    values: Values
    refs: Mapping[str, str] = field(default_factory=dict)
    owner: str | None = None


Pair: TypeAlias = tuple[Desired, Live | None]
"""A block of the files with its live object; None if it is to be created."""
