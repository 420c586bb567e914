"""When the account is read before a create or a top-up, and what such a look forbids (contract §9 rules 6 and 7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.commands.connection import SANDBOX_CREDENTIALS
from reconciler.executor.looks import AT_ONCE, KindReader, Looks
from reconciler.executor.ports import Noted, NullJournal
from reconciler.kinds import versions
from reconciler.model import Action, Answer, Call, Live, WriteEffect
from reconciler.provider.http import Api, Settings
from reconciler.sandbox.message import Request
from reconciler.sandbox.world import World

from ...crash import scenarios
from ...crash.inside import Clock
from ..planning.test_planner import change, planned
from .test_journal import sender

FAMILIES = {"adSets": "marketingSolutions", "sellerBudgets": "sellers", "balances": "retailMedia"}
SCOPES = {"adSets": ("1352",), "sellerBudgets": ("1352",), "balances": (scenarios.ACCOUNT,)}
FR = ("123467", "FR prospecting")
MINUTE = timedelta(minutes=1)


@dataclass
class Account:
    """The simulated account, and the reads that looks make of it."""

    world: World = field(default_factory=scenarios.account)
    reads: list[Call] = field(default_factory=list)
    noted: list[tuple[str, list[str], list[str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        settings = Settings(base_url="http://localhost")
        clock = Clock(self.world)
        self.api = Api(SANDBOX_CREDENTIALS, settings, handle=self.world.handle, request=Request, clock=clock)

    def reader(self, kind: str) -> KindReader:
        dialect = versions.find_version(FAMILIES[kind], "2026-07")
        return KindReader(dialect.kinds[kind], dialect.root, SCOPES[kind], self.send, self.world.advance)

    def send(self, call: Call) -> Answer:
        self.reads.append(call)
        return self.api.send(call)

    def note(self, kind: str, parents: Any, ids: Any) -> int:
        self.noted.append((kind, list(parents), sorted(ids)))
        return len(self.noted)

    def planned(self, kind: str = "adSets") -> Looks:
        """Return the looks of a run whose plan has read this account now."""
        seen = {kind: self.reader(kind).read_rows()}
        self.reads.clear()
        return Looks(self.reader, lambda: self.world.now, seen, self.world.now, self.note)

    def has(self, id: str, **more: Any) -> None:
        """Let another user make an ad set that is like the first one."""
        first = self.world.state.get("adSets", FR[0])
        assert first is not None
        self.world.state.put("adSets", id, {**first, "id": id, **more})


def create(name: str = "New", campaign: str = "358313") -> Call:
    moves = [("name", None, name), ("campaignId", None, campaign)]
    return planned(change(name, *moves, id=None, action=Action.CREATE)).calls[0]


def top_up(account: Account, name: str = "Q4") -> Call:
    row = next(row for row in account.reader("balances").read_rows() if row.values["name"] == name)
    before = row.values["deposited"]
    assert isinstance(before, Decimal)
    (call,) = planned(
        change("q", ("deposited", before, before + 750), kind="balances", id=row.id, accountId=scenarios.ACCOUNT)
    ).calls
    account.reads.clear()
    return call


# --- Creates: how often ------------------------------------------------------------------------------------------


def test_a_look_serves_for_a_minute_and_then_another_is_made() -> None:
    account = Account()
    looks = account.planned()
    account.world.advance(60)
    looks.look_before_create(create())
    assert account.reads == []
    account.world.advance(1)
    first = looks.look_before_create(create())
    assert len(account.reads) == 1
    account.world.advance(59)
    assert looks.look_before_create(create()).begun == first.begun
    assert len(account.reads) == 1


def test_after_a_sending_that_was_turned_away_only_a_newer_look_counts() -> None:
    account = Account()
    looks = account.planned()
    mark = looks.mark()
    looks.look_before_create(create(), mark)
    looks.look_before_create(create(), mark)
    assert len(account.reads) == 1
    looks.look_before_create(create(), looks.mark())
    assert len(account.reads) == 2


@pytest.mark.parametrize(("campaigns", "expected", "reads"), [(2, True, 1), (AT_ONCE, True, 1), (2, False, 2)])
def test_one_look_serves_the_creates_that_follow(campaigns: int, expected: bool, reads: int) -> None:
    account = Account()
    looks = account.planned()
    calls = [create(f"N{n}", str(700000 + n)) for n in range(campaigns)]
    looks.expect(calls if expected else ())
    account.world.advance(61)
    for call in calls:
        looks.look_before_create(call)
    assert len(account.reads) == reads


def test_a_look_is_at_the_parents_of_the_next_creates_alone() -> None:
    account = Account()
    looks = account.planned()
    calls = [create("A", "1"), create("B", "2"), create("C", "3")]
    bids = planned(change("x", ("bidding.bidAmount", Decimal(1), Decimal(2)), campaignId="9")).calls
    looks.expect([*calls, *bids])
    account.world.advance(61)
    looks.look_before_create(calls[1])
    (read,) = account.reads
    assert read.body["filters"] == {"campaignIds": ["2", "3"]}  # type: ignore[index, call-overload]


def test_a_kind_that_is_read_as_a_whole_is_read_once_for_all_parents() -> None:
    account = Account()
    looks = account.planned("sellerBudgets")
    moves = [[("sellerId", None, seller), ("campaignIds", None, ("10001",)), ("budgetType", None, "Capped")]
             for seller in "12"]  # fmt: skip
    calls = [
        planned(change(f"b{n}", *each, kind="sellerBudgets", id=None, action=Action.CREATE)).calls[0]
        for n, each in enumerate(moves)
    ]
    account.world.advance(61)
    for call in calls:
        looks.look_before_create(call)
    assert len(account.reads) == 1


# --- Creates: what is noted -----------------------------------------------------------------------------------------


def test_the_ids_of_each_look_are_noted_once_by_parent() -> None:
    account = Account()
    looks = account.planned()
    first, second = looks.look_before_create(create("A", "358314")), looks.look_before_create(create("B", "358314"))
    assert account.noted == [("adSets", ["358314"], ["123471", "123474"])]
    assert first.number == second.number == 1
    assert first.ids == {"123471", "123474"}
    account.world.advance(61)
    assert looks.look_before_create(create("C", "358314")).number == 2


def test_an_id_proves_a_create_only_if_no_read_had_shown_it() -> None:
    account = Account()
    looks = account.planned()
    before = looks.list_shown("adSets")
    account.has("9")
    looks.look_before_create(create(), looks.mark())
    looks.note_created("adSets", ["10"])
    now = looks.list_shown("adSets")
    assert [id in before for id in (FR[0], "9", "10", "11")] == [True, False, False, False]
    assert [id in now for id in (FR[0], "9", "10", "11")] == [True, True, True, False]
    assert None not in now


# --- Creates: what appeared -------------------------------------------------------------------------------------------


def appeared(account: Account, looks: Looks, call: Call) -> list[str]:
    look = looks.look_before_create(call, looks.mark())
    return [row.id for row in looks.find_appeared(call, look).values()]


def test_what_the_plan_saw_has_not_appeared() -> None:
    account = Account()
    assert appeared(account, account.planned(), create(FR[1])) == []


@pytest.mark.parametrize("name", ["New", " new", "NEW"])
def test_what_another_user_made_since_the_plan_forbids_the_create(name: str) -> None:
    account = Account()
    looks = account.planned()
    account.has("9", name=name)
    assert appeared(account, looks, create("New")) == ["9"]
    assert appeared(account, looks, create("Other")) == []
    assert appeared(account, looks, create("New", "358314")) == []


def test_what_was_renamed_to_it_since_the_plan_forbids_it_too() -> None:
    account = Account()
    looks = account.planned()
    account.has("123468", name="New")
    assert appeared(account, looks, create("New")) == ["123468"]


# --- Top-ups ----------------------------------------------------------------------------------------------------------


def test_a_top_up_reads_its_history_and_its_amount_if_the_look_is_old() -> None:
    account = Account()
    call = top_up(account)
    looks = account.planned("balances")
    assert looks.look_before_funds(call) is None
    assert [each.path.rpartition("/")[2] for each in account.reads] == ["history"]
    account.world.advance(61)
    assert looks.look_before_funds(call) is None
    assert len(account.reads) == 3
    assert looks.look_before_funds(call, looks.mark()) is None
    assert len(account.reads) == 5


def test_an_amount_that_moved_forbids_a_top_up() -> None:
    account = Account()
    call = top_up(account)
    looks = account.planned("balances")
    id = str(call.items[0].id)
    balance = account.world.state.get("balances", id)
    assert balance is not None
    account.world.state.put("balances", id, {**balance, "deposited": Decimal(5750)})
    problem = looks.look_before_funds(call, looks.mark())
    assert problem is not None
    assert problem.code == "moved-meanwhile"
    assert "deposited is 5750.00 now; it was 5000.00" in problem.message


def test_an_object_that_is_gone_forbids_a_top_up() -> None:
    account = Account()
    call = top_up(account)
    looks = account.planned("balances")
    gone = replace(call, items=(replace(call.items[0], id="1"),))
    problem = looks.look_before_funds(gone, looks.mark())
    assert problem is not None
    assert "deposited is None now" in problem.message


def test_a_newer_entry_of_the_history_forbids_a_top_up_that_no_list_shows() -> None:
    account = Account()
    call = top_up(account)
    looks = account.planned("balances")
    id = str(call.items[0].id)
    shown = account.world.state.get("balances", id)
    account.world.advance(30)
    assert account.api.send(replace(call, effect=WriteEffect.ADD)).status == 200
    assert shown is not None
    account.world.state.put("balances", id, shown)
    problem = looks.look_before_funds(call)
    assert problem is not None
    assert "the history has a change of deposited" in problem.message


def test_without_a_plan_every_object_is_new_and_the_first_look_is_a_read() -> None:
    account = Account()
    looks = Looks(account.reader, lambda: account.world.now)
    look = looks.look_before_create(create(FR[1]))
    assert len(account.reads) == 1
    assert [row.id for row in looks.find_appeared(create(FR[1]), look).values()] == [FR[0]]
    assert isinstance(look.rows[0], Live)


def test_a_top_up_alone_carries_a_mark_and_the_journal_knows_it() -> None:
    account, sent, noted = Account(), list[Call](), list[Noted]()
    fund, looks = top_up(account), account.planned("balances")

    class Noting(NullJournal):
        def intend(self, call: Call, noting: Noted) -> int:
            noted.append(noting)
            return 1

    def send(call: Call) -> Answer:
        sent.append(call)
        return account.api.send(call)

    own = replace(sender(send, token=lambda call: "reconciler r 1", reader=account.reader), looks=looks)
    for call in (fund, create()):
        replace(own, journal=Noting()).send(call)
    bodies = [each.body["data"]["attributes"] for each in sent]  # type: ignore[index, call-overload]
    assert [each.get("memo") for each in bodies] == ["reconciler r 1", None]
    assert [each.token for each in noted] == ["reconciler r 1", None]
    fund = top_up(account, "Spring")
    replace(own, looks=account.planned("balances"), token=lambda call: None).send(fund)
    assert "memo" not in sent[-1].body["data"]["attributes"]  # type: ignore[index, call-overload, operator]
