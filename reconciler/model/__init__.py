"""Data types that every step hands to the next: frozen, comparable, and free of I/O.

The steps (source, diff, plan, outcome, ...) do not know each other; they meet only in these types. Values are
*canonical*: normalised where they enter the program, so that two values are equal exactly if ``==`` says so. Money is
:class:`~decimal.Decimal` throughout, sets are sorted tuples, instants are UTC. The module is long because the types
are read together, in the order of a run.
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
"""Field name (``bidding.bidAmount``) -> canonical value. A field that is absent is not managed."""
FieldPath: TypeAlias = "tuple[str | int, ...]"
"""Keys and indices from the top of a YAML file down to a value."""


# --- Positions in files ------------------------------------------------------------------------


class Span(Struct, frozen=True, order=True):
    """A range in a user's file: 1-based line and column, and its width in characters."""

    file: str
    line: int
    column: int
    width: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Locator(Protocol):
    """Resolves the position of a value in a file (a parsed document)."""

    def has(self, path: FieldPath) -> bool: ...

    def span(self, path: FieldPath, *, key: bool = False) -> Span: ...


class _Position:
    """Base of positions. They are no part of a value: two positions of one class are always equal."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return 0


class Place(_Position):
    """A position that is resolved on demand, since most are never shown."""

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
    """A locator with one fixed position, for a file whose text is no longer in memory."""

    where: Span

    def has(self, path: FieldPath) -> bool:
        return True

    def span(self, path: FieldPath, *, key: bool = False) -> Span:
        return self.where


NOWHERE = Place(FixedLocator(Span("", 0, 0)), ())
"""Position of a stored value, whose file is not known."""


class Address(Struct, frozen=True, order=True):
    """The user's own name for a resource: ``adSets.summer-fr``. It stays the same when names or ids change."""

    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.key}"


# --- Problems ----------------------------------------------------------------------------------


class Severity(Enum):
    """Severity of a problem: an error stops the run before any write, the others never do."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Cause(Enum):
    """Problems that decide the exit code; the value is the stable code. Problems with other codes are only reported."""

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
"""Prefix of the problem codes of guardrails."""


class Problem(Struct, frozen=True):
    """A schema error, a broken rule, a guardrail, a refusal by the API, or drift.

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
        """The cause by which the problem decides the exit code, or None."""
        return CAUSES.get(self.code)

    @property
    def is_of_guardrail(self) -> bool:
        """True if a guardrail raised the problem."""
        return self.code.startswith(GUARDRAIL)


def error(
    code: str | Cause,
    message: str,
    *,
    at: "Place | Span | None" = None,
    address: Address | None = None,
    hint: str | None = None,
) -> Problem:
    """Return an error, with its position if there is one."""
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
    """Return a warning, which is shown and never stops a run."""
    return replace(error(code, message, at=at, address=address, hint=hint), severity=Severity.WARNING)


# --- Desired and live resources ----------------------------------------------------------------


class Origin(_Position):
    """Position of a resource and its fields.

    If its file has ``defaults``, ``stated`` are the fields that the resource states itself; ``overlaid`` are those that
    an override sets.
    """

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
        """Return the position of a field: in the resource, in the ``defaults`` of its file, or in an override."""
        if name in self.overlaid:
            return self.overlaid[name]
        whole = self.place if self.defaults is None or self._states(name) else self.defaults
        return Place(whole.source, (*whole.path, *name.split(".")), key)

    def _states(self, name: str) -> bool:
        """Return True if the resource states the field, a part of it, or an object that contains it."""
        return name in self.stated or any(
            each.startswith(f"{name}.") or name.startswith(f"{each}.") for each in self.stated
        )


class Desired(Struct, frozen=True):
    """One resource as declared in the files: only the fields that they state."""

    address: Address
    id: str | None
    values: Values
    origin: Origin

    @property
    def place(self) -> Place:
        """Position of the resource."""
        return self.origin.place

    def at(self, name: str, *, key: bool = False) -> Place:
        """Return the position of a field."""
        return self.origin.at(name, key=key)


class Live(Struct, frozen=True):
    """One resource as the API returns it.

    ``refs`` holds ids of nested entries, by field; ``owner`` is the id of the scope in whose list it was read.
    """

    kind: str
    id: str
    values: Values
    refs: Mapping[str, str] = with_(default_factory=dict)
    owner: str | None = None


Pair: TypeAlias = tuple[Desired, Live | None]
"""A block of the files with its live object; None if it is to be created."""


# --- Changes -----------------------------------------------------------------------------------


class Action(Enum):
    """Action on a resource as a whole; the value is its symbol in reports."""

    CREATE = "+"
    UPDATE = "~"
    STOP = "-"


class FieldChange(Struct, frozen=True):
    """Change of one value.

    ``seen`` is false if the API never returns the value: ``before`` is then the last applied value, or None if there is
    none.
    """

    field: str
    facet: str
    before: Value
    after: Value
    place: Place = NOWHERE
    seen: bool = True


class Change(Struct, frozen=True):
    """All changes of one resource.

    ``after`` holds every known value once the change is applied; ``live`` what the API returns now.
    """

    address: Address
    action: Action
    id: str | None
    fields: tuple[FieldChange, ...]
    after: Values
    place: Place
    live: Live | None = None


# --- Calls -------------------------------------------------------------------------------------


class WriteEffect(Enum):
    """Effect of sending a call twice; it decides if the call may be repeated (contract §9)."""

    READ = "read"
    SET = "set"
    CREATE = "create"
    ADD = "add"

    @property
    def repeatable(self) -> bool:
        """True if the call may be sent again without further effect (idempotent)."""
        return self in (WriteEffect.READ, WriteEffect.SET)


class Item(Struct, frozen=True):
    """Entry of one resource in a call; its index is its place in the body."""

    address: Address
    id: str | None
    fields: tuple[FieldChange, ...]
    place: Place = NOWHERE


class Call(Struct, frozen=True):
    """One complete HTTP request.

    Its response is read per item, or as a whole if ``atomic``. In the exposure-safe order, a call that
    ``raises_exposure`` is held back until all others are confirmed.
    """

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
    """A read of many rows.

    ``row_hook`` converts each object of the response during parsing, so that a long list is never held in its JSON
    form. Such a call is never stored.
    """

    row_hook: "Callable[[dict[str, Any]], Any] | None" = None


class Plan(Struct, frozen=True):
    """The complete set of calls that an apply may send.

    ``deferred`` are changes that wait for the id of something created by ``calls``; the number of their calls is known,
    their ids are not, so no call ever holds a placeholder.
    """

    calls: tuple[Call, ...]
    deferred: tuple[Change, ...] = ()
    deferred_calls: int = 0
    bound: int = 0

    @property
    def total(self) -> int:
        """Number of write calls, including those of the second round."""
        return len(self.calls) + self.deferred_calls


# --- Outcomes ----------------------------------------------------------------------------------


class Delivery(Enum):
    """Delivery of a request, as far as known."""

    ANSWERED = "answered"
    NOT_SENT = "not sent"
    LOST = "lost"


class Answer(Struct, frozen=True):
    """Status and decoded body of a response, or the reason for its absence.

    ``permanent``: sending again cannot help.
    """

    fate: Delivery
    status: int = 0
    body: Json = None
    reason: str = ""
    permanent: bool = False


class ItemStatus(Enum):
    """Final status of one item of a call."""

    APPLIED = "applied"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    NOT_SENT = "not sent"


class ReadBack(Enum):
    """Result of the read after an apply for an item that the API accepted."""

    IN_FORCE = "in force"
    NOT_IN_FORCE = "not in force"
    NOT_READ = "not read back"


class ItemOutcome(Struct, frozen=True):
    """Outcome of one item of one call, with the API's message if rejected.

    ``seen`` is the read-back of an applied item.
    """

    call: str
    item: Item
    status: ItemStatus
    id: str | None = None
    problems: tuple[Problem, ...] = ()
    seen: ReadBack = ReadBack.IN_FORCE

    @property
    def ending(self) -> str:
        """Outcome in words; an accepted item that is not confirmed by a read is not called applied."""
        confirmed = self.status is not ItemStatus.APPLIED or self.seen is ReadBack.IN_FORCE
        return self.status.value if confirmed else self.seen.value


# --- Money and guardrails ----------------------------------------------------------------------


class LimitChange(Struct, frozen=True):
    """Change of one object's limit; without an address the object is not declared (another change moves its limit)."""

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
    """Money that the account commits before and after the plan, over everything live in the scope.

    ``shifts`` begin with the largest increase. ``increases`` are net, by currency; ``rolling`` holds those of the last
    24 hours and this plan together. ``running`` is set for the exposure-safe order only. ``ceilings`` are maximum
    billed amounts, which differ from the amounts asked for; ``ceiling_shifts`` are the objects whose own ceiling
    changes.
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
        """Return (before, after) by currency: the budgets of one day, and totals and funds in full."""
        sums: dict[str, tuple[Exposure, Exposure]] = {}
        whole = [row for row in self.commitments if row.period in (Period.ANY_DAY, Period.TOTAL)]
        rows: list[Commitment | Funds] = [*whole, *self.funds]
        for row in rows:
            before, after = sums.get(row.currency, (Exposure(), Exposure()))
            was, becomes = before_and_after(row)
            sums[row.currency] = (before + was, after + becomes)
        return sums

    def peak(self, currency: str) -> Exposure:
        """Return the highest exposure at any moment of the plan."""
        return max((each.exposure for each in self.running if each.currency == currency), default=Exposure())


class RuleLevel(Enum):
    """Effect of a guardrail violation: reported only, needs a reason, or stands until the file changes."""

    ADVISORY = "advisory"
    OVERRIDE = "override"
    HARD = "hard"


class Verdict(Enum):
    """Verdict of a guardrail on a plan."""

    IDLE = "nothing to check"
    PASSED = "passed"
    ADVISED = "advised against"
    ALLOWED = "allowed"
    REFUSED = "refused"


class Excuse(Struct, frozen=True):
    """Violations of a guardrail that a decision allows: their number, and the first ones as notes."""

    at: Span
    until: datetime
    because: str
    count: int
    problems: tuple[Problem, ...] = ()


class Judgement(Struct, frozen=True):
    """Judgement of one guardrail on a plan: its problems, and the reasons given to allow them.

    ``because`` is the reason of ``--allow``; ``excuses`` are the decisions of the files. ``limit`` is its setting in
    words; ``looked`` is false if the plan holds nothing to which the rule applies. The problems are in ``Run.problems``
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
        """Remaining problems, then the notes of those that decisions allow."""
        return (*self.problems, *(each for excuse in self.excuses for each in excuse.problems))

    @property
    def reason(self) -> str | None:
        """Reasons for which the rule was overruled, or None."""
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


# --- Irreversible effects ----------------------------------------------------------------------


class IrreversibleReason(Enum):
    """Reason why an effect is irreversible: the API cannot delete it, refund it, or show or clear the value."""

    CREATED = "created"
    FUNDED = "funded"
    UNSEEN = "never shown"
    UNSPEAKABLE = "cannot be written again"


class Irreversible(Struct, frozen=True):
    """One irreversible effect of a change; without a field it is the whole resource."""

    address: Address
    field: str
    why: IrreversibleReason


# --- Drift -------------------------------------------------------------------------------------


class DriftState(Enum):
    """Three-way state of a value since files and live last agreed.

    ``UNKNOWN``: they differ, and no common earlier value is known.
    """

    CONVERGED = "converged"
    PENDING = "pending"
    DRIFTED = "drifted"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"


class Author(Struct, frozen=True):
    """Author of a change, as the API reports it. ``run`` is the run of this tool that made the change, if any."""

    who: str
    at: datetime | None = None
    memo: str | None = None
    run: str | None = None


class Drift(Struct, frozen=True):
    """A value that differs from the files, with the last applied value if ``known``.

    Without a field it is a block that has no live object yet. The value changed between ``since`` and ``until``, as far
    as reads show; ``name`` is the name of the object.
    """

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
        """True if live changed, or may have changed."""
        return self.state in (DriftState.DRIFTED, DriftState.CONFLICT, DriftState.UNKNOWN)


class Unmanaged(Struct, frozen=True):
    """A live object that no block of the files declares, with its exposure."""

    kind: str
    id: str
    name: str
    currency: str
    limit: Limit | None


class UnmanagedShare(Struct, frozen=True):
    """Share of a currency's exposure that unmanaged objects of a kind hold."""

    kind: str
    currency: str
    count: int
    held: Exposure
    total: Exposure


class Run(Struct, frozen=True):
    """Result of one command: everything that a report shows."""

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
        """True if a guardrail refuses the plan."""
        return any(judgement.verdict is Verdict.REFUSED for judgement in self.judgements)

    @property
    def failed(self) -> bool:
        return any(problem.severity is Severity.ERROR for problem in self.problems)
