"""How each facet of a kind is written: a closed union, and what sending each twice would do."""

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import TypeAlias

from msgspec import Struct

from reconciler.model import Change, Values, WriteEffect


class Stage(IntEnum):
    """When a call is sent: what frees money first, what commits it last (contract §10)."""

    STOP = 10
    CREATE = 20
    LINK = 30
    SET = 40
    NESTED = 50
    START = 60
    SELLER_CAMPAIGNS = 70
    BUDGETS_FREE = 71
    BUDGETS_CREATE = 72
    BUDGETS_USE = 73
    SELLER_BIDS = 74
    BALANCES_SET = 80
    BALANCES_DETACH = 81
    BALANCES_ATTACH = 82
    BALANCES_CREATE = 83
    BALANCES_FUND = 84


class Envelope(Struct, frozen=True):
    """How items are dressed as a body (contract §2.5): in a list or alone, under ``data`` or bare,
    with their fields under ``attributes`` or flat. ``id`` is the key that carries the id, if any."""

    many: bool = True
    data: bool = True
    attributes: bool = True
    type: str | None = None
    id: str | None = "id"
    id_is_number: bool = False


class Create(Struct, frozen=True):
    """A POST that makes something new. Never repeatable, unless its id is made of its values
    (``keyed``), so that a second one cannot arise."""

    path: str
    envelope: Envelope
    stage: Stage
    chunk: int = 1
    keyed: bool = False


class Block(Struct, frozen=True):
    """Fields that travel together, since merge or replace inside a block is undocumented
    (contract §3.4); ``alone`` are those known to be safe by themselves."""

    fields: tuple[str, ...]
    alone: tuple[str, ...] = ()


class PatchFields(Struct, frozen=True):
    """Absolute values to existing resources. ``frees`` tells which changes make room for others
    and go in a stage of their own when something new needs that room."""

    path: str
    envelope: Envelope
    stage: Stage
    chunk: int
    method: str = "PATCH"
    atomic: bool = False
    whole: tuple[Block, ...] = ()
    frees: Callable[[Change, Sequence[Values]], bool] | None = None
    frees_stage: Stage | None = None


class ActionByValue(Struct, frozen=True):
    """Ids sent to an endpoint that the value chooses: start and stop."""

    field: str
    paths: Mapping[str, str]
    stages: Mapping[str, Stage]
    envelope: Envelope
    chunk: int


class SubresourcePatch(Struct, frozen=True):
    """A map field written to a sub-resource, one call per resource, each entry with an id of its own."""

    path: str
    envelope: Envelope
    stage: Stage
    chunk: int
    entry: str
    attribute: str


class DatedEntries(Struct, frozen=True):
    """Dated entries inside a patch: ``created``, ``updated`` and ``deleted`` are lists of a ``block``.

    See contract §3.4 rule 15.
    """

    path: str
    envelope: Envelope
    stage: Stage
    chunk: int
    block: str
    created: str
    updated: str
    deleted: str
    boxed: tuple[str, ...]


class AddDifference(Struct, frozen=True):
    """A target that is reached by sending the difference: money, and never repeatable. ``memo`` carries
    the mark by which ``history`` tells ours from everybody else's."""

    path: str
    envelope: Envelope
    stage: Stage
    field: str
    amount: str
    memo: str
    history: str
    history_page: int


class SetMembership(Struct, frozen=True):
    """A set that is reached by one append and one delete of the difference."""

    append: str
    delete: str
    field: str
    chunk: int
    append_stage: Stage
    delete_stage: Stage
    type: str
    listed: bool


Write: TypeAlias = PatchFields | ActionByValue | SubresourcePatch | DatedEntries | AddDifference | SetMembership


def effect_of(write: Write | Create) -> WriteEffect:
    """What sending this write twice would do."""
    match write:
        case Create(keyed=False):
            return WriteEffect.CREATE
        case AddDifference():
            return WriteEffect.ADD
        case _:
            return WriteEffect.SET
