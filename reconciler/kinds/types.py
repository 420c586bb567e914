"""Value types: how one value is written in YAML, held in memory, and said on the wire.

Each type has four verbs. ``parse`` takes what a person wrote and is strict; ``read`` takes what the
API answered and is lenient (contract §2.13: published versions change in place); ``write`` gives
exactly the documented form; ``schema`` describes the YAML form to editors.
"""

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any, Protocol

from reconciler.lazily import dataclass
from reconciler.model import Json, Path, Value

Schema = dict[str, Any]


class Refused(ValueError):
    """A value that a person wrote and that cannot be meant; ``path`` leads to the part inside it."""

    def __init__(self, code: str, reason: str, hint: str | None = None, path: Path = ()) -> None:
        super().__init__(reason)
        self.code, self.reason, self.hint, self.path = code, reason, hint, path


class ValueType(Protocol):
    """What every value type can do."""

    def parse(self, raw: Json) -> Value: ...

    def read(self, wire: Json) -> Value: ...

    def write(self, value: Value) -> Json: ...

    def schema(self) -> Schema: ...


def unboxed(wire: Json) -> Json:
    """Without the API's nillable box, wherever a version puts it (contract §2.12)."""
    if isinstance(wire, dict) and wire.keys() <= {"value"}:
        return wire.get("value")
    return wire


@dataclass(frozen=True, slots=True)
class Text:
    """Free text, kept to the letter, unless the API compares it without regard to case."""

    maximum: int | None = None
    empty: bool = False
    pattern: str | None = None
    shape: str = ""
    upper: bool = False

    def parse(self, raw: Json) -> Value:
        text = str(raw).upper() if self.upper else str(raw)
        if not self.empty and not text.strip():
            raise Refused("empty-text", "must not be empty")
        if self.maximum is not None and len(text) > self.maximum:
            raise Refused("text-too-long", f"has {len(text)} characters, at most {self.maximum} are allowed")
        if self.pattern is not None and not re.fullmatch(self.pattern, text):
            raise Refused("bad-text", f"{text!r} is not {self.shape}")
        return text

    def read(self, wire: Json) -> Value:
        if wire is None:
            return None
        return str(wire).upper() if self.upper else str(wire)

    def write(self, value: Value) -> Json:
        return str(value)

    def schema(self) -> Schema:
        schema: Schema = {"type": "string"}
        if not self.empty:
            schema["minLength"] = 1
        if self.maximum is not None:
            schema["maxLength"] = self.maximum
        return schema


@dataclass(frozen=True, slots=True)
class Id:
    """An opaque id of digits: always text here, since some are beyond 2^64 (contract §2.11)."""

    as_number: bool = False
    maximum: int | None = None

    def parse(self, raw: Json) -> Value:
        text = str(raw)
        if not re.fullmatch(r"[0-9]{1,40}", text):
            raise Refused("bad-id", f"{text!r} is not an id", 'ids are digits only, for example "358313"')
        if self.maximum is not None and int(text) > self.maximum:
            raise Refused("bad-id", f"{text} is larger than any id of this sort ({self.maximum})")
        return text

    def read(self, wire: Json) -> Value:
        return None if wire is None else str(wire)

    def write(self, value: Value) -> Json:
        return int(str(value)) if self.as_number else str(value)

    def schema(self) -> Schema:
        return {"type": ["string", "integer"], "pattern": "^[0-9]+$"}


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the account's own currency, or a bid: a decimal of so many places, never a float."""

    places: int = 2
    positive: bool = False
    as_text: bool = False

    def parse(self, raw: Json) -> Value:
        if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
            raise Refused("bad-number", f"{raw!r} is not a number", "write the amount without quotes")
        exact = Decimal(raw)
        rounded = self._quantised(exact)
        if rounded != exact:
            raise Refused(
                "too-many-decimals",
                f"{exact:f} has more than {self.places} decimals",
                f"the API would round it to {rounded:f}; write the amount that you mean",
            )
        if exact < 0 or (self.positive and exact == 0):
            raise Refused("out-of-range", f"{exact:f} is not {'above' if self.positive else 'at least'} 0")
        return rounded

    def read(self, wire: Json) -> Value:
        if wire is None or isinstance(wire, bool) or wire == "":
            return None
        try:
            return self._quantised(Decimal(str(wire)))
        except InvalidOperation:
            return str(wire)

    def write(self, value: Value) -> Json:
        amount = value if isinstance(value, Decimal) else Decimal(str(value))
        if self.as_text:
            return f"{amount:.{self.places}f}"
        return int(amount) if amount == amount.to_integral_value() else amount.normalize()

    def schema(self) -> Schema:
        bound = {"exclusiveMinimum": 0} if self.positive else {"minimum": 0}
        return {"type": "number", **bound}

    def _quantised(self, amount: Decimal) -> Decimal:
        try:
            return amount.quantize(Decimal(1).scaleb(-self.places), ROUND_HALF_EVEN)
        except InvalidOperation:
            raise Refused("out-of-range", f"{amount} has more digits than any amount of money") from None


@dataclass(frozen=True, slots=True)
class Choice:
    """One word of a few. ``reads`` are words the API may show and nobody may write; ``aliases`` are
    other spellings it uses (lower case); ``spelled`` is how a version wants a word written."""

    words: tuple[str, ...]
    reads: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    spelled: Mapping[str, str] = field(default_factory=dict)

    def parse(self, raw: Json) -> Value:
        if not isinstance(raw, str) or raw not in self.words:
            known = ", ".join(self.words)
            raise Refused("bad-choice", f"{raw!r} is not one of: {known}")
        return raw

    def read(self, wire: Json) -> Value:
        if wire is None:
            return None
        word = str(wire)
        if word in self.words:
            return word
        folded = word.casefold()
        known = {known.casefold(): known for known in (*self.reads, *self.words)}
        return self.aliases.get(folded) or known.get(folded, word)

    def write(self, value: Value) -> Json:
        return self.spelled.get(str(value), str(value))

    def schema(self) -> Schema:
        return {"type": "string", "enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Instant:
    """A point in time, held in UTC; a bare day means its first moment in UTC (contract §2.11)."""

    def parse(self, raw: Json) -> Value:
        try:
            moment = datetime.fromisoformat(str(raw))
        except ValueError:
            raise Refused(
                "bad-date", f"{raw!r} is not a date", "write 2026-09-01 or 2026-09-01T08:00:00+02:00"
            ) from None
        if moment.tzinfo is None:
            if "T" in str(raw) or " " in str(raw) or len(str(raw)) > 10:
                raise Refused("bad-date", f"{raw!r} has no time zone", f"write {raw}Z or {raw}+02:00")
            moment = moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)

    def read(self, wire: Json) -> Value:
        if wire is None or wire == "":
            return None
        try:
            moment = datetime.fromisoformat(str(wire))
        except ValueError:
            return str(wire)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)

    def write(self, value: Value) -> Json:
        assert isinstance(value, datetime)
        return value.isoformat().replace("+00:00", "Z")

    def schema(self) -> Schema:
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day. ``open`` is what the wire says for "no end" (contract §2.11)."""

    open: str | None = None

    def parse(self, raw: Json) -> Value:
        text = str(raw)
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = None
        if day is None or len(text) != 10:
            raise Refused("bad-date", f"{raw!r} is not a day", "write 2026-12-31")
        return day

    def read(self, wire: Json) -> Value:
        if wire is None or wire == "":
            return None
        try:
            return date.fromisoformat(str(wire)[:10])
        except ValueError:
            return str(wire)

    def write(self, value: Value) -> Json:
        return self.open if value is None else str(value)

    def schema(self) -> Schema:
        return {"type": "string", "format": "date"}


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def parse(self, raw: Json) -> Value:
        if not isinstance(raw, bool):
            raise Refused("bad-flag", f"{raw!r} is neither true nor false")
        return raw

    def read(self, wire: Json) -> Value:
        return bool(wire)

    def write(self, value: Value) -> Json:
        return bool(value)

    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Count:
    """A whole number from one upwards."""

    def parse(self, raw: Json) -> Value:
        if isinstance(raw, bool) or not isinstance(raw, int) or raw < 1:
            raise Refused("out-of-range", f"{raw!r} is not a whole number of at least 1")
        return raw

    def read(self, wire: Json) -> Value:
        return None if wire is None else int(Decimal(str(wire)))

    def write(self, value: Value) -> Json:
        return int(str(value))

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": 1}


@dataclass(frozen=True, slots=True)
class SetOf:
    """Several values without order and without repetition, held sorted."""

    each: ValueType
    filled: bool = False

    def parse(self, raw: Json) -> Value:
        if not isinstance(raw, list):
            raise Refused("bad-list", f"{raw!r} is not a list")
        if self.filled and not raw:
            raise Refused("empty-list", "must not be empty", "leave the field out, or write null to clear it")
        return _sorted_set(_parsed_at(self.each, each, (index,)) for index, each in enumerate(raw))

    def read(self, wire: Json) -> Value:
        listed = wire if isinstance(wire, list) else []
        return _sorted_set(self.each.read(each) for each in listed)

    def write(self, value: Value) -> Json:
        assert isinstance(value, tuple)
        return [self.each.write(each) for each in value]

    def schema(self) -> Schema:
        least: Schema = {"minItems": 1} if self.filled else {}
        return {"type": "array", "items": self.each.schema(), **least}


@dataclass(frozen=True, slots=True)
class Parts:
    """A small object that is always written whole (a frequency cap, a geo rule).

    ``defaults`` are the parts that may be left out, with what the API then shows: an object that is
    written whole means them, so that it equals what is read back.
    """

    of: Mapping[str, ValueType]
    defaults: Mapping[str, Value] = field(default_factory=dict)

    def parse(self, raw: Json) -> Value:
        if not isinstance(raw, dict):
            raise Refused("bad-object", f"{raw!r} is not a block of {', '.join(self.of)}")
        stated = {name: _parsed_at(kind, raw[name], (name,)) for name, kind in self.of.items() if name in raw}
        return self._whole(stated)

    def read(self, wire: Json) -> Value:
        if not isinstance(wire, dict):
            return None
        folded = {key.casefold(): value for key, value in wire.items()}
        shown = {
            name: kind.read(unboxed(folded[name.casefold()]))
            for name, kind in self.of.items()
            if name.casefold() in folded
        }
        return self._whole({name: value for name, value in shown.items() if value is not None})

    def _whole(self, stated: Mapping[str, Value]) -> Value:
        known = {**self.defaults, **stated}
        return {name: known[name] for name in self.of if name in known}

    def write(self, value: Value) -> Json:
        assert isinstance(value, Mapping)
        return {name: self.of[name].write(part) for name, part in value.items() if part is not None}

    def schema(self) -> Schema:
        return {
            "type": "object",
            "properties": {name: kind.schema() for name, kind in self.of.items()},
            "required": [name for name in self.of if name not in self.defaults],
            "additionalProperties": False,
        }


def _parsed_at(kind: ValueType, raw: Json, path: Path) -> Value:
    """Parse a part, and say where inside the whole it was refused."""
    try:
        return kind.parse(raw)
    except Refused as refused:
        raise Refused(refused.code, refused.reason, refused.hint, (*path, *refused.path)) from None


def _sorted_set(values: Any) -> tuple[Value, ...]:
    return tuple(sorted(set(values), key=str))
