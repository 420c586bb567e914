"""Reads that show the world as it was: per list, per object, per history, and replicas of which one is behind."""

from __future__ import annotations

import pytest

from reconciler.sandbox.encoding import decode, encode
from reconciler.sandbox.world import World

from .small_worlds import ACCOUNT

BALANCE = "697385288434028544"
LIST = f"/accounts/{ACCOUNT}/balances"


def funded(book, amount=50):
    path = f"{LIST}/{BALANCE}/add-funds"
    assert book.post(path, {"data": {"attributes": {"deltaAmount": amount}}}).status == 200


def of_list(book):
    (row,) = book.get(LIST).body["data"]
    return int(row["attributes"]["deposited"])


def of_object(book):
    return int(book.get(f"/balances/{BALANCE}").body["data"]["attributes"]["deposited"])


def of_history(book):
    return len(book.get(f"/balances/{BALANCE}/history").body["data"])


def seen(book):
    return of_list(book), of_object(book), of_history(book)


@pytest.mark.parametrize(
    ("path", "first"),
    [
        ("*/accounts/*/balances", (1000, 1050, 1)),
        ("*/balances/" + BALANCE, (1050, 1000, 1)),
        ("*/history", (1050, 1050, 0)),
        ("*", (1000, 1000, 0)),
    ],
)
def test_a_list_an_object_or_a_history_is_behind(book, deposit, path, first):
    deposit(book, BALANCE)
    book.world.inject({"kind": "stale", "path": path, "seconds": 20, "count": None})
    funded(book)
    assert seen(book) == first
    book.world.advance(19)
    assert seen(book) == first
    book.world.advance(1)
    assert seen(book) == (1050, 1050, 1)


def test_a_read_shows_each_state_of_the_past_in_its_turn(book, deposit):
    deposit(book, BALANCE)
    book.world.inject({"kind": "stale", "seconds": 30, "count": None})
    for _ in range(3):
        funded(book)
        book.world.advance(10)
    shown = []
    for _ in range(4):
        shown.append(of_object(book))
        book.world.advance(10)
    assert shown == [1050, 1100, 1150, 1150]


def test_one_object_of_a_list_is_behind(demo, patched):
    demo.world.inject({"kind": "stale", "seconds": 60, "only": ["adSets/123467"], "count": None})
    for key in ("123467", "123470"):
        patched(demo, key, {"name": "new"})
    rows = demo.post("/ad-sets/search", {}).body["data"]
    names = {row["id"]: row["attributes"]["name"] for row in rows}
    assert names["123467"] != "new"
    assert names["123470"] == "new"


def test_an_object_is_not_there_yet_and_another_still_is(demo, drafted):
    demo.world.inject({"kind": "stale", "seconds": 60, "count": None})
    key = demo.post("/ad-sets", drafted()).body["data"]["id"]
    assert demo.get(f"/ad-sets/{key}").status == 404
    demo.world.advance(60)
    assert demo.get(f"/ad-sets/{key}").status == 200


def test_replicas_answer_in_turn(book, deposit):
    deposit(book, BALANCE)
    book.world.inject({"kind": "stale", "method": "GET", "seconds": 600, "every": 2, "count": None})
    funded(book)
    assert [of_object(book) for _ in range(4)] == [1000, 1050, 1000, 1050]


def test_a_write_sees_the_world_as_it_is(book, deposit):
    deposit(book, BALANCE)
    book.world.inject({"kind": "stale", "seconds": 600, "count": None})
    funded(book)
    funded(book)
    book.world.advance(600)
    assert of_object(book) == 1100


def test_edits_of_others_and_late_effects_are_behind_as_well(book, deposit):
    deposit(book, BALANCE)
    book.world.inject(
        {"kind": "late", "path": "*/add-funds", "seconds": 10, "status": 504},
        {"kind": "stale", "seconds": 30, "count": None},
    )
    book.post(f"{LIST}/{BALANCE}/add-funds", {"data": {"attributes": {"deltaAmount": 50}}})
    book.world.edit("balances", BALANCE, {"name": "Renamed"})
    assert of_object(book) == 1000
    shown = []
    for _ in range(4):
        book.world.advance(10)
        told = book.get(f"/balances/{BALANCE}").body["data"]["attributes"]
        shown.append((told["name"] == "Renamed", int(told["deposited"])))
    assert shown == [(False, 1000), (False, 1000), (True, 1000), (True, 1050)]


def test_a_late_effect_is_behind_by_its_own_instant(book, deposit):
    deposit(book, BALANCE)
    book.world.inject(
        {"kind": "late", "path": "*/add-funds", "seconds": 10, "status": 504},
        {"kind": "stale", "seconds": 30, "count": None},
    )
    book.post(f"{LIST}/{BALANCE}/add-funds", {"data": {"attributes": {"deltaAmount": 50}}})
    book.world.advance(39)
    assert of_object(book) == 1000
    book.world.advance(1)
    assert of_object(book) == 1050


def test_the_past_is_kept_in_the_saved_state_and_forgotten_in_time(book, deposit):
    deposit(book, BALANCE)
    book.world.inject({"kind": "stale", "seconds": 30, "count": None})
    funded(book)
    again = type(book)(World.from_json(decode(encode(book.world.to_json()))), book.base)
    assert of_object(again) == 1000
    again.world.advance(30)
    funded(again)
    assert {entry["at"] for entry in again.world.state.all("before").values()} == {"2026-11-21T09:00:30Z"}
    again.world.repair()
    assert again.world.state.all("before") == {}


def test_nothing_is_kept_while_no_read_looks_back(book, deposit):
    deposit(book, BALANCE)
    funded(book)
    assert book.world.state.all("before") == {}
