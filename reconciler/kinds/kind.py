"""The grammar of a kind: its fields with their three paths, how it is read, how each facet is written.

A missing path is the flag. No ``patch``: fixed when created. No ``create`` and no ``patch``: read
only, and not in the schema. No ``read``: written but never seen, compared with the ledger only.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Any, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.kinds.calendar import days
from reconciler.kinds.cells import FacetRole, FileLayout, HistoryFormat, MinimumBid, Probe
from reconciler.kinds.nested_types import SetType
from reconciler.kinds.products import SCOPES
from reconciler.kinds.read_methods import Attachments, Details, Listing, Read, Reference, Subobject
from reconciler.kinds.shared_values import holds_field
from reconciler.kinds.value_types import IdType, ValueType
from reconciler.kinds.write_methods import Create, Write
from reconciler.model import Desired, Live, Problem, Value, Values
from reconciler.model.money import Limit

SAME_AS_NAME = "="
"""A path equal to the field's own name: the usual case, so it is not repeated in the tables."""
NOT_IN_BODY = "@"
"""Not in the body: the value travels in the URL, or by a call of its own (start, add-funds, append)."""


class Field(Struct, frozen=True):
    """One row: a name as users write it, a value type, and where it stands in each direction.

    A name that ends in ``.*`` is a map: every key the files state is a field of its own.
    ``clears`` says that null may be written; ``forced`` that a create needs the key even for null;
    ``keyed_by`` which attribute names the entries of a map that is read as a list.
    """

    name: str
    type: ValueType
    facet: str = "settings"
    read: str | None = SAME_AS_NAME
    create: str | None = SAME_AS_NAME
    patch: str | None = SAME_AS_NAME
    required: bool = False
    nullable: bool = False
    always_in_create: bool = False
    list_key: str | None = None
    doc: str = ""

    def path(self, direction: str) -> str | None:
        """The wire path for ``read``, ``create`` or ``patch``; None where there is none."""
        path: str | None = getattr(self, direction)
        return self.name if path == SAME_AS_NAME else path

    @property
    def writable(self) -> bool:
        return self.create is not None or self.patch is not None

    @property
    def is_map(self) -> bool:
        return self.name.endswith(".*")


class ValidationContext(Struct, frozen=True):
    """What a rule may look at: all that is wanted of a kind, all of it that is live, and the clock.

    Offline (``validate``) nothing is live, and every pair has None. ``zones`` are those by which days are meant, by the
    id of the owner; without any it is UTC.
    """

    pairs: Sequence[tuple[Desired, Live | None]]
    now: datetime
    live: Sequence[Live] = ()
    online: bool = False
    assumptions: Mapping[str, bool] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)
    related: Mapping[str, tuple[Sequence[tuple[Desired, Live | None]], Sequence[Live]]] = field(default_factory=dict)
    """The pairs and the live objects of the other kinds that are read, by kind."""

    @property
    def wanted(self) -> tuple[Desired, ...]:
        return tuple(desired for desired, _ in self.pairs)

    def first_today(self) -> date:
        """Return the first day that it may be: only what ended before it is over in every zone."""
        return days(self.now, self.zones.values())[0]

    def last_today(self, owner: object = None) -> date:
        """Return the last day that it may be, for one owner or for all: only what begins after it is to come."""
        zone = self.zones.get(str(owner))
        return days(self.now, self.zones.values() if zone is None else (zone,))[1]


Rule: TypeAlias = Callable[[Desired], Iterable[Problem]]
SceneRule: TypeAlias = Callable[[ValidationContext], Iterable[Problem]]


class Kind(Struct, frozen=True, eq=False, dict=True):
    """A kind of resource as one table, plus functions only for rules that cross fields."""

    # natural     keys that find a resource without an id, tried in order (contract §12)
    # excluded_when    live values that exclude one from that search; superseded_when those of one that stands back
    # read_only_when   live values of one that the API changes no more, so that an import leaves it out
    # stops       values that stop delivery
    # born        values that a new resource has by itself
    # leads       values of those that stand before the others when several are created in one call
    # merged      facets that `batching: merged` folds into one item
    # money       creating or funding one commits money at once (contract §10)
    # automatic   blocks that may be null because something else sets them
    # details     sub-resources, read only where the files state them
    # attachments a set that is read from the other side
    # references  fields whose ids must be known before any call
    # owners      a list that tells the time zones of the owners
    # rules, scene_rules     see one resource as written; all of them, with live state when there is any
    # implied     completes the values after a change with what the API then sets by itself
    # limits, cost_fields    what each of all its objects may spend at most, and the fields that this depends on
    # ceilings    what the vendor promises to bill for each of its objects at most (contract of campaigns, E4.1)
    # caps_campaigns  whether one is a campaign, whose ceiling, or else limit, bounds all that belongs to it
    # normalised  mends what a version of the API cannot say in the field itself
    # blocks      what each block that only groups fields is about
    # history     how the history of one is written
    # title, campaign    the fields that a person knows one by, and that hold the campaigns it belongs to
    # amount_units    what an amount is meant by: a budget of a lifetime says nothing of one of a day
    # facet_roles which facets move bids, budgets or funds
    # layout      where an import writes it, and under which key
    # probes      reads that show whether the application may read it
    # days_by_owner    whether the zone of its owner may decide which day it is
    # hidden_code      the API's code for objects that are there and that it never shows (contract §8.1)
    # is_ended         whether a stated entry of a map is over on a day: it is neither compared nor sent
    # assumed, assumed_patches   the kind where an assumption does not hold, or the facet that it then cannot patch
    # minimum_bid      how the least bid is read
    # idle_when_equal  maps whose entries say nothing where they equal another field, or a value

    name: str
    singular: str
    family: str
    product: str
    scope: str
    fields: tuple[Field, ...]
    read: Read
    create: Create | None
    writes: Mapping[str, Write]
    natural_keys: tuple[tuple[str, ...], ...]
    excluded_when: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    superseded_when: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    read_only_when: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    stop_values: Mapping[str, Value] = field(default_factory=dict)
    create_defaults: Mapping[str, Value] = field(default_factory=dict)
    create_first: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    merged: tuple[str, ...] = ()
    money: bool = False
    optional_null_blocks: tuple[str, ...] = ()
    details: tuple[Details | Subobject, ...] = ()
    attachments: Attachments | None = None
    references: tuple[Reference, ...] = ()
    owners: Listing | None = None
    rules: tuple[Rule, ...] = ()
    scene_rules: tuple[SceneRule, ...] = ()
    server_side_effects: Callable[[Values, Values], Values] | None = None
    normalize: Callable[[Values], Values] | None = None
    limits: Callable[[Sequence[Values], datetime], Sequence[Limit | None]] | None = None
    cost_fields: tuple[str, ...] = ()
    ceilings: Callable[[Sequence[Values], datetime], Sequence[Limit | None]] | None = None
    caps_campaigns: bool = False
    history: HistoryFormat | None = None
    title: str | None = None
    campaign: str | None = None
    amount_units: tuple[str, ...] = ()
    facet_roles: Mapping[str, FacetRole] = field(default_factory=dict)
    layout: FileLayout | None = None
    probes: tuple[Probe, ...] = ()
    assumed_patches: Mapping[str, str] = field(default_factory=dict)
    days_by_owner: bool = False
    idle_when_equal: Mapping[str, str | int] = field(default_factory=dict)
    hidden_code: str | None = None
    is_ended: Callable[[str, Value, date], bool] | None = None
    assumed: Mapping[str, Callable[["Kind"], "Kind"]] = field(default_factory=dict)
    minimum_bid: MinimumBid | None = None
    blocks: Mapping[str, str] = field(default_factory=dict)
    doc: str = ""

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        return {each.name: each for each in self.fields}

    @cached_property
    def address_fields(self) -> Mapping[str, str]:
        """The fields that may hold the address of a block instead of an id, with the kind of that block."""
        ids = ((row.name, row.type.each if isinstance(row.type, SetType) else row.type) for row in self.fields)
        return {name: id.of for name, id in ids if isinstance(id, IdType) and id.of}

    def field(self, name: str) -> Field:
        """The row of a field; an entry of a map has the row of its map. KeyError if there is none."""
        row = self.by_name.get(name)
        return row if row is not None else self.by_name[name.partition(".")[0] + ".*"]

    def after(self, before: Values | None, stated: Values) -> Values:
        """Return the values once ``stated`` is in force, with what the API sets by itself.

        ``before`` is what is in force so far; None for a resource that is created.
        """
        base = {} if before is None else before
        merged = {**base, **stated} if before is not None else stated
        completed = self.server_side_effects(base, merged) if self.server_side_effects else merged
        return {**completed, **stated} if before is not None else {**self.create_defaults, **completed}

    def name_of(self, values: Values) -> str:
        """Return what a person knows an object by; empty if it has no such name."""
        name = values.get(self.title) if self.title else None
        return name if isinstance(name, str) else ""

    def role(self, facet: str) -> FacetRole | None:
        """Return what a facet moves: a bid, a budget or funds; None if it is no money."""
        return self.facet_roles.get(facet)

    @property
    def holder(self) -> str:
        """The field that holds the id of the scope's member that a resource belongs to."""
        return SCOPES[self.scope].holder

    def owner_of(self, values: Values) -> str | None:
        """Return the id of the member of the scope that an object belongs to, if its values say so."""
        owner = values.get(self.holder)
        return None if owner is None else str(owner)

    def campaigns_of(self, values: Values) -> tuple[str, ...]:
        """Return the ids of the campaigns that an object belongs to."""
        value = values.get(self.campaign) if self.campaign else None
        if isinstance(value, tuple):
            return tuple(str(each) for each in value)
        return () if value is None else (str(value),)

    @property
    def owner(self) -> str | None:
        """The field that the scope's id fills, if the kind has one (a balance's account)."""
        return self.read.inject if isinstance(self.read, Listing) else None

    def affects_cost(self, name: str) -> bool:
        """Whether a field is one of those that an object's limit depends on."""
        return name in self.cost_fields or name.partition(".")[0] + ".*" in self.cost_fields

    def has(self, name: str) -> bool:
        return name in self.by_name or name.partition(".")[0] + ".*" in self.by_name

    @cached_property
    def reads(self) -> tuple[tuple[Field, tuple[str, ...]], ...]:
        """Every readable row with its path; a final box is left to the reader, who opens any."""
        paths = ((row, row.path("read")) for row in self.fields if not row.is_map or row.list_key)
        return tuple((row, tuple(path.removesuffix(".value").split("."))) for row, path in paths if path)

    @cached_property
    def plain(self) -> frozenset[str]:
        """Fields that the list of the kind shows under a name of their own: ``==`` tells all about them."""
        return frozenset(row.name for row in self.fields if not row.is_map and row.path("read") is not None)

    def settled(self, desired: Values, live: Values) -> bool:
        """Whether all that is stated is plain and in force, as it is for most of an account."""
        return desired.keys() <= self.plain and holds_field(live, desired)

    @cached_property
    def _ranks(self) -> Mapping[str, int]:
        return {row.name: rank for rank, row in enumerate(self.fields)}

    def field_order(self, name: str) -> int:
        """Where a field stands in the table; entries of a map stand where their map does."""
        return self._ranks[self.field(name).name]

    def is_listed(self, name: str) -> bool:
        """Whether the list of the kind shows the field; sub-resources and write-only values are not in it."""
        row = self.field(name)
        return row.path("read") is not None and (not row.is_map or row.list_key is not None)

    def changeable(self, row: Field) -> bool:
        """Whether an existing resource's value can be changed at all."""
        return row.path("patch") is not None

    @cached_property
    def required(self) -> tuple[str, ...]:
        """What the files must state before such a resource can be created."""
        return tuple(row.name for row in self.fields if row.required)

    def missing(self, values: Values) -> tuple[str, ...]:
        """The required fields that are not stated, those of a block that something else sets apart."""
        automatic = tuple(f"{block}." for block in self.optional_null_blocks if block in values)
        return tuple(name for name in self.required if name not in values and not name.startswith(automatic or ("\0",)))

    def amended(
        self, cells: Mapping[str, Mapping[str, Any] | None], *, more: tuple[Field, ...] = (), **parts: Any
    ) -> "Kind":
        """The same kind where some cells differ; None for a field means that it is not there."""
        rows = [
            replace(row, **cell) if cell else row
            for row in self.fields
            if (cell := cells.get(row.name, {})) is not None
        ]
        return replace(self, fields=(*rows, *more), **parts)
