"""Every fault × every operation: how the items end, with which exit code, and that nothing happens twice.

The expectation is a table by the kind of effect, and the product of both lists is tried. Time is simulated.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from reconciler.provider.http import Settings

from . import laws, scenarios, tables
from .conftest import Open
from .inside import Desk, Ended

ONE_MIB = 2**20


# --- The operations ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Operation:
    """One kind of call: the text that needs it, how to find it in the log, and what a second sending would do."""

    name: str
    text: str
    method: str
    path: str
    effect: str = "set"
    also: tuple[dict[str, Any], ...] = ()
    """What else has to go wrong for this call to be made."""


def _balance(fields: str) -> str:
    return f'balances:\n  b: {{accountId: "{scenarios.ACCOUNT}", name: Q4, {fields}}}\n'


PATCHED = ("PATCH", "*/ad-sets")
CAMPAIGNS = (
    Operation(
        "campaign create",
        "campaigns:\n" + scenarios.NEW_CAMPAIGN.format(n=1),
        "POST",
        "*-solutions/campaigns",
        "create",
    ),
    Operation("campaign limit", "campaigns:\n" + scenarios.MOVED_CAMPAIGNS[0], "PATCH", "*-solutions/campaigns"),
)
WRITES = (
    Operation(
        "ad set create", "adSets:\n" + scenarios.NEW_AD_SET.format(n=2, status="off"), "POST", "*/ad-sets", "create"
    ),
    Operation("ad set settings", 'adSets:\n  a: {id: "123467", name: Renamed}\n', *PATCHED),
    Operation("ad set bids", 'adSets:\n  a: {id: "123467", bidding: {bidAmount: 1.1}}\n', *PATCHED),
    Operation("ad set budgets", 'adSets:\n  a: {id: "123467", budget: {budgetAmount: 150}}\n', *PATCHED),
    Operation("ad set start", 'adSets:\n  a: {id: "123468", schedule: {activationStatus: on}}\n', "POST", "*/start"),
    Operation("ad set stop", 'adSets:\n  a: {id: "123470", schedule: {activationStatus: off}}\n', "POST", "*/stop"),
    Operation("audience link", 'adSets:\n  a: {id: "123467", audienceId: "9876"}\n', "PUT", "*/audience", "unseen"),
    Operation(
        "category bids",
        'adSets:\n  a: {id: "123467", categoryBids: {"5545|2": 1.3}}\n',
        "PATCH",
        "*/category-bids",
        "nested",
    ),
    Operation(
        "multipliers",
        'adSets:\n  a: {id: "123467", displayMultipliers: {"5545": 1.5}}\n',
        "PATCH",
        "*/display-multipliers",
        "nested",
    ),
    Operation("seller bids", "sellerCampaigns:\n" + scenarios.MOVED_SELLER_CAMPAIGNS[0], "PATCH", "*/seller-campaigns"),
    Operation(
        "seller campaign", "sellerCampaigns:\n" + scenarios.MOVED_SELLER_CAMPAIGNS[2], "POST", "*/seller-campaigns"
    ),
    Operation("budget create", "sellerBudgets:\n" + scenarios.NEW_BUDGET.format(n=7), "POST", "*/budgets", "create"),
    Operation("budget amounts", "sellerBudgets:\n" + scenarios.MOVED_BUDGETS[0], "PATCH", "*/budgets"),
    Operation("budget stop", "sellerBudgets:\n" + scenarios.MOVED_BUDGETS[1], "PATCH", "*/budgets"),
    Operation(
        "balance create",
        "balances:\n" + scenarios.NEW_BALANCE.format(n=1, account=scenarios.ACCOUNT),
        "POST",
        "*/balances",
        "create",
    ),
    Operation("balance settings", _balance("endDate: 2027-01-31"), "PATCH", "*/balances/*"),
    Operation("campaigns append", _balance('campaignIds: ["71", "73"]'), "POST", "*/append"),
    Operation("campaigns delete", _balance("campaignIds: []"), "POST", "*/delete"),
    Operation("funds up", _balance("deposited: 5750.25"), "POST", "*/add-funds", "add"),
    Operation("funds down", _balance("deposited: 4000"), "POST", "*/add-funds", "add"),
)
LOST_FUNDS = {"kind": "lost_answer", "method": "POST", "path": "*/add-funds", "count": 1}
READS = (
    Operation("token", WRITES[2].text, "POST", "*/oauth2/token", "token"),
    Operation("identity read", WRITES[2].text, "GET", "*/me", "read"),
    Operation("portfolio read", WRITES[2].text, "GET", "*/advertisers/me", "read"),
    Operation("accounts read", WRITES[18].text, "GET", "*/retail-media/accounts", "read"),
    Operation("ad sets read", WRITES[2].text, "POST", "*/search", "read"),
    Operation("categories read", WRITES[7].text, "GET", "*/category-bids", "read"),
    Operation("multipliers read", WRITES[8].text, "GET", "*/display-multipliers", "read"),
    Operation("market read", WRITES[9].text, "GET", "*/marketplace-performance-outcomes/advertisers", "optional"),
    Operation("sellers read", WRITES[10].text, "GET", "*/sellers", "read"),
    Operation("seller bids read", WRITES[9].text, "GET", "*/seller-campaigns", "read"),
    Operation("budgets read", WRITES[12].text, "GET", "*/budgets", "read"),
    Operation("balances read", WRITES[18].text, "GET", "*/balances", "read"),
    Operation("campaigns read", WRITES[16].text, "GET", "*/campaigns", "read"),
    Operation("history read", WRITES[18].text, "GET", "*/history", "look", also=(LOST_FUNDS,)),
)
TEA, SEARCH = (
    'retailMediaCampaigns:\n  t: {id: "73", budget: 6000}\n',
    'lineItems:\n  s: {id: "9001", targetBid: 0.7}\n',
)
NEW_TEA = (
    f'retailMediaCampaigns:\n  n: {{accountId: "{scenarios.ACCOUNT}", name: Cocoa, isAutoDailyPacing: false, '
    "budget: 9}\n"
)
RETAIL = (
    Operation("retail campaign", TEA, "PUT", "*/campaigns/73"),
    Operation("retail line item", SEARCH, "PUT", "*/auction-line-items/9001"),
    Operation(
        "retail dated budget",
        TEA.replace("budget: 6000", "dailyBudgetOverrides: {2026-12-24: {maxDailySpend: 90, duration: 2D}}"),
        "PUT",
        "*/campaign-budget-overrides",
    ),
    Operation(
        "retail multipliers",
        SEARCH.replace("targetBid: 0.7", "bidMultipliers: {search: 2}"),
        "PUT",
        "*/bid-multipliers",
    ),
    Operation(
        "retail campaign create",
        NEW_TEA,
        "POST",
        f"*/accounts/{scenarios.ACCOUNT}/campaigns",
        "create",
    ),
    Operation(
        "retail line item create",
        'lineItems:\n  n: {campaignId: "73", name: Cocoa, targetRetailerId: "1106", startDate: 2026-12-01}\n',
        "POST",
        "*/campaigns/73/auction-line-items",
        "create",
    ),
    Operation("retail line items read", SEARCH, "GET", "*/campaigns/73/auction-line-items", "read"),
    Operation("retail object read", SEARCH, "GET", "*/auction-line-items/9001", "look"),
)
OPERATIONS = (
    *WRITES,
    *READS,
    *CAMPAIGNS,
    Operation("campaigns search", CAMPAIGNS[1].text, "POST", "*/campaigns/search", "read"),
    *RETAIL,
)


# --- The faults -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """Something that happens to the first sending, or to all of them; and what is said then, by effect."""

    name: str
    script: dict[str, Any]
    ends: dict[str, str]


ONCE: dict[str, Any] = {"count": 1}
ALWAYS: dict[str, Any] = {"count": None}
DONE = "applied 0"
READ = "read 0"
REFUSED = "rejected 5"


def _all(said: str, read: str, **special: str) -> dict[str, str]:
    """``look``: without this read no top-up is sent, and one without an answer is found by it."""
    reads = {"read": read, "token": read, "optional": READ, "look": DONE if read == READ else "not sent 5"}
    return {**dict.fromkeys(("set", "unseen", "nested", "create", "add"), said), **reads, **special}


MENDED = _all(DONE, READ)
"""It is sent again or found, and all is well."""
NO_TRACE = _all(DONE, READ, create="unknown 6", add="unknown 6")
"""No answer and no effect: what sets is sent again; of what creates and funds nothing can be seen, and that proves
nothing: the first run after `settleAfter` sends it."""
NOWHERE = _all("unknown 6", "refused 1")
"""Never any answer and no effect: it may be in force later."""
THERE = _all(DONE, "refused 1", unseen="unknown 6", nested="unknown 6")
"""Never any answer, but the effect: it is seen by reading, where it can be seen."""
FORBIDDEN = _all(REFUSED, "refused 8")
GATEWAY = _all(DONE, "refused 1")
"""A refusal that is not the API's own, after the effect: it is found, or sent again."""
ITEM = {"data": [], "errors": [{"type": "validation", "code": "x--no", "instance": "@data/0", "title": "No"}]}
PROBLEM = {"errors": [{"code": "no", "title": "No"}]}
"""What the API itself says when it refuses: without it, a status proves nothing."""
HALF = {"kind": "status", "applied": True}
RESET = {"x-ratelimit-limit": "250", "x-ratelimit-remaining": "0"}

FAULTS = (
    Fault("lost request", {"kind": "lost_request", **ONCE}, NO_TRACE),
    Fault("lost answer", {"kind": "lost_answer", **ONCE}, MENDED),
    Fault("every request lost", {"kind": "lost_request", **ALWAYS}, NOWHERE),
    Fault("every answer lost", {"kind": "lost_answer", **ALWAYS}, THERE),
    Fault("reset in the body", {"kind": "reset_in_body", **ONCE}, MENDED),
    Fault("timeout", {"kind": "delay", "seconds": 500, **ONCE}, MENDED),
    Fault("401 once", {"kind": "status", "status": 401, "body": PROBLEM, **ONCE}, _all(DONE, READ, token="refused 8")),
    Fault("401 always", {"kind": "status", "status": 401, "body": PROBLEM, **ALWAYS}, FORBIDDEN),
    Fault("403", {"kind": "status", "status": 403, "body": PROBLEM, **ALWAYS}, FORBIDDEN),
    Fault(
        "400",
        {"kind": "status", "status": 400, "body": PROBLEM, **ALWAYS},
        _all(REFUSED, "refused 1", token="refused 8"),
    ),
    Fault("404", {"kind": "status", "status": 404, "body": PROBLEM, **ALWAYS}, _all(REFUSED, "refused 1")),
    Fault(
        "410",
        {"kind": "status", "status": 410, "body": PROBLEM, **ALWAYS},
        _all(REFUSED, "refused 9", token="refused 1"),
    ),
    Fault("429 with a reset", {"kind": "status", "status": 429, "headers": RESET, "reset_in": 20, **ONCE}, MENDED),
    Fault("429 without headers", {"kind": "status", "status": 429, **ONCE}, MENDED),
    Fault(
        "429 with an absurd reset", {"kind": "status", "status": 429, "headers": RESET, "reset_in": 9e9, **ONCE}, MENDED
    ),
    Fault(
        "429 with a past reset", {"kind": "status", "status": 429, "headers": RESET, "reset_in": -9e5, **ONCE}, MENDED
    ),
    Fault("500 applied", {**HALF, "status": 500, **ONCE}, MENDED),
    Fault("500 not applied", {"kind": "status", "status": 500, **ONCE}, NO_TRACE),
    Fault("502 four times", {"kind": "status", "status": 502, "count": 4}, NO_TRACE),
    Fault("503 four times", {"kind": "status", "status": 503, "count": 4}, NO_TRACE),
    Fault("403 of a gateway, applied", {**HALF, "status": 403, "body": {}, **ONCE}, _all(DONE, "refused 8")),
    Fault("409 applied", {**HALF, "status": 409, "body": PROBLEM, **ONCE}, GATEWAY),
    Fault(
        "408 not applied",
        {"kind": "status", "status": 408, "body": PROBLEM, **ONCE},
        _all(DONE, "refused 1", create="unknown 6", add="unknown 6"),
    ),
    Fault("503 always", {"kind": "status", "status": 503, **ALWAYS}, NOWHERE),
    Fault("504 applied", {**HALF, "status": 504, **ONCE}, MENDED),
    Fault("truncated JSON", {"kind": "truncated", **ONCE}, MENDED),
    Fault("HTML in a 200", {"kind": "html", **ONCE}, MENDED),
    Fault("wrong content type", {"kind": "content_type", **ONCE}, MENDED),
    Fault("gzip bomb", {"kind": "gzip_bomb", "size": 4 * ONE_MIB, **ONCE}, MENDED),
    Fault("empty body", {"kind": "empty", **ONCE}, MENDED),
    Fault(
        "item error in a 200",
        {"kind": "status", "status": 200, "body": ITEM, **ONCE},
        _all(REFUSED, "refused 1"),
    ),
    Fault(
        "item error in a 400",
        {"kind": "status", "status": 400, "body": ITEM, **ONCE},
        _all(REFUSED, "refused 1", token="refused 8"),
    ),
)


FULL = os.environ.get("FAULTS") == "full"
PRODUCT = [
    pytest.param(fault, operation, id=f"{fault.name}-{operation.name}".replace(" ", "-"))
    for row, fault in enumerate(FAULTS)
    for column, operation in enumerate(OPERATIONS)
    if FULL or (row + column) % 4 == 0
]
"""All of it in `make faults`; one in four, each row and each column, in an ordinary run."""


@pytest.mark.parametrize(("fault", "operation"), PRODUCT)
def test_each_fault_of_each_operation_ends_as_the_table_says(desk: Open, fault: Fault, operation: Operation) -> None:
    here = desk(operation.text)
    here.settings = Settings(base_url="http://localhost", largest_body=ONE_MIB)
    here.world.inject(*operation.also, {"method": operation.method, "path": operation.path, **fault.script})

    ended = here.apply()

    said = _said(ended, operation)
    place = {"row": FAULTS.index(fault), "column": OPERATIONS.index(operation)}
    tables.keep("fault", [{"fault": fault.name, "operation": operation.name, "said": said, **place}])
    assert said == fault.ends[operation.effect], ended.out
    assert ended.report["exit_code"] == ended.code
    _nothing_twice(here)
    here.world.repair()
    if said == "unknown 6":
        here.world.advance(30 * 60)  # what is held is settled by the first run after that
    again = here.apply()
    assert again.code == 0, again.out
    assert here.plan().code == 0
    _nothing_twice(here)


def _said(ended: Ended, operation: Operation) -> str:
    if operation.effect in ("read", "token", "optional"):
        return "read 0" if ended.code == 0 else f"refused {ended.code}"
    own = [each for each in ended.report["outcomes"] if _is_of_the_first_round(each)]
    statuses = sorted({each["status"] for each in own})
    return f"{' and '.join(statuses)} {ended.code}"


def _is_of_the_first_round(outcome: dict[str, Any]) -> bool:
    """What waits for the id of something new is told as well."""
    return not outcome["call"].endswith(".new") and [each["code"] for each in outcome["diagnostics"]] != ["depends"]


def _nothing_twice(here: Desk) -> None:
    after = here.world.to_json()
    before = scenarios.account().to_json()
    text = (here.folder / "mixed.yaml").read_text()
    moved = Decimal("750.25") if "5750.25" in text else Decimal(-1000) if "deposited: 4000" in text else Decimal(0)
    assert list(laws.twice_created(before, after)) == []
    assert after["balances"][FIRST]["deposited"] - before["balances"][FIRST]["deposited"] in (0, moved)


FIRST = "18446744073709551617"


# --- Per-item errors: only where a call has items of its own --------------------------------------------------------

BULK = {
    "bids": ("PATCH", "*/ad-sets", "bidding: {{bidAmount: 1.{n}}}", ("123467", "123471", "123474")),
    "budgets": ("PATCH", "*/ad-sets", "budget: {{budgetAmount: 30{n}}}", ("123467", "123468", "123474")),
    "start": ("POST", "*/start", "schedule: {{activationStatus: on}}", ("123468", "123471")),
    "stop": ("POST", "*/stop", "schedule: {{activationStatus: off}}", ("123467", "123470", "123474")),
    "categories": ("PATCH", "*/category-bids", 'categoryBids: {{"5545|2": 1.3, "5544|1": 1.4}}', ("123467",)),
    "multipliers": ("PATCH", "*/display-multipliers", 'displayMultipliers: {{"5545": 1.5, "5544": 1.6}}', ("123467",)),
}


def _bulk(operation: str) -> str:
    *_, value, ids = BULK[operation]
    lines = [f'  a{n}: {{id: "{id}", {value.format(n=n)}}}\n' for n, id in enumerate(ids, 1)]
    return "adSets:\n" + "".join(lines)


def _forms() -> Iterator[tuple[str, str]]:
    yield from ((form, "as_is") for form in ("as_is", "permuted", "repeated", "out_of_range", "absent", "text"))
    yield from (("as_is", form) for form in ("with_failed", "without_done", "with_strangers"))


@pytest.mark.parametrize("operation", BULK)
@pytest.mark.parametrize(("instances", "data"), [*_forms()])
def test_an_item_error_is_never_told_of_the_wrong_end(desk: Open, operation: str, instances: str, data: str) -> None:
    """However badly the answer counts: what is in force is never called rejected, nor the other way round."""
    here = desk(_bulk(operation))
    if operation == "start":
        here.world.edit("adSets", "123471", {"schedule.activationStatus": "off"})
    method, path, *_ = BULK[operation]
    told = {"instances": instances, "data": data}
    here.world.inject({"kind": "item_errors", "method": method, "path": path, "indices": [1], **told})

    ended = here.apply()

    statuses = [each["status"] for each in ended.report["outcomes"]]
    place = {"row": len(FAULTS) + [*_forms()].index((instances, data)), "column": [*BULK].index(operation)}
    named = {"fault": f"{instances}, {data}".replace("_", " "), "operation": f"bulk {operation}"}
    tables.keep("fault", [{**named, "said": _ends(ended), **place}])
    assert ended.code in (5, 6)
    (sent,) = [each for each in here.world.log if each.get("faults")]
    assert len(statuses) == len(sent["body"]["data"]) >= 2
    assert statuses[1] != "applied"
    assert data != "as_is" or instances == "permuted" or {*statuses[:1], *statuses[2:]} == {"applied"}
    here.world.repair()
    assert here.apply().code == 0
    assert here.plan().code == 0


def _ends(ended: Ended) -> str:
    return f"{', '.join(sorted(ended.statuses))} {ended.code}"


def test_the_table_is_whole() -> None:
    effects = {operation.effect for operation in OPERATIONS}
    assert all(effects <= set(fault.ends) for fault in FAULTS)
