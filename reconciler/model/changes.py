"""Changes of resources, and which of their effects are irreversible."""

from enum import Enum

from msgspec import Struct

from reconciler.model.addresses import NOWHERE, Address, Place
from reconciler.model.resources import Live
from reconciler.model.values import Value, Values


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
