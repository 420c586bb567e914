"""Say at plan what the end that is written means: in one kind its day is the last one, in another the first without."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta

from msgspec.structs import replace

from reconciler.kinds.field_problems import field_warning
from reconciler.kinds.kind import SceneRule, ValidationContext
from reconciler.model import Desired, Problem, Severity, Value

Meaning = Callable[[Value], tuple[str, str | None] | None]
"""What an end means, and what to write instead if that is not meant; None where there is nothing to say."""


def end_day(name: str, meaning: Meaning) -> SceneRule:
    """Return a rule that says once, of the first object whose end moves, what the end means."""

    def rule(scene: ValidationContext) -> Iterator[Problem]:
        moved = [
            desired
            for desired, live in scene.pairs
            if scene.online and _moves(desired, live.values.get(name) if live else None)
        ]
        told = [(desired, said) for desired in moved if (said := meaning(desired.values[name]))]
        for desired, (message, hint) in told[:1]:
            others = f"; the same holds for {len(told) - 1:,} more" if len(told) > 1 else ""
            yield replace(field_warning(desired, name, "end-day", f"{message}{others}", hint), severity=Severity.NOTE)

    def _moves(desired: Desired, live: Value) -> bool:
        return desired.values.get(name) is not None and desired.values[name] != live

    return rule


def describe_excluded(end: Value) -> tuple[str, str | None] | None:
    """Say of an instant that is written as a bare day: it is the moment at which the day begins."""
    if not isinstance(end, datetime) or end.time() != time(0) or end.year in (1, 9999):
        return None
    day, step = end.date(), timedelta(days=1)
    return f"{day} is not included: the end is its first moment, in UTC, so the last day is {day - step}", (
        f"to include it write {day + step}"
    )


def describe_included(zone: str) -> Meaning:
    """Say of a day that it is the last one, until its end in a time zone."""
    return lambda end: (f"{end} is the last day, and is included, {zone}", None) if isinstance(end, date) else None
