"""Portfolios: resources as a user may write them, drawn from the tables of the kinds.

What a table says (types, words, what is required, fixed, clearable) is drawn from it, so a new field, version or kind
is drawn without a word here. What no table says (which campaign exists, which values go together) is a ``Sense``.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from reconciler.kinds import date_types, value_types, versions
from reconciler.kinds import nested_types as composed
from reconciler.kinds.kind import Field, Kind
from reconciler.kinds.versions import v2025_07
from reconciler.kinds.write_methods import PatchFields
from reconciler.model import Json
from reconciler.planning import likeness

Raw = dict[str, Json]
"""One resource as it is written: dotted field names to YAML values."""
Blocks = dict[str, Raw]
"""Resources by the user's name for them."""
Draw = Callable[[st.SearchStrategy[Any]], Any]


# --- One value ---------------------------------------------------------------------------------------

LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Cn", "Zl", "Zp"), exclude_characters="\ufeff")


def visible(name: str) -> str:
    """Return a name without what no person can see: such a one is refused where no id says what is meant."""
    seen = "".join(
        each if not list(likeness.describe_hidden(f"x{each}x")) else " " for each in unicodedata.normalize("NFC", name)
    )
    return unicodedata.normalize("NFC", " ".join(seen.split()))


def raws(form: value_types.ValueType) -> st.SearchStrategy[Json]:
    """Values of a type as a person writes them, all of them right."""
    if id(form) not in _RAWS:
        _RAWS[id(form)] = form, _raws(form)
    return _RAWS[id(form)][1]


_RAWS: dict[int, tuple[value_types.ValueType, st.SearchStrategy[Json]]] = {}
"""Strategies are slow to make. Types hold dicts and cannot be hashed; kept here, an id is not used again."""


def _raws(form: value_types.ValueType) -> st.SearchStrategy[Json]:
    match form:
        case value_types.EnumType():
            return st.sampled_from(form.words)
        case value_types.TextType(pattern=str() as pattern):
            return st.from_regex(re.compile(pattern), fullmatch=True, alphabet=LETTERS).filter(_says_something)
        case value_types.TextType():
            return st.text(LETTERS, min_size=1, max_size=min(form.maximum or 40, 40)).filter(_says_something)
        case value_types.IdType():
            return st.integers(1, form.maximum or 2**70).map(str)
        case value_types.MoneyType():
            step = Decimal(1).scaleb(-2 if form.by_currency else -4)
            return st.integers(1 if form.positive else 0, 10**8).map(lambda units: units * step)
        case date_types.InstantType():
            return st.one_of(_days(), st.builds(_moment, _days(), st.times(), st.sampled_from(("Z", "+02:00"))))
        case date_types.DayType():
            return _days()
        case value_types.BoolType():
            return st.booleans()
        case value_types.CountType():
            return st.integers(1, 1000)
        case composed.SetType():
            return st.lists(raws(form.each), min_size=int(form.filled), max_size=4)
        case composed.ObjectType():
            return st.fixed_dictionaries({name: raws(each) for name, each in form.of.items()})
    raise NotImplementedError(f"say here how a {type(form).__name__} is written")


def _says_something(text: str) -> bool:
    return bool(text.strip())


def _days() -> st.SearchStrategy[str]:
    return st.builds("{}-{:02}-{:02}".format, st.integers(2027, 2030), st.integers(1, 12), st.integers(1, 28))


def _moment(day: str, time: Any, offset: str) -> str:
    return f"{day}T{time:%H:%M:%S}{offset}"


# --- One resource ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sense:
    """What the table of a kind does not say: ids that exist, names that differ, values that go together.

    ``create`` completes a new resource, ``edit`` a changed one (given what it was); both may add, change and drop
    fields until the API would take them. ``keys`` draws the keys of a map field.
    """

    create: Callable[[Draw, Kind, str, Raw], Raw]
    edit: Callable[[Draw, Kind, Raw, Raw], Raw]
    keys: Mapping[str, st.SearchStrategy[str]] = field(default_factory=dict)


SENSES: dict[str, Sense] = {}


def drawn(draw: Draw, kind: Kind, row: Field) -> Raw:
    """A field with a value, or the entries of a map."""
    if not row.is_map:
        clear = row.nullable and not row.always_in_create and draw(st.integers(0, 4)) == 0
        return {row.name: None if clear else draw(raws(row.type))}
    keys = draw(st.lists(SENSES[kind.name].keys[row.name], min_size=1, max_size=2, unique=True))
    return {row.name.replace("*", key): draw(raws(row.type)) for key in keys}


def written(kind: Kind) -> Iterator[Field]:
    return (row for row in kind.fields if row.writable)


def is_changeable(kind: Kind, name: str) -> bool:
    return kind.field(name).path("patch") is not None


def is_seen(kind: Kind, name: str) -> bool:
    return kind.field(name).path("read") is not None


@st.composite
def created(draw: Draw, case: Spoken, least: int = 1, most: int = 6) -> Blocks:
    """New resources, complete, that the API would take."""
    kind = case.kind
    blocks: Blocks = {}
    for number in range(draw(st.integers(least, most))):
        raw: Raw = {}
        for row in written(kind):
            if row.required or draw(st.booleans()):
                raw |= drawn(draw, kind, row)
        key = f"r{number}"
        blocks[key] = SENSES[kind.name].create(draw, kind, key, raw)
    return blocks


@st.composite
def edited(draw: Draw, case: Spoken, before: Blocks) -> Blocks:
    """The same resources, some of their changeable fields with another value, some fields stated for the first time."""
    kind = case.kind
    blocks: Blocks = {}
    for key, raw in before.items():
        changed = dict(raw)
        for row in written(kind):
            if row.path("patch") is not None and draw(st.integers(0, 3)) == 0:
                changed |= drawn(draw, kind, row)
        blocks[key] = SENSES[kind.name].edit(draw, kind, raw, changed)
    return blocks


# --- Ad sets ---------------------------------------------------------------------------------------------------

BID, CONTROLLER, STATUS = "bidding.bidAmount", "bidding.costController", "schedule.activationStatus"
START, END = "schedule.startDate", "schedule.endDate"
DEVICES = "targeting.deliveryLimitations.devices"
METHOD, WINDOW = "attributionConfiguration.attributionMethod", "attributionConfiguration.lookbackWindow"
CATEGORIES = ("5544|1", "5545|2", "5546|2")
BY_CATEGORY = ("maxCPC", "CPM")


def _new_ad_set(draw: Draw, kind: Kind, key: str, raw: Raw) -> Raw:
    raw |= {"campaignId": "358313", "datasetId": "6789", "name": visible(f"{key} {raw['name']}")}
    if raw["objective"] == "videoViews" or raw[CONTROLLER] == "CPV":
        raw["mediaType"] = "video"
    return _sensible_ad_set(draw, kind, {}, raw)


def _changed_ad_set(draw: Draw, kind: Kind, before: Raw, raw: Raw) -> Raw:
    if raw["name"] != before["name"]:  # the ledger knows it by its id
        raw["name"] = visible(f"renamed {before['name'][:3]}{raw['name']}")
    return _sensible_ad_set(draw, kind, before, raw)


def _sensible_ad_set(draw: Draw, kind: Kind, before: Raw, raw: Raw) -> Raw:
    if STATUS in raw and raw[STATUS] == "on":
        raw.setdefault("audienceId", "9876")
    if "audienceId" in raw:
        raw["audienceId"] = draw(st.sampled_from(("9876", "9877")))
    _fit_bid(draw, raw)
    if raw.get(END) is not None:
        raw[END] = "204" + str(raw[END])[3:]
    devices = raw.get(DEVICES)
    if isinstance(devices, list) and "CPI" in (raw[CONTROLLER], "CPI" if raw["objective"] == "appPromotion" else ""):
        raw[DEVICES] = [device for device in devices if device != "desktop"]
    if raw.get(WINDOW) is not None and raw.get(METHOD) not in ("lastClick", "postClick"):
        raw[METHOD] = "lastClick"
    _fit_budget(draw, kind, before, raw)
    return raw


def _fit_bid(draw: Draw, raw: Raw) -> None:
    if raw[CONTROLLER] == "dailyBudget":
        raw.pop(BID, None)
    elif raw.get(BID) is None:
        raw[BID] = draw(raws(value_types.MoneyType(positive=True)))
    for name in [name for name in raw if name.startswith("categoryBids.")]:
        if raw[CONTROLLER] not in BY_CATEGORY:
            del raw[name]
    for name in [name for name in raw if name.startswith("displayMultipliers.")]:
        raw[name] = Decimal(draw(st.integers(5000, 20000))).scaleb(-4)


def _fit_budget(draw: Draw, kind: Kind, before: Raw, raw: Raw) -> None:
    """A budget of parts that go together, where the kind has them; unchanged, its amount changed, or another one."""
    own = [name for name in raw if name.startswith("budget.")]
    was = {name: value for name, value in before.items() if name.startswith("budget.")}
    fixed = bool(was) and not is_changeable(kind, "budget.budgetAmount")
    if was and (fixed or draw(st.booleans())):
        another = dict(was)
        if was["budget.budgetStrategy"] == "capped" and not fixed:
            another["budget.budgetAmount"] = draw(raws(value_types.MoneyType(by_currency=True, positive=True)))
    elif own:
        another = _budget(draw, kind, "budget.")
    else:
        return
    for name in own:
        del raw[name]
    raw |= another
    for name, value in list(raw.items()):
        if name.startswith("scheduledBudgets.") and value is not None:
            raw[name] = _budget(draw, kind, "")


def _budget(draw: Draw, kind: Kind, prefix: str) -> Raw:
    strategy = draw(st.sampled_from(("capped", "uncapped")))
    if strategy == "uncapped":
        return {f"{prefix}budgetStrategy": strategy}
    renewal, smoothing = draw(st.sampled_from(("daily", "weekly", "monthly", "lifetime"))), draw(_SMOOTHING)
    parts: Raw = {
        "budgetStrategy": strategy,
        "budgetAmount": draw(raws(value_types.MoneyType(by_currency=True, positive=True))),
        "budgetRenewal": renewal,
        "budgetDeliverySmoothing": smoothing,
    }
    if renewal == "weekly" and smoothing == "standard":
        parts["budgetDeliveryWeek"] = draw(st.sampled_from(("mondayToSunday", "sundayToSaturday")))
    if kind.has("budget.pacingBehavior"):
        fitting = ["undefined"] if smoothing == "accelerated" else ["undefined", "targetFullBudget"]
        fitting += ["targetAverageDailyBudget"] if (smoothing, renewal) == ("standard", "monthly") else []
        parts["pacingBehavior"] = draw(st.sampled_from(fitting))
    return {prefix + name: value for name, value in parts.items()}


_SMOOTHING = st.sampled_from(("accelerated", "standard"))

SENSES["adSets"] = Sense(
    _new_ad_set,
    _changed_ad_set,
    keys={
        "categoryBids.*": st.sampled_from(CATEGORIES),
        "displayMultipliers.*": st.sampled_from([key.partition("|")[0] for key in CATEGORIES]),
        "scheduledBudgets.*": _days(),
    },
)


# --- Campaigns -------------------------------------------------------------------------------------------------

LIMIT, ENABLED = "spendLimit.", "budgetAutomation.enabled"
OBJECTIVES = "budgetAutomation.budgetConfiguration.adSetObjectives"


def _new_campaign(draw: Draw, kind: Kind, key: str, raw: Raw) -> Raw:
    raw |= {"advertiserId": "1352", "name": visible(f"{key} {raw['name']}"[:255])}
    return _sensible_campaign(draw, kind, {}, raw)


def _changed_campaign(draw: Draw, kind: Kind, before: Raw, raw: Raw) -> Raw:
    if raw["name"] != before["name"]:
        raw["name"] = visible(f"renamed {before['name'][:3]}{raw['name']}"[:255])
    return _sensible_campaign(draw, kind, before, raw)


def _sensible_campaign(draw: Draw, kind: Kind, before: Raw, raw: Raw) -> Raw:
    """A limit of parts that go together, and an objective if and only if the automation is on."""
    for name in [name for name in raw if name.startswith(LIMIT)]:
        del raw[name]
    raw[f"{LIMIT}spendLimitType"] = draw(st.sampled_from(("capped", "uncapped")))
    if raw[f"{LIMIT}spendLimitType"] == "capped":
        raw[f"{LIMIT}spendLimitRenewal"] = draw(st.sampled_from(("daily", "monthly", "lifetime")))
        raw[f"{LIMIT}spendLimitAmount"] = draw(raws(value_types.MoneyType(by_currency=True)))
    raw.pop(OBJECTIVES, None)
    if ENABLED not in raw and ENABLED in before:
        raw[ENABLED] = before[ENABLED]
    if raw.get(ENABLED):
        raw[OBJECTIVES] = draw(raws(kind.field(OBJECTIVES).type))
    return raw


SENSES["campaigns"] = Sense(_new_campaign, _changed_campaign)


# --- Sellers ---------------------------------------------------------------------------------------------------


def _seller_campaign(draw: Draw, kind: Kind, key: str, raw: Raw) -> Raw:
    """Some that exist in the demo account, and some that do not."""
    number = int(key[1:])
    return raw | {"sellerId": str(number + 4), "campaignId": "10001" if number % 2 else "10002"}


def _new_seller_budget(draw: Draw, kind: Kind, key: str, raw: Raw) -> Raw:
    """One for each seller that has none, so that none is in the way of another."""
    raw |= {"sellerId": str(int(key[1:]) + 5), "campaignIds": ["10001"]}
    raw["budgetType"] = draw(st.sampled_from(("Capped", "Uncapped")))
    return _sensible_seller_budget(draw, kind, raw, raw)


def _sensible_seller_budget(draw: Draw, kind: Kind, before: Raw, raw: Raw) -> Raw:
    raw["campaignIds"] = before["campaignIds"]
    if raw["budgetType"] == "Uncapped":
        raw.pop("amount", None)
    elif not raw.get("amount"):
        raw["amount"] = draw(raws(value_types.MoneyType(by_currency=True, positive=True)))
    if raw.get("endDate") is not None:
        raw["endDate"] = "204" + str(raw["endDate"])[3:]
    return raw


SENSES["sellerCampaigns"] = Sense(_seller_campaign, lambda draw, kind, before, raw: raw)
SENSES["sellerBudgets"] = Sense(_new_seller_budget, _sensible_seller_budget)


# --- Campaigns and line items of Retail Media --------------------------------------------------------------------

ACCOUNT = "18446744073709551616"
AUTO, PACE = "isAutoDailyPacing", "dailyPacing"
DATED = {"dailyBudgetOverrides.": "D", "monthlyBudgetOverrides.": "M"}


def _new_retail_campaign(draw: Draw, kind: Kind, key: str, raw: Raw) -> Raw:
    raw |= {"accountId": ACCOUNT, "name": visible(f"{key} {raw['name']}"[:255])}
    if "retailerId" in raw:
        raw["retailerId"] = "1106"
    return _sensible_retail(draw, raw, raw)


def _new_line_item(draw: Draw, kind: Kind, key: str, raw: Raw) -> Raw:
    raw |= {"campaignId": "73", "targetRetailerId": "1106", "name": visible(f"{key} {raw['name']}"[:255])}
    return _sensible_retail(draw, raw, raw)


def _changed_retail(draw: Draw, kind: Kind, before: Raw, raw: Raw) -> Raw:
    if raw["name"] != before["name"]:
        raw["name"] = visible(f"renamed {before['name'][:3]}{raw['name']}"[:255])
    return _sensible_retail(draw, before, raw)


def _sensible_retail(draw: Draw, before: Raw, raw: Raw) -> Raw:
    """An end after the start, one daily cap, no budget of preferred deals, dated budgets that do not overlap."""
    if raw.get("endDate") is not None:
        raw["endDate"] = "204" + str(raw["endDate"])[3:]
    if raw.get("type") == "preferred":
        raw.pop("budget", None)
    if raw.get(AUTO, before.get(AUTO)):
        raw.pop(PACE, None)
    elif before.get(AUTO):
        raw.setdefault(PACE, None)
    for prefix, unit in DATED.items():
        for name in [name for name in raw if name.startswith(prefix)]:
            if isinstance(raw[name], dict):
                raw[name] = {**raw[name], "duration": f"1{unit}"}
    for name in [name for name in raw if name.startswith("bidMultipliers.")]:
        raw[name] = Decimal(draw(st.integers(50, 600))).scaleb(-2)
    return raw


SENSES["retailMediaCampaigns"] = Sense(
    _new_retail_campaign,
    _changed_retail,
    keys={"dailyBudgetOverrides.*": _days(), "monthlyBudgetOverrides.*": _days().map(lambda day: day[:7])},
)
SENSES["lineItems"] = Sense(
    _new_line_item,
    _changed_retail,
    keys={
        "dailyBudgetOverrides.*": _days(),
        "monthlyBudgetOverrides.*": _days().map(lambda day: day[:7]),
        "bidMultipliers.*": st.sampled_from(("search", "home", "category", "productDetail", "checkout")),
    },
)


# --- Balances --------------------------------------------------------------------------------------------------


def _new_balance(draw: Draw, kind: Kind, key: str, raw: Raw) -> Raw:
    raw |= {"accountId": ACCOUNT, "name": visible(f"{key} {raw['name']}"[:255])}
    return _sensible_balance(draw, kind, raw, raw)


def _sensible_balance(draw: Draw, kind: Kind, before: Raw, raw: Raw) -> Raw:
    """Capped stays capped, funds are above 0, campaigns are those of the account."""
    if raw["name"] != before["name"]:
        raw["name"] = visible(f"renamed {before['name'][:3]}{raw['name']}"[:255])
    if "deposited" not in before:
        raw.pop("deposited", None)
    elif not raw["deposited"]:
        raw["deposited"] = draw(raws(value_types.MoneyType(by_currency=True, positive=True)))
    if raw.get("endDate") is not None:
        raw["endDate"] = "204" + str(raw["endDate"])[3:]
    elif before.get("endDate") is not None and v2025_07.end_is_kept in kind.scene_rules:
        raw["endDate"] = before["endDate"]  # that version refuses to take it away: contract §5.3
    if "campaignIds" in raw:
        raw["campaignIds"] = draw(st.lists(st.sampled_from(("71", "72", "8343086999167541140")), unique=True))
    return raw


SENSES["balances"] = Sense(_new_balance, _sensible_balance)


# --- As files ---------------------------------------------------------------------------------------------------


def nested(raw: Raw) -> dict[str, Any]:
    """Dotted fields as blocks."""
    block: dict[str, Any] = {}
    for name, value in raw.items():
        first, _, rest = name.partition(".")
        parents = [first] if first.endswith(("Bids", "Multipliers", "Budgets", "Overrides")) else name.split(".")[:-1]
        last = rest if parents == [first] and rest else name.rpartition(".")[2]
        place = block
        for parent in parents if last != name else ():
            place = place.setdefault(parent, {})
        place[last] = value
    return block


def flow(value: Any) -> str:
    """A value as YAML in one line: numbers to the last digit, texts quoted, nothing invisible."""
    match value:
        case dict():
            return "{" + ", ".join(f"{flow(str(key))}: {flow(each)}" for key, each in value.items()) + "}"
        case list():
            return f"[{', '.join(map(flow, value))}]"
        case Decimal():
            return f"{value:f}"
        case str():
            text = json.dumps(value, ensure_ascii=False)
            return re.sub("[\x7f-\x9f\u2028\u2029\ufeff]", lambda found: f"\\u{ord(found[0]):04x}", text)
        case _:
            return json.dumps(value)


def section(kind: str, blocks: Blocks, defaults: Raw | None = None) -> str:
    """A resource file: one line a field."""
    lines = [] if not defaults else ["defaults:", f"  {kind}: {flow(nested(defaults))}"]
    lines += [f"{kind}:"]
    for key, raw in blocks.items():
        lines += [f"  {key}:", *(f"    {flow(name)}: {flow(value)}" for name, value in nested(raw).items())]
    return "\n".join(lines) + "\n"


# --- Which kinds and dialects ----------------------------------------------------------------------------------


class Spoken:
    """A kind as a version says it. Not a dataclass: Hypothesis would print the whole table with each example."""

    def __init__(self, name: str, dialect: versions.ApiVersion) -> None:
        self.name = name
        self.dialect = dialect

    @property
    def kind(self) -> Kind:
        return self.dialect.kinds[self.name]

    def __repr__(self) -> str:
        return f"{self.name}-{self.dialect.version}"


def spoken() -> list[Spoken]:
    """Every kind in every version that says it differently from those before."""
    found: list[Spoken] = []
    for dialect in versions.all_versions():
        for name, kind in dialect.kinds.items():
            # A version in which a kind cannot be created has no portfolio of its own: there is nothing to begin with.
            if name in SENSES and kind.create and not any(kind is other.kind for other in found):
                found.append(Spoken(name, dialect))
    return found


def may_repeat(kind: Kind, name: str) -> bool:
    """Whether a value that the API never shows is sent again while nobody remembers it."""
    row = kind.field(name)
    return (
        row.path("read") is None
        and isinstance(kind.writes.get(row.facet), PatchFields)
        and row.path("patch") is not None
    )
