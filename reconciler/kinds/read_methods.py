"""How a kind is read: one search or lists in pages, sub-resources, sets that are seen from the other side."""

from enum import Enum
from typing import TypeAlias

from msgspec import Struct


class Paging(Enum):
    """How a list is cut into pages (contract §2.10)."""

    NONE = "none"
    INDEX = "page index"
    OFFSET = "offset"


class Search(Struct, frozen=True):
    """One POST that finds everything of the scope, by the filter ``by``; no pages.

    ``parents`` is the filter by the first field of the natural key: a look for a lost creation asks for no more.
    """

    path: str
    by: str = "advertiserIds"
    parents: str = "campaignIds"


class Reference(Struct, frozen=True):
    """A field that names things of another sort, and the list of them, one per scope id. Asked only for
    what a write would name: where batches are all or nothing, one stray id refuses all."""

    field: str
    path: str
    thing: str
    query: tuple[tuple[str, str], ...] = ()
    paging: Paging = Paging.NONE
    page: int = 100
    label: str = ""
    """The attribute that names one of them; empty if the list has none."""


class Listing(Struct, frozen=True):
    """One list per advertiser or account. ``inject`` names the field that the scope's id fills; ``parts`` are what
    the list can be asked for one by one, by a query of the name of their field."""

    path: str
    query: tuple[tuple[str, str], ...] = ()
    paging: Paging = Paging.NONE
    page: int = 100
    inject: str | None = None
    parts: Reference | None = None


class Details(Struct, frozen=True):
    """A sub-resource that is read only for the resources whose files state the map field."""

    field: str
    path: str
    attribute: str


class Attachments(Struct, frozen=True):
    """A set field read from the other side: items that each name what they are attached to."""

    field: str
    path: str
    names: str
    page: int = 100


Read: TypeAlias = Search | Listing
