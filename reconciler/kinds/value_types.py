"""Value types: how a value is written in YAML, held in memory, and sent to the API.

Each type has four methods. ``parse`` reads a user's value and is strict; ``read`` reads the API's value and is lenient
(contract §2.13: published versions change in place); ``write`` returns the documented form; ``schema`` describes the
YAML form to editors.
"""

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.model import FieldPath, Json, Value

Schema = dict[str, Any]


class InvalidValue(ValueError):
    """Raised for a user's value that is not valid; ``path`` leads to the part inside it."""

    def __init__(self, code: str, reason: str, hint: str | None = None, path: FieldPath = ()) -> None:
        super().__init__(reason)
        self.code, self.reason, self.hint, self.path = code, reason, hint, path


class ValueType(Protocol):
    """Methods of every value type."""

    def parse(self, raw: Json) -> Value: ...

    def read(self, wire: Json) -> Value: ...

    def write(self, value: Value) -> Json: ...

    def schema(self) -> Schema: ...


def unbox(wire: Json) -> Json:
    """Return the content of the API's nillable box, or the value itself if there is no box (contract §2.12).

    Keys beside ``value``, which a later version may add, are ignored.
    """
    if isinstance(wire, dict) and (not wire or "value" in wire):
        return wire.get("value")
    return wire


class TextType(Struct, frozen=True):
    """Free text, kept exactly; equal ignoring case if the API compares it so."""

    maximum: int | None = None
    empty: bool = False
    pattern: str | None = None
    shape: str = ""
    upper: bool = False

    def parse(self, raw: Json) -> Value:
        text = str(raw).upper() if self.upper else str(raw)
        if not self.empty and not text.strip():
            raise InvalidValue("empty-text", "must not be empty")
        if self.maximum is not None and len(text) > self.maximum:
            raise InvalidValue("text-too-long", f"has {len(text)} characters, at most {self.maximum} are allowed")
        if self.pattern is not None and not re.fullmatch(self.pattern, text):
            raise InvalidValue("bad-text", f"{text!r} is not {self.shape}")
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


class IdType(Struct, frozen=True):
    """An opaque id of digits, held as text, since some are beyond 2^64 (contract §2.11).

    If ``of`` names a kind, the address of one of its blocks is accepted too (``campaigns.summer-fr``).
    """

    as_number: bool = False
    maximum: int | None = None
    of: str | None = None

    def parse(self, raw: Json) -> Value:
        text = str(raw)
        if self.of is not None and text.startswith(f"{self.of}.") and text != f"{self.of}.":
            return text
        if not re.fullmatch(r"[0-9]{1,40}", text):
            raise InvalidValue("bad-id", f"{text!r} is not an id", 'ids are digits only, for example "358313"')
        if self.maximum is not None and int(text) > self.maximum:
            raise InvalidValue("bad-id", f"{text} is larger than any id of this sort ({self.maximum})")
        return text

    def read(self, wire: Json) -> Value:
        return None if wire is None else str(wire)

    def write(self, value: Value) -> Json:
        if self.of is not None and not str(value).isdecimal():
            raise ValueError(f"{value} is an address, and no call may hold one")
        return int(str(value)) if self.as_number else str(value)

    def schema(self) -> Schema:
        pattern = "^[0-9]+$" if self.of is None else rf"^([0-9]+|{self.of}\..+)$"
        return {"type": ["string", "integer"], "pattern": pattern}


MOST_PLACES = 4
"""Decimals of a bid, and of the currency with the most decimals (contract §2.11)."""


class MoneyType(Struct, frozen=True):
    """A bid, or an amount in the account's currency: an exact decimal, never a float.

    The decimals of an amount that is ``by_currency`` are checked by :mod:`reconciler.kinds.currency`, since only the
    account has the currency. Values that are read are never rounded.
    """

    by_currency: bool = False
    positive: bool = False
    as_text: bool = False

    def parse(self, raw: Json) -> Value:
        if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
            raise InvalidValue("bad-number", f"{raw!r} is not a number", "write the amount without quotes")
        exact = Decimal(raw)
        rounded = _round(exact, MOST_PLACES)
        if rounded != exact:
            raise InvalidValue(
                "too-many-decimals",
                f"{exact:f} has more than {MOST_PLACES} decimals",
                f"the API would round it to {rounded:f}; write the amount that you mean",
            )
        if exact < 0 or (self.positive and exact == 0):
            raise InvalidValue("out-of-range", f"{exact:f} is not {'above' if self.positive else 'at least'} 0")
        return _with_cents(exact)

    def read(self, wire: Json) -> Value:
        if wire is None or isinstance(wire, bool) or wire == "":
            return None
        try:
            amount = Decimal(str(wire))
        except InvalidOperation:
            return str(wire)
        return _with_cents(amount) if amount.is_finite() else str(wire)

    def write(self, value: Value) -> Json:
        amount = value if isinstance(value, Decimal) else Decimal(str(value))
        if self.as_text:
            return f"{_with_cents(amount):f}"
        return int(amount) if amount == amount.to_integral_value() else strip_zeros(amount)

    def schema(self) -> Schema:
        bound = {"exclusiveMinimum": 0} if self.positive else {"minimum": 0}
        return {"type": "number", **bound}


def strip_zeros(amount: Decimal) -> Decimal:
    """Return the amount without trailing zeros, of any number of digits: never rounded."""
    return amount.normalize(Context(prec=max(_DIGITS, len(amount.as_tuple().digits))))


def _with_cents(amount: Decimal) -> Decimal:
    """Return the amount with at least two decimals and no further trailing zeros: one form per amount."""
    try:
        short = amount.quantize(_CENT)
    except InvalidOperation:  # more digits than the decimal context keeps: left as it is
        return amount
    return short if short == amount else strip_zeros(amount)


_CENT, _DIGITS = Decimal("0.01"), 28


def _round(amount: Decimal, places: int) -> Decimal:
    try:
        return amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    except InvalidOperation:
        raise InvalidValue("out-of-range", f"{amount} has more digits than any amount of money") from None


class EnumType(Struct, frozen=True):
    """One of a few words, in any case; the value is the canonical word.

    ``reads`` are words that the API returns and that cannot be written; ``aliases`` are other spellings that it uses
    (lower case); ``spelled`` maps a word to the spelling of this version.
    """

    words: tuple[str, ...]
    reads: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    spelled: Mapping[str, str] = field(default_factory=dict)

    def parse(self, raw: Json) -> Value:
        if isinstance(raw, str) and raw in self.words:
            return raw
        word = self.read(raw) if isinstance(raw, str) and raw.isascii() else raw
        if word not in self.words:
            known = ", ".join(self.words)
            raise InvalidValue("bad-choice", f"{raw!r} is not one of: {known}")
        return word

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
        """Return a schema of the canonical words, which editors offer, and their other spellings."""
        aliases = (alias for alias, word in self.aliases.items() if word in self.words)
        pattern = "|".join(map(_in_any_case, (*self.words, *aliases)))
        return {
            "type": "string",
            "anyOf": [{"enum": list(self.words)}, {"type": "string", "pattern": f"^({pattern})$"}],
        }

    def join(self, other: "EnumType") -> "EnumType":
        """Return a type that accepts the words of both, with this one's first."""
        words = tuple(dict.fromkeys((*self.words, *other.words)))
        return replace(self, words=words, aliases={**other.aliases, **self.aliases})


def _in_any_case(word: str) -> str:
    """Return a case-insensitive pattern for an ASCII word; JSON Schema patterns have no such flag."""
    return "".join(f"[{each.upper()}{each.lower()}]" if each.isalpha() else re.escape(each) for each in word)


class BoolType(Struct, frozen=True):
    """True or false."""

    def parse(self, raw: Json) -> Value:
        if not isinstance(raw, bool):
            raise InvalidValue("bad-flag", f"{raw!r} is neither true nor false")
        return raw

    def read(self, wire: Json) -> Value:
        return bool(wire)

    def write(self, value: Value) -> Json:
        return bool(value)

    def schema(self) -> Schema:
        return {"type": "boolean"}


class CountType(Struct, frozen=True):
    """An integer of at least 1."""

    def parse(self, raw: Json) -> Value:
        if isinstance(raw, bool) or not isinstance(raw, int) or raw < 1:
            raise InvalidValue("out-of-range", f"{raw!r} is not a whole number of at least 1")
        return raw

    def read(self, wire: Json) -> Value:
        if wire is None:
            return None
        try:
            return int(Decimal(str(wire)))
        except (ArithmeticError, ValueError):
            return str(wire)

    def write(self, value: Value) -> Json:
        return int(str(value))

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": 1}
