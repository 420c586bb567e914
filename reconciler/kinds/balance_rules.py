"""Rules of balances (contract §5.4), checked before any call, since the API's own errors hold little detail."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from reconciler.kinds.end_days import describe_included, end_day
from reconciler.kinds.field_problems import field_error
from reconciler.kinds.kind import ValidationContext
from reconciler.model import Desired, Live, Problem, Values, error, warning
from reconciler.model.money import format_amount, format_in_sentence

OWN_BILLING = ("billByRetailer", "notApplicable")
"""Billing types that can be changed through the API; the documents treat the second as the first (rule 1)."""


def uncapped_has_no_deposit(values: Values) -> Values:
    """Return the values with ``deposited`` None if the type is uncapped; some versions return 0 (contract §5.2)."""
    if str(values.get("balanceType")).casefold() == "uncapped":
        return {**values, "deposited": None}
    return values


def dates_in_order(balance: Desired) -> Iterator[Problem]:
    """Yield a problem if the end is not after the start; the same day is unverified, so it is refused."""
    start, end = balance.values.get("startDate"), balance.values.get("endDate")
    if isinstance(start, date) and isinstance(end, date) and end <= start:
        yield field_error(balance, "endDate", "end-before-start", f"the end ({end}) is not after the start ({start})")


def identifiable(balance: Desired) -> Iterator[Problem]:
    """Yield a problem if the account is missing (it is in the URL), or both id and name (contract §12)."""
    if "accountId" not in balance.values or (balance.id is None and "name" not in balance.values):
        hint = "write its accountId, and its name or its id"
        message = "nothing says which balance this is"
        yield error("unidentified", message, at=balance.place, address=balance.address, hint=hint)


OFFLINE = (identifiable, dates_in_order)


def names_are_unique(scene: ValidationContext) -> Iterator[Problem]:
    """Yield a problem for a name that is used twice, in the files or live: the API cancels the whole call (rule 2)."""
    first: dict[tuple[object, object], Desired] = {}
    live = {(each.values.get("accountId"), each.values.get("name")): each.id for each in scene.live}
    for desired, own in scene.pairs:
        account = desired.values.get("accountId", own.values.get("accountId") if own else None)
        if "name" not in desired.values:
            continue
        key = (account, desired.values["name"])
        other = first.setdefault(key, desired)
        taken = live.get(key)
        if other is not desired:
            message = f"{other.address} has the same name in this account, and names are unique"
            yield field_error(desired, "name", "name-taken", message, "give it another name")
        elif taken is not None and own is not None and taken != own.id:
            message = f"balance {taken} already has this name, and names are unique in an account"
            yield field_error(desired, "name", "name-taken", message, "give it another name")


def changes_are_possible(scene: ValidationContext) -> Iterator[Problem]:
    """Yield the changes that the API refuses because of billing, spend or fixed fields (rules 1, 3, 5 and 10)."""
    for desired, live in scene.pairs:
        if live is None:
            if scene.online and "deposited" not in desired.values:
                message = "without deposited the balance is created uncapped: nothing limits its spend"
                yield warning("uncapped-balance", message, at=desired.place, address=desired.address)
            continue
        moved = [name for name, value in desired.values.items() if live.values.get(name) != value]
        if moved:
            yield from _billing(desired, live)
            yield from _start(desired, live, scene)
        if "deposited" in moved:
            yield from _funds(desired, live)


SCENE = (
    names_are_unique,
    changes_are_possible,
    end_day("endDate", describe_included("in the account's time zone")),
)


def _billing(desired: Desired, live: Live) -> Iterator[Problem]:
    billing = live.values.get("privateMarketBillingType")
    if billing in OWN_BILLING:
        return
    message = f"the balance is {billing}; only balances that are billByRetailer can be changed through the API"
    if billing == "billByCriteo":
        hint = "remove the block, or write what is live"
        yield error("foreign-billing", message, at=desired.place, address=desired.address, hint=hint)
    else:
        yield warning("foreign-billing", message, at=desired.place, address=desired.address)


def _start(desired: Desired, live: Live, scene: ValidationContext) -> Iterator[Problem]:
    was, start = live.values.get("startDate"), desired.values.get("startDate", live.values.get("startDate"))
    account = desired.values.get("accountId", live.values.get("accountId"))
    if start != was and isinstance(was, date) and was <= scene.last_today(account):
        message = f"the balance has started on {was}; what moving its start does is not documented"
        yield warning("balance-started", message, at=desired.at("startDate"), address=desired.address)
    end = desired.values.get("endDate", live.values.get("endDate"))
    both = {"startDate", "endDate"} <= desired.values.keys()
    if not both and isinstance(start, date) and isinstance(end, date) and end <= start:
        name = "endDate" if "endDate" in desired.values else "startDate"
        yield field_error(desired, name, "end-before-start", f"the end ({end}) is not after the start ({start})")


def _funds(desired: Desired, live: Live) -> Iterator[Problem]:
    wanted, spent = desired.values["deposited"], live.values.get("spent")
    if live.values.get("deposited") is None:
        message = "the balance is uncapped, and the API cannot give it a cap"
        yield field_error(
            desired, "deposited", "capped-uncapped", message, "remove the line, or create another balance"
        )
    elif isinstance(wanted, Decimal) and isinstance(spent, Decimal) and wanted < spent:
        message = f"deposited would be below what is already spent ({format_in_sentence(spent)})"
        yield field_error(desired, "deposited", "deposit-below-spent", message, f"{format_amount(spent)} is the least")
    elif wanted == 0:
        message = "all funds are taken back; whether the API allows exactly 0 is not documented"
        yield warning("deposit-zero", message, at=desired.at("deposited"), address=desired.address)
