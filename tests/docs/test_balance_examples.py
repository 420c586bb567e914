"""The life of a balance as files that plan and apply: created, topped up, described, attached, detached, taken back."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from ..support.examples_bench import EXAMPLES, copied, points_to_a_schema

STEPS = {
    "01-create": ("balances", None),
    "02-top-up": ("add-funds", {"deltaAmount": 250}),
    "03-describe": (
        "18446744073709551620",
        {
            "name": "Q1 and April",
            "retailerPoNumber": "PO 12399",
            "memo": "Extended to April",
            "startDate": "2027-01-04",
            "endDate": {"value": "2027-04-30"},
        },
    ),
    "04-attach": ("append", {"ids": ["71", "72"]}),
    "05-detach": ("delete", {"ids": ["71"]}),
    "06-take-back": ("add-funds", {"deltaAmount": -250}),
}


def carried(call: dict[str, Any]) -> dict[str, Any]:
    """What a call says, but for the mark by which a top-up is known again."""
    attributes = dict(call["body"]["data"]["attributes"])
    if call["path"].endswith("add-funds"):
        attributes.pop("memo", None)
    return attributes


def test_every_step_is_one_call(tmp_path: Path) -> None:
    example = copied("balances", tmp_path)

    calls = {step: example.apply(step) for step in STEPS}

    assert [len(writes) for writes in calls.values()] == [1] * len(STEPS)
    for step, (end, body) in STEPS.items():
        (call,) = calls[step]
        assert call["path"].rpartition("/")[2] == end
        assert body is None or carried(call) == body


def test_the_balance_ends_as_the_last_steps_say(tmp_path: Path) -> None:
    example = copied("balances", tmp_path)

    for step in STEPS:
        example.apply(step)

    state = example.world.state
    balance = state.all("balances")["18446744073709551620"]
    assert (balance["name"], balance["deposited"]) == ("Q1 and April", Decimal(5000))
    attached = [each["campaignId"] for each in state.all("attachments").values() if each["balanceId"].endswith("620")]
    assert attached == ["72"]


def test_editors_find_the_schema_of_every_file() -> None:
    files = sorted((EXAMPLES / "balances").rglob("*.yaml"))

    assert files
    assert [file for file in files if not points_to_a_schema(file)] == []
