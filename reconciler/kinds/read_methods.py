"""Read methods of a kind: a search, paged lists, sub-resources, and sets read from the other side."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TypeAlias

from msgspec import Struct

from reconciler.kinds.entry_maps import EntryMap
from reconciler.model import Desired, Live


class Paging(Enum):
    """Paging of a list (contract §2.10)."""

    NONE = "none"
    INDEX = "page index"
    OFFSET = "offset"


class Search(Struct, frozen=True):
    """A POST that returns everything in the scope, by the filter ``by``, without paging.

    ``parents`` is the filter by the first field of the natural key, used to look for a lost create, ``ids`` the one by
    the objects' own ids.
    """

    path: str
    by: str = "advertiserIds"
    parents: str = "campaignIds"
    ids: str = "adSetIds"


class Reference(Struct, frozen=True):
    """A field that holds ids of other objects, and their list, one per scope id.

    The list is read only if a write names such an id: in an all-or-nothing batch one unknown id refuses all items.
    """

    field: str
    path: str
    thing: str
    query: tuple[tuple[str, str], ...] = ()
    paging: Paging = Paging.NONE
    page: int = 100
    label: str = ""
    """Attribute with the name of an object; empty if the list has none."""


class Listing(Struct, frozen=True):
    """A list per advertiser or account.

    ``inject`` names the field that is filled with the scope's id; ``parts`` are fields by which the list can be
    filtered, by a query parameter of the same name. With ``under`` it is a list for each ``{parent}`` of that list,
    except those that have one of the values ``barren``.
    """

    path: str
    query: tuple[tuple[str, str], ...] = ()
    paging: Paging = Paging.NONE
    page: int = 100
    inject: str | None = None
    parts: Reference | None = None
    under: "Listing | None" = None
    barren: Mapping[str, tuple[str, ...]] = {}


class Details(Struct, frozen=True):
    """A sub-resource that is read only for resources whose files state the map field."""

    field: str
    path: str
    attribute: str

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.field,)


class Subobject(Struct, frozen=True):
    """A sub-resource that is one object of map fields, read only for resources whose files state one of them."""

    path: str
    maps: tuple[EntryMap, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(each.field for each in self.maps)


class Attachments(Struct, frozen=True):
    """A set field read from the other side: each item of the list names the objects to which it is attached."""

    field: str
    path: str
    names: str
    page: int = 100


class Marking(Struct, frozen=True):
    """A list that says something of objects which they do not show themselves, one per scope id.

    It belongs to another ``family``, and is read only if ``concerns`` is true of a pair; an object is marked if
    ``attribute`` is true in the entry whose ``key`` is its id. Where it cannot be read, nothing is marked.
    """

    name: str
    family: str
    path: str
    key: str
    attribute: str
    concerns: Callable[[Desired, Live | None], bool]


Read: TypeAlias = Search | Listing


def is_by_parent(read: Read) -> bool:
    """Return True if the objects of some parents can be read alone."""
    return isinstance(read, Search) or read.under is not None
