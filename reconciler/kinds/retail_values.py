"""Values and fields that campaigns and line items of Retail Media share (contract of campaigns, E4.2 to E4.4)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal

from msgspec.structs import replace

from reconciler.kinds.cells import DatedCap
from reconciler.kinds.date_types import DayType
from reconciler.kinds.entry_maps import EntryMap, length, next_day, next_month
from reconciler.kinds.kind import Field, Kind
from reconciler.kinds.nested_types import ObjectType
from reconciler.kinds.value_types import BoolType, EnumType, MoneyType, TextType
from reconciler.kinds.write_methods import Replace, Write
from reconciler.model import Json, Value

RETAIL = "{root}/retail-media"
ACCOUNT = f"{RETAIL}/accounts"
CAMPAIGNS = f"{ACCOUNT}/{{scope}}/campaigns"
DAILY, MONTHLY = "dailyBudgetOverrides.*", "monthlyBudgetOverrides.*"
MONEY = MoneyType(by_currency=True)
NAME_TAKEN = ("invalid-name", "Invalid name")
"""How the API refuses a name that there is already."""
WORD = TextType(empty=True)
SPENDING = (
    "budget",
    "monthlyPacing",
    "dailyPacing",
    "isAutoDailyPacing",
    "endDate",
    "dailyBudgetOverrides.*",
    "monthlyBudgetOverrides.*",
)
"""Fields by which a campaign and a line item are counted in the money of a plan."""


class RetailDayType(DayType, frozen=True):
    """A day in the account's time zone, which a read may return as an instant; ``timed`` writes it as a date-time."""

    timed: bool = False

    def write(self, value: Value) -> Json:
        return f"{value}T00:00:00Z" if self.timed and value is not None else super().write(value)


class TernaryType(BoolType, frozen=True):
    """True, false, or null where the API has not said."""

    def read(self, wire: Json) -> Value:
        return None if wire is None else bool(wire)


class IntentType(EnumType, frozen=True):
    """A status that is written, and read as a computed state: ``shown_as`` maps such a state to the written word."""

    shown_as: tuple[tuple[str, str], ...] = ()

    def parse(self, raw: Json) -> Value:
        return EnumType(self.words).parse(raw)

    def read(self, wire: Json) -> Value:
        word = super().read(wire)
        return dict(self.shown_as).get(str(word), word)


DAY = RetailDayType(instants=True)
DAY_OF_WEEK = EnumType(
    (
        "sunday",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "everyday",
        "weekdays",
        "weekends",
    )
)
CLOCK = TextType(pattern=r"([01][0-9]|2[0-3]):[0-5][0-9]", shape="a time of day such as 08:00")

PACES = (
    Field(
        "monthlyPacing",
        MONEY,
        facet="budgets",
        nullable=True,
        doc="Most that is spent in a month, in the account's currency. Null: no such cap.",
    ),
    Field(
        "dailyPacing",
        MONEY,
        facet="budgets",
        nullable=True,
        doc="Most that is spent on a day, in the account's currency. Null: no such cap. Not beside isAutoDailyPacing.",
    ),
)


def dated_fields(*, capless: bool = False) -> tuple[Field, ...]:
    """Return the dated budgets: the key is the first day, or the first month.

    ``capless``: a daily entry may have no cap (line items).
    """
    return tuple(
        Field(
            name,
            _entry(amount, unit, capless=capless and unit == "D"),
            facet="datedBudgets",
            read=name.removesuffix(".*"),
            create=None,
            patch=name.removesuffix(".*"),
            nullable=True,
            doc=doc,
        )
        for name, amount, unit, doc in (
            (
                DAILY,
                "maxDailySpend",
                "D",
                "Daily cap from a day on (the key, in the account's time zone) that ends by itself. Null removes it.",
            ),
            (
                MONTHLY,
                "maxMonthlySpend",
                "M",
                "Monthly cap from a month on (the key, 2026-12) that ends by itself. Null removes it.",
            ),
        )
    )


def _entry(amount: str, unit: str, *, capless: bool) -> ObjectType:
    span = "days" if unit == "D" else "months"
    duration = TextType(pattern=rf"[1-9][0-9]{{0,2}}{unit}", shape=f"a number of {span} such as 4{unit}", upper=True)
    docs = {amount: "The cap, in the account's currency.", "duration": f"Number of {span}, such as 4{unit}."}
    return ObjectType({amount: MONEY, "duration": duration}, defaults={amount: None} if capless else {}, docs=docs)


def dated_maps(daily: str, monthly: str, fields: Iterable[Field]) -> tuple[EntryMap, ...]:
    """Return the two lists of dated budgets, by their names in the API."""
    types = {each.name: each.type for each in fields}
    common = {"computed": ("status",), "ended": {"status": ("Expired",)}}
    return (
        EntryMap(DAILY, types[DAILY], daily, "startDate", follow=next_day, shown=_day, **common),  # type: ignore[arg-type]
        EntryMap(MONTHLY, types[MONTHLY], monthly, "startMonth", follow=next_month, shown=_month, **common),  # type: ignore[arg-type]
    )


def _day(text: str) -> str:
    return text[:10]


def _month(text: str) -> str:
    return text[:7]


def _midnight(key: str) -> str:
    return f"{key}T00:00:00Z"


def _first_of_month(key: str) -> str:
    return f"{key}-01T00:00:00Z"


def is_ended(name: str, value: Value, today: date) -> bool:
    """Return True if a dated budget is over on a day."""
    field, _, key = name.partition(".")
    if not isinstance(value, Mapping) or f"{field}.*" not in (DAILY, MONTHLY):
        return False
    entry: dict[str, Json] = {"duration": str(value.get("duration"))}
    try:
        if f"{field}.*" == DAILY:
            return next_day(key, entry) <= str(today)
        return next_month(key, entry) <= f"{today:%Y-%m}"
    except (ValueError, OverflowError):
        return False


def dated_cap(name: str, value: Value) -> DatedCap | None:
    """Return the cap of a dated budget, or None if the field or the value is none."""
    field, _, key = name.partition(".")
    if not isinstance(value, Mapping) or f"{field}.*" not in (DAILY, MONTHLY):
        return None
    amount = next((each for each in value.values() if isinstance(each, Decimal)), None)
    try:
        count = length(value.get("duration"))
        last = _last(f"{field}.*", key, count)
    except (ValueError, OverflowError):
        return None
    return DatedCap("dailyPacing" if f"{field}.*" == DAILY else "monthlyPacing", amount, key, last, count)


def _last(field: str, key: str, count: int) -> str:
    """Return the last day, or the last month, of an entry."""
    entry: dict[str, Json] = {"duration": f"{count - 1}D"}
    return next_day(key, entry) if field == DAILY else next_month(key, entry)


# --- Assumptions --------------------------------------------------------------------------------------------


def with_timed_days(kind: Kind) -> Kind:
    """Return the kind that writes days as date-times, as the API's documents type them."""
    days = {row.name: {"type": replace(row.type, timed=True)} for row in kind.fields if isinstance(row.type, DayType)}
    timed = {name: cell for name, cell in days.items() if isinstance(cell["type"], RetailDayType)}
    return kind.amend(timed, writes=_sending(kind, DAILY, _midnight))


def with_first_days_of_months(kind: Kind) -> Kind:
    """Return the kind that writes months as the date-times of their first days."""
    return kind.amend({}, writes=_sending(kind, MONTHLY, _first_of_month))


def _sending(kind: Kind, field: str, sent: Callable[[str], str]) -> dict[str, Write]:
    """Return the writes of a kind, with the keys of one list of dated budgets written otherwise."""

    def amend(write: Replace) -> Replace:
        maps = (replace(each, sent=sent) if each.field == field else each for each in write.maps)
        return replace(write, maps=tuple(maps))

    return {facet: amend(write) if isinstance(write, Replace) else write for facet, write in kind.writes.items()}


ASSUMED: dict[str, Callable[[Kind], Kind]] = {
    "retailDays": with_timed_days,
    "overrideMonths": with_first_days_of_months,
}
"""What is otherwise if an assumption does not hold."""
