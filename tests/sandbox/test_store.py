"""A world on disk: whole, current before each answer, and cheap however large it is (contract rule 14)."""

from __future__ import annotations

import json

import pytest

from reconciler.sandbox import Request, World, store
from reconciler.sandbox.seed import ad_set

SEARCH = "/2026-07/marketing-solutions/ad-sets/search"
STOP = "/2026-07/marketing-solutions/ad-sets/stop"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def send(world, path=STOP, key="123467"):
    secret = b"grant_type=client_credentials&client_id=sandbox-ms&client_secret=sandbox"
    token = json.loads(world.handle(Request.of("POST", "/oauth2/token", FORM, secret)).body)["access_token"]
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    return world.handle(Request.of("POST", path, headers, json.dumps({"data": [{"id": key}]}).encode()))


def frozen(**options):
    return World.demo(running=False, **options)


@pytest.fixture
def large(monkeypatch):
    """From here on every state counts as large."""
    monkeypatch.setattr(store, "SMALL", 1)


def test_a_saved_world_is_the_same_world(tmp_path):
    world = frozen(rounding="half_up")
    world.inject({"kind": "delay", "seconds": 0.25, "nth": 9})
    send(world)
    world.save(tmp_path / "state.json")
    assert World.load(tmp_path / "state.json").to_json() == world.to_json()


def test_decimals_survive_the_disk(tmp_path):
    world = frozen()
    world.edit("adSets", "123467", {"bidding.bidAmount": 0.1})
    world.save(tmp_path / "state.json")
    amount = World.load(tmp_path / "state.json").state.get("adSets", "123467")["bidding"]["bidAmount"]
    assert str(amount) == "0.1"


@pytest.mark.parametrize("size", ["small", "large"])
def test_the_file_has_the_effect_before_the_answer_is_given(tmp_path, request, size):
    if size == "large":
        request.getfixturevalue("large")
    path = tmp_path / "state.json"
    world = World.open(path)
    world.inject({"kind": "lost_answer", "path": STOP})
    assert send(world).aborted
    again = World.open(path)
    assert again.state.get("adSets", "123467")["schedule"]["activationStatus"] == "off"
    assert again.log == world.log
    assert send(again, key="123470").status == 200
    assert World.open(path).state.get("adSets", "123470")["schedule"]["activationStatus"] == "off"


def test_a_world_that_is_not_there_yet_is_the_demo(tmp_path):
    world = World.open(tmp_path / "state.json")
    assert (tmp_path / "state.json").exists()
    assert set(world.state.all("adSets")) == set(frozen().state.all("adSets"))


@pytest.mark.parametrize(("seed", "key"), [("demo", "123467"), ("guide", "1001")])
def test_a_new_file_begins_with_its_seed_and_lives_on(tmp_path, seed, key):
    world = World.open(tmp_path / "state.json", seed)
    assert world.state.get("adSets", key)
    world.edit("adSets", key, {"name": "moved"})
    assert World.open(tmp_path / "state.json").state.get("adSets", key)["name"] == "moved"


def test_an_empty_world_has_the_applications_and_nothing_else():
    state = World.open(seed="empty").state
    assert [name for name in state.collections if state.all(name)] == ["applications", "counters"]


def test_a_seed_may_be_a_saved_state_and_is_left_alone(tmp_path):
    World.empty().save(tmp_path / "seed.json")
    before = (tmp_path / "seed.json").read_bytes()
    world = World.open(tmp_path / "state.json", tmp_path / "seed.json")
    world.advance(5)
    assert (tmp_path / "seed.json").read_bytes() == before
    assert not world.state.all("adSets")


def test_a_hand_written_seed_needs_no_more_than_its_objects(tmp_path):
    (tmp_path / "seed.json").write_text('{"campaigns": {"1": {"advertiserId": "2"}}}')
    assert World.load(tmp_path / "seed.json").now.year == 2026


def test_a_save_of_a_large_world_costs_what_changed(tmp_path, large):
    world = World.open(tmp_path / "state.json")
    for number in range(2000):
        world.state.put("adSets", str(10**6 + number), ad_set(str(10**6 + number), "x", bid="1"))
    world.advance(0)
    snapshot = (tmp_path / "state.json").stat()
    send(world)
    assert (tmp_path / "state.json").stat().st_mtime_ns == snapshot.st_mtime_ns
    assert (tmp_path / "state.json.journal").stat().st_size < snapshot.st_size / 100


def test_a_journal_that_outgrew_its_snapshot_is_taken_in(tmp_path, large):
    world = World.open(tmp_path / "state.json")
    sizes = []
    for _ in range(90):
        send(world)
        journal = tmp_path / "state.json.journal"
        sizes.append(journal.stat().st_size if journal.exists() else 0)
    assert 0 in sizes[1:]
    assert World.open(tmp_path / "state.json").log == world.log


def test_a_torn_last_line_is_dropped(tmp_path, large):
    path = tmp_path / "state.json"
    world = World.open(path)
    send(world)
    before = World.open(path).to_json()
    with (tmp_path / "state.json.journal").open("ab") as journal:
        journal.write(b'{"generation": 1, "rec')
    after = World.open(path).to_json()
    assert {**after, "clock": None} == {**before, "clock": None}


def test_a_call_after_a_torn_line_is_not_lost(tmp_path, large):
    path = tmp_path / "state.json"
    send(World.open(path))
    with (tmp_path / "state.json.journal").open("ab") as journal:
        journal.write(b'{"generation": 1, "rec')
    send(World.open(path), key="123470")
    assert World.open(path).state.get("adSets", "123470")["schedule"]["activationStatus"] == "off"


def test_a_journal_of_an_older_snapshot_is_left_out(tmp_path, large):
    path = tmp_path / "state.json"
    world = World.open(path)
    send(world)
    stale = (tmp_path / "state.json.journal").read_bytes()
    world.edit("adSets", "123467", {"schedule.activationStatus": "on"})
    world.advance(0)
    (tmp_path / "state.json.journal").write_bytes(stale)
    assert World.open(path).state.get("adSets", "123467")["schedule"]["activationStatus"] == "on"


@pytest.mark.parametrize(
    "text", ["", "[]", '{"version": 2, "clock": {"now": "2026-01-01T00:00:00Z"}}', '{"adsets": {}}']
)
def test_what_is_no_state_is_refused(tmp_path, text):
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(ValueError, match=r"\w"):
        World.load(tmp_path / "state.json")


def test_an_option_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="gravity"):
        World.from_json({"clock": {"now": "2026-01-01T00:00:00Z"}, "options": {"gravity": 1}})
