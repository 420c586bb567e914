"""A whole object is sent again only after a new read, and a doubt about it stays one (contract §9 rule 11)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler import ledger
from reconciler.engine import run_journal
from reconciler.executor.attempts import SILENCES
from reconciler.executor.looks import KindReader
from reconciler.executor.ports import Stop
from reconciler.executor.sender import Sender
from reconciler.kinds.line_item import LINE_ITEM
from reconciler.kinds.write_methods import Replace
from reconciler.model import Answer, Call, Delivery, error
from reconciler.provider import codec

from ...laws.test_replacement import call_of, known
from ..ledger.samples import NOW, RUN
from .test_journal import sender, statuses

LOST = Answer(Delivery.LOST, reason="late")
DONE = Answer(Delivery.ANSWERED, 200, {"data": {"id": "7"}})
REFUSED = Answer(Delivery.ANSWERED, 400, {"errors": [{"code": "bad"}]})
TURNED_AWAY = Answer(Delivery.ANSWERED, 429, {})


@dataclass
class LineItem:
    """One line item whose budget is to become 200; what each PUT is answered, and whether it takes effect."""

    answers: list[tuple[Answer, bool]]
    object: dict[str, Any] = field(default_factory=lambda: known(LINE_ITEM))
    reads: int = 0
    puts: int = 0
    slept: list[float] = field(default_factory=list)
    between: Callable[[LineItem], None] = lambda found: None
    unread: Callable[[int], bool] = lambda number: False
    stop: Stop = field(default_factory=Stop)

    def read(self, call: Call) -> Answer:
        self.reads += 1
        if self.unread(self.reads):
            return LOST
        return Answer(Delivery.ANSWERED, 200, {"data": {"id": "7", "attributes": self.object}})

    def put(self, call: Call) -> Answer:
        self.puts += 1
        answer, takes_effect = self.answers.pop(0)
        if takes_effect:
            self.object = {**self.object, "budget": Decimal(200)}
        self.between(self)
        return answer

    def reader(self, kind: str) -> KindReader:
        return KindReader(LINE_ITEM, "/x", ("8",), self.read, self.stop.wrap_sleep(self.slept.append))

    def sent(self, own: Sender | None = None) -> tuple[list[str], int]:
        """Return how the item ends, and the number of PUTs."""
        write = LINE_ITEM.writes["whole"]
        assert isinstance(write, Replace)
        live = codec.decode_row(LINE_ITEM, {"id": "7", "attributes": known(LINE_ITEM)})
        call = call_of(LINE_ITEM, write, live, {"budget": Decimal(200)})
        own = own or sender(self.put, reader=self.reader, stop=self.stop)
        self.ended, _ = own.send(replace(call, kind="lineItems"))
        return statuses(self.ended), self.puts


@pytest.mark.parametrize(
    ("answers", "ends", "puts"),
    [
        pytest.param([(DONE, True)], "applied", 1, id="accepted"),
        pytest.param([(REFUSED, False)], "rejected", 1, id="refused"),
        pytest.param([(LOST, True)], "applied", 1, id="lost, and a read shows it"),
        pytest.param([(LOST, False), (DONE, True)], "applied", 2, id="lost, and sent again"),
        pytest.param([(LOST, False), (REFUSED, False)], "unknown", 2, id="a refusal says nothing of the lost one"),
        pytest.param([(TURNED_AWAY, False), (DONE, True)], "applied", 2, id="turned away"),
        pytest.param([(TURNED_AWAY, True)], "applied", 1, id="turned away, and a read shows it"),
        pytest.param([(LOST, False)] * 5, "unknown", 5, id="never answered"),
    ],
)
def test_each_sending_follows_a_read_that_shows_it_as_planned(
    answers: list[tuple[Answer, bool]], ends: str, puts: int
) -> None:
    found = LineItem(list(answers))
    assert found.sent() == ([ends], puts)
    assert found.reads == puts + (1 if ends == "applied" and answers[-1][0] is not DONE else 0)
    assert found.answers == []


def test_the_pauses_grow_and_end() -> None:
    found = LineItem([(LOST, False)] * 5)
    found.sent()
    assert sum(found.slept) == sum(SILENCES)


def edit(found: LineItem) -> None:
    """Let a colleague change a field that the files do not state."""
    found.object = {**found.object, "dailyPacing": Decimal(11)}


def test_what_a_colleague_moved_before_it_is_not_overwritten() -> None:
    found = LineItem([(DONE, True)])
    edit(found)
    assert found.sent() == (["not sent"], 0)
    assert [each.code for each in found.ended[0].problems] == ["moved-meanwhile"]


def test_what_a_colleague_moved_after_a_lost_answer_leaves_it_unknown() -> None:
    found = LineItem([(LOST, False)], between=edit)
    assert found.sent() == (["unknown"], 1)
    assert [each.code for each in found.ended[0].problems] == ["moved-meanwhile"]


@pytest.mark.parametrize(("number", "ends", "puts"), [(1, "not sent", 0), (2, "unknown", 1)])
def test_without_a_read_nothing_is_replaced(number: int, ends: str, puts: int) -> None:
    found = LineItem([(LOST, False)], unread=lambda read: read == number)
    assert found.sent() == ([ends], puts)


def interrupt(found: LineItem) -> None:
    found.stop.request(error("interrupted", "Ctrl-C"))


@pytest.mark.parametrize(("answer", "ends"), [(LOST, "unknown"), (DONE, "applied"), (TURNED_AWAY, "not sent")])
def test_after_an_interrupt_it_is_not_sent_again(answer: Answer, ends: str) -> None:
    found = LineItem([(answer, answer is DONE)], between=interrupt)
    assert found.sent() == ([ends], 1)


def test_before_its_first_sending_an_interrupt_leaves_it_unsent() -> None:
    found = LineItem([])
    interrupt(found)
    assert found.sent() == (["not sent"], 0)
    assert found.reads == 0


def test_every_lost_sending_is_settled_once_one_of_them_is_seen(tmp_path: Path) -> None:
    found = LineItem([(LOST, False), (LOST, True)])
    with closing(ledger.open("sqlite:ledger.db", tmp_path)) as book:
        run = book.begin(RUN)
        own = sender(found.put, run_journal.RunJournal(book, run, lambda: NOW), reader=found.reader)
        assert found.sent(own) == (["applied"], 2)
        assert [statuses(each.outcomes) for each in book.run(run).calls] == [["applied"], ["applied"]]  # type: ignore[union-attr]
        assert book.open_intents() == ()


def test_a_sending_that_was_turned_away_is_settled_as_applied_once_a_read_shows_it(tmp_path: Path) -> None:
    found = LineItem([(TURNED_AWAY, True)])
    with closing(ledger.open("sqlite:ledger.db", tmp_path)) as book:
        run = book.begin(RUN)
        own = sender(found.put, run_journal.RunJournal(book, run, lambda: NOW), reader=found.reader)
        assert found.sent(own) == (["applied"], 1)
        assert [statuses(each.outcomes) for each in book.run(run).calls] == [["applied"]]  # type: ignore[union-attr]
