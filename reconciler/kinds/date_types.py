"""Value types of time: instants in UTC, and calendar days (contract §2.11)."""

from datetime import UTC, date, datetime

from msgspec import Struct

from reconciler.kinds.value_types import InvalidValue, Schema
from reconciler.model import Json, Value


class InstantType(Struct, frozen=True):
    """An instant, held in UTC; a plain date is its first moment in UTC (contract §2.11)."""

    def parse(self, raw: Json) -> Value:
        try:
            moment = datetime.fromisoformat(str(raw))
        except ValueError:
            raise InvalidValue(
                "bad-date", f"{raw!r} is not a date", "write 2026-09-01 or 2026-09-01T08:00:00+02:00"
            ) from None
        if moment.tzinfo is None:
            if "T" in str(raw) or " " in str(raw) or len(str(raw)) > 10:
                raise InvalidValue("bad-date", f"{raw!r} has no time zone", f"write {raw}Z or {raw}+02:00")
            moment = moment.replace(tzinfo=UTC)
        try:
            return moment.astimezone(UTC)
        except OverflowError:
            raise InvalidValue("bad-date", f"{raw!r} is beyond the years 1 to 9999 in UTC") from None

    def read(self, wire: Json) -> Value:
        if wire is None or wire == "":
            return None
        try:
            moment = datetime.fromisoformat(str(wire))
            return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError):
            return str(wire)

    @staticmethod
    def instant(text: str) -> datetime | None:
        """Return what a text with a time zone means, in UTC; None for any other text."""
        try:
            moment = datetime.fromisoformat(text)
            return moment.astimezone(UTC) if moment.tzinfo is not None else None
        except (ValueError, OverflowError):
            return None

    def write(self, value: Value) -> Json:
        assert isinstance(value, datetime)
        return value.isoformat().replace("+00:00", "Z")

    def schema(self) -> Schema:
        return {"type": "string"}


class DayType(Struct, frozen=True):
    """A calendar day. ``open`` is what the wire says for "no end" (contract §2.11).

    ``instants``: the API may return an instant instead, which is read as it is: the day it means is that of the owner's
    time zone (contract §13, 45), which the reader knows. Without it a time is no part of the value, and is cut.
    """

    open: str | None = None
    instants: bool = False

    def parse(self, raw: Json) -> Value:
        text = str(raw)
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = None
        if day is None or len(text) != 10:
            raise InvalidValue("bad-date", f"{raw!r} is not a day", "write 2026-12-31")
        return day

    def read(self, wire: Json) -> Value:
        if wire is None or wire == "":
            return None
        if self.instants and len(str(wire)) > 10:
            moment = InstantType.instant(str(wire))
            if moment is not None:
                return moment
        try:
            return date.fromisoformat(str(wire)[:10])
        except ValueError:
            return str(wire)

    def write(self, value: Value) -> Json:
        return self.open if value is None else str(value)

    def schema(self) -> Schema:
        return {"type": "string", "format": "date"}
