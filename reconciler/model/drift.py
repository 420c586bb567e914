"""Differences between files and account that no run of this tool made, and unmanaged objects."""

from datetime import datetime
from enum import Enum

from msgspec import Struct

from reconciler.model.addresses import Address, Place
from reconciler.model.money import Exposure, Limit
from reconciler.model.values import Value


class DriftState(Enum):
    """Three-way state of a value since files and live last agreed.

    ``UNKNOWN``: they differ, and no common earlier value is known.
    """

    CONVERGED = "converged"
    PENDING = "pending"
    DRIFTED = "drifted"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"


class Author(Struct, frozen=True):
    """Author of a change, as the API reports it. ``run`` is the run of this tool that made the change, if any."""

    who: str
    at: datetime | None = None
    memo: str | None = None
    run: str | None = None


class Drift(Struct, frozen=True):
    """A value that differs from the files, with the last applied value if ``known``.

    Without a field it is a block that has no live object yet. The value changed between ``since`` and ``until``, as far
    as reads show; ``name`` is the name of the object.
    """

    address: Address
    id: str | None
    field: str
    state: DriftState
    wanted: Value
    applied: Value
    live: Value
    place: Place
    known: bool = True
    authors: tuple[Author, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    name: str = ""

    @property
    def moved_outside(self) -> bool:
        """True if live changed, or may have changed."""
        return self.state in (DriftState.DRIFTED, DriftState.CONFLICT, DriftState.UNKNOWN)


class Unmanaged(Struct, frozen=True):
    """A live object that no block of the files declares, with its exposure."""

    kind: str
    id: str
    name: str
    currency: str
    limit: Limit | None


class UnmanagedShare(Struct, frozen=True):
    """Share of a currency's exposure that unmanaged objects of a kind hold."""

    kind: str
    currency: str
    count: int
    held: Exposure
    total: Exposure
