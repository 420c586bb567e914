"""Calls to the API, and the plan that holds them."""

from collections.abc import Callable
from enum import Enum
from typing import Any

from msgspec import Struct

from reconciler.model.addresses import NOWHERE, Address, Place
from reconciler.model.changes import Change, FieldChange
from reconciler.model.values import Json


class WriteEffect(Enum):
    """Effect of sending a call twice; it decides if the call may be repeated (contract §9).

    ``REPLACE`` sets a whole object: sent twice it has the same effect, but a field that moved in between would be set
    back, so that each sending follows a new read.
    """

    READ = "read"
    SET = "set"
    REPLACE = "replace"
    CREATE = "create"
    ADD = "add"

    @property
    def repeatable(self) -> bool:
        """True if the call may be sent again without further effect (idempotent)."""
        return self in (WriteEffect.READ, WriteEffect.SET)

    @property
    def absolute(self) -> bool:
        """True if the values that a read shows settle the call: it neither creates nor adds anything."""
        return self not in (WriteEffect.CREATE, WriteEffect.ADD)


class Item(Struct, frozen=True):
    """Entry of one resource in a call; its index is its place in the body."""

    address: Address
    id: str | None
    fields: tuple[FieldChange, ...]
    place: Place = NOWHERE


class BodyForm(Struct, frozen=True):
    """Form of a body around its rows: a list of them or the only one, under ``data`` or bare."""

    many: bool = False
    data: bool = False

    def wrap(self, rows: tuple[Json, ...]) -> Json:
        """Return the body of these rows; None without any."""
        if not rows:
            return None
        content: Json = [*rows] if self.many else rows[0]
        return {"data": content} if self.data else content


class Call(Struct, frozen=True):
    """One complete HTTP request.

    Its rows stay apart until it is sent, one for each item in their order, so that a part of it is a part of both.
    Its response is read per item, or as a whole if ``atomic``. In the exposure-safe order, a call that
    ``raises_exposure`` is held back until all others are confirmed.
    """

    name: str
    kind: str
    facet: str
    effect: WriteEffect
    method: str
    path: str
    rows: tuple[Json, ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    items: tuple[Item, ...] = ()
    form: BodyForm = BodyForm()
    atomic: bool = True
    stage: int = 0
    product: str = ""
    raises_exposure: bool = False

    @property
    def body(self) -> Json:
        """Body as it is sent."""
        return self.form.wrap(self.rows)


class ReadCall(Call, frozen=True):
    """A read of many rows.

    ``row_hook`` converts each row of the response during parsing, so that a long list is never held in its JSON form.
    Such a call is never stored.
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
