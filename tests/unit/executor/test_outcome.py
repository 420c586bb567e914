"""What an answer proves of each item: a table of answers, item by item, with the reason and its line."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.executor.outcomes import interpret_answer
from reconciler.model import Action, Answer, Call, Delivery, FixedLocator, ItemOutcome, Place, Problem, Severity, Span

from ..planning.test_planner import BID, KINDS, change, planned


def at(line: int) -> Place:
    return Place(FixedLocator(Span("ads.yaml", line, 3)), ())


def lined(call: Call) -> Call:
    """Each item at a line of ten, its fields at those after it."""
    items = (
        replace(
            item,
            place=at(10 * number),
            fields=tuple(replace(each, place=at(10 * number + place)) for place, each in enumerate(item.fields, 1)),
        )
        for number, item in enumerate(call.items, 1)
    )
    return replace(call, items=tuple(items))


def batch(count: int = 3) -> Call:
    """Settings of ad sets 1, 2, 3: a name and an end each."""
    fields = (("name", "x", "y"), ("schedule.endDate", None, datetime(2027, 1, 1, tzinfo=UTC)))
    (call,) = planned(*(change(f"a{n}", *fields, id=str(n)) for n in range(1, count + 1))).calls
    return lined(call)


def judged(call: Call, body: Any = None, status: int = 200) -> tuple[tuple[ItemOutcome, ...], tuple[Problem, ...]]:
    return interpret_answer(call, Answer(Delivery.ANSWERED, status, body), KINDS[call.kind])


def told(ended: tuple[ItemOutcome, ...]) -> list[tuple[str, list[str]]]:
    """How each item ended, and each reason: its code and its line."""
    reasons = ([f"{each.code}:{each.span.line if each.span else 0}" for each in outcome.problems] for outcome in ended)
    return [(outcome.status.value, codes) for outcome, codes in zip(ended, reasons, strict=True)]


def done(*ids: int) -> list[dict[str, str]]:
    return [{"id": str(id)} for id in ids]


def no(index: int | None, code: str = "bad", **more: Any) -> dict[str, Any]:
    return {"code": code, **({} if index is None else {"instance": f"@data/{index}"}), **more}


APPLIED: tuple[str, list[str]] = ("applied", [])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"data": done(1, 2, 3)}, [APPLIED] * 3),
        ({"data": done(3, 1), "errors": [no(1)]}, [APPLIED, ("rejected", ["bad:20"]), APPLIED]),
        ({"data": done(1, 2)}, [APPLIED, APPLIED, ("unknown", ["not-mentioned:30"])]),
        ({"data": done(1, 2, 3), "errors": [no(0)]}, [("unknown", ["contradiction:10", "bad:10"]), APPLIED, APPLIED]),
        ({"data": done(1), "errors": [no(None)]}, [APPLIED, ("rejected", ["bad:20"]), ("rejected", ["bad:30"])]),
        ({"data": done(1), "errors": [no(3)]}, [APPLIED, ("rejected", ["bad:20"]), ("rejected", ["bad:30"])]),
        (
            {"data": done(1, 2), "errors": [no(2, "x"), no(2, "y"), no(2, "x")]},
            [APPLIED, APPLIED, ("rejected", ["x:30", "y:30"])],
        ),
        (
            {"data": done(2, 3), "errors": [no(0, "invalid-end-date")]},
            [("rejected", ["invalid-end-date:12"]), *[APPLIED] * 2],
        ),
        (
            {"data": done(2, 3), "errors": [no(0, "bad", title="Invalid name")]},
            [("rejected", ["bad:11"]), APPLIED, APPLIED],
        ),
        (
            {"data": done(2, 3), "errors": [{"code": "bad", "instance": "@data/0/attributes/name"}]},
            [("rejected", ["bad:11"]), APPLIED, APPLIED],
        ),
        ({}, [("unknown", ["not-mentioned:10"]), ("unknown", ["not-mentioned:20"]), ("unknown", ["not-mentioned:30"])]),
    ],
)
def test_each_item_ends_by_what_the_answer_says_of_it(body: Any, expected: list[tuple[str, list[str]]]) -> None:
    ended, said = judged(batch(), body)

    assert told(ended) == expected
    assert said == ()


def test_an_error_that_nothing_failed_of_is_a_warning() -> None:
    ended, said = judged(batch(), {"data": done(1, 2, 3), "errors": [no(None, "odd")], "warnings": [no(None, "late")]})

    assert told(ended) == [APPLIED] * 3
    assert [(each.code, each.severity) for each in said] == [("late", Severity.WARNING), ("odd", Severity.WARNING)]


@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        ([no(1)], ["batch-refused:10", "bad:20", "batch-refused:30"]),
        ({"errors": [no(1)]}, ["batch-refused:10", "bad:20", "batch-refused:30"]),
        (no(None), ["bad:10", "bad:20", "bad:30"]),
        ({"title": "No"}, ["api-error:10", "api-error:20", "api-error:30"]),
        ({"errors": [no(3)]}, ["bad:10", "bad:20", "bad:30"]),
        (None, ["http-400:10", "http-400:20", "http-400:30"]),
        ({"other": 1}, ["http-400:10", "http-400:20", "http-400:30"]),
    ],
)
def test_a_refusal_of_the_whole_names_the_one_to_blame(body: Any, reasons: list[str]) -> None:
    ended, _ = judged(batch(), body, 400)

    assert told(ended) == [("rejected", [each]) for each in reasons]


def test_an_atomic_call_with_errors_is_refused_and_without_is_applied() -> None:
    whole = replace(batch(), atomic=True)

    assert [outcome.status.value for outcome in judged(whole, {"errors": [no(1)]})[0]] == ["rejected"] * 3
    assert told(judged(whole, {})[0]) == [APPLIED] * 3


@pytest.mark.parametrize(
    ("fate", "status", "code"), [(Delivery.NOT_SENT, "not sent", "not-sent"), (Delivery.LOST, "unknown", "no-answer")]
)
def test_what_was_not_answered_is_told_of_every_item(fate: Delivery, status: str, code: str) -> None:
    ended, said = interpret_answer(batch(2), Answer(fate, reason="gone"), KINDS["adSets"])

    assert told(ended) == [(status, [f"{code}:10"]), (status, [f"{code}:20"])]
    assert all("gone" in each.problems[0].message for each in ended)
    assert said == ()


@pytest.mark.parametrize(("count", "named"), [(3, "a1, a2, a3"), (4, "a1, a2, a3 and 1 more")])
def test_a_thousand_offenders_are_named_by_a_few(count: int, named: str) -> None:
    ended, _ = judged(batch(count + 1), {"errors": [no(index) for index in range(count)]}, 400)

    words = ended[-1].problems[0].message.replace("adSets.", "")
    assert words == f"refused with its batch because of {named}"


@pytest.mark.parametrize(
    ("said", "words", "hint"),
    [
        ({"code": "c", "title": "T", "detail": "d", "traceId": "7"}, "T: d", "trace 7"),
        ({"code": "c", "title": "T", "detail": "T", "traceIdentifier": "8"}, "T", "trace 8"),
        ({"code": "c", "detail": "d"}, "d", None),
        ({"code": "c"}, "c", None),
        ("text", "text", None),
    ],
)
def test_the_api_is_quoted_with_its_trace(said: Any, words: str, hint: str | None) -> None:
    (ended, *_), _ = judged(batch(), {"errors": [said]}, 400)

    assert [(each.message, each.hint) for each in ended.problems] == [(words, hint)]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, "an empty answer"),
        ({"a": 1}, '{"a":1}'),
        ("x" * 198, '"' + "x" * 198 + '"'),
        ("x" * 199, '"' + "x" * 196 + "..."),
    ],
)
def test_a_refusal_without_a_reason_is_told_by_what_came_and_shortly(body: Any, words: str) -> None:
    (ended,), _ = judged(batch(1), body, 400)

    assert [(each.code, each.message) for each in ended.problems] == [("http-400", words)]


def test_a_reason_without_a_field_stands_at_the_only_field_there_is() -> None:
    (call,) = planned(change("a", (BID, Decimal(1), Decimal(2)), id="1")).calls

    assert told(judged(lined(call), {"errors": [no(0)]})[0]) == [("rejected", ["bad:11"])]


# --- What is created ----------------------------------------------------------------------------------------------


def creations(*amounts: int) -> Call:
    start = date(2027, 1, 1)
    made = [
        change(
            f"b{number}",
            ("sellerId", None, "1"), ("campaignIds", None, ("10001",)), ("budgetType", None, "Capped"),
            ("amount", None, Decimal(amount)), ("startDate", None, start),
            kind="sellerBudgets", id=None, action=Action.CREATE,
        )
        for number, amount in enumerate(amounts)
    ]  # fmt: skip
    (call,) = planned(*made).calls
    return lined(call)


def row(id: int, amount: int) -> dict[str, Any]:
    return {"id": str(id), "sellerId": "1", "campaignIds": [10001], "budgetType": "Capped",
            "amount": Decimal(amount), "startDate": "2027-01-01"}  # fmt: skip


def test_what_is_created_is_known_by_its_content_in_whatever_order() -> None:
    ended, _ = judged(creations(5, 6, 6), [row(91, 6), row(92, 5), row(93, 6)])

    assert [(outcome.status.value, outcome.id) for outcome in ended] == [
        ("applied", "92"), ("applied", "91"), ("applied", "93"),
    ]  # fmt: skip


def test_what_is_no_row_in_the_answer_stands_for_nothing() -> None:
    ended, _ = judged(creations(5, 6), [None, row(91, 6), "more", row(92, 5)])

    assert [(outcome.status.value, outcome.id) for outcome in ended] == [("applied", "92"), ("applied", "91")]


def test_what_cannot_be_told_apart_has_no_id_yet() -> None:
    ended, _ = judged(creations(5, 6), [row(91, 5), row(92, 7)])

    assert [(outcome.status.value, outcome.id) for outcome in ended] == [("applied", "91"), ("applied", None)]


@pytest.mark.parametrize("rows", [[], [row(91, 5)], [row(91, 5), row(92, 6), row(93, 7)]])
def test_an_answer_that_names_too_few_or_too_many_proves_nothing(rows: list[dict[str, Any]]) -> None:
    assert [outcome.status.value for outcome in judged(creations(5, 6), rows)[0]] == ["unknown"] * 2


def test_one_creation_takes_the_one_id() -> None:
    assert [outcome.id for outcome in judged(creations(5), [{"id": 44}])[0]] == ["44"]
    assert [outcome.id for outcome in judged(creations(5), {"data": {"id": 44}})[0]] == ["44"]
    assert [outcome.status.value for outcome in judged(creations(5), {"data": None})[0]] == ["unknown"]
    assert [outcome.status.value for outcome in judged(creations(5), None)[0]] == ["unknown"]


def test_an_id_that_was_shown_before_proves_only_a_create_whose_values_are_its_id() -> None:
    moves = [("sellerId", None, "1"), ("campaignId", None, "10001"), ("bid", None, Decimal(1))]
    (joined,) = planned(change("s", *moves, kind="sellerCampaigns", id=None, action=Action.CREATE)).calls
    for call, id, ends in ((joined, "1.10001", "applied"), (creations(5), "9", "unknown")):
        answer = Answer(Delivery.ANSWERED, 200, [{"id": id}])
        ended, _ = interpret_answer(call, answer, KINDS[call.kind], {id})
        assert [outcome.status.value for outcome in ended] == [ends]
    assert "answered with 9, which was there before" in ended[0].problems[0].message


def test_ids_that_stand_twice_prove_nothing() -> None:
    ended, _ = judged(creations(5, 6), [row(91, 5), row(91, 6)])
    assert [outcome.status.value for outcome in ended] == ["unknown"] * 2
    assert "ids stand twice" in ended[0].problems[0].message
