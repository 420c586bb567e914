"""A currency is believed only where the API tells it; whoever may not ask is told whose it is instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.kinds.products import SCOPES
from reconciler.model import Answer, Call, Delivery, Json
from reconciler.provider import scope

from ...support.commands import project, reconciler

ADVERTISERS = SCOPES["advertiserIds"]
ROWS: Json = [
    {"id": 1352, "advertiserName": "a", "currencyName": "eur", "timeZoneId": "Europe/Paris"},
    {"id": 1353, "advertiserName": "b", "currencyName": None},
    {"id": 1354, "advertiserName": "c", "currencyName": "Euro"},
]
HEAD = 'version: 1\nscope: {advertiserIds: ["1352"], retailMediaAccountIds: ["18446744073709551616"]}\n'
TOP_UP = "balances: {q1: {id: '18446744073709551617', accountId: '18446744073709551616', deposited: 6000.00}}\n"


@pytest.mark.parametrize(
    ("status", "body", "found"),
    [
        (200, ROWS, {"1352": "EUR"}),
        (200, {"data": ROWS}, {}),
        (200, None, {}),
        (200, [1, None, {"id": 1}], {}),
        (403, ROWS, {}),
        (500, [], {}),
    ],
)
def test_only_a_code_of_three_letters_in_a_good_answer_counts(status: int, body: Json, found: dict[str, str]) -> None:
    asked: list[Call] = []

    def send(call: Call) -> Answer:
        asked.append(call)
        return Answer(Delivery.ANSWERED, status, body)

    told = scope.read_directory(ADVERTISERS, "/root", send)
    assert {id: code for id, (code, _) in told.items() if code} == found
    assert [(call.method, call.path) for call in asked] == [("GET", "/root/advertisers")]


def test_no_answer_is_no_currency_and_no_reason_to_stop() -> None:
    assert scope.read_directory(ADVERTISERS, "/root", lambda call: Answer(Delivery.LOST, reason="cut")) == {}


def test_funds_stand_apart_in_the_currency_of_their_account(tmp_path: Path) -> None:
    at = project(tmp_path, {"ads.yaml": TOP_UP}, HEAD)
    done = reconciler("plan", "--sandbox", at=at)
    assert done.code == 0, done.said
    line = next(line for line in done.out.splitlines() if "balance deposits" in line)
    assert line.split()[0] == "EUR"
    assert "+1,000.00" in line


def test_a_limit_counts_top_ups_too(tmp_path: Path) -> None:
    head = HEAD + "guardrails: {maxTotalIncrease: {EUR: 999.99}}\n"
    done = reconciler("plan", "--sandbox", at=project(tmp_path, {"ads.yaml": TOP_UP}, head))
    assert done.code == 3
    assert "by 1,000.00 in EUR; 999.99 are allowed" in done.out
