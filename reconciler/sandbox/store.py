"""World on disk: a snapshot, and a journal of the changes since, so that a save costs what changed.

A small world is written whole at each save, into one readable file. A large one appends a line to `FILE.journal` per
save, and gets a new snapshot when the journal is larger than the last snapshot, so that the total written is linear in
the changes. A torn last line belongs to a call that was never answered, and is dropped on loading.
"""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

from .encoding import decode, encode
from .state import State

SMALL = 256 * 1024
"""Size in bytes up to which a snapshot is written at each save."""


class Store:
    """Keeps the state file up to date."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._journal = journal_of(path)
        self._generation = 0
        self._snapshot_size: int | None = None
        self._journal_size = 0

    def save(self, state: State) -> None:
        """Write the changes since the last save."""
        changes = state.drain()
        size = self._snapshot_size
        if changes.whole or size is None or size < SMALL or self._journal_size > size:
            self._write_snapshot(state)
            return
        entry = {
            "generation": self._generation,
            "clock": state.clock.to_json(),
            "records": changes.records,
            "log": changes.log,
        }
        line = encode(entry) + b"\n"
        with self._journal.open("ab") as file:
            file.write(line)
        self._journal_size += len(line)

    def load(self) -> State:
        """Return the state from the file and its journal. Raise `OSError` or `ValueError`."""
        text = self.path.read_bytes()
        self._snapshot_size = len(text)
        value = _decoded(text)
        if not isinstance(value, dict):
            raise ValueError(f"{self.path} is not a sandbox state")
        self._generation = value.pop("generation", 0)
        if self._journal.exists():
            journal = self._journal.read_bytes()
            self._journal_size = len(journal)
            *lines, torn = journal.split(b"\n")
            if torn:
                self._snapshot_size = None  # nothing can be appended after a torn line: write a new snapshot
            for entry in map(decode, lines):
                # a kill between snapshot and cleanup leaves a journal that the snapshot already contains
                if entry["generation"] == self._generation:
                    _replay(value, entry)
        state = State.from_json(value)
        state.drain()  # the loaded changes are on disk already
        return state

    def _write_snapshot(self, state: State) -> None:
        self._generation += 1
        value = {"generation": self._generation, **state.to_json()}
        text = encode(value)
        if len(text) < SMALL:
            text = encode(value, indent=True)  # small enough to be read by a person
        part = self.path.with_name(self.path.name + ".part")
        part.write_bytes(text)
        os.replace(part, self.path)
        self._journal.unlink(missing_ok=True)
        self._snapshot_size, self._journal_size = len(text), 0


def journal_of(path: Path) -> Path:
    """Return the path of the journal of a state file."""
    return path.with_name(path.name + ".journal")


def _decoded(text: bytes) -> Any:
    """Return the decoded JSON, without garbage collection.

    Scanning millions of live objects would take most of the time.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return decode(text)
    finally:
        if collecting:
            gc.enable()


def _replay(value: dict[str, Any], entry: dict[str, Any]) -> None:
    value["clock"] = entry["clock"]
    value.setdefault("log", []).extend(entry["log"])
    for collection, records in entry["records"].items():
        rows = value.setdefault(collection, {})
        for key, record in records.items():
            if record is None:
                rows.pop(key, None)
            else:
                rows[key] = record
