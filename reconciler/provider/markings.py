"""Read what a list of another family says of objects that do not show it themselves."""

from collections.abc import Sequence

from reconciler.kinds.kind import Kind
from reconciler.kinds.read_methods import Marking, Reference
from reconciler.model import Pair
from reconciler.provider.lists import Send, read_reference
from reconciler.provider.read_errors import ReadError


def read_marks(
    kind: Kind, marking: Marking, root: str, scope: Sequence[str], pairs: Sequence[Pair], send: Send
) -> frozenset[str]:
    """Return the ids that the list marks; none if it concerns no pair or cannot be read."""
    if not any(marking.concerns(desired, live) for desired, live in pairs):
        return frozenset()
    reference = Reference(marking.key, marking.path, marking.name)
    try:
        found = [row for id in scope for row in read_reference(kind, reference, root, id, send)]
    except ReadError:
        return frozenset()
    return frozenset(str(row.get(marking.key)) for row in found if row.get(marking.attribute) is True)
