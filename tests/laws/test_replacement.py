"""A whole object is replaced, and no other field changes: nulls, absent and unknown keys at any depth included.

The server of these tests does what the vendor says of a PUT: what is omitted becomes null, or the default of the API.
`REPLACEMENTS=10000` asks as many objects.
"""

from __future__ import annotations

import os
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from reconciler.kinds.date_types import DayType
from reconciler.kinds.kind import Kind
from reconciler.kinds.line_item import LINE_ITEM
from reconciler.kinds.nested_types import SetType
from reconciler.kinds.retail_campaign import RETAIL_CAMPAIGN
from reconciler.kinds.retail_values import IntentType
from reconciler.kinds.value_types import BoolType, EnumType, IdType, MoneyType, TextType, ValueType
from reconciler.kinds.write_methods import Replace
from reconciler.model import Action, Address, Call, Change, FieldChange, Item, Live, Value, WriteEffect
from reconciler.planning.replacement import build_planned_attributes, merge_fresh, select_replaced_rows
from reconciler.provider import codec

EXAMPLES = int(os.environ.get("REPLACEMENTS", "150"))
ADDRESS = Address("any", "one")
STRANGE = st.sampled_from(("brandNew", "nested", "Budgets", "x"))
JUNK = st.sampled_from((None, True, 3, "text", {}, {"a": [1]}))
CLOCKS = ("00:00", "08:30", "23:59")
DEFAULTS = {"bidStrategy": "manual", "optimizationStrategy": "conversion"}
"""What the API sets where a PUT of a line item says nothing (E4.3)."""
Body = dict[str, Any]


def raws(form: ValueType) -> st.SearchStrategy[Any]:
    """A few values of a type as a person writes them; what a value is matters less here than whether it stays."""
    match form:
        case EnumType():
            return st.sampled_from(form.words)
        case SetType(each=IdType()):
            return st.lists(raws(form.each), max_size=2)
        case SetType():
            legs = st.tuples(st.sampled_from(("monday", "weekends")), st.sampled_from(CLOCKS), st.sampled_from(CLOCKS))
            names = ("dayOfWeek", "startTime", "endTime")
            return st.lists(legs.map(lambda leg: dict(zip(names, leg, strict=True))), max_size=2)
        case MoneyType():
            return st.sampled_from((Decimal(0), Decimal("0.01"), Decimal(100), Decimal("99999.5")))
        case DayType():
            return st.sampled_from(("2027-01-01", "2027-03-31"))
        case IdType():
            return st.sampled_from(("7", "4294967"))
        case BoolType():
            return st.booleans()
        case TextType():
            return st.sampled_from(("a", "Ärger", "two words", "null"))
    raise NotImplementedError(f"say here how a {type(form).__name__} is written")


@st.composite
def shown(draw: Any, kind: Kind, write: Replace) -> Body:
    """An object as a read may show it: any field valid, null or absent, and now and then a key that nobody knows."""
    found: Body = {}
    for row in kind.fields:
        path = row.path("read")
        if path is None or row.is_map:
            continue
        says = draw(st.sampled_from(("value",) * 24 + ("null", "absent", "word")))
        if says == "absent":
            continue
        wire: Any = None
        if says != "null":
            wire = row.type.write(row.type.parse(draw(raws(row.type))))
        if says == "word" and isinstance(row.type, EnumType):
            states = dict(row.type.shown_as) if isinstance(row.type, IntentType) else {}
            wire = draw(st.sampled_from((*row.type.reads, *states, *row.type.words)))
        top, _, inner = path.partition(".")
        found[top] = wire if not inner else draw(st.sampled_from((None, {inner: wire}, {inner: wire, "more": 1})))
        legs = found[top].get("legs") if inner and isinstance(found[top], dict) else None
        if legs and draw(st.integers(0, 5)) == 0:
            legs[0]["unheardOf"] = draw(JUNK)
    found |= {key: draw(JUNK) for key in write.computed}
    if draw(st.integers(0, 5)) == 0:
        found[draw(STRANGE)] = draw(JUNK)
    return found


def put(write: Replace, kind: Kind, before: Body, sent: Body) -> Body:
    """What the API keeps: every writable field as it was sent, null or its default if it was not, all else cleared."""
    writable = {str(row.path("patch")).partition(".")[0] for row in select_replaced_rows(kind, write)}
    assert sent.keys() <= writable  # the bodies are closed
    own = {str(row.path("read")).partition(".")[0] for row in kind.fields if row.path("read") and not row.is_map}
    fixed = {key: before.get(key) for key in (own | set(write.computed)) - writable}
    return fixed | {key: deepcopy(sent.get(key, DEFAULTS.get(key))) for key in writable}


def intent(kind: Kind, key: str, wire: Any) -> Any:
    """What a value means: a state that the API computed stands for the intent behind it; an empty week for none."""
    row = next((row for row in kind.fields if row.name == key), None)
    if isinstance(row.type if row else None, EnumType) and wire is not None:
        assert row is not None
        return row.type.read(wire)
    return wire


def call_of(kind: Kind, write: Replace, live: Live, stated: dict[str, Value]) -> Call:
    """The call as a plan holds it, by what the plan read."""
    moves = tuple(
        FieldChange(name, kind.field(name).facet, live.values.get(name), value)
        for name, value in stated.items()
        if live.values.get(name) != value
    )
    after = kind.after(live.values, stated)
    change = Change(ADDRESS, Action.UPDATE, live.id, moves, after, None, live)  # type: ignore[arg-type]
    row = {"type": "T", "id": live.id, "attributes": build_planned_attributes(kind, write, change)}
    item = Item(ADDRESS, live.id, moves)
    return Call("c", kind.name, write.facet, WriteEffect.REPLACE, "PUT", "/x", (row,), items=(item,))


@pytest.mark.parametrize("kind", [RETAIL_CAMPAIGN, LINE_ITEM], ids=lambda kind: kind.name)
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_no_field_that_the_files_do_not_state_ever_changes(kind: Kind, data: st.DataObject) -> None:
    write = kind.writes["whole"]
    assert isinstance(write, Replace)
    planned = data.draw(shown(kind, write))
    fresh = data.draw(st.one_of(st.just(planned), st.just(planned), shown(kind, write)))
    live = codec.decode_row(kind, {"id": "7", "attributes": planned})
    rows = st.sampled_from(select_replaced_rows(kind, write))
    chosen = data.draw(st.lists(rows, min_size=1, max_size=4, unique_by=lambda row: row.name))
    stated: dict[str, Value] = {row.name: row.type.parse(data.draw(raws(row.type))) for row in chosen}
    stated |= {row.name: None for row in chosen if row.nullable and data.draw(st.booleans())}
    if live.values["isAutoDailyPacing"] and stated.get("isAutoDailyPacing") is False:
        stated.setdefault("dailyPacing", None)  # a plan refuses the one without the other: pace-unstated
    call = call_of(kind, write, live, stated)
    if not call.items[0].fields:
        return

    merged = merge_fresh(kind, write, call, {"data": {"id": "7", "attributes": fresh}}, ("Europe/Paris",))

    if merged.problem is not None:
        assert merged.row is None
        event(merged.problem.code)
        return
    event("sent")
    assert isinstance(merged.row, dict)
    after = put(write, kind, fresh, merged.row["attributes"])  # type: ignore[arg-type]
    moved = {name.partition(".")[0] for name in stated}
    assert {key: intent(kind, key, fresh.get(key)) for key in {*fresh, *after} - moved} == {
        key: intent(kind, key, after.get(key)) for key in {*fresh, *after} - moved
    }
    landed = codec.decode_row(kind, {"id": "7", "attributes": after}).values
    assert all(
        landed[name] == value or (name == "dailyPacing" and landed["isAutoDailyPacing"])
        for name, value in stated.items()
    )


def known(kind: Kind) -> Body:
    """An object that can be replaced: every field with a value."""
    wires: Body = {
        "name": "Tea",
        "startDate": "2026-12-01",
        "endDate": None,
        "budget": 100,
        "monthlyPacing": None,
        "dailyPacing": 10,
        "isAutoDailyPacing": False,
    }
    if kind is LINE_ITEM:
        return wires | {
            "campaignId": "71",
            "status": "scheduled",
            "targetRetailerId": "1106",
            "bidStrategy": "automated",
            "optimizationStrategy": "revenue",
            "targetBid": None,
            "maxBid": 2,
            "flightSchedule": {"legs": [{"dayOfWeek": "monday", "startTime": "08:00", "endTime": "09:00"}]},
        }
    return wires | {"accountId": "1", "clickAttributionWindow": "7D", "viewAttributionWindow": "1D"}


def attempt(kind: Kind, planned: Body, fresh: Body, **stated: Value) -> Any:
    write = kind.writes["whole"]
    assert isinstance(write, Replace)
    live = codec.decode_row(kind, {"id": "7", "attributes": planned})
    values = {
        name: None if value is None else kind.field(name).type.parse(value)  # type: ignore[arg-type]
        for name, value in stated.items()
    }
    call = call_of(kind, write, live, values)
    return merge_fresh(kind, write, call, {"data": {"id": "7", "attributes": fresh}})


@pytest.mark.parametrize("kind", [RETAIL_CAMPAIGN, LINE_ITEM], ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    ("fresh", "code", "word"),
    [
        ({"brandNew": 3}, "field-not-known", "brandNew"),
        ({"brandNew": None}, "field-not-known", "brandNew"),
        ({"dailyPacing": 11}, "moved-meanwhile", "dailyPacing"),
        ({"budget": 101}, "moved-meanwhile", "budget"),
        ({"name": "Coffee"}, "moved-meanwhile", "name"),
        ({"monthlyPacing": 5}, "moved-meanwhile", "monthlyPacing"),
    ],
)
def test_a_live_edit_or_an_unknown_field_is_refused_by_name(kind: Kind, fresh: Body, code: str, word: str) -> None:
    problem = attempt(kind, known(kind), known(kind) | fresh, budget=200).problem

    assert problem is not None
    assert (problem.code, word in problem.message) == (code, True)


@pytest.mark.parametrize("kind", [RETAIL_CAMPAIGN, LINE_ITEM], ids=lambda kind: kind.name)
def test_a_budget_that_a_read_does_not_show_is_not_cleared(kind: Kind) -> None:
    there = {key: value for key, value in known(kind).items() if key != "dailyPacing"}

    assert attempt(kind, there, there, budget=200).problem.code == "unread-field"


@pytest.mark.parametrize("kind", [RETAIL_CAMPAIGN, LINE_ITEM], ids=lambda kind: kind.name)
def test_a_cap_that_the_api_computed_is_cleared_with_its_computing(kind: Kind) -> None:
    there = known(kind) | {"isAutoDailyPacing": True}

    cleared = attempt(kind, there, there, isAutoDailyPacing=False, dailyPacing=None).row["attributes"]
    still = attempt(kind, there, there, budget=200).row["attributes"]

    assert (cleared["isAutoDailyPacing"], cleared["dailyPacing"]) == (False, None)
    assert (still["isAutoDailyPacing"], still["dailyPacing"]) == (True, 10)


@pytest.mark.parametrize("status", ["active", "paused"])
def test_a_new_object_is_replaced_whatever_the_file_states_of_it(status: str) -> None:
    write = LINE_ITEM.writes["whole"]
    assert isinstance(write, Replace)
    made = known(LINE_ITEM) | {"status": "draft", "flightSchedule": None} | DEFAULTS
    names = [
        row.name for row in select_replaced_rows(LINE_ITEM, write) if row.nullable or row.name in ("name", "startDate")
    ]
    live = codec.decode_row(LINE_ITEM, {"id": "7", "attributes": made})
    move = FieldChange("status", "activation", None, status)
    after = {name: live.values[name] for name in names} | {"status": status}
    change = Change(ADDRESS, Action.CREATE, "7", (move,), after, None)  # type: ignore[arg-type]
    row = {"type": "T", "id": "7", "attributes": build_planned_attributes(LINE_ITEM, write, change)}
    item = Item(ADDRESS, "7", (move,))
    call = Call("c", "lineItems", write.facet, WriteEffect.REPLACE, "PUT", "/x", (row,), items=(item,))

    merged = merge_fresh(LINE_ITEM, write, call, {"data": {"id": "7", "attributes": made}})

    assert merged.problem is None
    assert merged.row["attributes"]["status"] == status


def test_everything_is_sent_and_the_state_as_an_intent() -> None:
    row = attempt(LINE_ITEM, known(LINE_ITEM), known(LINE_ITEM), budget=200).row

    sent = known(LINE_ITEM) | {"budget": 200, "status": "active"}
    assert row["attributes"] == {
        key: value for key, value in sent.items() if key not in ("campaignId", "targetRetailerId")
    }
