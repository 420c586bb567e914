"""Campaigns of Marketing Solutions: search, single read, create, patch (contract of campaigns, E4.1).

A campaign record holds `advertiserId`, `name`, `goal`, `spendLimit` (type, renewal, amount), `automatesBudgets` and
`adSetObjectives`; without these it is uncapped and not automated.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from .access import forbidden
from .ad_sets.fields import ABSENT, Fields, invalid, number
from .call import G2, PREVIEW, Call, Handler
from .errors import Problem, Refusal, envelope, problem
from .message import Response
from .routing import Route
from .state import Record, State

CREATION, UPDATE = "campaign--campaign-creation-check--", "campaign--campaign-update-check--"
"""Prefixes of the error codes, which are not published."""
GOALS = ("Unspecified", "Acquisition", "Retention")
RENEWALS = ("daily", "monthly", "lifetime")
OBJECTIVES = ("conversions", "revenue", "visits", "videoViews")
UNCAPPED: Record = {"spendLimitType": "uncapped", "spendLimitRenewal": "undefined", "spendLimitAmount": None}


def search(call: Call) -> Response:
    """Return every campaign of the portfolio that matches all filters; invalid ids are ignored."""
    filters = Fields({} if call.body is None else call.body, "body").section("filters")
    by_id, by_owner = (_ids(filters, key) for key in ("campaignIds", "advertiserIds"))
    found = [
        resource(key, record)
        for key, record in call.state.all("campaigns").items()
        if call.advertises_for(record["advertiserId"])
        and (by_id is None or key in by_id)
        and (by_owner is None or record["advertiserId"] in by_owner)
    ]
    return envelope(call, found)


def get(call: Call) -> Response:
    """Return one campaign."""
    key = call.params["campaign-id"]
    record = call.state.get("campaigns", key)
    if record is None:
        raise Refusal(404, problem("campaign-not-found", "Campaign not found"))
    if not call.advertises_for(record["advertiserId"]):
        raise Refusal(403, forbidden("MarketingSolutions"))
    return envelope(call, resource(key, record))


def create(call: Call) -> Response:
    """Create a campaign; if any rule is broken, return all reasons and store nothing."""
    data = Fields(call.body, "body").section("data")
    attributes = data.section("attributes") if data is not None else None
    if attributes is None:
        raise invalid("data/attributes", "is required", "required-field")
    owner, name, goal = (attributes.text(key) for key in ("advertiserId", "name", "goal"))
    limit = attributes.section("spendLimit")
    if goal not in GOALS or limit is None or limit.text("spendLimitType") is None:
        raise invalid("data/attributes", "goal and spendLimit.spendLimitType are required", "required-field")
    amount = limit.nillable("spendLimitAmount", number)
    given = _limit({**UNCAPPED, "spendLimitType": "capped"}, limit, amount)
    reasons = _broken(given)
    automation = attributes.section("budgetAutomation")
    automated, told = _automated({}, automation)
    reasons += told
    if owner is None or not call.advertises_for(owner):
        reasons.append(f"no advertiser {owner} in the portfolio")
    if name is None or not name.strip():
        reasons.append("the name is empty")
    if reasons:
        raise Refusal(400, *(problem(f"{CREATION}invalid-data", detail=each) for each in reasons))
    key = call.state.next_id("campaigns")
    record = {"advertiserId": owner, "name": name, "goal": goal.lower(), "spendLimit": given, **automated}
    call.state.put("campaigns", key, record)
    return envelope(call, resource(key, record), status=201)


def patch(call: Call) -> Response:
    """Patch spend limits and automations of several campaigns, each by itself; an id may occur once."""
    data = Fields(call.body, "body").raw.get("data")
    if not isinstance(data, list):
        raise invalid("data", "a list is expected")
    items = [Fields(each, f"data/{index}", boxed=True) for index, each in enumerate(data)]
    done: list[str] = []
    seen: set[str] = set()
    errors: list[Problem] = []
    warnings: list[Problem] = []
    for index, item in enumerate(items):
        key = item.text("id")
        if key is None:
            raise invalid(item.place("id"), "is required", "required-field")
        reasons, warned = ([("repeated-id", key)], False) if key in seen else _patched(call, key, item)
        seen.add(key)
        place = f"@data/{index}"
        errors += [problem(UPDATE + code, detail=why, instance=place) for code, why in reasons]
        if warned:
            said = "more is spent in this period: the limit holds from the next one"
            warnings.append(problem(f"{UPDATE}next-period", detail=said, instance=place))
        if not reasons:
            done.append(key)
    return envelope(call, [{"type": "Campaign", "id": key} for key in done], errors=errors, warnings=warnings)


def _patched(call: Call, key: str, item: Fields) -> tuple[list[tuple[str, str]], bool]:
    """Apply one item; return its violations, and True if it takes effect in the next period only."""
    record = call.state.get("campaigns", key)
    if record is None or not call.advertises_for(record["advertiserId"]):
        return [("not-found", f"no campaign {key} in the portfolio")], False
    attributes = item.section("attributes") or Fields({}, item.place("attributes"), boxed=True)
    old = {**UNCAPPED, **(record.get("spendLimit") or {})}
    limit, new, reasons = attributes.section("spendLimit"), dict(record), list[tuple[str, str]]()
    spent, lower = call.state.spent(record, call.now), False
    if limit is not None:
        given = _limit(old, limit, limit.nillable("spendLimitAmount", number))
        new["spendLimit"] = given
        reasons += [("invalid-spend-limit", each) for each in _broken(given)]
        caps = (old["spendLimitType"], given["spendLimitType"]) == ("uncapped", "capped")
        if caps and call.options.limit_from_uncapped == "refused":
            reasons.append(("no-spend-limit", "the campaign has no limit to be updated"))
        lower = given["spendLimitAmount"] is not None and given["spendLimitAmount"] < spent
        if lower and given["spendLimitRenewal"] == "lifetime":
            reasons.append(("limit-below-spend", f"{spent} is spent already"))
    automated, told = _automated(record, attributes.section("budgetAutomation"))
    reasons += [("invalid-budget-automation", each) for each in told]
    if not reasons:
        call.state.put("campaigns", key, new | automated)
    return reasons, lower and not reasons


def _limit(old: Record, given: Fields, amount: Any) -> Record:
    """Return the limit with the given fields; one that becomes uncapped loses its amount and its period."""
    new = dict(old)
    for name in ("spendLimitType", "spendLimitRenewal"):
        text = given.text(name)
        if text is not None:
            new[name] = text
    if amount is not ABSENT:
        new["spendLimitAmount"] = amount
    uncaps = new["spendLimitType"] == "uncapped"
    if uncaps and "spendLimitAmount" not in given and "spendLimitRenewal" not in given:
        return dict(UNCAPPED)
    return new


def _broken(limit: Record) -> list[str]:
    kind, renewal, amount = (limit[name] for name in UNCAPPED)
    if kind == "uncapped":
        return [] if amount is None and renewal == "undefined" else ["an uncapped limit has no amount and no period"]
    if kind != "capped":
        return [f"spendLimitType {kind} is neither capped nor uncapped"]
    found = [] if renewal in RENEWALS else [f"a capped limit needs a period, not {renewal}"]
    if not isinstance(amount, Decimal) or amount < 0:
        found.append(f"a capped limit needs an amount, not {amount}")
    return found


def _automated(record: Record, given: Fields | None) -> tuple[Record, list[str]]:
    """Return the automation with the given fields: a configuration alone switches it off and is dropped."""
    if given is None:
        return {}, []
    enabled = given.raw.get("enabled")
    configuration = given.section("budgetConfiguration")
    if enabled is None:
        enabled = False if configuration is not None else bool(record.get("automatesBudgets"))
    objective = configuration.text("adSetObjectives") if configuration is not None else record.get("adSetObjectives")
    if not enabled:
        return {"automatesBudgets": False, "adSetObjectives": None}, []
    if objective not in OBJECTIVES:
        return {}, [f"the automation needs an objective, not {objective}"]
    return {"automatesBudgets": True, "adSetObjectives": objective}, []


def resource(key: str, record: Record) -> dict[str, Any]:
    """Return a campaign in the form of a response, which names goal and objective differently from writes."""
    limit = {**UNCAPPED, **(record.get("spendLimit") or {})}
    enabled, objective = bool(record.get("automatesBudgets")), record.get("adSetObjectives")
    attributes = {
        "id": key,
        "advertiserId": record["advertiserId"],
        "name": record.get("name"),
        "goal": record.get("goal", "unspecified"),
        "spendLimit": {**limit, "spendLimitAmount": {"value": limit["spendLimitAmount"]}},
        "budgetAutomation": {
            "enabled": enabled,
            "automatedBudgetConfiguration": {"adSetOptimizationObjective": objective} if enabled else None,
        },
    }
    return {"type": "Campaign", "id": key, "attributes": attributes}


def billed(state: State, key: str, now: datetime) -> Decimal:
    """Return what a campaign is billed in the present period: what its ad sets spend, but nothing above its limit.

    Budgets of ad sets are targets that may be overshot; the limit is the only maximum that the vendor promises.
    """
    spent = sum((state.spent(record, now) for _, record in state.where("adSets", campaignId=key)), Decimal(0))
    record = state.get("campaigns", key) or {}
    limit = {**UNCAPPED, **(record.get("spendLimit") or {})}["spendLimitAmount"]
    return spent if limit is None else min(spent, Decimal(limit))


def _ids(filters: Fields | None, key: str) -> frozenset[str] | None:
    """Return the ids of a filter; None if it is absent or empty. Invalid ids are ignored."""
    given = None if filters is None else filters.texts(key)
    return frozenset(given) if given else None


def _route(method: str, template: str, right: str, handler: Handler) -> Route:
    scope = f"MarketingSolutions_Campaign_{right}"
    return Route(method, template, G2 | PREVIEW | {"2026-01"}, scope, handler, "MarketingSolutions")


_BASE = "/marketing-solutions/campaigns"
routes = (
    _route("POST", f"{_BASE}/search", "Read", search),
    _route("GET", f"{_BASE}/{{campaign-id}}", "Read", get),
    _route("POST", _BASE, "Manage", create),
    _route("PATCH", _BASE, "Manage", patch),
)
