"""Find the fields whose values the API computes by itself, which a live object therefore does not state."""

from reconciler.kinds.kind import Kind
from reconciler.model import Values

PROBE = "a value that no field has"


def find_computed(kind: Kind, values: Values) -> frozenset[str]:
    """Return the fields whose values the API computes while these values are in force."""
    if kind.normalize is None:
        return frozenset()
    return frozenset(name for name in values if kind.normalize({**values, name: PROBE}).get(name) != PROBE)


def find_freed(kind: Kind, live: Values, desired: Values) -> frozenset[str]:
    """Return the stated fields that the API computes now and no longer will: a stated null then is a value to send."""
    if kind.normalize is None or all(live.get(name) == value for name, value in desired.items()):
        return frozenset()
    return (find_computed(kind, live) - find_computed(kind, {**live, **desired})) & desired.keys()
