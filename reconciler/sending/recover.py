"""What became of a create or a top-up without an answer: decided by reading, never by guessing.

The API has no idempotency key, so nothing that creates or funds is sent again unless it is proved
absent (contract §9). Where reading cannot tell, a person decides, and nothing is increased until then.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler import live
from reconciler.amounts import worded
from reconciler.kinds.kind import Kind
from reconciler.kinds.writes import Delta
from reconciler.live import Send
from reconciler.model import (
    Call,
    Effect,
    Item,
    Live,
    Outcome,
    Problem,
    Status,
    Value,
    error,
)
from reconciler.sending import verify

LOOKS = (0.0, 2.0, 5.0, 10.0)
"""Seconds before each look: a write may show late, and one look proves no absence (contract §14, 14). What
shows later than the last of them is taken for absent: that is the limit of what reading can prove."""
SKEW = timedelta(minutes=2)
"""How far the server's idea of when we sent may lie before ours."""


class Found(Enum):
    """What reading says of a lost item."""

    APPLIED = "applied"
    ABSENT = "absent"
    UNDECIDED = "undecided"


class Verdict(Struct, frozen=True):
    """What reading says of one item, with its id if it was created, and why."""

    found: Found
    id: str | None = None
    because: str = ""


class Lost(Struct, frozen=True):
    """A call that was sent and not answered. ``before`` holds, by address, the ids that already had
    the natural key; ``token`` the mark that was sent with it, if it could carry one."""

    call: Call
    sent: datetime
    before: Mapping[str, tuple[str, ...]]
    token: str | None = None


class Namesakes:
    """The ids that already had the natural key of what a call creates, whatever their state."""

    def __init__(self, kinds: Mapping[str, Kind], rows: Mapping[str, Sequence[Live]]) -> None:
        self._kinds, self._rows = kinds, rows
        self._known: dict[str, dict[tuple[Value, ...], list[str]]] = {}

    def __call__(self, call: Call) -> dict[str, tuple[str, ...]]:
        key, known = self._kinds[call.kind].natural[0], self._index(call.kind)
        wanted = {item.address: {move.field: move.after for move in item.fields} for item in call.items}
        return {
            str(address): tuple(known.get(tuple(values.get(name) for name in key), ()))
            for address, values in wanted.items()
        }

    def _index(self, name: str) -> dict[tuple[Value, ...], list[str]]:
        """Built when the first creation of a kind asks for it, and once."""
        if name not in self._known:
            key = self._kinds[name].natural[0]
            index: dict[tuple[Value, ...], list[str]] = {}
            for row in self._rows.get(name, ()):
                index.setdefault(tuple(row.values.get(part) for part in key), []).append(row.id)
            self._known[name] = index
        return self._known[name]


class Reader(Struct, frozen=True):
    """How to look: the kind as it is spoken, the scope to look in, a way to read and to wait."""

    kind: Kind
    root: str
    scope: Sequence[str]
    send: Send
    sleep: Callable[[float], None]

    def rows(self, items: Sequence[Item] = ()) -> tuple[Live, ...]:
        """Everything live of the kind, as far as these items need it. Raises :class:`reconciler.live.Unread`."""
        sets = self.kind.attachments
        attached = sets is not None and any(move.field == sets.field for item in items for move in item.fields)
        return live.read(self.kind, self.root, self.scope, self.send, attached=attached).live


def verdicts(lost: Lost, reader: Reader) -> tuple[Verdict, ...]:
    """One verdict for each item of the call. Raises :class:`reconciler.live.Unread`."""
    match lost.call.effect:
        case Effect.ADD:
            return (_funded(lost, reader),)
        case Effect.CREATE:
            return _created(lost, reader)
        case _:
            return tuple(_in_force(lost.call.items, reader))


def decided(outcomes: Sequence[Outcome], found: Sequence[Verdict]) -> tuple[Outcome, ...]:
    """The outcomes as the verdicts settle them; an undecided one stays unknown and says why."""
    return tuple(_decided(outcome, verdict) for outcome, verdict in zip(outcomes, found, strict=True))


def _decided(outcome: Outcome, verdict: Verdict) -> Outcome:
    if outcome.status is not Status.UNKNOWN:
        return outcome
    match verdict.found:
        case Found.APPLIED:
            return replace(outcome, status=Status.APPLIED, id=verdict.id or outcome.id, problems=())
        case Found.ABSENT:
            problem = _told(outcome.item, "absent", f"it did not take effect: {verdict.because}")
            return replace(outcome, status=Status.NOT_SENT, problems=(problem,))
        case Found.UNDECIDED:
            hint = "look at the account, then `reconciler resolve` this call with --applied or --not-applied"
            problem = _told(outcome.item, "undecided", verdict.because, hint)
            return replace(outcome, problems=(*outcome.problems, problem))


def _told(item: Item, code: str, message: str, hint: str | None = None) -> Problem:
    return error(code, message, at=item.place, address=item.address, hint=hint)


# --- Absolute writes: they may be sent again, so looking once is enough -------------------------------------


def _in_force(items: Sequence[Item], reader: Reader) -> Iterator[Verdict]:
    rows = {row.id: row for row in reader.rows(items)}
    for item in items:
        row = verify.meant(item, reader.kind, rows)
        shown = [move for move in item.fields if reader.kind.shows(move.field)]
        if row is not None and shown and all(verify.holds(reader.kind, row, move) for move in shown):
            yield Verdict(Found.APPLIED, row.id)
        elif shown:
            yield Verdict(Found.ABSENT, because="its values are not in force; the next plan has them again")
        else:
            yield Verdict(Found.ABSENT, because="no list shows its values; the next plan compares or sends them again")


# --- Creates ------------------------------------------------------------------------------------------------


def _created(lost: Lost, reader: Reader) -> tuple[Verdict, ...]:
    """By the natural key, among those that were not there before (contract §9, rows A3, M2, B4)."""
    for pause in LOOKS:
        reader.sleep(pause)
        rows = reader.rows()
        candidates = [_candidates(item, lost, reader.kind, rows) for item in lost.call.items]
        if all(candidates):
            break
    if not any(candidates):
        return tuple(Verdict(Found.ABSENT, because=f"not found in {len(LOOKS)} looks") for _ in lost.call.items)
    return tuple(_one_of(item, found, reader.kind) for item, found in zip(lost.call.items, candidates, strict=True))


def _candidates(item: Item, lost: Lost, kind: Kind, rows: Sequence[Live]) -> list[Live]:
    wanted = {move.field: move.after for move in item.fields}
    key = kind.natural[0]
    known = lost.before.get(str(item.address), ())
    return [
        row for row in rows if row.id not in known and all(row.values.get(name) == wanted.get(name) for name in key)
    ]


def _one_of(item: Item, found: Sequence[Live], kind: Kind) -> Verdict:
    """Adopted if it is the only one and all it shows is what was sent."""
    if not found:
        return Verdict(Found.UNDECIDED, because="others of its batch were created, and this one cannot be found")
    if len(found) > 1:
        ids = ", ".join(sorted(row.id for row in found))
        return Verdict(Found.UNDECIDED, because=f"several new ones match: {ids}; one of them may be somebody else's")
    row = found[0]
    for move in item.fields:
        if (
            kind.shows(move.field)
            and kind.field(move.field).create
            and not _same(row.values.get(move.field), move.after)
        ):
            was, wanted = worded(row.values.get(move.field)), worded(move.after)
            because = f"{row.id} has its key, but its {move.field} is {was}, not {wanted}"
            return Verdict(Found.UNDECIDED, because=because)
    return Verdict(Found.APPLIED, row.id)


def _same(shown: Value, sent: Value) -> bool:
    return shown == sent or (sent is None and shown in (None, (), ""))


# --- Top-ups ------------------------------------------------------------------------------------------------


def _funded(lost: Lost, reader: Reader) -> Verdict:
    """First by the amount, then by the history (contract §9, row B6).

    Only a mark proves that an entry of the history is ours: without one, an equal amount may be another's.
    """
    item = lost.call.items[0]
    move = item.fields[0]
    for pause in LOOKS:
        reader.sleep(pause)
        row = next((row for row in reader.rows() if row.id == item.id), None)
        if row is None:
            return Verdict(Found.UNDECIDED, because="the balance cannot be read")
        amount = row.values.get(move.field)
        if amount == move.after and move.after != move.before:
            return Verdict(Found.APPLIED, item.id)
        told = _in_history(lost, reader)
        if told and lost.token is not None:
            return Verdict(Found.APPLIED, item.id)
        if amount != move.before:
            because = (
                f"deposited is {worded(amount)}; it was {worded(move.before)}, and {worded(move.after)} was wanted:"
                " somebody else moved it"
            )
            return Verdict(Found.UNDECIDED, because=because)
    if told:
        because = f"deposited is still {worded(move.before)}, but the history has an entry of the same amount"
        return Verdict(Found.UNDECIDED, because=because)
    return Verdict(Found.ABSENT, because=f"deposited is still {worded(move.before)}, and the history does not have it")


def is_shown(call: Call, reader: Reader) -> bool:
    """Whether an accepted top-up has moved the amount from what it was, now or a little later."""
    item = call.items[0]
    for pause in LOOKS:
        reader.sleep(pause)
        row = next((row for row in reader.rows() if row.id == item.id), None)
        if row is not None and row.values.get(item.fields[0].field) != item.fields[0].before:
            return True
    return False


def _in_history(lost: Lost, reader: Reader) -> bool:
    """Whether the history names our top-up: by its token, else by its amount since it was sent."""
    item = lost.call.items[0]
    write = reader.kind.writes[lost.call.facet]
    assert isinstance(write, Delta)
    move = item.fields[0]
    assert isinstance(move.before, Decimal)
    assert isinstance(move.after, Decimal)
    path = write.history.format(root=reader.root, id=item.id)
    for entry in live.history(reader.kind, path, write.history_page, reader.send):
        if lost.token is not None:
            if str(entry.get("memo")) == lost.token:
                return True
        elif _amount(entry) == move.after - move.before and _is_since(entry, lost.sent - SKEW):
            return True
    return False


def _amount(entry: Mapping[str, Any]) -> Decimal | None:
    """The change, below 0 if funds were taken; how the history signs it is undocumented (contract §14, 27)."""
    details = entry.get("changeDetails")
    try:
        amount = abs(Decimal(str(details.get("changeValue")))) if isinstance(details, dict) else None
    except InvalidOperation:
        return None
    taken = "removed" in str(entry.get("changeType")).casefold()
    return -amount if taken and amount is not None else amount


def _is_since(entry: Mapping[str, Any], when: datetime) -> bool:
    """Whether it was made since then; one without a readable time may have been."""
    try:
        moment = datetime.fromisoformat(str(entry.get("dateOfModification")))
    except ValueError:
        return True
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) >= when
