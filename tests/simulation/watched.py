"""The sandbox's world, watched: calls take time, runs are killed and interrupted, every sending and effect is noted."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from reconciler.sandbox.clock import instant
from reconciler.sandbox.message import Request, Response
from reconciler.sandbox.state import State
from reconciler.sandbox.world import World
from tests.crash.scenarios import account

from .wants import CREATED, SETS, address_of

LATENCY = 0.2
"""Seconds that each call takes."""
COLLECTIONS = {
    "campaigns": "campaigns",
    "auction-line-items": "lineItems",
    "ad-sets": "adSets",
    "budgets": "sellerBudgets",
    "balances": "balances",
}
"""What a POST makes, by the end of its path."""
PROGRAM = "cfg-as-code"
"""The application's name, as the history of a balance shows it."""


class Killed(BaseException):
    """The process is gone: nothing of it goes on."""


@dataclass
class Sending:
    """One item of a call, as it left, and what came of it in the world."""

    run: int
    at: datetime
    address: str
    operation: str
    """``create``, ``funds``, or ``set`` for an absolute value."""
    status: int
    """Of the answer; 0 if none came."""
    due: str | None = None
    """When a late effect lands."""
    effects: list[datetime] = field(default_factory=list)
    previous: Decimal | None = None
    current: Decimal | None = None


@dataclass(frozen=True)
class End:
    """A kill or an interrupt of a run: at its n-th write, before it leaves or after it took effect."""

    at: int
    when: str = "after"
    how: str = "kill"


class Watched(World):
    """A world whose effects are noted; what other users make in it is not the program's."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.sendings: list[Sending] = []
        """Of what creates or funds."""
        self.sets: list[Sending] = []
        """Of absolute values; a late effect is noted at once."""
        self.others: set[tuple[str, str]] = set()
        self.renamed: dict[str, datetime] = {}
        """When other users renamed what was made for an address."""
        self.touched: dict[str, list[datetime]] = {}
        """When other users changed the funds of a balance."""
        self.trace: list[str] = []
        self.run = 0
        self.end: End | None = None
        self.dead = False
        self.at_kill: Callable[[], None] = lambda: None
        self.deeds: list[tuple[datetime, Callable[[], None]]] = []
        """What other users will do, and when."""
        self._writes = 0
        self._known = self._keys()
        self.initial = frozenset(self._known)
        self.began_with = frozenset(key for name in ("campaigns", "adSets", "balances") for key in self.state.all(name))
        self.written: list[tuple[int, str, datetime]] = []
        """The existing objects that a run wrote to, and when."""
        self._pending: list[Sending] = []

    def begin(self, run: int, end: End | None, at_kill: Callable[[], None]) -> None:
        """Let another process begin."""
        self.run, self.end, self.at_kill, self._writes, self.dead = run, end, at_kill, 0, False

    def handle(self, request: Request) -> Response:
        if self.dead:
            raise Killed
        self.advance(LATENCY)
        writes = _is_write(request)
        self._writes += writes
        ending = self.end if writes and self.end is not None and self._writes == self.end.at else None
        if ending and ending.when == "before":
            self._ended(ending)
        response = self._sent(request)
        if ending and ending.when == "after":
            self._ended(ending)
        return response

    def advance(self, seconds: float) -> None:
        if self.dead:
            raise Killed
        ends = self.now + timedelta(seconds=seconds)
        while self.deeds and self.deeds[0][0] <= ends:
            moment, deed = self.deeds.pop(0)
            self._pass((moment - self.now).total_seconds())
            deed()
        self._pass((ends - self.now).total_seconds())

    def _pass(self, seconds: float) -> None:
        super().advance(max(seconds, 0.0))
        if self._pending:
            self._note_effects(self._pending)

    def told(self, text: str) -> None:
        """Add a line to the trace."""
        self.trace.append(f"{self.now:%H:%M:%S} {text}")

    def _ended(self, end: End) -> None:
        self.told(f"run {self.run}: {end.how} {end.when} write {end.at}")
        if end.how == "interrupt":
            signal.raise_signal(signal.SIGINT)
            return
        self.at_kill()
        self.dead = True
        raise Killed

    def _sent(self, request: Request) -> Response:
        before = set(self.state.all("late"))
        response = super().handle(request)
        if not _is_write(request):
            return response
        late = [record for key, record in self.state.all("late").items() if key not in before]
        status = 0 if response.aborted or response.delay > 600 else response.status
        made = [Sending(self.run, self.now, address, operation, status) for address, operation in _items(request)]
        for sending in made:
            sending.due = late[0]["due"] if late else None
        self.sendings += made
        sets = [Sending(self.run, self.now, address, "set", status) for address in _set(request)]
        for sending in sets:
            landed = [instant(late[0]["due"])] if late else [self.now]
            sending.effects = landed if late or 200 <= status < 300 else []
        self.sets += sets
        self.written += [(self.run, key, self.now) for key in _targets(request)]
        said = (
            ", ".join(f"{each.operation} {each.address}" for each in (*made, *sets)) or request.path.rpartition("/")[2]
        )
        self.told(f"run {self.run}: {request.method} {said} -> {status or 'no answer'}{_landing(late)}")
        if late:
            self._pending += made
        else:
            self._note_effects(made)
        return response

    def _note_effects(self, candidates: list[Sending]) -> None:
        """Note what is new in the world, each as the effect of the earliest sending that it can be of."""
        keys = self._keys()
        new = [(name, self.state.collections[name][key], key) for name, key in keys - self._known]
        for collection, record, key in sorted(new, key=lambda each: (each[0], each[1].get("at", ""), each[2])):
            self._known.add((collection, key))  # a number is given when a call is answered, which may land later
            if (collection, key) in self.others or (collection == "history" and record["by"] != PROGRAM):
                continue
            sending = self._cause(collection, record, candidates)
            sending.effects.append(instant(sending.due) if sending.due else self.now)
            if sending in self._pending and sending.due:
                self._pending.remove(sending)
                self.trace.append(
                    f"{sending.due[11:19]}   {sending.operation} {sending.address} of run {sending.run} lands"
                )
            if collection == "history":
                sending.previous, sending.current = Decimal(record["previous"]), Decimal(record["current"])

    def _cause(self, collection: str, record: Any, candidates: list[Sending]) -> Sending:
        address = record["balanceId"] if collection == "history" else address_of(collection, record)
        found = [each for each in candidates if each.address == address and not each.effects]
        if not found:
            raise AssertionError(f"{collection} {address}: an effect of no sending")
        return min(found, key=lambda each: each.due or "")

    def _keys(self) -> set[tuple[str, str]]:
        """Everything that a write that creates or funds makes new."""
        made = {(name, key) for name in CREATED for key in self.state.all(name)}
        entries = {
            ("history", key)
            for key, record in self.state.all("history").items()
            if record["change_type"] in ("BalanceAdded", "BalanceRemoved")
        }
        return made | entries


def opened(seed: int) -> Watched:
    """Return the small account of the fault tests, watched."""
    world = Watched(account().state)
    world.state.options = type(world.state.options)(seed=seed)
    return world


def _is_write(request: Request) -> bool:
    return request.method != "GET" and not request.path.endswith(("/search", "/token", "/cpc-min-bids"))


def _items(request: Request) -> Iterator[tuple[str, str]]:
    """Yield the address and the operation of each item that a call creates or funds."""
    if request.method != "POST":
        return
    body = json.loads(request.body) if request.body else {}
    last = request.path.rpartition("/")[2]
    collection = (
        "retailMediaCampaigns" if "/retail-media/" in request.path and last == "campaigns" else COLLECTIONS.get(last)
    )
    if last == "add-funds":
        yield request.path.split("/")[-2], "funds"
    elif last == "seller-campaigns":
        yield "sellerCampaigns.join", "create"
    elif collection is not None:
        data = body if isinstance(body, list) else body["data"]
        for item in data if isinstance(data, list) else [data]:
            address = address_of(collection, item.get("attributes", item))
            assert address is not None
            yield address, "create"


def _set(request: Request) -> Iterator[str]:
    """Yield the address of each object whose bid or limit a call sets."""
    if request.method == "PATCH" and request.path.endswith(("/ad-sets", "/campaigns")):
        for item in json.loads(request.body)["data"]:
            if {"bidding", "spendLimit"} & set(item["attributes"]) and item["id"] in SETS:
                yield SETS[item["id"]]
    if request.method == "PUT" and "/auction-line-items/" in request.path:
        key = request.path.rpartition("/")[2]
        yield from [SETS[key]] if key in SETS else []


def _targets(request: Request) -> Iterator[str]:
    """Yield the ids of the objects that a call writes to."""
    yield from (part for part in request.path.split("/") if part.isdigit() and "/accounts/" + part not in request.path)
    body = json.loads(request.body) if request.body else {}
    data = body.get("data", body) if isinstance(body, dict) else body
    yield from (str(item["id"]) for item in data if "id" in item) if isinstance(data, list) else ()


def _landing(late: list[Any]) -> str:
    return f", lands at {late[0]['due'][11:19]}" if late else ""
