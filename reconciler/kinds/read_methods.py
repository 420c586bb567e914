"""Read methods of a kind: a search, paged lists, sub-resources, and sets read from the other side."""

from enum import Enum
from typing import TypeAlias

from msgspec import Struct


class Paging(Enum):
    """Paging of a list (contract §2.10)."""

    NONE = "none"
    INDEX = "page index"
    OFFSET = "offset"


class Search(Struct, frozen=True):
    """A POST that returns everything in the scope, by the filter ``by``, without paging.

    ``parents`` is the filter by the first field of the natural key, used to look for a lost create.
    """

    path: str
    by: str = "advertiserIds"
    parents: str = "campaignIds"


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
    filtered, by a query parameter of the same name.
    """

    path: str
    query: tuple[tuple[str, str], ...] = ()
    paging: Paging = Paging.NONE
    page: int = 100
    inject: str | None = None
    parts: Reference | None = None


class Details(Struct, frozen=True):
    """A sub-resource that is read only for resources whose files state the map field."""

    field: str
    path: str
    attribute: str


class Attachments(Struct, frozen=True):
    """A set field read from the other side: each item of the list names the objects to which it is attached."""

    field: str
    path: str
    names: str
    page: int = 100


Read: TypeAlias = Search | Listing
