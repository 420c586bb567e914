"""Read the sub-resources of imported objects, or say what is not read and what it would cost."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from msgspec.structs import replace

from reconciler.config.value_formatter import as_desired
from reconciler.kinds.kind import Kind
from reconciler.kinds.read_methods import Details, Subobject
from reconciler.model import Address, Live, Problem, Severity
from reconciler.model.text import count_noun
from reconciler.provider import sub_resources
from reconciler.provider.reader import Send

PLAIN = 1_000
"""Most calls of one kind that an import makes for sub-resources without being asked: 4 minutes at 250 a minute."""


def chosen_details(kind: Kind, count: int, *, all: bool) -> tuple[Details | Subobject, ...]:
    """Return the sub-resources to read for a number of objects: all, or the whole objects if they are few."""
    whole = tuple(each for each in kind.details if isinstance(each, Subobject))
    return kind.details if all else whole if len(whole) * count <= PLAIN else ()


def note_unread(kind: Kind, count: int, read: Sequence[Details | Subobject]) -> Iterator[Problem]:
    """Yield a note for the sub-resources that are not read, with the calls that they would cost."""
    unread = [each for each in kind.details if each not in read]
    if unread and count:
        names = ", ".join(field.removesuffix(".*") for each in unread for field in each.fields)
        calls = count_noun(len(unread) * count, "call")
        message = f"not read: {names} of {count_noun(count, kind.singular)}, which would cost {calls}"
        yield Problem(Severity.NOTE, "not-read", message, hint="--details reads them, at 250 calls a minute")


def read_details(
    kind: Kind,
    root: str,
    objects: Sequence[Live],
    read: Sequence[Details | Subobject],
    send: Send,
    tell: Callable[[str], None],
    today: date,
) -> Iterator[Live]:
    """Yield the objects with their own entries of these sub-resources, read one by one."""
    maps = dict.fromkeys(name for each in read for name in each.fields)
    names = ", ".join(name.removesuffix(".*") for name in maps)
    for number, each in enumerate(objects, 1):
        if not maps:
            yield each
            continue
        tell(f"reading {names} of {kind.name}: {number:,}/{len(objects):,}, {len(read) * len(objects):,} calls")
        asks = as_desired(Address(kind.name, "-"), maps, each.id)
        ((_, found),) = sub_resources.add_details(kind, root, [(asks, each)], send)
        assert found is not None
        yield own_entries(kind, found, today)


def own_entries(kind: Kind, live: Live, today: date) -> Live:
    """Return the object without entries that repeat a default (an inherited bid, a factor of 1) or are over."""
    idle = {
        name.removesuffix("*"): live.values.get(said) if isinstance(said, str) else said
        for name, said in kind.idle_when_equal.items()
    }
    own = {
        name: value
        for name, value in live.values.items()
        if not any(name.startswith(prefix) and value == said for prefix, said in idle.items())
        and not (kind.is_ended is not None and kind.is_ended(name, value, today))
    }
    return replace(live, values=own)
