"""Write methods of a facet: a closed union, and the effect of sending each twice."""

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import TypeAlias

from msgspec import Struct

from reconciler.kinds.entry_maps import EntryMap
from reconciler.model import Change, Values, WriteEffect


class Stage(IntEnum):
    """Order in which calls are sent: calls that free money first, calls that commit it last (contract §10)."""

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
    RETAIL_LESS = 75
    RETAIL_CREATE = 76
    RETAIL_SET = 77
    RETAIL_DATED = 78
    RETAIL_BIDS = 79
    BALANCES_SET = 80
    BALANCES_DETACH = 81
    BALANCES_ATTACH = 82
    BALANCES_CREATE = 83
    BALANCES_FUND = 84


class Envelope(Struct, frozen=True):
    """Form of a body (contract §2.5).

    Items are in a list or alone, under ``data`` or bare, with their fields under ``attributes`` or flat. ``id`` is the
    key of the id, if any.
    """

    many: bool = True
    data: bool = True
    attributes: bool = True
    type: str | None = None
    id: str | None = "id"
    id_is_number: bool = False


class Create(Struct, frozen=True):
    """A POST that creates a resource.

    Never repeatable, unless its id is derived from its values (``keyed``), so that a second one cannot be created.
    ``taken`` are the codes by which the API says that such a resource exists already.
    """

    path: str
    envelope: Envelope
    stage: Stage
    chunk: int = 1
    keyed: bool = False
    taken: tuple[str, ...] = ()


class Block(Struct, frozen=True):
    """Fields that are sent together.

    Whether a patch merges or replaces inside a block is undocumented (contract §3.4); ``alone`` are fields known to be
    safe alone.
    """

    fields: tuple[str, ...]
    alone: tuple[str, ...] = ()


class PatchFields(Struct, frozen=True):
    """A patch that sets absolute values of existing resources.

    ``frees`` selects changes that make room for new resources; they are sent in an earlier stage if a new resource
    needs the room.
    """

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
    """Ids sent to an endpoint that is selected by the value: start and stop."""

    field: str
    paths: Mapping[str, str]
    stages: Mapping[str, Stage]
    envelope: Envelope
    chunk: int


class SubresourcePatch(Struct, frozen=True):
    """A map field written to a sub-resource, one call per resource; each entry has its own id."""

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
    """An amount that is reached by sending the difference; never repeatable.

    ``memo`` carries a mark by which this tool's entries in ``history`` are recognised.
    """

    path: str
    envelope: Envelope
    stage: Stage
    field: str
    amount: str
    memo: str
    history: str
    history_page: int


class SetMembership(Struct, frozen=True):
    """A set that is reached by one append and one delete of the differences."""

    append: str
    delete: str
    field: str
    chunk: int
    append_stage: Stage
    delete_stage: Stage
    type: str
    listed: bool


class Replace(Struct, frozen=True):
    """A PUT of a whole object: whatever it omits becomes null, so every writable field is sent.

    The object is read at ``path`` directly before each PUT. Fields that the files do not state are sent as read; it is
    not sent if the read holds a key that the table does not know, or a field that moved since the plan. All facets with
    the same write travel in one call, named ``facet``. ``whole`` says what is replaced; ``computed`` are keys of a read
    that no PUT takes; ``echoed`` are words that can be sent back though no file may state them. Calls that free money
    or stop delivery are sent at the stage ``first``. With ``maps`` the object holds only the entries of map fields.
    """

    path: str
    envelope: Envelope
    stage: Stage
    facet: str
    whole: str
    first: Stage | None = None
    computed: tuple[str, ...] = ()
    echoed: tuple[str, ...] = ()
    maps: tuple[EntryMap, ...] = ()
    chunk: int = 1


Write: TypeAlias = (
    PatchFields | ActionByValue | SubresourcePatch | DatedEntries | AddDifference | SetMembership | Replace
)


def effect_of(write: Write | Create) -> WriteEffect:
    """Return the effect of sending this write twice."""
    match write:
        case Create(keyed=False):
            return WriteEffect.CREATE
        case AddDifference():
            return WriteEffect.ADD
        case Replace():
            return WriteEffect.REPLACE
        case _:
            return WriteEffect.SET
