"""State of a world: records in named collections, each replaced whole and never changed in place.

An old record therefore stays valid for stale reads (contract §11, rule 80) and for the journal of a saved world. To
change a record, copy it, change the copy and `put` it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from .clock import DEMO_START, Clock, instant, stamp
from .options import Options

STATE_VERSION = 1
"""Version of the saved form."""
_RENAMED = {"retailCampaigns": "retailMediaCampaigns"}
"""Collections that older states name otherwise."""

Record = dict[str, Any]

COLLECTIONS = (
    "applications",  # by client id: secret, product, permissions, advertiserIds, accountIds
    "tokens",  # by token: clientId, expiresAt
    "windows",  # by client id: the calls of the present quota window
    "advertisers",  # Marketing Solutions advertisers: name, currency, timeZone
    "campaigns",  # Marketing Solutions campaigns, see campaigns.py
    "datasets",  # advertiserId
    "audiences",  # advertiserId, kind ("audience" or "segment")
    "categories",  # by "{datasetId}|{categoryId}|{level}": name, enabled
    "adSets",
    "sellers",
    "sellerCampaigns",
    "sellerBudgets",
    "accounts",  # Retail Media accounts
    "retailers",  # Retail Media: name, pageTypes, minBid, skuMinBids
    "retailMediaCampaigns",  # accountId, and the fields of retail/campaigns.py; its dated budgets
    "lineItems",  # campaignId, and the fields of retail/line_items.py; dated budgets, bidMultipliers, archived
    "balances",
    "attachments",  # by "{balanceId}/{campaignId}"
    "history",  # balance history entries
    "faults",  # by ordinal: scripted faults, see faults/
    "past",  # by "{collection}/{id}": records that reads still show after a hidden write
    "before",  # by ordinal: replaced records, kept while a stale read may need them
    "late",  # by ordinal: writes that are answered and not yet in effect
    "counters",  # by name: {"value": n}
)
SANDBOX_OWN = frozenset({"applications", "tokens", "windows", "faults", "past", "before", "late", "counters"})
"""Collections of the sandbox itself, which reads always see up to date."""
REACH = "reach"
"""Name of the counter that holds how many seconds back a read may look; absent while no fault needs it."""


@dataclass(slots=True)
class Changes:
    """Changes since the last call of `drain`."""

    records: dict[str, dict[str, Record | None]] = field(default_factory=dict)
    log: list[Record] = field(default_factory=list)
    whole: bool = False
    """True if only a full copy can represent the change (a cleared log, another clock)."""


class State:
    """The collections, the call log, the clock and the options of one world."""

    __slots__ = ("_changed", "_logged", "_whole", "clock", "collections", "log", "moment", "options")

    def __init__(self, options: Options, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self.collections: dict[str, dict[str, Record]] = {name: {} for name in COLLECTIONS}
        self.log: list[Record] = []
        self.moment: datetime | None = None
        """Time at which the present change takes effect, if not now (late effects)."""
        self._changed: set[tuple[str, str]] = set()
        self._logged = 0
        self._whole = False
        self.put("counters", "began", {"value": stamp(clock.now())})

    # --- reading ---

    def get(self, collection: str, key: str) -> Record | None:
        """Return a record, or None. It must not be changed in place."""
        return self.collections[collection].get(key)

    def all(self, collection: str) -> Mapping[str, Record]:
        """Return every record of a collection by its key, in order of creation."""
        return self.collections[collection]

    def where(self, collection: str, **equal: Any) -> Iterator[tuple[str, Record]]:
        """Yield (key, record) for the records whose fields have these values."""
        for key, record in self.collections[collection].items():
            if all(record.get(name) == value for name, value in equal.items()):
                yield key, record

    def spent(self, record: Record, now: datetime) -> Decimal:
        """Return the spend of a record: its own `spent`, and the drift of rule 85."""
        base = Decimal(record.get("spent") or 0)
        rate = self.options.spend_per_hour
        if not rate:
            return base
        passed = now - instant(self.collections["counters"]["began"]["value"])
        return base + (rate * Decimal(passed.total_seconds()) / 3600).quantize(Decimal("0.01"))

    # --- changing ---

    def put(self, collection: str, key: str, record: Record) -> None:
        """Store a record, in place of an existing one."""
        self._keep_before(collection, key)
        self.collections[collection][key] = record
        self._changed.add((collection, key))

    def remove(self, collection: str, key: str) -> None:
        """Remove a record; no effect if there is none."""
        self._keep_before(collection, key)
        if self.collections[collection].pop(key, None) is not None:
            self._changed.add((collection, key))

    def _keep_before(self, collection: str, key: str) -> None:
        """Keep the record that a change replaces, if a read may look that far back."""
        reach = self.collections["counters"].get(REACH)
        if reach is None or collection in SANDBOX_OWN:
            return
        now = self.moment or self.clock.now()
        forgotten = now - timedelta(seconds=float(reach["value"]))
        for old, entry in list(self.collections["before"].items()):
            if instant(entry["at"]) > forgotten:
                break
            self.remove("before", old)
        record = self.collections[collection].get(key)
        entry = {"at": stamp(now), "collection": collection, "key": key, "record": record}
        self.put("before", str(self.count("before")), entry)

    def count(self, counter: str, first: int = 1) -> int:
        """Return the next number of a counter: `first`, then one more each time."""
        known = self.get("counters", counter)
        value = first if known is None else known["value"] + 1
        self.put("counters", counter, {"value": value})
        return value

    def next_id(self, collection: str) -> str:
        """Return a new id for a collection."""
        taken = self.collections[collection]
        while True:
            key = str(self.count(f"ids.{collection}"))
            if key not in taken:
                return key

    def secret(self, purpose: str) -> str:
        """Return a value that looks random, differs at each call, and is the same in each run (rule 13)."""
        text = f"{self.options.seed}:{purpose}:{self.count(purpose)}"
        return hashlib.sha256(text.encode()).hexdigest()

    def record_call(self, entry: Record) -> None:
        self.log.append(entry)

    def forget_calls(self) -> None:
        self.log.clear()
        self._logged = 0
        self._whole = True

    # --- copies ---

    def overlaid(self, past: Mapping[str, Mapping[str, Record | None]]) -> State:
        """Return a view in which some records have an older value (None: not there yet); writes to it are discarded."""
        view = State(self.options, self.clock)
        view.collections = dict(self.collections)
        for collection, records in past.items():
            rows = {**self.collections[collection], **records}
            view.collections[collection] = {key: row for key, row in rows.items() if row is not None}
        return view

    def copied(self) -> State:
        """Return a copy whose changes are discarded; cheap, because records are shared."""
        copy = State(self.options, self.clock)
        copy.collections = {name: dict(rows) for name, rows in self.collections.items()}
        copy.log = self.log
        return copy

    def drain(self) -> Changes:
        """Return the changes since the last call of this method."""
        changes = Changes(log=self.log[self._logged :], whole=self._whole)
        for collection, key in self._changed:
            changes.records.setdefault(collection, {})[key] = self.get(collection, key)
        self._changed.clear()
        self._logged = len(self.log)
        self._whole = False
        return changes

    def mark_whole(self) -> None:
        """Require a full snapshot at the next save."""
        self._whole = True

    def to_json(self) -> dict[str, Any]:
        return {
            "version": STATE_VERSION,
            "options": self.options.to_json(),
            "clock": self.clock.to_json(),
            **self.collections,
            "log": self.log,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> State:
        """Return the state of a saved form; absent collections are empty. Raise `ValueError` if it cannot be read."""
        if value.get("version", STATE_VERSION) != STATE_VERSION:
            raise ValueError(f"a sandbox state of version {value['version']} cannot be read")
        value = {_RENAMED.get(name, name): part for name, part in value.items()}
        unknown = set(value) - {"version", "options", "clock", "log", *COLLECTIONS}
        if unknown:
            raise ValueError(f"unknown parts of a sandbox state: {', '.join(sorted(unknown))}")
        clock = Clock.from_json(value.get("clock", {"now": DEMO_START}))
        state = cls(Options.from_json(value.get("options", {})), clock)
        for name in COLLECTIONS:
            state.collections[name] = dict(value.get(name, {}))
        state.collections["counters"].setdefault("began", {"value": stamp(clock.now())})
        state.log = list(value.get("log", ()))
        state._whole = True
        return state
