"""Schema of further parts of ``reconciler.yaml``: ownership, overrides, renames.

A time with an offset is an instant. Without one it is local time in ``zone``; a plain date includes the whole day.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

Schema = dict[str, Any]
MATCH: Schema = {"type": "string", "minLength": 1, "description": "Glob of addresses, such as adSets.summer-*."}
MOMENT: Schema = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?$",
}
ZONE: Schema = {
    "type": "string",
    "description": "Time zone of moments without an offset, such as Europe/Paris: the account's own.",
}
UNTIL = MOMENT | {
    "description": "When it ends: a date and time with its offset, or by the clock of zone. A day alone is included."
}
FROM = MOMENT | {"description": "When it begins, as in until; a day from its first moment. Default: at once."}
NUMBER: Schema = {"type": "number", "minimum": 0}
POSITIVE: Schema = {"type": "number", "exclusiveMinimum": 0}
DURATION: Schema = {"type": "string", "pattern": r"^\d{1,6}[smh]$"}
AGE: Schema = {"type": "string", "pattern": r"^\d{1,5}d$"}
UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
LEAST_KEPT = timedelta(days=7)
"""Minimum retention of the journal, which guardrails, drift and reports look up."""
LOOK_FOR, SETTLE_AFTER = timedelta(seconds=120), timedelta(minutes=30)
LEAST_SETTLE = timedelta(minutes=5)
"""Minimum settle time: the longest that one sending may take, including the wait for the rate limit, rounded up."""


def build_key_schemas() -> Mapping[str, Schema]:
    """Return the schemas of these keys of the project file; one table, so it is as long as their number."""
    return {
        "allow": allow(),
        "moved": _list(
            "Addresses that were renamed, so that what is known of the old one is known of the new one.",
            {
                "from": {"type": "string", "description": "The address as it was, such as adSets.a."},
                "to": {"type": "string", "description": "The address as it is in the files now."},
            },
            ("from", "to"),
        ),
        "overrides": _list(
            "Values that hold for a time: until then they stand in place of what the files say.",
            {
                "match": MATCH,
                "where": {
                    "type": "object",
                    "minProperties": 1,
                    "description": "Only resources whose files state these values, by full names of fields. With match,"
                    " both must hold.",
                },
                "set": {
                    "type": "object",
                    "minProperties": 1,
                    "description": "Fields by their full names, such as budget.budgetAmount, with their values; an"
                    " amount may be a step from what the file states: +30 %, -0.05, *1.1.",
                },
                "round": POSITIVE
                | {"description": "Multiple to which a step is rounded, in the currency of the field: 0.01, say."},
                "min": POSITIVE
                | {"description": "No amount is lowered below it by a step, in the currency of the field."},
                "max": POSITIVE
                | {"description": "No amount is raised above it by a step, in the currency of the field."},
                "from": FROM,
                "until": UNTIL,
                "zone": ZONE,
                "because": {"type": "string", "minLength": 1, "description": "Why; shown with the plan."},
            },
            ("set", "until", "because"),
        ),
        "ownership": _list(
            "Fields that another tool changes. Inside the bounds they are neither planned nor drift.",
            {
                "match": MATCH,
                "field": {"type": "string", "description": "Full name of the field, such as bidding.bidAmount."},
                "owner": {
                    "enum": ["algorithm", "platform", "human"],
                    "description": "Who moves it: a program, the platform itself, people in its interface.",
                },
                "min": NUMBER | {"description": "The least value that is accepted, in the currency of the field."},
                "max": NUMBER | {"description": "The greatest value that is accepted, in the currency of the field."},
                "maxStepPercentPerDay": NUMBER
                | {"description": "How far, in percent of what it was, it may move in a day; looked at by drift."},
                "until": UNTIL,
                "zone": ZONE,
            },
            ("match", "field", "owner"),
        ),
    }


def allow() -> Schema:
    """Return the schema of decisions, which the project file and resource files may hold."""
    return _list(
        "Objections of guardrails of level override that are meant, decided where it is reviewed.",
        {
            "rule": {
                "type": "string",
                "description": "Guardrail by its name, such as maxRaisePercent; nearTwin: a creation that resembles a"
                " live object.",
            },
            "addresses": {
                "type": "array",
                "minItems": 1,
                "items": MATCH,
                "description": "Globs of the resources for which it is meant. An objection to the plan as a whole"
                " passes only if they cover all that the plan changes.",
            },
            "until": UNTIL,
            "zone": ZONE,
            "because": {"type": "string", "minLength": 1, "description": "Why; shown in every report."},
        },
        ("rule", "addresses", "until", "because"),
    )


def recovery() -> Schema:
    """Return the schema of the recovery of calls without an answer."""
    return {
        "type": "object",
        "description": "How long a create or a top-up without an answer is looked for, and when it may count as absent."
        " Presence is evidence, absence is not.",
        "properties": {
            "lookFor": DURATION
            | {"description": "How long the run that got no answer looks for it: 120s, or 2m. Default: 120s."},
            "settleAfter": DURATION
            | {
                "description": "When a later run that finds no trace of it may take it for absent and send it again."
                " Never below 5m. Default: 30m."
            },
        },
        "additionalProperties": False,
    }


def duration(text: str) -> timedelta:
    """Return a time span such as 120s, 30m, 2h or 180d, whose form the schema has checked."""
    return int(text[:-1]) * UNITS[text[-1]]


def _list(doc: str, properties: Schema, required: tuple[str, ...]) -> Schema:
    items = {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}
    return {"type": "array", "description": doc, "items": items}


class InvalidMoment(ValueError):
    """Raised for a time that is not valid or not unique; the text says why."""


def parse_moment(text: str, zone: str | None, *, end: bool = True) -> datetime:
    """Return the instant of a time in the project file. Raise :class:`InvalidMoment` if it is not valid."""
    try:
        day = date.fromisoformat(text) if len(text) == 10 else None
        at = datetime.fromisoformat(text) if day is None else datetime.combine(day + timedelta(days=end), time(0))
    except ValueError:
        raise InvalidMoment(f"{text} is no date and time") from None
    if at.tzinfo is not None:
        return at
    if zone is None:
        raise InvalidMoment(f"{text} has no offset, such as +01:00, and no zone is given")
    from zoneinfo import ZoneInfo

    try:
        return at.replace(tzinfo=ZoneInfo(zone))
    except (KeyError, ValueError, OSError):
        raise InvalidMoment(f"there is no time zone {zone!r}") from None
