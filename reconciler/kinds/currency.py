"""Check the number of decimals of amounts by their currency (ISO 4217; contract §2.11)."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache

from reconciler.kinds.kind import Kind
from reconciler.kinds.nested_types import ObjectType
from reconciler.kinds.value_types import MoneyType, ValueType, strip_zeros
from reconciler.model import Desired, Problem, Value, Values, error, warning

USUAL = 2
"""Decimals of an amount if the currency is unknown, or has no minor unit (gold)."""
ASSUMPTION = "currencyDecimals"
"""Assumption: Criteo accepts as many decimals as the currency has (unverified, contract §2.11)."""


@lru_cache(maxsize=256)
def decimals(currency: str | None) -> int:
    """Return the maximum number of decimals in a currency, given by its ISO 4217 code or None."""
    if currency is None or len(currency) != 3:
        return USUAL
    from iso4217 import Currency  # imported here: it reads a table that few commands need

    try:
        exponent = Currency(currency.upper()).exponent
    except ValueError:
        return USUAL
    return USUAL if exponent is None else exponent


def check_amounts(
    kind: Kind,
    desired: Desired,
    values: Values,
    currency: str | None,
    assumptions: Mapping[str, bool],
    *,
    offline: bool,
) -> Iterator[Problem]:
    """Yield a problem for each amount with more decimals than its currency has.

    Offline the currency is not known: more than two decimals are a warning.
    """
    known = currency if assumptions.get(ASSUMPTION, True) else None
    for name, value in values.items():
        if value is None or value.__class__ is str:  # most values are, and none of them is an amount
            continue
        for amount in _amounts(kind.field(name).type, value):
            used = -_exponent(amount)
            if not used or used <= (most := decimals(known)):  # an integer amount fits every currency
                continue
            at, address = desired.at(name), desired.address
            if offline and known is None:
                message = f"{name}: {amount:f} has more than {most} decimals; its currency decides"
                hint = "state the currency under `currencies`, and it is judged without the API"
                yield warning("decimals-unchecked", message, at=at, address=address, hint=hint)
                continue
            whose = f"the {most} of {known}" if known else f"{most}, and its currency is not known"
            message = f"{name}: {amount:f} has more decimals than {whose}"
            hint = "write the amount that is meant; it is never rounded"
            yield error("too-many-decimals", message, at=at, address=address, hint=hint)


def _amounts(type_: ValueType, value: Value) -> Iterator[Decimal]:
    """Yield the amounts in the account's currency within a value, including nested objects."""
    if isinstance(type_, MoneyType) and type_.by_currency and isinstance(value, Decimal):
        yield value
    elif isinstance(type_, ObjectType) and isinstance(value, Mapping):
        for name, part in value.items():
            yield from _amounts(type_.of[name], part)


def _exponent(amount: Decimal) -> int:
    """Return the power of ten of the last digit that is not zero, at most 0."""
    exponent = strip_zeros(amount).as_tuple().exponent
    return min(exponent, 0) if isinstance(exponent, int) else 0
