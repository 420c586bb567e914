"""Leases: a lock in a bucket is an object that its holder renews, and that is taken over only if it does not change.

Clocks of machines are never compared: a run that waits watches the object for the length of the lease on a clock of its
own, and a holder counts its lease from before the request that renewed it.
"""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from reconciler.ledger import codec
from reconciler.ledger.errors import Damaged, LedgerError, Locked, LockLost, Unconditional
from reconciler.ledger.fence import ANOTHER
from reconciler.ledger.lock import UNNAMED, digest
from reconciler.ledger.objects.bucket import Bucket, Found, Tag
from reconciler.ledger.records import Holder
from reconciler.model.stored_codec import dumps

LEASE = 30.0
"""Seconds after which a lock that is not renewed may be taken over."""
HONOUR = "use a store that honours If-None-Match and If-Match: without them two runs could overwrite each other"
IGNORES_CREATE = "the store creates an object that exists: it ignores If-None-Match"
IGNORES_MATCH = "the store replaces an object that changed: it ignores If-Match"
SHARE = 6
"""A lease is renewed when so great a part of it is over."""


def read_awake_clock() -> float:
    """Return seconds on a clock that also counts while the machine sleeps."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


class Note(Struct, frozen=True):
    """Content of a lock's object. It is free without ``session``.

    ``generation`` counts its holders, ``beat`` the renewals of one.
    """

    scope: str
    generation: int
    session: str = ""
    beat: int = 0
    lease: float = LEASE
    holder: str = ""

    @property
    def who(self) -> Holder:
        try:
            return codec.to_holder(self.holder)
        except (ValueError, TypeError, json.JSONDecodeError, msgspec.MsgspecError):
            return UNNAMED


class Held(Struct):
    """A lease of this session: it holds until ``until`` on this session's clock."""

    note: Note
    tag: Tag
    until: float
    lost: str = ""


class Seen(Struct, frozen=True):
    """A lock that is watched, and since when it has not changed."""

    note: Note
    tag: Tag
    since: float


class Watch:
    """State of the locks that a run waits for, by its own clock.

    ``renewed`` are those with a new holder or a renewal meanwhile; ``told`` are the holders already reported.
    """

    def __init__(self, began: float) -> None:
        self.began = self.now = began
        self.seen: dict[str, Seen] = {}
        self.renewed = set[str]()
        self.told = list[Holder]()

    def see(self, notes: Mapping[str, tuple[Note, Tag]], now: float) -> None:
        """Take over the locks as they are now; one that is missing is free."""
        before, self.seen, self.now = self.seen, {}, now
        for scope, (note, tag) in notes.items():
            known = before.get(scope)
            if known is not None and known.tag != tag and note.session:
                self.renewed.add(scope)
            self.seen[scope] = known if known is not None and known.tag == tag else Seen(note, tag, now)

    def is_free(self, scope: str) -> bool:
        """Return True for a lock that no run holds, or that was not renewed for the length of its lease."""
        seen = self.seen.get(scope)
        return seen is None or not seen.note.session or self.now - seen.since >= seen.note.lease


class Leases:
    """The leases of one session, renewed by a thread of its own.

    ``clock`` and ``sleep`` are those of this machine; without ``renewing`` there is no thread, and a test
    renews it itself.
    """

    def __init__(
        self,
        bucket: Bucket,
        length: float = LEASE,
        *,
        clock: Callable[[], float] = read_awake_clock,
        sleep: Callable[[float], None] = time.sleep,
        renewing: bool = True,
    ) -> None:
        self._bucket, self._length = bucket, length
        self._clock, self._sleep, self._renewing = clock, sleep, renewing
        self._checked = False
        self._session = uuid.uuid4().hex
        self._held: dict[str, Held] = {}
        self._turn = threading.Lock()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def hold(
        self, scopes: Sequence[str], holder: Holder, *, timeout: float, waiting: Callable[[Holder], None]
    ) -> Iterator[None]:
        """Hold a lease for every scope.

        They are taken in sorted order, so that two runs cannot each wait for the other. All are watched from the
        beginning, so that what a killed run left of several scopes costs the length of one lease.
        """
        left, watch = sorted(set(scopes)), Watch(self._clock())
        with ExitStack() as taken:
            while left:
                watch.see(self._read_all(left), self._clock())
                while left and watch.is_free(left[0]) and self._try_to_take(left[0], watch.seen.get(left[0]), holder):
                    taken.callback(self._release, left.pop(0))
                if left and not watch.is_free(left[0]):
                    self._wait(watch, left, timeout, waiting)
            yield

    def check(self) -> None:
        """Raise ``LockLost`` if a lease has ended, by this machine's clock, or was taken over."""
        now = self._clock()
        for each in tuple(self._held.values()):
            if each.lost or now >= each.until:
                what = each.lost or f"its lease of {each.note.scope} ended before it was renewed"
                raise LockLost(self._bucket.where, what, ANOTHER)

    def holders(self, scopes: Sequence[str]) -> tuple[Holder, ...]:
        """Return the holders of any of the scopes, according to the objects; this takes no lock."""
        notes = self._read_all(sorted(set(scopes))).values()
        return tuple(note.who for note, _ in notes if note.session)

    def close(self) -> None:
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    # --- Taking -------------------------------------------------------------------------------------------

    def _wait(self, watch: "Watch", left: Sequence[str], timeout: float, waiting: Callable[[Holder], None]) -> None:
        """Wait a little. Raise ``Locked`` if the timeout has passed, and a run that lives holds one of the scopes.

        A lock that is not renewed is watched for the length of its lease, however short the timeout is: it may be left
        by a run that was killed.
        """
        waited = watch.now - watch.began
        for scope in left:
            if scope in watch.renewed and not watch.is_free(scope) and waited >= timeout:
                raise Locked(self._bucket.where, scope, watch.seen[scope].note.who)
        note = watch.seen[left[0]].note
        if note.who not in watch.told and (timeout > 0 or waited >= note.lease / 2):
            watch.told.append(note.who)
            waiting(note.who)
        self._sleep(min(note.lease, self._length) / 30)

    def _try_to_take(self, scope: str, seen: "Seen | None", holder: Holder) -> bool:
        """Create or replace the object of a lock; return False if another run came first."""
        note = Note(scope, 1) if seen is None else replace(seen.note, generation=seen.note.generation + 1)
        mine = replace(note, session=self._session, beat=0, lease=self._length, holder=dumps(holder))
        sent, tag = self._clock(), None if seen is None else seen.tag
        key, data = _key(scope), msgspec.json.encode(mine)
        new = self._bucket.create(key, data) if tag is None else self._bucket.replace(key, data, tag)
        if new is None:
            new = self._find_mine(mine)
        if new is None:
            return False
        self._check_conditions(key, data, tag)
        with self._turn:
            self._held[scope] = Held(mine, new, sent + self._length)
        self._start()
        return True

    def _check_conditions(self, key: str, data: bytes, stale: Tag | None) -> None:
        """Raise ``Unconditional`` if the store ignores the conditions that a lock rests on; once a session."""
        if self._checked:
            return
        if self._bucket.create(key, data) is not None:
            raise Unconditional(self._bucket.where, IGNORES_CREATE, HONOUR)
        if stale is not None and self._bucket.replace(key, data, stale) is not None:
            raise Unconditional(self._bucket.where, IGNORES_MATCH, HONOUR)
        self._checked = True

    def _find_mine(self, mine: Note) -> Tag | None:
        """Return the tag of a note whose writing succeeded though its answer was lost."""
        found = self._read(mine.scope)
        return found[1] if found is not None and found[0] == mine else None

    def _release(self, scope: str) -> None:
        with self._turn:
            each = self._held.pop(scope)
            if each.lost:
                return
            free = replace(each.note, session="", holder="", beat=each.note.beat + 1)
            with suppress(LedgerError):  # it ends by itself
                self._bucket.replace(_key(scope), msgspec.json.encode(free), each.tag, patience=self._length / SHARE)

    # --- Renewing -----------------------------------------------------------------------------------------

    def renew(self) -> None:
        """Renew each lease; one that was taken over is lost, one whose renewal gets no answer holds until it ends."""
        with self._turn:
            for scope, each in self._held.items():
                if each.lost or self._clock() >= each.until:
                    continue
                with suppress(LedgerError):
                    self._renew(scope, each)

    def _renew(self, scope: str, each: Held) -> None:
        sent = self._clock()
        note = replace(each.note, beat=each.note.beat + 1)
        patience = max(each.until - sent, 0.0) / 2
        tag = self._bucket.replace(_key(scope), msgspec.json.encode(note), each.tag, patience) or self._find_mine(note)
        if tag is None:
            each.lost = f"its lock of {scope} was taken over, or its object was deleted"
        else:
            each.note, each.tag, each.until = note, tag, sent + self._length

    def _start(self) -> None:
        if self._renewing and self._thread is None:
            self._thread = threading.Thread(target=self._beat, name="ledger lease", daemon=True)
            self._thread.start()

    def _beat(self) -> None:
        while not self._ending.wait(self._length / SHARE):
            self.renew()

    def _read(self, scope: str) -> tuple[Note, Tag] | None:
        return self._read_all([scope]).get(scope)

    def _read_all(self, scopes: Sequence[str]) -> dict[str, tuple[Note, Tag]]:
        """Return the locks that exist, all read at once."""
        found = self._bucket.get_all(_key(scope) for scope in scopes)
        there = {scope: found[_key(scope)] for scope in scopes if _key(scope) in found}
        return {scope: (self._decode(scope, each), each.tag) for scope, each in there.items()}

    def _decode(self, scope: str, found: Found) -> Note:
        try:
            return msgspec.json.decode(found.data, type=Note)
        except msgspec.DecodeError:
            raise Damaged(self._bucket.where, f"its object {_key(scope)} is no lock") from None


def _key(scope: str) -> str:
    return f"locks/{digest(scope).hex()}"
