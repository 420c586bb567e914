"""Words that every report shares: how a value, a place and a summary are said.

Whatever comes from outside is escaped here: control characters, and those that reorder a line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from reconciler.model import Action, Change, Problem, Run, Value

CALLS_PER_MINUTE = 250  # contract §2.4, for client credentials
ARROW = "→"
INVISIBLE = {0x00AD, 0x061C, 0x180E, *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF}


@dataclass(frozen=True)
class Manner:
    """How much a report tells: ``bodies`` shows every request body as it is sent; ``told`` holds the
    problems that were shown before, with the plan; ``sources`` gives the lines of the user's files."""

    bodies: bool = False
    told: tuple[Problem, ...] | None = None
    sources: Mapping[str, tuple[str, ...]] | None = None


def plain(text: object) -> str:
    """Text from outside, safe on a terminal and in a log: nothing invisible, no second line."""
    return "".join(_visible(letter) for letter in str(text))


def _visible(letter: str) -> str:
    point = ord(letter)
    if point < 32 or 127 <= point < 160 or point in INVISIBLE or 0xE000 <= point <= 0xF8FF:
        return f"\\u{point:04x}"
    return letter


def shown(value: Value) -> str:
    """A value as a person reads it: money with two decimals at least, sets in brackets."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return money(value)
        case datetime():
            return (
                f"{value:%Y-%m-%dT%H:%M:%SZ}"
                if (value.hour, value.minute, value.second) != (0, 0, 0)
                else f"{value:%Y-%m-%d}"
            )
        case date():
            return value.isoformat()
        case tuple():
            return f"[{', '.join(shown(each) for each in value)}]"
        case Mapping():
            return f"{{{', '.join(f'{name}: {shown(part)}' for name, part in value.items())}}}"
        case str():
            return plain(value)
        case _:
            return str(value)


def money(amount: Decimal) -> str:
    """At least two decimals, and no more than are meant: 0.90, 0.3333, 5000.00."""
    text = f"{amount:f}"
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0'):0<2}"


def step(before: Value, after: Value) -> str:
    """How far an amount moves, in percent; empty for anything else."""
    if isinstance(before, Decimal) and isinstance(after, Decimal) and before:
        percent = (after - before) / before * 100
        return f"{percent:+.1f} %"
    return ""


def title(change: Change) -> str:
    """The resource's own name beside its address, if it has one."""
    name = change.after.get("name")
    return f'"{plain(name)}"' if isinstance(name, str) else ""


def summary(run: Run) -> str:
    """``Plan: 2 to create, 5 to update, 1 to stop.`` or ``No changes.``"""
    if not run.changes:
        return "No changes. What is live matches the files."
    counts = {action: sum(change.action is action for change in run.changes) for action in Action}
    words = {Action.CREATE: "create", Action.UPDATE: "update", Action.STOP: "stop"}
    return f"Plan: {', '.join(f'{counts[action]} to {word}' for action, word in words.items())}."


def least_time(calls: int) -> str:
    """The time that so many calls take at the documented limit, at the least."""
    seconds = max(0, (calls - 1) // CALLS_PER_MINUTE * 60)
    return "less than a minute" if seconds < 60 else f"at least {seconds // 60} min"


def counted(number: int, noun: str) -> str:
    """``1 item``, ``2 items``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def placed(problem: Problem) -> str:
    """``file:line:col: error[code]: sentence``, in one line."""
    where = f"{plain(problem.span)}: " if problem.span else ""
    return f"{where}{problem.severity.value}[{plain(problem.code)}]: {plain(problem.message)}"
