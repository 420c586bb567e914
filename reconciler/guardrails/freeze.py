"""Guardrail ``freeze``: no change, or no increase, is applied in a freeze window."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta, tzinfo
from typing import Any

from reconciler.guardrails.names import Mistake, Names
from reconciler.guardrails.rule import Proposal, Rule, Schema, any_change
from reconciler.model import Problem
from reconciler.model.text import is_reason

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MIDNIGHT = time(0)
CLOCK: Schema = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"}
DATE: Schema = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


def judge(proposal: Proposal, setting: Any) -> Iterator[Problem]:
    for window in setting:
        if not is_in(window, proposal.now):
            continue
        only = window.get("stops", "increases") == "increases"
        stopped = list(proposal.increases()) if only else list(proposal.changes)
        if stopped:
            what = "may cost more" if only else "are changes"
            local = proposal.now.astimezone(_zone(window["zone"]))
            message = (
                f"{window.get('because', 'freeze window')}: {len(stopped):,} of the changes {what},"
                f" and now ({local:%A %H:%M} in {window['zone']}) lies in {_describe_window(window)}"
            )
            hint = "stops and decreases may still be sent: --target them" if only else "wait"
            yield RULE.object(message, stopped[0], hint=hint)


def is_in(window: Any, now: datetime) -> bool:
    """Return True if the instant is in the window, in the window's time zone; the end is exclusive."""
    local = now.astimezone(_zone(window["zone"]))
    start, end = _clock(window.get("from", "00:00")), window.get("until", "24:00")
    clock, day = local.time(), local.date()
    if end != "24:00" and _clock(end) <= start:  # past midnight: the hours after it belong to the day before
        if clock >= _clock(end) and clock < start:
            return False
        day = day if clock >= start else day - timedelta(days=1)
    elif clock < start or (end != "24:00" and clock >= _clock(end)):
        return False
    if "days" in window and DAYS[day.weekday()] not in window["days"]:
        return False
    return bool(window.get("first", "0000") <= day.isoformat() <= window.get("last", "9999"))


def check(setting: Any, names: Names) -> Iterator[Mistake]:
    """Yield an error for each unknown time zone and unreadable reason."""
    for index, window in enumerate(setting):
        try:
            _zone(window["zone"])
        except (KeyError, ValueError, OSError):
            why = f"there is no time zone {window['zone']!r}"
            yield Mistake((index, "zone"), why, window["zone"], _zones())
        if not is_reason(window.get("because", "none given")):
            yield Mistake((index, "because"), "no character of it can be seen")


def _zones() -> tuple[str, ...]:
    from zoneinfo import available_timezones

    return tuple(sorted(available_timezones()))


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo  # the import reads time zone data, and few projects have a window

    return ZoneInfo(name)


def _clock(text: str) -> time:
    return MIDNIGHT if text == "24:00" else time.fromisoformat(text)


def _describe_window(window: Any) -> str:
    days = "/".join(day[:3] for day in window.get("days", ())) or "every day"
    dates = f" {window.get('first', '')}..{window.get('last', '')}" if {"first", "last"} & window.keys() else ""
    return f"{days}{dates} {window.get('from', '00:00')}–{window.get('until', '24:00')} ({window['zone']})"


RULE = Rule(
    "freeze",
    "Windows in which nothing is applied, or nothing that costs more. Hours are those of the wall clock in the zone,"
    " daylight saving included; an end before its start is on the next day.",
    {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "required": ["zone"],
            "properties": {
                "zone": {"type": "string", "description": "Time zone, such as Europe/Paris."},
                "days": {
                    "type": "array",
                    "items": {"enum": list(DAYS)},
                    "description": "Days of the week. Default: all.",
                },
                "from": CLOCK | {"description": "First minute, HH:MM. Default: 00:00."},
                "until": CLOCK | {"description": "End, HH:MM, itself not in the window. Default: 24:00."},
                "first": DATE | {"description": "First date of the window, YYYY-MM-DD. Default: always."},
                "last": DATE | {"description": "Last date of the window, YYYY-MM-DD. Default: always."},
                "stops": {
                    "enum": ["increases", "all"],
                    "description": "increases: decreases and stops may still be sent (the default). all: nothing may.",
                },
                "because": {"type": "string", "description": "Shown in the error."},
            },
            "additionalProperties": False,
        },
    },
    judge,
    lambda setting: "; ".join(_describe_window(window) for window in setting),
    any_change,
    check=check,
)
