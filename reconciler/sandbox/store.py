"""A world on disk: a snapshot, and beside it a journal of what changed since, so that a save costs what changed.

A small world is written whole at each save, into one readable file. A large one gets a line in `FILE.journal` per save,
and a new snapshot when the journal has outgrown the last one: the sum of all writing stays linear in what changed.
A line is either whole or was never answered: a torn last line is dropped on loading.
"""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

from .encoding import decode, encode
from .state import State

SMALL = 256 * 1024
"""Bytes up to which a snapshot is written at each save."""


class Store:
    """Keeps one state file current."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._journal = journal_of(path)
        self._generation = 0
        self._snapshot_size: int | None = None
        self._journal_size = 0

    def save(self, state: State) -> None:
        """Write what changed since the last save."""
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
        """The state of the file and its journal. Raises `OSError`, `ValueError`."""
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
                self._snapshot_size = None  # nothing can be written behind half a line: begin anew
            for entry in map(decode, lines):
                # a journal that its snapshot has already taken in is left behind by a kill between the two
                if entry["generation"] == self._generation:
                    _replay(value, entry)
        state = State.from_json(value)
        state.drain()  # all of it is on the disk
        return state

    def _write_snapshot(self, state: State) -> None:
        self._generation += 1
        value = {"generation": self._generation, **state.to_json()}
        text = encode(value)
        if len(text) < SMALL:
            text = encode(value, indent=True)  # small enough for a person to read
        part = self.path.with_name(self.path.name + ".part")
        part.write_bytes(text)
        os.replace(part, self.path)
        self._journal.unlink(missing_ok=True)
        self._snapshot_size, self._journal_size = len(text), 0


def journal_of(path: Path) -> Path:
    """Where the changes since the snapshot are."""
    return path.with_name(path.name + ".journal")


def _decoded(text: bytes) -> Any:
    """A large state consists of millions of small objects, none of them garbage: looking for some costs most of it."""
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
