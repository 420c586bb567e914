"""Lists that are cut shorter than asked, say nothing of their length, ignore the page, or move between two pages."""

from __future__ import annotations

import pytest

from .small_worlds import ACCOUNT

LIST = f"/accounts/{ACCOUNT}/balances"
OLD = "/2026-01/retail-media"


@pytest.fixture
def full(book, deposit):
    """An account of 700 balances."""
    for number in range(700):
        deposit(book, str(1000 + number))
    return book


@pytest.fixture
def crowded(book):
    """An account of 60 campaigns, asked for by page number."""
    for number in range(60):
        book.world.state.put("retailMediaCampaigns", str(2000 + number), {"accountId": ACCOUNT, "name": f"C {number}"})
    return book.at(OLD)


def page(client, path=LIST, **query):
    body = client.get(path, **query).body
    return [int(row["id"]) for row in body["data"]], body["metadata"]


def test_a_page_is_cut_while_the_count_is_of_all(full):
    full.world.inject({"kind": "short_list", "form": "cut", "count": None})
    rows, metadata = page(full, limit=500)
    assert (len(rows), metadata["count"], metadata["limit"]) == (100, 700, 500)
    rows, _ = page(full, limit=500, offset=100)
    assert rows[0] == 1100


def test_a_page_is_cut_and_nothing_is_counted(full):
    full.world.inject({"kind": "short_list", "form": "uncounted", "rows": 100, "count": None})
    rows, metadata = page(full, limit=500)
    assert (len(rows), metadata["count"]) == (100, None)
    assert page(full, limit=500, offset=700)[0] == []


def test_the_offset_is_ignored(full):
    full.world.inject({"kind": "short_list", "form": "first_page", "count": None})
    first, second = (page(full, limit=100, offset=offset)[0] for offset in (0, 100))
    assert first == second


def test_there_is_a_next_page_and_no_total(crowded):
    crowded.world.inject({"kind": "short_list", "form": "uncounted", "count": None})
    rows, metadata = page(crowded, f"/accounts/{ACCOUNT}/campaigns", pageSize=25)
    assert len(rows) == 25
    assert "pageIndex=1" in metadata["nextPage"]
    assert (metadata["totalPages"], metadata["totalItemsAcrossAllPages"]) == (None, None)


def test_the_number_of_the_page_is_ignored(crowded):
    crowded.world.inject({"kind": "short_list", "form": "first_page", "count": None})
    path = f"/accounts/{ACCOUNT}/campaigns"
    first, second = (page(crowded, path, pageSize=25, pageIndex=index)[0] for index in (0, 1))
    assert first == second


def test_pages_are_smaller_than_asked(crowded):
    crowded.world.inject({"kind": "short_list", "form": "small_pages", "count": None})
    path = f"/accounts/{ACCOUNT}/campaigns"
    rows, metadata = page(crowded, path, pageSize=500)
    assert (len(rows), metadata["currentPageSize"], metadata["totalPages"]) == (25, 25, 3)
    assert len(page(crowded, path, pageSize=500, pageIndex=2)[0]) == 63 - 50


@pytest.mark.parametrize(("shift", "repeated", "skipped"), [(1, 0, 1), (-1, 1, 0), (3, 0, 3)])
def test_rows_move_between_two_pages_by_offset(full, shift, repeated, skipped):
    full.world.inject({"kind": "short_list", "form": "shift", "shift": shift, "count": None})
    first, metadata = page(full, limit=500)
    second, after = page(full, limit=500, offset=500)
    assert len(set(first) & set(second)) == repeated
    assert 700 - len(set(first) | set(second)) == skipped
    assert (metadata["count"], after["count"], after["offset"]) == (700, 700 - shift, 500)


@pytest.mark.parametrize(("shift", "repeated", "skipped"), [(1, 0, 1), (-1, 1, 0)])
def test_rows_move_between_two_pages_by_number(crowded, shift, repeated, skipped):
    crowded.world.inject({"kind": "short_list", "form": "shift", "shift": shift, "count": None})
    pages = [page(crowded, f"/accounts/{ACCOUNT}/campaigns", pageSize=25, pageIndex=index) for index in range(3)]
    rows = [key for told, _ in pages for key in told]
    assert len(rows) - len(set(rows)) == repeated
    assert 63 - len(set(rows)) == skipped
    assert [metadata["totalItemsAcrossAllPages"] for _, metadata in pages] == [63, 63 - shift, 63 - shift]


def test_a_history_is_cut(book, deposit):
    key = deposit(book)
    for _ in range(5):
        book.post(f"{LIST}/{key}/add-funds", {"data": {"attributes": {"deltaAmount": 1}}})
    book.world.inject({"kind": "short_list", "form": "cut", "rows": 2})
    body = book.get(f"/balances/{key}/history", limit=100).body
    assert (len(body["data"]), body["metadata"]["count"]) == (2, 5)


def test_a_history_of_the_older_form_is_uncounted(book, deposit):
    key = deposit(book)
    book.world.inject({"kind": "short_list", "form": "uncounted"})
    assert book.at(OLD).get(f"/balances/{key}/history", limit=100).body["meta"]["count"] is None


def test_lists_without_pages_are_cut(demo, market):
    demo.world.inject({"kind": "short_list", "form": "cut", "rows": 3})
    assert len(demo.post("/ad-sets/search", {}).body["data"]) == 3
    market.world.inject({"kind": "short_list", "form": "cut", "rows": 2})
    assert len(market.get("/advertisers/1352/seller-campaigns").body) == 2


def test_the_portfolio_is_cut(book):
    book.world.inject({"kind": "short_list", "form": "cut", "rows": 0, "path": "*/accounts"})
    assert book.at(OLD).get("/accounts", pageSize=25).body["data"] == []


def test_what_is_no_list_stays_as_it_is(full):
    whole = full.get("/balances/1000").body
    for form in ("cut", "uncounted", "first_page", "small_pages", "shift"):
        full.world.repair()
        full.world.inject({"kind": "short_list", "form": form})
        assert full.get("/balances/1000").body == whole
