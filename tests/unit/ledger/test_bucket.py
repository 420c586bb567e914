"""A ledger in a bucket: who lost the lock writes no intent, whatever the store answers, and whatever the clocks say."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, nullcontext
from datetime import timedelta
from typing import Any

import pytest

from reconciler import ledger as ledgers
from reconciler.ledger.errors import Damaged, LedgerError, Locked, LockLost, Newer, Unconditional, Unwritable
from reconciler.ledger.objects import bucket as buckets
from reconciler.ledger.objects import opening
from reconciler.ledger.objects.head import LAYOUT
from reconciler.ledger.objects.lease import Leases
from reconciler.ledger.records import Holder
from reconciler.model import Address

from ...support.faulty_proxy import FaultyProxy
from ...support.memory_bucket import MemoryBucket
from .conftest import Home
from .object_server import ObjectServer
from .samples import NOW, RUN, SUMMER, call, ended, item

SCOPE = "advertiserIds:1352"
LEASE = 30.0
HOUR = 3600.0


class Clock:
    """A clock of one machine: it is moved, and never read from outside."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Machine:
    """A session with a clock of its own; its lease is renewed when it says so."""

    def __init__(self, bucket: MemoryBucket, clock: float = 0.0, create: bool = True) -> None:
        self.clock = Clock(clock)
        self.leases = Leases(bucket, LEASE, clock=self.clock, sleep=self.sleep, renewing=False)
        self.others: list[Callable[[float], None]] = []
        self.ledger: Any = opening.open_over(bucket, self.leases, create=create)
        self._held = ExitStack()

    def sleep(self, seconds: float) -> None:
        """Time passes for all machines alike."""
        self.clock.sleep(seconds)
        for each in self.others:
            each(seconds)

    def lock(self, timeout: float = 0.0, scopes: Sequence[str] = (SCOPE,), who: str = "ann") -> None:
        lock = self.ledger.lock(scopes, Holder(who), timeout=timeout, waiting=lambda holder: None)
        self._held.enter_context(lock)

    def unlock(self) -> None:
        self._held.close()


@pytest.fixture
def bucket() -> MemoryBucket:
    return MemoryBucket()


def intents(bucket: MemoryBucket) -> int:
    ledger = opening.open_over(bucket, Leases(bucket, renewing=False), create=False)
    return len(ledger.open_intents())


# --- Leases -------------------------------------------------------------------------------------------


def test_who_slept_past_its_lease_writes_no_intent_and_sends_nothing(bucket: MemoryBucket) -> None:
    one = Machine(bucket)
    one.lock()
    run = one.ledger.begin(RUN)
    number = one.ledger.intend(run, call(), at=NOW)
    one.ledger.assure(number, NOW)
    one.clock.now += LEASE
    with pytest.raises(LockLost, match="ended before it was renewed"):
        one.ledger.assure(number, NOW)
    with pytest.raises(LockLost):
        one.ledger.intend(run, call(), at=NOW)
    one.leases.renew()  # too late, although nobody has taken it
    with pytest.raises(LockLost):
        one.ledger.assure(number, NOW)
    assert intents(bucket) == 1


def test_a_stolen_lease_refuses_even_who_does_not_notice_that_time_passed(bucket: MemoryBucket) -> None:
    """Its clock stood still, so it thinks that its lease holds: the log is ahead of it, and refuses the intent."""
    one, two = Machine(bucket), Machine(bucket)
    one.lock()
    run = one.ledger.begin(RUN)
    two.lock()
    assert two.clock.now >= LEASE
    one.ledger._backend.assure()  # it notices nothing
    with pytest.raises(LockLost, match="another run has locked"):
        one.ledger.intend(run, call(), at=NOW)
    assert intents(bucket) == 0
    two.ledger.intend(two.ledger.begin(RUN), call(), at=NOW)
    one.leases.renew()
    with pytest.raises(LockLost, match="taken over"):
        one.ledger._backend.assure()
    one.unlock()
    three = Machine(bucket)
    three.others.append(lambda seconds: two.leases.renew())
    with pytest.raises(Locked):  # what was let go was no longer its own
        three.lock()


@pytest.mark.parametrize("apart", [-HOUR, HOUR, 1000 * HOUR])
def test_clocks_apart_neither_steal_a_lease_that_is_renewed_nor_keep_one_that_is_not(
    bucket: MemoryBucket, apart: float
) -> None:
    one, two = Machine(bucket, clock=10 * HOUR), Machine(bucket, clock=10 * HOUR + apart)
    one.lock()

    def time_passes(seconds: float) -> None:
        one.clock.now += seconds
        one.leases.renew()

    two.others.append(time_passes)
    with pytest.raises(Locked, match="locked by ann"):
        two.lock(timeout=10 * LEASE)
    assert one.clock.now >= 10 * HOUR + 10 * LEASE
    two.others.clear()  # from now on, one sleeps
    began = two.clock.now
    two.lock(timeout=10 * LEASE)
    assert LEASE <= two.clock.now - began < 2 * LEASE


def test_a_lock_that_is_let_go_is_free_at_once(bucket: MemoryBucket) -> None:
    one, two = Machine(bucket), Machine(bucket)
    one.lock()
    one.unlock()
    two.lock()
    assert two.clock.now == 0
    assert two.ledger.find_holders([SCOPE]) == (Holder("ann"),)


def test_what_a_killed_run_left_of_several_scopes_costs_one_lease(bucket: MemoryBucket) -> None:
    killed, other = Machine(bucket), Machine(bucket)
    scopes = [f"advertiserIds:{at}" for at in range(5)]
    killed.lock(scopes=scopes)
    other.lock(scopes=[*scopes, SCOPE])
    assert LEASE <= other.clock.now < LEASE * 1.2
    other.ledger._backend.assure()  # it renewed none meanwhile, since it took them one after the other at the end
    assert other.ledger.find_holders([SCOPE]) == (Holder("ann"),)


def test_a_scope_of_a_run_that_lives_is_refused_without_waiting_for_those_of_a_killed_one(bucket: MemoryBucket) -> None:
    killed, living, third = Machine(bucket), Machine(bucket), Machine(bucket)
    killed.lock(scopes=["a"])
    living.lock(scopes=["c"], who="bob")

    def time_passes(seconds: float) -> None:
        living.clock.now += seconds
        living.leases.renew()

    third.others.append(time_passes)
    with pytest.raises(Locked, match="locked by bob"):
        third.lock(scopes=["b", "a", "c"])
    assert third.clock.now < LEASE / 2
    assert third.leases._held == {}
    Machine(bucket).lock(scopes=["b"])  # it let go what it had


def test_two_runs_with_scopes_in_common_wait_in_one_order(bucket: MemoryBucket) -> None:
    """One has the first of them: the other takes nothing that comes later, so neither waits for the other."""
    one, two = Machine(bucket), Machine(bucket)
    one.lock(scopes=["a"])

    def time_passes(seconds: float) -> None:
        one.clock.now += seconds
        one.leases.renew()
        if two.clock.now > LEASE / 2 and len(one.leases._held) == 1:
            one.lock(scopes=["b"])  # free, although two waits for both
            one.unlock()

    two.others.append(time_passes)
    two.lock(timeout=10 * LEASE, scopes=["b", "a"])
    assert LEASE / 2 < two.clock.now < LEASE
    assert sorted(two.leases._held) == ["a", "b"]


def test_a_renewal_whose_answer_was_lost_is_a_renewal(bucket: MemoryBucket) -> None:
    one = Machine(bucket)
    one.lock()
    one.clock.now += LEASE / 2
    lose(bucket, "replace", "locks/")
    one.leases.renew()  # its answer is lost, and the next one finds another tag
    one.leases.renew()
    one.clock.now += LEASE * 0.9
    one.ledger._backend.assure()


# --- What the store answers ------------------------------------------------------------------------------


def lose(bucket: MemoryBucket, request: str, key: str) -> None:
    """Let the next request succeed, and its answer be lost; the client repeats it."""
    left = [1]

    def after(asked: str, at: str) -> None:
        if asked == request and at.startswith(key) and left[0]:
            left[0] -= 1
            raise Unwritable(bucket.where, "the store does not answer")

    bucket.after = after


def refuse(bucket: MemoryBucket, request: str, key: str) -> None:
    def before(asked: str, at: str) -> None:
        if asked == request and at.startswith(key):
            raise Unwritable(bucket.where, "the store does not answer")

    bucket.before = before


def test_an_intent_that_is_not_written_is_not_there(bucket: MemoryBucket) -> None:
    one = Machine(bucket)
    one.lock()
    run = one.ledger.begin(RUN)
    refuse(bucket, "replace", "head")
    with pytest.raises(Unwritable):
        one.ledger.intend(run, call(), at=NOW)
    bucket.before = lambda request, key: None
    assert one.ledger.open_intents() == ()
    number = one.ledger.intend(run, call(), at=NOW)
    assert [each.number for each in one.ledger.open_intents()] == [number]
    assert intents(bucket) == 1


def test_an_intent_of_doubtful_fate_is_refused_and_open_for_the_next(bucket: MemoryBucket) -> None:
    """It may be in the store, so it is not sent, and whoever comes next looks for it."""
    one = Machine(bucket)
    one.lock()
    run = one.ledger.begin(RUN)
    lose(bucket, "replace", "head")
    with pytest.raises(Unwritable):
        one.ledger.intend(run, call(), at=NOW)
    assert intents(bucket) == 1
    second = one.ledger.intend(run, call(name="adSets.bids.2"), at=NOW)  # it has read the head before
    assert second == 2
    assert intents(bucket) == 2


def test_an_intent_whose_writing_took_longer_than_the_lease_is_not_sent(bucket: MemoryBucket) -> None:
    one = Machine(bucket)
    one.lock()
    run = one.ledger.begin(RUN)

    def after(request: str, key: str) -> None:
        if (request, key) == ("replace", "head"):
            one.clock.now += LEASE

    bucket.after = after
    number = one.ledger.intend(run, call(), at=NOW)
    with pytest.raises(LockLost, match="ended before it was renewed"):
        one.ledger.assure(number, NOW)  # asked between the intent and its sending
    assert intents(bucket) == 1


def test_a_settlement_of_doubtful_fate_is_told(bucket: MemoryBucket) -> None:
    one = Machine(bucket)
    one.lock()
    run = one.ledger.begin(RUN)
    number = one.ledger.intend(run, call(), at=NOW)
    refuse(bucket, "replace", "head")
    with pytest.raises(Unwritable):
        one.ledger.settle(number, ended(call()), NOW)
    bucket.before = lambda request, key: None
    assert intents(bucket) == 1
    one.ledger.settle(number, ended(call()), NOW)
    assert intents(bucket) == 0


def test_a_head_that_was_deleted_stops_the_run(bucket: MemoryBucket) -> None:
    one = Machine(bucket)
    one.lock()
    run = one.ledger.begin(RUN)
    del bucket.objects["head"]
    with pytest.raises(LockLost, match="head object was deleted"):
        one.ledger.intend(run, call(), at=NOW)


@pytest.mark.parametrize("of", ["head", "state", "journal"])
def test_an_object_that_was_altered_is_damage(bucket: MemoryBucket, of: str) -> None:
    one = Machine(bucket)
    run = one.ledger.begin(RUN)
    one.ledger.settle(one.ledger.intend(run, call(), at=NOW), ended(call()), NOW)
    one.ledger.compact()
    one.ledger.close()
    (name,) = [each for each in bucket.objects if each.startswith(of)]
    found = bucket.objects[name]
    bucket.objects[name] = buckets.Found(found.data[:-1] + b"?", found.tag)
    with pytest.raises(Damaged, match="not what was written"):
        Machine(bucket, create=False).ledger.check()


def test_a_missing_part_is_told_by_name(bucket: MemoryBucket) -> None:
    one = Machine(bucket)
    one.ledger.remember(SUMMER, "11", {})
    one.ledger.compact()
    (name,) = [each for each in bucket.objects if each.startswith("state")]
    del bucket.objects[name]
    assert one.ledger.check().damage == (f"the object {name} is missing",)
    with pytest.raises(LedgerError, match="missing"):
        Machine(bucket, create=False).ledger.ids()


def test_a_later_layout_is_refused(bucket: MemoryBucket) -> None:
    Machine(bucket)
    found = bucket.objects["head"]
    later = found.data.replace(b'"layout":%d' % LAYOUT, b'"layout":%d' % (LAYOUT + 1))
    bucket.objects["head"] = buckets.Found(later, found.tag)
    with pytest.raises(Newer, match=f"layout {LAYOUT + 1}"):
        Machine(bucket)


class Careless(MemoryBucket):
    """A store that ignores one condition, as some gateways do."""

    def __init__(self, ignores: str) -> None:
        super().__init__()
        self.ignores = ignores

    def _put(self, request: str, key: str, data: bytes, fits: Callable[[], bool]) -> Any:
        return super()._put(request, key, data, (lambda: True) if request == self.ignores else fits)


@pytest.mark.parametrize("ignores", ["create", "replace"])
def test_a_store_that_ignores_conditions_is_refused(ignores: str) -> None:
    careless = Careless(ignores)
    with pytest.raises(Unconditional, match="ignores"):
        Machine(careless)
    assert careless.objects == {}


@pytest.mark.parametrize("ignores", ["create", "replace"])
def test_a_store_that_begins_to_ignore_conditions_is_refused_with_the_lock(ignores: str) -> None:
    bucket = Careless("")
    one = Machine(bucket)
    one.lock()
    one.unlock()
    bucket.ignores = ignores
    with pytest.raises(Unconditional, match="ignores"):
        Machine(bucket).lock()


def test_a_store_that_refuses_without_a_reason_writes_nothing(bucket: MemoryBucket) -> None:
    one = Machine(bucket)
    run = one.ledger.begin(RUN)
    bucket.replace = lambda *_: None  # type: ignore[method-assign]
    with pytest.raises(Unwritable, match="did not change"):
        one.ledger.intend(run, call(), at=NOW)
    assert intents(bucket) == 0


# --- Cost ---------------------------------------------------------------------------------------------


def test_eight_calls_at_once_cost_no_more_than_one_write_each(bucket: MemoryBucket) -> None:
    one = Machine(bucket)
    one.lock()
    run = one.ledger.begin(RUN)
    before = dict(bucket.requests)
    numbers: list[int] = []

    def work(at: int) -> None:
        for each in range(5):
            sent = call(item(Address("adSets", f"k{at}-{each}"), "1"), name=f"adSets.bids.{at}-{each}")
            number = one.ledger.intend(run, sent, at=NOW)
            one.ledger.settle(number, ended(sent), NOW)
            numbers.append(number)

    threads = [threading.Thread(target=work, args=(at,)) for at in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(numbers) == list(range(1, 41))
    spent = {name: count - before.get(name, 0) for name, count in bucket.requests.items()}
    assert spent["replace"] <= 80
    assert spent.get("get", 0) == 0
    assert spent.get("create", 0) <= 3  # entries that left the head
    assert intents(bucket) == 0
    assert len(opening.open_over(bucket, Leases(bucket, renewing=False), create=False).ids()) == 40


def test_two_sessions_of_other_scopes_write_in_turn(bucket: MemoryBucket) -> None:
    one, two = Machine(bucket), Machine(bucket)
    runs = [each.ledger.begin(RUN) for each in (one, two)]
    for each in range(5):
        for machine, run in zip((one, two), runs, strict=True):
            sent = call(name=f"adSets.bids.{each}")
            machine.ledger.settle(machine.ledger.intend(run, sent, at=NOW), ended(sent), NOW)
            machine.ledger.compact()
    fresh = Machine(bucket, create=False).ledger
    assert [len(fresh.run(run).calls) for run in runs] == [5, 5]
    assert fresh.check().damage == ()


def test_a_plan_reads_the_parts_of_its_addresses(bucket: MemoryBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.ledger.objects.fold.AT_MOST", 10)
    one = Machine(bucket)
    with one.ledger.together():
        for at in range(200):
            one.ledger.remember(Address("adSets", f"k{at:03}"), str(at), {"bid": 1})
    one.ledger.compact()
    bucket.requests.clear()
    reader = Machine(bucket, create=False).ledger
    assert len(reader.recall([Address("adSets", f"k{at:03}") for at in range(30, 40)])[0]) == 10
    assert reader.counts() == {"adSets": 200}
    assert reader.find_linked("adSets", ["135"]) == {"135": (Address("adSets", "k135"),)}
    assert bucket.requests["get"] <= 6  # head, base, one part or two, ids, the part of the id


def test_nothing_is_left_behind(bucket: MemoryBucket) -> None:
    one = Machine(bucket)
    run = one.ledger.begin(RUN)
    for each in range(6):
        sent = call(name=f"adSets.bids.{each}")
        one.ledger.settle(one.ledger.intend(run, sent, at=NOW), ended(sent), NOW)
        one.ledger.compact()
    known = {"head", *(each.name for each in one.ledger._store.map.parts())}
    doomed = set(one.ledger._store.log.head.header.doomed)
    assert set(bucket.objects) == known | doomed
    assert one.ledger.prune(NOW + timedelta(days=1)).calls == 5


# --- Over HTTP ------------------------------------------------------------------------------------------


@pytest.fixture
def proxy(objects: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    proxy = FaultyProxy(objects.port)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
    monkeypatch.setattr(buckets, "PAUSES", (0.01, 0.01))
    yield proxy
    proxy.close()


@pytest.mark.parametrize("fault", [500, 503, 409, 429, "drop", "lose"])
def test_what_is_answered_badly_is_asked_again_and_written_once(
    bucket_home: Home, proxy: FaultyProxy, fault: Any
) -> None:
    ledger = bucket_home.open()
    run = ledger.begin(RUN)
    left = [2]

    def twice(method: str, path: str) -> Any:
        left[0] -= 1
        return fault if left[0] >= 0 else None

    proxy.fault = twice
    number = ledger.intend(run, call(), at=NOW)
    assert left[0] < 0
    proxy.fault = lambda method, path: None
    ledger.settle(number, ended(call()), NOW)
    found = bucket_home.open(create=False).run(run)
    assert found is not None
    assert [each.call.name for each in found.calls] == ["adSets.bids.1"]


@pytest.mark.parametrize("left", [1, 100])
def test_a_store_that_is_slow_is_asked_again_and_written_once_or_told(
    bucket_home: Home, proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    """Each answer comes after the client has given up: once, or always."""
    monkeypatch.setattr(opening, "TIMEOUTS", {"timeout": "400ms", "connect_timeout": "400ms"})
    ledger = bucket_home.open()
    run = ledger.begin(RUN)
    monkeypatch.setattr(buckets.StoreBucket.replace, "__defaults__", (5.0 if left == 1 else 0.2,))
    slow = iter(range(left))
    proxy.fault = lambda method, path: None if next(slow, None) is None else "late"
    with nullcontext() if left == 1 else pytest.raises(Unwritable, match="does not answer: it took too long"):
        ledger.intend(run, call(), at=NOW)
    proxy.fault = lambda method, path: None
    (found,) = bucket_home.open(create=False).open_intents()  # the store has it, told or not
    assert found.call.name == "adSets.bids.1"


@pytest.mark.parametrize("fault", [503, 409, "drop"])
def test_a_store_that_never_answers_is_told_in_time(
    bucket_home: Home, proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    ledger = bucket_home.open()
    run = ledger.begin(RUN)
    monkeypatch.setattr(buckets.StoreBucket._ask, "__defaults__", ())
    monkeypatch.setattr(buckets.StoreBucket.replace, "__defaults__", (0.1,))
    proxy.fault = lambda method, path: fault
    with pytest.raises(Unwritable, match="does not answer"):
        ledger.intend(run, call(), at=NOW)


def test_what_the_store_denies_is_told_without_what_was_signed(bucket_home: Home, proxy: FaultyProxy) -> None:
    proxy.fault = lambda method, path: 403
    with pytest.raises(Unwritable, match="denies access: 403 Faulty") as refused:
        bucket_home.open()
    assert "secret" not in str(refused.value).replace("AWS_SECRET", "")


def test_a_server_that_is_not_there_is_told(
    objects: ObjectServer, bucket_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(buckets.StoreBucket.get, "__defaults__", (0.1,))
    with pytest.raises(Unwritable, match="does not answer: no connection"):
        bucket_home.open(create=False)


def test_a_bucket_that_does_not_exist_is_told(objects: ObjectServer, bucket_home: Home) -> None:
    with pytest.raises(LedgerError, match="no such bucket"):
        ledgers.open("s3://nowhere/x", bucket_home.folder, name="tests")


# --- Addresses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("s3://key:hunter2@bucket/prefix", "holds credentials"),
        ("s3://bucket/prefix?secret_access_key=hunter2", "unknown option secret_access_key"),
        ("s3://bucket/prefix?lease=soon", "lease is not a number of seconds"),
        ("s3://bucket/prefix?lease=0s", "lease is not a number of seconds"),
        ("s3:///prefix", "names no bucket"),
        ("s3://bucket/../other", "names no bucket"),
        ("s3://bucket/a//b", "names no bucket"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_repeating_it(bucket_home: Home, url: str, told: str) -> None:
    with pytest.raises(LedgerError, match=told) as refused:
        ledgers.open(url, bucket_home.folder, name="tests")
    assert "hunter2" not in str(refused.value)


def test_an_endpoint_without_encryption_is_refused_unless_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://minio.example:9000")
    with pytest.raises(LedgerError, match="not encrypted"):
        opening.connect(opening.address("s3://bucket/prefix"), "tests")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    assert opening.connect(opening.address("s3://bucket/prefix"), "tests").where == "s3://bucket/prefix/tests"


@pytest.mark.parametrize("scheme", ["gs", "az"])
def test_other_stores_of_the_library_are_accepted(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    assert (
        opening.connect(opening.address(f"{scheme}://bucket/prefix"), "tests").where
        == f"{scheme}://bucket/prefix/tests"
    )


def test_a_project_without_a_name_has_no_ledger_in_a_bucket(bucket_home: Home) -> None:
    with pytest.raises(LedgerError, match="no name"):
        ledgers.open("s3://bucket/prefix", bucket_home.folder)
