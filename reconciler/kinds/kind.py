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

from reconciler.kinds.calendar import find_days
from reconciler.kinds.cells import DatedCap, FacetRole, FileLayout, HistoryFormat, MinimumBid, Probe
from reconciler.kinds.nested_types import SetType
from reconciler.kinds.products import SCOPES
from reconciler.kinds.read_methods import Attachments, Details, Listing, Marking, Read, Reference, Subobject
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
    """Field of a kind: its name in files, its value type, and its paths in reads, creates and patches.

    A name that ends in ``.*`` is a map: each key in the files is a field of its own. ``nullable``: null may be written.
    ``always_in_create``: a create needs the key even for null. ``list_key``: attribute that names the entries of a map
    that is read as a list.
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
        """Return the path for ``read``, ``create`` or ``patch`` in the JSON of the API, or None."""
        path: str | None = getattr(self, direction)
        return self.name if path == SAME_AS_NAME else path

    @property
    def writable(self) -> bool:
        return self.create is not None or self.patch is not None

    @property
    def is_map(self) -> bool:
        return self.name.endswith(".*")


class ValidationContext(Struct, frozen=True):
    """Input of a rule: every desired and every live resource of a kind, and the instant of the run.

    Offline (``validate``) nothing is live, and every pair has None. ``zones`` are the time zones of days, by owner id;
    without any it is UTC.
    """

    pairs: Sequence[tuple[Desired, Live | None]]
    now: datetime
    live: Sequence[Live] = ()
    online: bool = False
    assumptions: Mapping[str, bool] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)
    related: Mapping[str, tuple[Sequence[tuple[Desired, Live | None]], Sequence[Live]]] = field(default_factory=dict)
    """The pairs and the live objects of the other kinds that are read, by kind."""
    marked: Mapping[str, frozenset[str]] = field(default_factory=dict)  # ids by the name of a marking

    @property
    def wanted(self) -> tuple[Desired, ...]:
        return tuple(desired for desired, _ in self.pairs)

    def first_today(self) -> date:
        """Return the earliest date of this instant in any zone: what ended before it is over in all of them."""
        return find_days(self.now, self.zones.values())[0]

    def last_today(self, owner: object = None) -> date:
        """Return the latest date of this instant, in the zone of one owner or in any; a later day is to come."""
        zone = self.zones.get(str(owner))
        return find_days(self.now, self.zones.values() if zone is None else (zone,))[1]


Rule: TypeAlias = Callable[[Desired], Iterable[Problem]]
SceneRule: TypeAlias = Callable[[ValidationContext], Iterable[Problem]]


class Kind(Struct, frozen=True, eq=False, dict=True):
    """A kind of resource as one table, plus functions only for rules that cross fields."""

    # natural_keys     keys that find a resource without an id, tried in order (contract §12)
    # excluded_when    live values that exclude an object from that search; superseded_when: if there is another one
    # read_only_when   live values of an object that the API no longer changes, so that an import leaves it out
    # stop_values, start_values    values that stop delivery, and those that start it
    # create_defaults  values that the API gives a new resource
    # create_first     values of the resources that are created before others in one call
    # merged      facets that `batching: merged` folds into one item
    # money       creating or funding one commits money at once (contract §10)
    # optional_null_blocks  blocks that may be null because something else sets them
    # details     sub-resources, read only where the files state them
    # attachments a set that is read from the list of attached objects
    # references, markings   fields whose ids are checked before any call; lists with facts that the objects do not hold
    # owners      a list with the time zones of the owners
    # rules, scene_rules     check one resource as written; all resources together, with live state if there is any
    # server_side_effects  returns the values after a change, with those that the API sets by itself
    # limits, cost_fields    what each object may spend at most, and the fields that this depends on
    # ceilings    what the vendor promises to bill for each of its objects at most (contract of campaigns, E4.1)
    # caps_campaigns  True for campaigns: the ceiling, or else the limit, bounds all that belongs to one
    # normalize   returns the values of an object with what a version of the API encodes in other fields
    # blocks, history  a description of each block that only groups fields; the format of its history
    # title, campaign    the fields with its name, and with the campaigns that it belongs to
    # amount_units    fields that give an amount its unit: amounts of other units are not compared
    # facet_roles which facets move bids, budgets or funds
    # layout, probes   where an import writes it, under which key; reads that show whether the application may read it
    # days_by_owner    whether the zone of its owner may decide which day it is
    # hidden_code      the API's code for objects that exist and that it never shows (contract §8.1)
    # is_ended         True if a stated entry of a map is over on a day: it is neither compared nor sent
    # dated_cap, minimum_bid     the cap of an entry that replaces the usual one for a time; how the minimum bid is read
    # assumed, assumed_patches   the kind where an assumption does not hold, or the facet that it then cannot patch
    # idle_when_equal  maps whose entries have no effect if they equal another field, or a value

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
    start_values: Mapping[str, Value] = field(default_factory=dict)
    create_defaults: Mapping[str, Value] = field(default_factory=dict)
    create_first: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    merged: tuple[str, ...] = ()
    money: bool = False
    optional_null_blocks: tuple[str, ...] = ()
    details: tuple[Details | Subobject, ...] = ()
    attachments: Attachments | None = None
    references: tuple[Reference, ...] = ()
    markings: tuple[Marking, ...] = ()
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
    dated_cap: Callable[[str, Value], DatedCap | None] | None = None
    assumed: Mapping[str, Callable[["Kind"], "Kind"]] = field(default_factory=dict)
    minimum_bid: MinimumBid | None = None
    blocks: Mapping[str, str] = field(default_factory=dict)
    doc: str = ""

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        return {each.name: each for each in self.fields}

    @cached_property
    def address_fields(self) -> Mapping[str, str]:
        """Fields that may hold the address of a block instead of an id, with the kind of that block."""
        ids = ((row.name, row.type.each if isinstance(row.type, SetType) else row.type) for row in self.fields)
        return {name: id.of for name, id in ids if isinstance(id, IdType) and id.of}

    def field(self, name: str) -> Field:
        """Return the row of a field; an entry of a map has the row of its map. Raise KeyError if there is none."""
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
        """Return the name of an object; empty if the kind has no names."""
        name = values.get(self.title) if self.title else None
        return name if isinstance(name, str) else ""

    def role(self, facet: str) -> FacetRole | None:
        """Return what a facet moves: a bid, a budget or funds; None if it is no money."""
        return self.facet_roles.get(facet)

    @property
    def holder(self) -> str:
        """Field with the id of the advertiser or account that owns a resource."""
        return SCOPES[self.scope].holder

    def owner_of(self, values: Values) -> str | None:
        """Return the id of the advertiser or account that owns an object, or None if its values lack it."""
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
        """Field that is filled with the id of the list's owner (the account of a balance), or None."""
        return self.read.inject if isinstance(self.read, Listing) else None

    def affects_cost(self, name: str) -> bool:
        """Return True if an object's limit depends on the field."""
        return name in self.cost_fields or name.partition(".")[0] + ".*" in self.cost_fields

    def has(self, name: str) -> bool:
        return name in self.by_name or name.partition(".")[0] + ".*" in self.by_name

    @cached_property
    def reads(self) -> tuple[tuple[Field, tuple[str, ...]], ...]:
        """Each readable row with its path, without a final ``.value``, which the reader removes."""
        paths = ((row, row.path("read")) for row in self.fields if not row.is_map or row.list_key)
        return tuple((row, tuple(path.removesuffix(".value").split("."))) for row, path in paths if path)

    @cached_property
    def plain(self) -> frozenset[str]:
        """Fields that the list of the kind shows under one name, so that ``==`` compares them."""
        return frozenset(row.name for row in self.fields if not row.is_map and row.path("read") is not None)

    def is_in_force(self, desired: Values, live: Values) -> bool:
        """Return True if every stated field is plain and in force, as for most of an account."""
        return desired.keys() <= self.plain and holds_field(live, desired)

    @cached_property
    def _ranks(self) -> Mapping[str, int]:
        return {row.name: rank for rank, row in enumerate(self.fields)}

    def field_order(self, name: str) -> int:
        """Return the number of a field's row in the table; an entry of a map has that of its map."""
        return self._ranks[self.field(name).name]

    def is_listed(self, name: str) -> bool:
        """Return True if the list of the kind shows the field; it lacks sub-resources and write-only values."""
        row = self.field(name)
        return row.path("read") is not None and (not row.is_map or row.list_key is not None)

    def is_changeable(self, row: Field) -> bool:
        """Return True if the value of an existing resource can be changed."""
        return row.path("patch") is not None

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Fields that the files must state to create a resource."""
        return tuple(row.name for row in self.fields if row.required)

    def missing(self, values: Values) -> tuple[str, ...]:
        """Return the required fields that are not stated, without those of blocks that something else sets."""
        automatic = tuple(f"{block}." for block in self.optional_null_blocks if block in values)
        return tuple(name for name in self.required if name not in values and not name.startswith(automatic or ("\0",)))

    def amend(
        self, cells: Mapping[str, Mapping[str, Any] | None], *, more: tuple[Field, ...] = (), **parts: Any
    ) -> "Kind":
        """Return the kind with other cells; None removes a field."""
        rows = [
            replace(row, **cell) if cell else row
            for row in self.fields
            if (cell := cells.get(row.name, {})) is not None
        ]
        return replace(self, fields=(*rows, *more), **parts)
