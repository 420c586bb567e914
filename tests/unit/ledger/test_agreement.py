"""Whatever happens, in whatever order, the file, the server and a plain dictionary tell the same story."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from reconciler import ledger
from reconciler.ledger import Ledger, Unsettled
from reconciler.model import Address, ItemOutcome, ItemStatus, WriteEffect

from .postgres_server import Server
from .samples import NEW, NOW, RUN, SUMMER, WINTER, call, item, move, snapshot
from .strategies import instants, values

addresses = st.sampled_from([SUMMER, WINTER, NEW])
ids = st.none() | st.sampled_from(["11", "22"])
some = st.dictionaries(st.sampled_from(["bid", "name"]), values, max_size=2)
names = st.sampled_from(["adSets.bids.1", "adSets.bids.2"])


class Stores(RuleBasedStateMachine):
    """Each rule does one thing to every store, and to the dictionary where it is as simple as that."""

    urls: tuple[str, ...] = (ledger.DEFAULT,)

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.stores: list[Ledger] = [ledger.open(url, Path(self.folder.name), name="tests") for url in self.urls]
        self.known: dict[Address, tuple[str | None, dict[str, Any]]] = {}
        self.runs: list[str] = []
        self.intents: list[tuple[int, Any]] = []

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        self.folder.cleanup()

    def each(self, act: Any) -> Any:
        """The one result that all stores have, be it an error."""
        results = []
        for store in self.stores:
            with patch("secrets.token_hex", return_value=f"{len(self.runs):04x}"):
                try:
                    results.append(act(store))
                except Unsettled as refusal:
                    results.append(refusal.what)
        assert all(result == results[0] for result in results)
        return results[0]

    def learn(self, address: Address, id: str | None, values: dict[str, Any]) -> None:
        old_id, old = self.known.get(address, (None, {}))
        self.known[address] = (id or old_id, {**old, **values})

    @rule(address=addresses, id=ids, values=some)
    def remember(self, address: Address, id: str | None, values: dict[str, Any]) -> None:
        self.each(lambda store: store.remember(address, id, values))
        self.learn(address, id, values)

    @rule(address=addresses)
    def forget(self, address: Address) -> None:
        self.each(lambda store: store.forget(address))
        self.known.pop(address, None)

    @rule(old=addresses, new=addresses)
    def move(self, old: Address, new: Address) -> None:
        self.each(lambda store: store.move(old, new))
        if old in self.known and old != new:
            (id, values), (new_id, new_values) = self.known.pop(old), self.known.get(new, (None, {}))
            self.known[new] = (new_id or id, {**values, **new_values})

    @rule(address=addresses, values=some, at=instants)
    def observe(self, address: Address, values: dict[str, Any], at: Any) -> None:
        self.each(lambda store: store.observe(address, values, at))

    @rule()
    def begin(self) -> None:
        self.runs.append(self.each(lambda store: store.begin(RUN)))

    @precondition(lambda self: self.runs)
    @rule(code=st.integers(0, 130), data=st.data())
    def finish(self, code: int, data: Any) -> None:
        run = data.draw(st.sampled_from(self.runs))
        self.each(lambda store: store.finish(run, NOW, code))

    @precondition(lambda self: self.runs)
    @rule(name=names, touched=st.lists(st.tuples(addresses, ids, values), max_size=3), at=instants, data=st.data())
    def intend(self, name: str, touched: list[Any], at: Any, data: Any) -> None:
        run = data.draw(st.sampled_from(self.runs))
        items = [item(address, id, move("bid", None, value)) for address, id, value in touched]
        sent = call(*items, name=name, effect=WriteEffect.CREATE)
        self.intents.append((self.each(lambda store: store.intend(run, sent, at=at, token=name)), sent))

    @precondition(lambda self: self.intents)
    @rule(data=st.data(), at=instants)
    def settle(self, data: Any, at: Any) -> None:
        number, sent = data.draw(st.sampled_from(self.intents))
        fates = [data.draw(st.sampled_from(ItemStatus)) for _ in sent.items]
        ended = [ItemOutcome(sent.name, each, fate, "33") for each, fate in zip(sent.items, fates, strict=True)]
        self.each(lambda store: store.settle(number, ended, at))
        for outcome in ended:
            if outcome.status is ItemStatus.APPLIED:
                moved = {move.field: move.after for move in outcome.item.fields}
                self.learn(outcome.item.address, "33", moved)

    @precondition(lambda self: self.runs)
    @rule(name=names, data=st.data())
    def resolve(self, name: str, data: Any) -> None:
        run = data.draw(st.sampled_from(self.runs))
        self.each(lambda store: store.resolve(run, name, applied=False, because="x", by="ann", at=NOW))

    @invariant()
    def agree(self) -> None:
        if hasattr(self, "stores"):
            told = self.each(snapshot)
            assert told["ids"] == {address: id for address, (id, _) in self.known.items() if id is not None}
            assert told["values"] == {address: values for address, (_, values) in self.known.items()}


FEW = settings(
    max_examples=8, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


def test_the_file_and_a_dictionary_agree() -> None:
    run_state_machine_as_test(Stores, settings=FEW)


@pytest.mark.postgres
def test_the_file_the_server_and_a_dictionary_agree(server: Server, database: str) -> None:
    class Both(Stores):
        urls = (ledger.DEFAULT, server.url(database))

        def teardown(self) -> None:
            super().teardown()
            server.sql("DROP SCHEMA reconciler_tests CASCADE")

    run_state_machine_as_test(Both, settings=FEW)
