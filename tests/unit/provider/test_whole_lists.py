"""A list is whole or it failed: whatever a server says of its pages, no part of a list is taken for all of it
(contract §2.10, §13)."""

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.kinds.read_methods import Listing, Paging
from reconciler.model import Answer, Delivery
from reconciler.provider.paging import CutShort, Query, check_one_page, read_rows, walk_pages

ALL = [{"id": str(number)} for number in range(700)]
Metadata = Callable[[int, int, int], dict[str, Any]]
"""What a server says of a page: by its first row, the rows in it, and the size that it keeps to."""


def listing(paging: Paging, size: int = 500) -> Listing:
    return Listing("/balances", paging=paging, page=size)


def server(metadata: Metadata, *, all_: list[dict[str, str]] = ALL, largest: int = 500) -> Callable[[Query], Answer]:
    """A server of these rows that gives at most ``largest`` of them a page."""

    def ask(query: Query) -> Answer:
        asked = dict(query)
        size = min(int(asked.get("limit", asked.get("pageSize", len(all_)))), largest)
        first = int(asked["offset"]) if "offset" in asked else int(asked.get("pageIndex", 0)) * size
        found = all_[first : first + size]
        return Answer(Delivery.ANSWERED, 200, {"data": found, "metadata": metadata(first, len(found), size)})

    return ask


def ids(pages: list[Answer]) -> list[str]:
    return [row["id"] for page in pages for row in read_rows(page)]


@pytest.mark.parametrize("largest", [500, 100, 25])
@pytest.mark.parametrize("paging", [Paging.INDEX, Paging.OFFSET])
@pytest.mark.parametrize(
    "metadata",
    [
        lambda first, found, size: {"count": 700},
        lambda first, found, size: {"count": None},
        lambda first, found, size: {},
        lambda first, found, size: {"count": found, "limit": size},
        lambda first, found, size: {"totalPages": -(-700 // size), "totalItemsAcrossAllPages": None},
        lambda first, found, size: {"totalItemsAcrossAllPages": 700},
        lambda first, found, size: {"nextPage": "https://…" if first + found < 700 else None},
        lambda first, found, size: {"nextPage": "https://…", "count": None, "totalPages": None} if found else {},
    ],
    ids=["count", "null count", "nothing", "rows of the page", "pages", "items", "next page", "next and no totals"],
)
def test_smaller_pages_than_asked_lose_nothing(metadata: Metadata, paging: Paging, largest: int) -> None:
    assert ids(walk_pages(listing(paging), server(metadata, largest=largest), "/balances")) == [
        row["id"] for row in ALL
    ]


@pytest.mark.parametrize("paging", [Paging.INDEX, Paging.OFFSET])
@pytest.mark.parametrize(
    "metadata",
    [
        lambda first, found, size: {"count": 900},
        lambda first, found, size: {"totalItemsAcrossAllPages": 900},
        lambda first, found, size: {"totalItemsAcrossAllPages": 650},
        lambda first, found, size: {"totalPages": 9},
    ],
    ids=["more by count", "more items", "fewer items", "more pages"],
)
def test_what_was_told_and_what_came_must_agree(metadata: Metadata, paging: Paging) -> None:
    with pytest.raises(CutShort) as failed:
        walk_pages(listing(paging), server(metadata), "/balances")
    assert failed.value.problem.code == "list-cut-short"


@pytest.mark.parametrize("metadata", [{"count": 700}, {"count": None}, {"nextPage": "https://…"}, {}])
def test_a_page_that_comes_again_is_no_end(metadata: dict[str, Any]) -> None:
    """A server that ignores the offset shows its first page for ever."""

    def ask(query: Query) -> Answer:
        return Answer(Delivery.ANSWERED, 200, {"data": ALL[:100], "metadata": metadata})

    with pytest.raises(CutShort):
        walk_pages(listing(Paging.OFFSET), ask, "/balances")


def test_a_row_that_shifts_between_two_pages_is_noticed() -> None:
    """A row of the first page goes while the second is read: what follows slides, and one is never shown."""
    left = list(ALL)

    def ask(query: Query) -> Answer:
        first = int(dict(query)["offset"])
        found = left[first : first + 500]
        del left[0]
        return Answer(Delivery.ANSWERED, 200, {"data": found, "metadata": {"count": len(left) + 1}})

    pages = walk_pages(listing(Paging.OFFSET), ask, "/balances")
    assert "500" not in ids(pages)  # one pass cannot see it where the total moved too: lists are read twice for that

    doubled = [*ALL[:500], *ALL[499:699]]
    with pytest.raises(CutShort):
        walk_pages(listing(Paging.OFFSET), server(lambda *_: {"count": 700}, all_=doubled), "/balances")


def test_entries_without_ids_are_counted_as_they_come() -> None:
    """Entries of a history have no ids, and two of them may be equal."""
    equal = [{"changeType": "balanceAdded"}] * 3
    assert (
        len(
            read_rows(walk_pages(listing(Paging.OFFSET, 2), server(lambda *_: {"count": 3}, all_=equal), "/history")[0])
        )
        == 2
    )


@pytest.mark.parametrize("metadata", [{"count": 700}, {"totalPages": 2}, {"nextPage": "https://…"}])
def test_a_list_without_pages_that_speaks_of_more_is_not_whole(metadata: dict[str, Any]) -> None:
    with pytest.raises(CutShort):
        check_one_page(Answer(Delivery.ANSWERED, 200, {"data": ALL[:100], "metadata": metadata}), "/ad-sets/search")


def test_an_empty_list_is_one_page() -> None:
    assert ids(walk_pages(listing(Paging.OFFSET), server(lambda *_: {"count": 0}, all_=[]), "/balances")) == []
