"""Warn when a create looks like a rename."""

from collections.abc import Iterator, Sequence

from reconciler.kinds.kind import Kind
from reconciler.model import Desired, Live, Pair, Problem, warning


def find_near_twins(kind: Kind, pairs: Sequence[Pair], live: Sequence[Live]) -> Iterator[Problem]:
    """Yield a problem for each creation that differs only by name from an undeclared live object."""
    title = kind.title
    fresh = [desired for desired, found in pairs if found is None and title in desired.values]
    if not fresh:
        return
    managed = {found.id for _, found in pairs if found is not None}
    key = [name for name in (*kind.natural_keys[0], *kind.required) if name != title and kind.is_listed(name)]
    buckets: dict[tuple[object, ...], list[Live]] = {}
    for row in live:
        if row.id not in managed and not any(row.values.get(name) in gone for name, gone in kind.excluded_when.items()):
            buckets.setdefault(tuple(row.values.get(name) for name in key), []).append(row)
    for desired in fresh:
        bucket = buckets.get(tuple(desired.values.get(name) for name in key), [])
        twin = next((row for row in bucket if _is_alike(kind, desired, row)), None)
        if twin is not None:
            bucket.remove(twin)
            yield _ask(kind, desired, twin)


def _is_alike(kind: Kind, desired: Desired, row: Live) -> bool:
    """Return True if all stated and returned values are equal, except the name and creation defaults."""
    return all(
        row.values.get(name) == value
        for name, value in desired.values.items()
        if name != kind.title and name not in kind.create_defaults and kind.has(name) and kind.is_listed(name)
    )


def _ask(kind: Kind, desired: Desired, twin: Live) -> Problem:
    message = (
        f"this would be a new {kind.singular}, and {twin.id} ({kind.name_of(twin.values)}), which the files do not"
        " hold, differs from it by its name only: is it a rename?"
    )
    hint = f'if so, write id: "{twin.id}" here, and only its name is changed; if not, go on'
    return warning("looks-renamed", message, at=desired.at(str(kind.title)), address=desired.address, hint=hint)
