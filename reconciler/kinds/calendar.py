"""Which day it is for the owner of an object: dates that are days begin at another instant in each time zone."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, tzinfo


def days(now: datetime, zones: Iterable[str]) -> tuple[date, date]:
    """Return the first and the last day that it may be in these zones; that of UTC if none of them is known."""
    local = [now.astimezone(zone).date() for zone in _known(zones)]
    return min(local), max(local)


def latest_to_end(now: datetime, zones: Iterable[str]) -> datetime:
    """Return the same instant in the zone where a day ends last: what is over there is over everywhere."""
    return min((now.astimezone(zone) for zone in _known(zones)), key=lambda each: each.replace(tzinfo=None))


def day_in(moment: datetime, zone: str) -> date:
    """Return the day of an instant in a time zone; of UTC, if it is not known."""
    return moment.astimezone(_known([zone])[0]).date()


def _known(zones: Iterable[str]) -> list[tzinfo]:
    found: list[tzinfo] = []
    for name in dict.fromkeys(zones):
        from zoneinfo import ZoneInfo  # it looks for its data when it is imported, and few plans need it

        try:
            found.append(ZoneInfo(name))
        except (
            KeyError,
            ValueError,
            OSError,
        ):  # a name of another list than the world's: how they are named is unverified
            continue
    return found or [UTC]
