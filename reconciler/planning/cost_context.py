"""Inputs of a plan's cost: live state in the scope, changes, and currencies."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property

from msgspec import Struct, field

from reconciler.kinds.calendar import latest_to_end
from reconciler.kinds.kind import Kind
from reconciler.kinds.products import SCOPES
from reconciler.model import Change, Live, Values


class CostContext(Struct, frozen=True, dict=True):
    """Inputs of the cost of a plan. ``currencies`` are by scope and owner id."""

    kinds: Mapping[str, Kind]
    live: Mapping[str, Sequence[Live]]
    changes: Sequence[Change]
    scope: Mapping[str, Sequence[str]]
    currencies: Mapping[tuple[str, str], str]
    now: datetime
    zones: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def today(self, kind: str) -> datetime:
        """Return now in the time zone, among a kind's owners, where the day ends last.

        An object that has ended there has ended for every owner.
        """
        return self._todays[self.kinds[kind].scope]

    @cached_property
    def _todays(self) -> Mapping[str, datetime]:
        return {
            kind.scope: latest_to_end(self.now, [zone for (name, _), zone in self.zones.items() if name == kind.scope])
            for kind in self.kinds.values()
        }

    def currency(self, kind: str, values: Values, owner: str | None) -> str:
        """Return the currency of an object: its owner's, or a phrase that names the owner."""
        scope, campaigns = self.kinds[kind].scope, self.kinds[kind].campaigns_of(values)
        direct = owner or self.kinds[kind].owner_of(values)
        known = direct or next((self._owners[scope, each] for each in campaigns if (scope, each) in self._owners), None)
        if known is None:
            known = self.scope[scope][0] if len(self.scope.get(scope, ())) == 1 else None
        if known is not None:
            return self.currencies.get((scope, known)) or f"currency of {SCOPES[scope].noun} {known}"
        shared = {self.currencies.get((scope, id)) for id in self.scope.get(scope, ())}
        one = shared.pop() if len(shared) == 1 else None
        return one or f"currency of campaign {campaigns[0] if campaigns else '?'}"

    @cached_property
    def _owners(self) -> Mapping[tuple[str, str], str]:
        """Owner id of each campaign, from its live objects, since a new object has no owner yet."""
        owners: dict[tuple[str, str], str] = {}
        for name, rows in self.live.items():
            for row in rows:
                owner = row.owner or self.kinds[name].owner_of(row.values)
                if owner and self.kinds[name].caps_campaigns:
                    owners[self.kinds[name].scope, row.id] = owner
                for each in self.kinds[name].campaigns_of(row.values):
                    if owner:
                        owners[self.kinds[name].scope, each] = owner
        for change in self.changes:
            kind = self.kinds[change.address.kind]
            if kind.caps_campaigns and (owner := kind.owner_of(change.after)):
                owners[kind.scope, str(change.address)] = owner
        return owners

    def of(self, change: Change) -> str:
        """Return the currency of a change."""
        return self.currency(change.address.kind, change.after, change.live.owner if change.live else None)
