"""Create, patch, start and stop ad sets (contract §3.3.3 to §3.3.5, §11 rules 18 to 38)."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..errors import Problem, Refusal, envelope, problem
from ..message import Response
from ..state import Record
from . import budget, delivery, guide, rules, shapes
from .changes import Changes, Violation, asked
from .common import done, each, envelope_data, items, local_day, visible
from .fields import Fields
from .words import GEO, LIMITATIONS, Dialect, dialect_of


def create(call: Call) -> Response:
    """Create an ad set, inactive and without an audience.

    If any rule is broken, return all violations and store nothing.
    """
    dialect = dialect_of(call)
    resource = Fields(envelope_data(call), "data")
    attributes = resource.section("attributes") or Fields({}, "data/attributes")
    if dialect.guide:
        attributes = guide.heard_creation(attributes)
    record, violations = _drafted(call, attributes, dialect)
    if violations:
        told = [rules.creation_problem(one, call.options) for one in violations]
        if call.options.create_failure_status == 200:
            return envelope(call, None, errors=told)
        raise Refusal(call.options.create_failure_status, *told)
    record["id"] = call.state.next_id("adSets")
    call.state.put("adSets", record["id"], record)
    shown = shapes.resource(record, dialect, call.state, call.now)
    return envelope(call, guide.created(shown) if dialect.guide else shown, status=201)


def patch(call: Call) -> Response:
    """Patch up to 50 ad sets in order; each item is applied whole or not at all."""
    told, dialect = items(call), dialect_of(call)
    if len(told) > call.options.patch_limit:
        return _too_many(call, len(told))
    plans = [_planned(call, item, dialect) for item in told]
    ids: list[str] = []
    errors: list[Problem] = []
    for index, _, key, repeated in each(call, told):
        attributes, changes = plans[index]
        violations = (
            [Violation("data", "the id occurs twice")]
            if repeated
            else _patched(call, key, attributes, changes, dialect)
        )
        errors += [rules.update_problem(one, index, call.options) for one in violations]
        if not violations:
            ids.append(key)
    return done(call, f"AdSetId{dialect.suffix}", ids, errors)


def start(call: Call) -> Response:
    """Activate ad sets; an item with a reason against it fails."""
    return _switched(call, "on")


def stop(call: Call) -> Response:
    """Deactivate ad sets."""
    return _switched(call, "off")


def _switched(call: Call, wanted: str) -> Response:
    ids: list[str] = []
    errors: list[Problem] = []
    for index, _, key, repeated in each(call, items(call)):
        codes = ["repeated-id"] if repeated else _switch(call, key, wanted)
        errors += [problem(delivery.PREFIX + code, instance=f"@data/{index}") for code in codes]
        if not codes:
            ids.append(key)
    return done(call, "AdSetId", ids, errors)


def _switch(call: Call, key: str, wanted: str) -> list[str]:
    record = visible(call, key)
    if record is None:
        return ["not-found"]
    if record["schedule"]["activationStatus"] == wanted:
        return []
    if wanted == "on":
        codes = delivery.obstacles(record, call.state)
        if codes:
            return codes if call.options.start_errors == "all" else codes[:1]
    schedule = {**record["schedule"], "activationStatus": wanted}
    started = bool(record.get("started")) or wanted == "on"
    call.state.put("adSets", key, {**record, "schedule": schedule, "started": started})
    return []


# --- creation ---


def _drafted(call: Call, attributes: Fields, dialect: Dialect) -> tuple[Record, list[Violation]]:
    """Return the ad set that a creation asks for, and its violations."""
    violations = rules.missing(attributes, call.options, guide=dialect.guide)
    fixed, wrong = rules.fixed_values(attributes)
    changes = asked(attributes, dialect, call.options)
    violations += wrong + changes.violations
    campaign = call.state.get("campaigns", fixed["campaignId"] or "") or {}
    violations += _portfolio(call, campaign, fixed)
    budget_given = changes.values.pop("budget", {})
    controller = fixed.pop("costController", None)
    record, _ = rules.merged(_blank(call, campaign, fixed, controller), changes.values)
    record["budget"] = {**budget.UNCAPPED, **budget_given}
    if not dialect.guide:
        record["budget"], found = budget.merged({}, budget_given)
        violations += found
    if budget_given and campaign.get("automatesBudgets"):
        violations.append(Violation("budget", "the campaign automates its budgets"))
    violations += rules.broken(record, changes.values)
    violations += rules.media(record)
    return record, [one for one in violations if one.kind not in {"name", "start_null"}]


def _blank(call: Call, campaign: Record, fixed: dict[str, Any], controller: str | None) -> Record:
    objective = fixed.get("objective")
    by_objective = call.options.destination_environment == "by_objective"
    return {
        "id": "",
        "name": None,
        **fixed,
        "objective": objective,
        "mediaType": fixed.get("mediaType"),
        "advertiserId": campaign.get("advertiserId"),
        "destinationEnvironment": "app" if by_objective and objective == "appPromotion" else "web",
        "videoChannel": "olv" if fixed.get("mediaType") == "video" else None,
        "schedule": {"startDate": None, "endDate": None, "activationStatus": "off"},
        "bidding": {"bidAmount": None, "costController": controller},
        "targeting": {
            "deliveryLimitations": {name: [] for name in LIMITATIONS},
            "frequencyCapping": None,
            "geoLocation": dict.fromkeys(GEO),
        },
        "budget": dict(budget.UNCAPPED),
        "attributionConfiguration": {"attributionMethod": "criteoAttribution", "lookbackWindow": None},
        "scheduledBudgets": [],
        "audienceId": None,
        "started": False,
    }


def _portfolio(call: Call, campaign: Record, fixed: dict[str, Any]) -> list[Violation]:
    """Return the violations of ownership: campaign in the portfolio, dataset of the same advertiser (rule 21)."""
    if not campaign or not call.advertises_for(campaign["advertiserId"]):
        if not fixed["campaignId"]:
            return []
        return [Violation("campaign", f"no campaign {fixed['campaignId']} in the portfolio")]
    dataset = call.state.get("datasets", fixed["datasetId"] or "")
    if fixed["datasetId"] and (dataset is None or dataset["advertiserId"] != campaign["advertiserId"]):
        return [Violation("dataset", f"dataset {fixed['datasetId']} is not of this advertiser")]
    return []


# --- patch ---


def _too_many(call: Call, count: int) -> Response:
    detail = f"{count} ad sets, at most {call.options.patch_limit} are allowed"
    told = problem("campaign--ad-set-update-check--too-many-entities", detail=detail)
    if call.options.patch_too_many_status == 200:
        return envelope(call, [], errors=[told])
    raise Refusal(call.options.patch_too_many_status, told)


def _planned(call: Call, item: Fields, dialect: Dialect) -> tuple[Fields, Changes]:
    """Return the attributes and changes of one item.

    Raise `Refusal` before any item is applied if it does not deserialise.
    """
    attributes = item.section("attributes") or Fields({}, item.place("attributes"), boxed=True)
    if dialect.guide:
        attributes = guide.heard_patch(attributes)
    return attributes, asked(attributes, dialect, call.options)


def _patched(call: Call, key: str, attributes: Fields, changes: Changes, dialect: Dialect) -> list[Violation]:
    """Apply one item, or return its violations."""
    record = visible(call, key)
    if record is None:
        return [Violation("not_found", f"no ad set {key} in the portfolio")]
    if record.get("archived"):
        return [Violation("archived", "the ad set is archived")]
    violations = list(changes.violations)
    if call.options.fixed_keys_in_patch == "error" and rules.FIXED & attributes.names():
        fixed = ", ".join(sorted(rules.FIXED & attributes.names()))
        violations.append(Violation("data", f"{fixed} cannot be changed"))
    new, wrong = rules.merged(record, changes.values)
    week = changes.values.get("budget", {}).get("budgetDeliveryWeek")
    if week is not None:
        new["scheduledBudgets"] = budget.in_step(new.get("scheduledBudgets") or [], week)
    violations += wrong + rules.broken(new, changes.values) + _schedule_budgets(call, new, attributes, dialect)
    campaign = call.state.get("campaigns", record["campaignId"]) or {}
    if campaign.get("automatesBudgets") and "budget" in changes.values:
        violations.append(Violation("budget", "the campaign automates its budgets"))
    if not violations and _harms(call, record, new):
        violations.append(Violation("activable", "the ad set is on and could not stay so"))
    if not violations:
        call.state.put("adSets", key, new)
    return violations


def _schedule_budgets(call: Call, new: Record, attributes: Fields, dialect: Dialect) -> list[Violation]:
    """Apply the operations on scheduled budgets to `new` (rule 44); return their violations."""
    operations = attributes.section("scheduledBudget") if dialect.scheduled else None
    if operations is None:
        return []
    today = local_day(call, new["advertiserId"])
    new["scheduledBudgets"], violations = budget.rescheduled(
        new, operations, dialect, today, lambda: str(call.state.count("ids.scheduledBudgets"))
    )
    return violations


def _harms(call: Call, old: Record, new: Record) -> bool:
    """Return True if the change would make an active ad set ineligible (rule 36)."""
    if old["schedule"]["activationStatus"] != "on":
        return False
    return bool(set(delivery.obstacles(new, call.state)) - set(delivery.obstacles(old, call.state)))
