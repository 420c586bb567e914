"""The nouns: what every step hands to the next, frozen, comparable, and free of I/O.

The steps (source, diff, plan, outcome, ...) do not know each other; they meet only in these
types. Values are *canonical*: normalised at the edges, so that two are equal exactly when ``==``
says so. Money is :class:`~decimal.Decimal` throughout, sets are sorted tuples, instants are UTC.
The module is longer than others because the nouns are read together, in the order of a run.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

from msgspec import Struct
from msgspec import field as with_
from msgspec.structs import replace

from reconciler.model.money import (
    BidShift,
    Ceiling,
    Commitment,
    Exposure,
    ExposureAfterCall,
    Funds,
    Increase,
    Limit,
    Period,
    before_and_after,
    exposure_change,
)

Json: TypeAlias = "bool | int | float | Decimal | str | list[Json] | dict[str, Json] | None"
Value: TypeAlias = "bool | int | Decimal | str | date | datetime | tuple[Value, ...] | Mapping[str, Value] | None"
Values: TypeAlias = Mapping[str, Value]
"""Field name (``bidding.bidAmount``) to canonical value. A field that is absent is not managed."""
FieldPath: TypeAlias = "tuple[str | int, ...]"
"""Keys and indices from the top of a YAML file down to a value."""


# --- Where something is written --------------------------------------------------------------


class Span(Struct, frozen=True, order=True):
    """A place in a user's file: 1-based line and column, and how many characters it covers."""

    file: str
    line: int
    column: int
    width: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Locator(Protocol):
    """Something that can tell where in a file a value stands (a parsed document)."""

    def has(self, path: FieldPath) -> bool: ...

    def span(self, path: FieldPath, *, key: bool = False) -> Span: ...


class _Position:
    """Where a value is written, which is no part of what it is: two positions of one class are always equal."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return 0


class Place(_Position):
    """A position that is worked out on demand: most are never shown."""

    __slots__ = ("key", "path", "source")

    def __init__(self, source: Locator, path: FieldPath, key: bool = False) -> None:
        self.source = source
        self.path = path
        self.key = key

    def __repr__(self) -> str:
        return f"Place({self.path!r}, key={self.key})"

    @property
    def span(self) -> Span:
        return self.source.span(self.path, key=self.key)


class FixedLocator(Struct, frozen=True):
    """A locator that knows one place only: what is left of a file once its text is gone."""

    where: Span

    def has(self, path: FieldPath) -> bool:
        return True

    def span(self, path: FieldPath, *, key: bool = False) -> Span:
        return self.where


NOWHERE = Place(FixedLocator(Span("", 0, 0)), ())
"""The position of what was stored: no file is known to hold it."""


class Address(Struct, frozen=True, order=True):
    """The user's own name for a resource: ``adSets.summer-fr``. It survives renames and new ids."""

    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.key}"


# --- Anything worth telling the user ---------------------------------------------------------


class Severity(Enum):
    """How much a problem weighs: an error stops before any write, the others never do."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Cause(Enum):
    """The problems that decide how a run ends; the value is the stable code. Any other code is only told."""

    NOT_ALLOWED = "not-allowed"
    VERSION_GONE = "version-gone"
    LOCKED = "locked"
    STALE_PLAN = "stale-plan"
    PLAN_USED = "plan-used"
    UNDECIDED = "undecided"
    HELD = "held"
    INTERRUPTED = "interrupted"
    OVERRIDE_OVERDUE = "override-overdue"


CAUSES = {each.value: each for each in Cause}
GUARDRAIL = "guardrail-"
"""What the codes of guardrails begin with."""


class Problem(Struct, frozen=True):
    """A schema error, a broken rule, a guardrail, a refusal by the API, drift: one type for all.

    ``code`` is stable once released and is the anchor in the reference. ``hint`` says what to do.
    """

    severity: Severity
    code: str
    message: str
    span: Span | None = None
    address: Address | None = None
    hint: str | None = None

    @property
    def cause(self) -> Cause | None:
        """Return what it decides about the end of the run, if it does."""
        return CAUSES.get(self.code)

    @property
    def is_of_guardrail(self) -> bool:
        """Return whether a guardrail made it."""
        return self.code.startswith(GUARDRAIL)


def error(
    code: str | Cause,
    message: str,
    *,
    at: "Place | Span | None" = None,
    address: Address | None = None,
    hint: str | None = None,
) -> Problem:
    """An error at the place, if there is one."""
    span = None if at is NOWHERE else at.span if isinstance(at, Place) else at
    return Problem(Severity.ERROR, code.value if isinstance(code, Cause) else code, message, span, address, hint)


def warning(
    code: str | Cause,
    message: str,
    *,
    at: "Place | Span | None" = None,
    address: Address | None = None,
    hint: str | None = None,
) -> Problem:
    """A warning: shown, and never a reason to stop."""
    return replace(error(code, message, at=at, address=address, hint=hint), severity=Severity.WARNING)


# --- What is wanted, and what is ---------------------------------------------------------------


class Origin(_Position):
    """Where a resource and its fields are written. Where its file has ``defaults``, ``stated`` are the fields that
    the resource states itself; ``overlaid`` are those that an override sets."""

    __slots__ = ("defaults", "overlaid", "place", "stated")

    def __init__(
        self,
        place: Place,
        defaults: Place | None = None,
        stated: frozenset[str] = frozenset(),
        overlaid: Mapping[str, Place] = MappingProxyType({}),
    ) -> None:
        self.place = place
        self.defaults = defaults
        self.stated = stated
        self.overlaid = overlaid

    def __repr__(self) -> str:
        return f"Origin({self.place!r})"

    def overlaid_by(self, overlaid: Mapping[str, Place]) -> "Origin":
        """Return the same origin with other fields set by overrides."""
        return Origin(self.place, self.defaults, self.stated, overlaid)

    def at(self, name: str, *, key: bool = False) -> Place:
        """Return the place of a field: in the resource, in the ``defaults`` of its file, or in an override."""
        if name in self.overlaid:
            return self.overlaid[name]
        whole = self.place if self.defaults is None or self._states(name) else self.defaults
        return Place(whole.source, (*whole.path, *name.split(".")), key)

    def _states(self, name: str) -> bool:
        """Whether the resource itself states the field, a part of it, or the whole that it is a part of."""
        return name in self.stated or any(
            each.startswith(f"{name}.") or name.startswith(f"{each}.") for each in self.stated
        )


class Desired(Struct, frozen=True):
    """One resource as the files want it: only the fields that they state."""

    address: Address
    id: str | None
    values: Values
    origin: Origin

    @property
    def place(self) -> Place:
        """Return where the resource is written."""
        return self.origin.place

    def at(self, name: str, *, key: bool = False) -> Place:
        """Return where a field is written."""
        return self.origin.at(name, key=key)


class Live(Struct, frozen=True):
    """One resource as the API reports it. ``refs`` holds ids of nested entries, by field; ``owner`` the
    id of the scope in whose list it stood."""

    kind: str
    id: str
    values: Values
    refs: Mapping[str, str] = with_(default_factory=dict)
    owner: str | None = None


Pair: TypeAlias = tuple[Desired, Live | None]
"""A block of the files with the live object it means; None when it is to be created."""


# --- What must move ----------------------------------------------------------------------------


class Action(Enum):
    """What happens to a resource as a whole; the value is its glyph."""

    CREATE = "+"
    UPDATE = "~"
    STOP = "-"


class FieldChange(Struct, frozen=True):
    """One value moving. ``seen`` is false where the API never shows the value: ``before`` is then
    what was last applied, or None when nobody remembers."""

    field: str
    facet: str
    before: Value
    after: Value
    place: Place = NOWHERE
    seen: bool = True


class Change(Struct, frozen=True):
    """All that must move in one resource.

    ``after`` holds every known value once the change is in force; ``live`` what the API shows now.
    """

    address: Address
    action: Action
    id: str | None
    fields: tuple[FieldChange, ...]
    after: Values
    place: Place
    live: Live | None = None


# --- What will be sent -------------------------------------------------------------------------


class WriteEffect(Enum):
    """What sending a call twice would do; it decides what may be repeated (contract §9)."""

    READ = "read"
    SET = "set"
    CREATE = "create"
    ADD = "add"

    @property
    def repeatable(self) -> bool:
        """Whether a second sending leaves the same state as one."""
        return self in (WriteEffect.READ, WriteEffect.SET)


class Item(Struct, frozen=True):
    """One resource's entry in a call; its index is its place in the body."""

    address: Address
    id: str | None
    fields: tuple[FieldChange, ...]
    place: Place = NOWHERE


class Call(Struct, frozen=True):
    """One HTTP request, complete. Its answer is read per item, or as a whole where it is ``atomic``. One that
    ``raises_exposure`` is held back until all others are confirmed, where the order never overspends."""

    name: str
    kind: str
    facet: str
    effect: WriteEffect
    method: str
    path: str
    body: Json = None
    query: tuple[tuple[str, str], ...] = ()
    items: tuple[Item, ...] = ()
    atomic: bool = True
    stage: int = 0
    product: str = ""
    raises_exposure: bool = False


class ReadCall(Call, frozen=True):
    """A read of many rows. ``row_hook`` converts each object of its answer while that is parsed, so that a long
    list is never held in its wire form. Such a call is never stored."""

    row_hook: "Callable[[dict[str, Any]], Any] | None" = None


class Plan(Struct, frozen=True):
    """What will be sent, and nothing else will.

    ``deferred`` are changes that wait for the id of something created by ``calls``; their number
    of calls is known, their ids are not, so no call ever holds a placeholder.
    """

    calls: tuple[Call, ...]
    deferred: tuple[Change, ...] = ()
    deferred_calls: int = 0
    bound: int = 0

    @property
    def total(self) -> int:
        """All write calls, those of the second round included."""
        return len(self.calls) + self.deferred_calls


# --- What became of it -------------------------------------------------------------------------


class Delivery(Enum):
    """What is known of a request that was to be sent."""

    ANSWERED = "answered"
    NOT_SENT = "not sent"
    LOST = "lost"


class Answer(Struct, frozen=True):
    """What came back: the status and decoded body, or why there is none. ``permanent``: to send again cannot help."""

    fate: Delivery
    status: int = 0
    body: Json = None
    reason: str = ""
    permanent: bool = False


class ItemStatus(Enum):
    """How an item ends. There is no fifth way."""

    APPLIED = "applied"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    NOT_SENT = "not sent"


class ReadBack(Enum):
    """What the last read after an apply shows of an item that the API accepted."""

    IN_FORCE = "in force"
    NOT_IN_FORCE = "not in force"
    NOT_READ = "not read back"


class ItemOutcome(Struct, frozen=True):
    """How one item of one call ended, and what the API said if it refused. ``seen`` says more of an applied one."""

    call: str
    item: Item
    status: ItemStatus
    id: str | None = None
    problems: tuple[Problem, ...] = ()
    seen: ReadBack = ReadBack.IN_FORCE

    @property
    def ending(self) -> str:
        """How it ended in words: what was accepted and is not known to be in force is not called applied."""
        confirmed = self.status is not ItemStatus.APPLIED or self.seen is ReadBack.IN_FORCE
        return self.status.value if confirmed else self.seen.value


# --- What it costs, and who objects ------------------------------------------------------------


class LimitChange(Struct, frozen=True):
    """One object whose limit moves; without an address the files do not hold it (another's change moves it)."""

    kind: str
    id: str | None
    address: Address | None
    currency: str
    before: Limit | None
    after: Limit | None

    @property
    def change(self) -> Exposure:
        return exposure_change(self.before, self.after)


class Money(Struct, frozen=True):
    """What the account commits before and after the plan, everything live in the scope counted.

    ``shifts`` begin with the largest rise. ``increases`` are net, by currency; ``rolling`` holds those
    of the last 24 hours and this plan together. ``running`` is told where the order never overspends.
    ``ceilings`` are what is billed at most, which is another number than what is asked for; ``ceiling_shifts`` are the
    objects whose own moves.
    """

    commitments: tuple[Commitment, ...] = ()
    funds: tuple[Funds, ...] = ()
    bids: tuple[BidShift, ...] = ()
    shifts: tuple[LimitChange, ...] = ()
    increases: tuple[Increase, ...] = ()
    rolling: tuple[Increase, ...] = ()
    running: tuple[ExposureAfterCall, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()
    ceiling_shifts: tuple[LimitChange, ...] = ()

    def exposures(self) -> Mapping[str, tuple[Exposure, Exposure]]:
        """By currency, the budgets of one day before and after, totals and funds in full."""
        sums: dict[str, tuple[Exposure, Exposure]] = {}
        whole = [row for row in self.commitments if row.period in (Period.ANY_DAY, Period.TOTAL)]
        rows: list[Commitment | Funds] = [*whole, *self.funds]
        for row in rows:
            before, after = sums.get(row.currency, (Exposure(), Exposure()))
            was, becomes = before_and_after(row)
            sums[row.currency] = (before + was, after + becomes)
        return sums

    def peak(self, currency: str) -> Exposure:
        """The most that is exposed at any moment of the plan."""
        return max((each.exposure for each in self.running if each.currency == currency), default=Exposure())


class RuleLevel(Enum):
    """What a guardrail's objection does: it is only said, needs a reason, or stands until the file changes."""

    ADVISORY = "advisory"
    OVERRIDE = "override"
    HARD = "hard"


class Verdict(Enum):
    """How a guardrail judged a plan."""

    IDLE = "nothing to check"
    PASSED = "passed"
    ADVISED = "advised against"
    ALLOWED = "allowed"
    REFUSED = "refused"


class Excuse(Struct, frozen=True):
    """What a decision in the files lets pass of a guardrail: so many problems, of which the first are kept as notes."""

    at: Span
    until: datetime
    because: str
    count: int
    problems: tuple[Problem, ...] = ()


class Judgement(Struct, frozen=True):
    """What one guardrail says of a plan: its problems, and the reason given for allowing them.

    ``because`` is the reason of ``--allow``; ``excuses`` are the decisions of the files. ``limit`` is its setting in
    words; ``looked`` is false where the plan held nothing that the rule judges. The problems stand in ``Run.problems``
    too, at their lines.
    """

    rule: str
    level: RuleLevel
    limit: str
    problems: tuple[Problem, ...] = ()
    because: str | None = None
    looked: bool = True
    excuses: tuple[Excuse, ...] = ()

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        """Return the problems that stand, then the notes of those that decisions let pass."""
        return (*self.problems, *(each for excuse in self.excuses for each in excuse.problems))

    @property
    def reason(self) -> str | None:
        """Return why the rule was overruled, whoever said so; None if it was not."""
        reasons = [*([self.because] if self.because else []), *(each.because for each in self.excuses)]
        return "; ".join(dict.fromkeys(reasons)) or None

    @property
    def verdict(self) -> Verdict:
        if not self.problems and self.excuses:
            return Verdict.ALLOWED
        if not self.problems:
            return Verdict.PASSED if self.looked else Verdict.IDLE
        if self.level is RuleLevel.ADVISORY:
            return Verdict.ADVISED
        return Verdict.ALLOWED if self.because and self.level is RuleLevel.OVERRIDE else Verdict.REFUSED


# --- What no rollback takes back ---------------------------------------------------------------


class IrreversibleReason(Enum):
    """Why something stays: the API deletes none of it, pays nothing back, and neither shows nor clears everything."""

    CREATED = "created"
    FUNDED = "funded"
    UNSEEN = "never shown"
    UNSPEAKABLE = "cannot be written again"


class Irreversible(Struct, frozen=True):
    """What a change leaves for good; without a field it is the whole resource."""

    address: Address
    field: str
    why: IrreversibleReason


# --- What somebody else moved ------------------------------------------------------------------


class DriftState(Enum):
    """What became of a value since it was last known to agree: who moved, the files or live.

    ``UNKNOWN``: they differ, and no value is known that they had in common.
    """

    CONVERGED = "converged"
    PENDING = "pending"
    DRIFTED = "drifted"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"


class Author(Struct, frozen=True):
    """Who made a change, as the API tells it. ``run`` is the run of this tool that it was, if it was one."""

    who: str
    at: datetime | None = None
    memo: str | None = None
    run: str | None = None


class Drift(Struct, frozen=True):
    """A value that differs from the files, with what was last applied if ``known``. Without a field it is
    a block that has no live object yet. It moved between ``since`` and ``until``, as far as anybody looked;
    ``name`` is what the object is called."""

    address: Address
    id: str | None
    field: str
    state: DriftState
    wanted: Value
    applied: Value
    live: Value
    place: Place
    known: bool = True
    authors: tuple[Author, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    name: str = ""

    @property
    def moved_outside(self) -> bool:
        """Whether live moved, or may have."""
        return self.state in (DriftState.DRIFTED, DriftState.CONFLICT, DriftState.UNKNOWN)


class Unmanaged(Struct, frozen=True):
    """A live object that no block of the files means, and the most that it may spend."""

    kind: str
    id: str
    name: str
    currency: str
    limit: Limit | None


class UnmanagedShare(Struct, frozen=True):
    """How much of a currency's exposure the unmanaged objects of a kind hold."""

    kind: str
    currency: str
    count: int
    held: Exposure
    total: Exposure


class Run(Struct, frozen=True):
    """Everything that a report tells of one command."""

    command: str
    project: str
    changes: tuple[Change, ...] = ()
    plan: Plan = with_(default_factory=lambda: Plan(()))
    outcomes: tuple[ItemOutcome, ...] = ()
    problems: tuple[Problem, ...] = ()
    applied: bool = False
    unchanged: int = 0
    money: Money | None = None
    judgements: tuple[Judgement, ...] = ()
    lasting: tuple[Irreversible, ...] = ()
    drift: tuple[Drift, ...] = ()
    unmanaged: tuple[Unmanaged, ...] = ()
    shares: tuple[UnmanagedShare, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether a guardrail forbids the plan."""
        return any(judgement.verdict is Verdict.REFUSED for judgement in self.judgements)

    @property
    def failed(self) -> bool:
        return any(problem.severity is Severity.ERROR for problem in self.problems)
