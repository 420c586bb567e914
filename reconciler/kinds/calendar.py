"""Today's date for the owner of an object, whose time zone may differ or be unknown."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, tzinfo


def find_days(now: datetime, zones: Iterable[str]) -> tuple[date, date]:
    """Return the earliest and the latest date of now in these zones; the UTC date if no zone is known."""
    local = [now.astimezone(zone).date() for zone in _list_known(zones)]
    return min(local), max(local)


def latest_to_end(now: datetime, zones: Iterable[str]) -> datetime:
    """Return the instant in the zone where the day ends last: a date that is past there is past in every zone."""
    return min((now.astimezone(zone) for zone in _list_known(zones)), key=lambda each: each.replace(tzinfo=None))


def day_in(moment: datetime, zone: str) -> date:
    """Return the day of an instant in a time zone; of UTC, if it is not known."""
    return moment.astimezone(_list_known([zone])[0]).date()


def _list_known(zones: Iterable[str]) -> list[tzinfo]:
    found: list[tzinfo] = []
    for name in dict.fromkeys(zones):
        from zoneinfo import ZoneInfo  # the import reads time zone data, and few plans need it

        try:
            found.append(ZoneInfo(name))
        except (
            KeyError,
            ValueError,
            OSError,
        ):  # not an IANA name: the API's form of time zone names is unverified
            continue
    return found or [UTC]
