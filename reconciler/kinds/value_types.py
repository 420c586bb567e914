"""Value types: how one value is written in YAML, held in memory, and said on the wire.

Each type has four verbs. ``parse`` takes what a person wrote and is strict; ``read`` takes what the
API answered and is lenient (contract §2.13: published versions change in place); ``write`` gives
exactly the documented form; ``schema`` describes the YAML form to editors.
"""

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.model import FieldPath, Json, Value

Schema = dict[str, Any]


class InvalidValue(ValueError):
    """A value that a person wrote and that cannot be meant; ``path`` leads to the part inside it."""

    def __init__(self, code: str, reason: str, hint: str | None = None, path: FieldPath = ()) -> None:
        super().__init__(reason)
        self.code, self.reason, self.hint, self.path = code, reason, hint, path


class ValueType(Protocol):
    """What every value type can do."""

    def parse(self, raw: Json) -> Value: ...

    def read(self, wire: Json) -> Value: ...

    def write(self, value: Value) -> Json: ...

    def schema(self) -> Schema: ...


def unbox(wire: Json) -> Json:
    """Return what the API's nillable box holds, wherever a version puts one (contract §2.12).

    Keys that a later version adds beside ``value`` do not matter.
    """
    if isinstance(wire, dict) and (not wire or "value" in wire):
        return wire.get("value")
    return wire


class TextType(Struct, frozen=True):
    """Free text, kept to the letter, unless the API compares it without regard to case."""

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
    """An opaque id of digits: always text here, since some are beyond 2^64 (contract §2.11).

    Where ``of`` names a kind, the address of one of its blocks may stand instead (``campaigns.summer-fr``).
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
"""Decimals of a bid, and of the amounts of the currency that has the most (contract §2.11)."""


class MoneyType(Struct, frozen=True):
    """A bid, or an amount in the account's own currency: an exact decimal, never a float.

    An amount that is ``by_currency`` may have the decimals of its currency, which only the account tells:
    :mod:`reconciler.kinds.currency` judges it. What is read is never rounded.
    """

    by_currency: bool = False
    positive: bool = False
    as_text: bool = False

    def parse(self, raw: Json) -> Value:
        if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
            raise InvalidValue("bad-number", f"{raw!r} is not a number", "write the amount without quotes")
        exact = Decimal(raw)
        rounded = _rounded(exact, MOST_PLACES)
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
        return int(amount) if amount == amount.to_integral_value() else amount.normalize()

    def schema(self) -> Schema:
        bound = {"exclusiveMinimum": 0} if self.positive else {"minimum": 0}
        return {"type": "number", **bound}


def _with_cents(amount: Decimal) -> Decimal:
    """The same amount with two decimals at least, and no zero behind them: one form for one amount."""
    try:
        short = amount.quantize(_CENT)
    except InvalidOperation:  # more digits than the arithmetic keeps: left exactly as it is
        return amount
    return short if short == amount else amount.normalize()


_CENT = Decimal("0.01")


def _rounded(amount: Decimal, places: int) -> Decimal:
    try:
        return amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    except InvalidOperation:
        raise InvalidValue("out-of-range", f"{amount} has more digits than any amount of money") from None


class EnumType(Struct, frozen=True):
    """One word of a few, in any case; the value is always the canonical word.

    ``reads`` are words that the API may show and that cannot be written; ``aliases`` are other spellings that
    it uses (lower case); ``spelled`` is how a version wants a word written.
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
        """Return the canonical words, which editors offer, or any of their other spellings."""
        aliases = (alias for alias, word in self.aliases.items() if word in self.words)
        pattern = "|".join(map(_in_any_case, (*self.words, *aliases)))
        return {
            "type": "string",
            "anyOf": [{"enum": list(self.words)}, {"type": "string", "pattern": f"^({pattern})$"}],
        }

    def joined(self, other: "EnumType") -> "EnumType":
        """Return what either accepts, the words of this one first."""
        words = tuple(dict.fromkeys((*self.words, *other.words)))
        return replace(self, words=words, aliases={**other.aliases, **self.aliases})


def _in_any_case(word: str) -> str:
    """Return a pattern for an ASCII word; JSON Schema's patterns have no flag for it."""
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
    """A whole number from one upwards."""

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
