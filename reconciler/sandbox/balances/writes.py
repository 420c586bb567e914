"""Validate writes to a balance and compute their changes (contract §5.2, §5.4, §5.5, rules 63-70)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from ..errors import Problem, problem
from ..options import Options
from .balance import Balance

SPEND_TYPES = ("Onsite", "Offsite", "OffsiteAwareness")
NAME_LENGTH, PO_LENGTH = 255, 32
_DAY = re.compile(r"\d{4}-\d\d-\d\d")

Changes = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Dialect:
    """Differences between generations when a balance is written (§5.6)."""

    generation: str
    options: Options

    @property
    def po_key(self) -> str:
        """Key of the purchase order number."""
        return "poNumber" if self.generation == "G1" else "retailerPoNumber"

    @property
    def boxed_end(self) -> bool:
        """True if a patch writes `endDate` as `{"value": …}` (§2.12)."""
        return self.generation != "G1"


def review(field: str, why: str) -> Problem:
    """Return the problem of an invalid field; code and title are invented, the text is the guide's."""
    detail = f"Review the value of field {field} provided in the request: {why}"
    return problem("invalid-field", "Invalid field", detail, source={field: f"data/attributes/{field}"})


def taken_name() -> Problem:
    """Return the problem of a name that another balance of the account has (§5.5)."""
    text = "Balance name should be unique. There exists balance with the specified name."
    return problem("invalid-name", "Invalid name", f"{text} Balance creation/update has been canceled")


def not_editable(fields: Mapping[str, Any]) -> list[Problem]:
    """Return a problem for each field: it cannot be changed unless the retailer bills the balance (§5.4 rule 1)."""
    text = "Can only change the field {} of a balance not billed by retailer."
    return [problem("invalid-operation", "Invalid operation", text.format(field)) for field in fields]


def creation(given: Mapping[str, Any], dialect: Dialect) -> tuple[Changes, list[Problem]]:
    """Return the attributes of a new balance and its problems (rules 63 to 65); without `deposited` it is uncapped."""
    wrong: list[Problem] = []
    changes = _texts(given, dialect, wrong)
    required = ("name", "startDate", "spendType")
    wrong += [review(field, "it is required") for field in required if given.get(field) is None]
    changes["spend_type"] = _spend_type(given.get("spendType"), dialect, wrong)
    changes["start"] = _day("startDate", given.get("startDate"), wrong)
    changes["end"] = _day("endDate", given.get("endDate"), wrong)
    changes["deposited"] = None
    if "deposited" in given:
        changes["deposited"] = _amount("deposited", given["deposited"], wrong)
        if changes["deposited"] is not None and changes["deposited"] < 0:
            wrong.append(review("deposited", "it must be at least 0"))
    _ordered(changes["start"], changes["end"], dialect, wrong)
    return changes, wrong


def patch(given: Mapping[str, Any], balance: Balance, dialect: Dialect) -> tuple[Changes, list[Problem]]:
    """Return the attributes that a patch changes, and its problems (rule 66).

    Null leaves a value unchanged, except inside the box of `endDate`.
    """
    known = ("name", "startDate", "endDate", dialect.po_key, "memo")
    clears = {dialect.po_key, "memo"} if dialect.options.balance_null_text == "cleared" else set()
    written = {k: given[k] for k in known if k in given and (given[k] is not None or k in clears)}
    if balance.is_foreign and written:
        return {}, not_editable(written)
    wrong: list[Problem] = []
    changes = _texts(written, dialect, wrong)
    if "startDate" in written:
        changes["start"] = _day("startDate", written["startDate"], wrong)
    if "endDate" in written:
        changes["end"] = _patched_end(written["endDate"], dialect, wrong)
    _ordered(changes.get("start", balance.start), changes.get("end", balance.end), dialect, wrong)
    return changes, wrong


def dates(given: Mapping[str, Any], balance: Balance, dialect: Dialect) -> tuple[Changes, list[Problem]]:
    """Return the changed dates and their problems; the end is a plain date in every generation (rule 70)."""
    written = {key: given[key] for key in ("startDate", "endDate", "memo") if given.get(key) is not None}
    if balance.is_foreign:
        return {}, not_editable(written or {"startDate": None})
    return patch(written, balance, Dialect("G1", dialect.options))


def funds(given: Mapping[str, Any], balance: Balance, dialect: Dialect) -> tuple[Changes, list[Problem]]:
    """Return the deposit after add-funds, and the problems (rule 68). The amount is relative: each call adds again."""
    if balance.is_foreign:
        text = "Can not add funds to a balance not billed by retailer."
        return {}, [problem("invalid-operation", "Invalid operation", text)]
    wrong: list[Problem] = []
    delta = _amount("deltaAmount", given.get("deltaAmount"), wrong)
    changes = _texts({k: v for k, v in given.items() if v is not None and k != "name"}, dialect, wrong)
    if dialect.options.funds_memo == "kept":
        changes.pop("memo", None)
    if delta is None or wrong:
        return {}, wrong
    if balance.deposited is None:
        if dialect.options.uncapped_funds == "refused":
            text = "Can not add funds to an uncapped balance."
            return {}, [problem("invalid-operation", "Invalid operation", text)]
        return changes, []
    after = balance.deposited + delta
    refuses_zero = dialect.options.zero_delta == "refused" and delta == 0
    empties = dialect.options.emptying_delta == "refused" and delta < 0 and after == 0
    if refuses_zero:
        return {}, [review("deltaAmount", "it must not be 0")]
    if after < 0 or empties:
        text = "Can not decrease funds to less than zero"
        return {}, [problem("invalid-deltaamount", "Invalid deltaamount", text)]
    return changes | {"deposited": after}, []


def same_name(one: str, other: str, options: Options) -> bool:
    """Return True if the two names are equal by the rule of the options (rule 63)."""
    return one == other if options.balance_names == "exact" else one.casefold() == other.casefold()


def _texts(given: Mapping[str, Any], dialect: Dialect, wrong: list[Problem]) -> Changes:
    changes: Changes = {}
    for field, name, longest in (
        ("name", "name", NAME_LENGTH),
        (dialect.po_key, "po_number", PO_LENGTH),
        ("memo", "memo", None),
    ):
        if field not in given:
            continue
        value = given[field]
        if value is not None and not isinstance(value, str):
            wrong.append(review(field, "it must be a text"))
        elif field == "name" and not value:
            if value is not None:
                wrong.append(review(field, "it must not be empty"))
        elif value is not None and longest is not None and len(value) > longest:
            wrong.append(review(field, f"it may have {longest} characters"))
        changes[name] = value
    return changes


def _spend_type(value: Any, dialect: Dialect, wrong: list[Problem]) -> Any:
    """Return the spend type, accepted in Pascal case only (rule 64), or None with a problem added to `wrong`."""
    for known in SPEND_TYPES:
        any_case = dialect.options.spend_type_case == "any" and isinstance(value, str)
        if value == known or (any_case and value.lower() == known.lower()):
            return known
    if value is not None:
        wrong.append(review("spendType", f"it must be one of {', '.join(SPEND_TYPES)}"))
    return None


def _patched_end(value: Any, dialect: Dialect, wrong: list[Problem]) -> date | None:
    if not dialect.boxed_end:
        return _day("endDate", value, wrong)
    if not isinstance(value, Mapping) or set(value) != {"value"}:
        wrong.append(review("endDate", 'it must be {"value": a day or null}'))
        return None
    return _day("endDate", value["value"], wrong)


def _day(field: str, value: Any, wrong: list[Problem]) -> date | None:
    if value is None:
        return None
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    wrong.append(review(field, "it must be a day, YYYY-MM-DD"))
    return None


def _amount(field: str, value: Any, wrong: list[Problem]) -> Decimal | None:
    if isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(value, bool)):
        return Decimal(value)
    wrong.append(review(field, "it must be a number"))
    return None


def _ordered(start: date | None, end: date | None, dialect: Dialect, wrong: list[Problem]) -> None:
    """Add a problem if the end is not after the start (rule 65); whether the same day is allowed is an option."""
    if start is None or end is None:
        return
    if end < start or (end == start and dialect.options.balance_end == "after_start"):
        wrong.append(review("endDate", "it must be after startDate"))
