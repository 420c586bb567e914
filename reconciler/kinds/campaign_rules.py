"""Rules of campaigns (contract of campaigns, E4.1): valid combinations of limit and automation fields."""

from collections.abc import Iterator
from decimal import Decimal

from reconciler.kinds.field_problems import field_error, field_warning
from reconciler.kinds.kind import ValidationContext
from reconciler.model import Desired, Live, Problem, Values, error
from reconciler.model.money import format_in_sentence

TYPE, RENEWAL, AMOUNT = "spendLimit.spendLimitType", "spendLimit.spendLimitRenewal", "spendLimit.spendLimitAmount"
ENABLED, OBJECTIVE = "budgetAutomation.enabled", "budgetAutomation.budgetConfiguration.adSetObjectives"
KEY = ("advertiserId", "name")


def server_side_effects(before: Values, after: Values) -> Values:
    """Return the values with those that the API sets: no amount or period if uncapped, no objective if manual."""
    values = dict(after)
    if values.get(TYPE) == "uncapped":
        values |= {AMOUNT: None, RENEWAL: "undefined"}
    if not values.get(ENABLED):
        values[OBJECTIVE] = None
    return values


# --- Offline: one campaign as declared -----------------------------------------------------------


def identifiable(campaign: Desired) -> Iterator[Problem]:
    """Yield a problem if neither an id nor advertiser and name are given."""
    if campaign.id is None and not set(KEY) <= campaign.values.keys():
        hint = "write its id, or its advertiserId and name"
        message = "nothing says which campaign this is"
        yield error("unidentified", message, at=campaign.place, address=campaign.address, hint=hint)


def limit_fits(campaign: Desired) -> Iterator[Problem]:
    """Yield the violations of the limit's rules if the files state the limit."""
    if TYPE in campaign.values:
        yield from _limit_fits(campaign, campaign.values, complete=campaign.id is None and "goal" in campaign.values)


def automation_fits(campaign: Desired) -> Iterator[Problem]:
    """Yield a problem if an objective is given without the automation, or the automation without an objective."""
    values = campaign.values
    enabled, objective = values.get(ENABLED), values.get(OBJECTIVE)
    if enabled is False and objective is not None:
        hint = f"leave it out, or write {ENABLED}: true"
        yield field_error(
            campaign, OBJECTIVE, "automation-off", "the objective is not kept while the automation is off", hint
        )
    if enabled and objective is None and campaign.id is None:
        hint = f"state {OBJECTIVE}"
        yield field_error(campaign, ENABLED, "automation-objective", "the automation needs an objective", hint)


OFFLINE = (identifiable, limit_fits, automation_fits)


# --- With live state -------------------------------------------------------------------------------


def check_merged(scene: ValidationContext) -> Iterator[Problem]:
    """Yield the violations in the declared values merged over live, and warnings for undocumented cases."""
    for desired, live in scene.pairs:
        if live is None:
            continue
        before, after = live.values, {**live.values, **desired.values}
        moved = {name for name, value in desired.values.items() if before.get(name) != value}
        if moved & {TYPE, RENEWAL, AMOUNT}:
            yield from _limit_fits(desired, _as_limited(desired, after), complete=True)
            yield from _limit_moves(desired, live, after)
        if moved & {ENABLED, OBJECTIVE}:
            if after.get(ENABLED) and after.get(OBJECTIVE) is None:
                hint = f"state {OBJECTIVE}"
                message = "the automation needs an objective"
                yield field_error(desired, _find_stated(desired, ENABLED), "automation-objective", message, hint)
            if not after.get(ENABLED) and OBJECTIVE in moved and ENABLED not in desired.values:
                message = "the automation is off, so an objective is not kept"
                yield field_error(desired, OBJECTIVE, "automation-off", message, f"write {ENABLED}: true beside it")


LIVE = (check_merged,)


def ad_set_budgets(scene: ValidationContext) -> Iterator[Problem]:
    """Yield a problem for an ad set's budget beside the automation of its campaign (contract §3.4 rule 13).

    A budget that is live already may stay; offline that is unknown for an ad set with an id.
    """
    automated = dict(automated_campaigns(scene))
    for ad_set, live in scene.pairs:
        campaign = str(ad_set.values.get("campaignId") or (live.values.get("campaignId") if live else ""))
        if campaign not in automated or (live is None and ad_set.id is not None and not scene.online):
            continue
        for name, value in ad_set.values.items():
            same = live is not None and live.values.get(name) == value
            if name.startswith("budget.") and value is not None and not same:
                message = f"{automated[campaign]} sets the budgets of its ad sets by itself"
                hint = "leave out budget, or switch off the automation of the campaign"
                yield field_error(ad_set, name, "budget-automated", message, hint)
                break


def automated_campaigns(scene: ValidationContext) -> Iterator[tuple[str, str]]:
    """Yield (id, name) of the campaigns whose automation will be on."""
    pairs, live = scene.related.get("campaigns", ((), ()))
    stated = {}
    for desired, found in pairs:
        id = found.id if found else desired.id
        if id is not None:
            stated[id] = desired
    for id in (*stated, *(each.id for each in live if each.id not in stated)):
        values = next((each.values for each in live if each.id == id), {})
        if {**values, **(stated[id].values if id in stated else {})}.get(ENABLED):
            yield id, str(stated[id].address) if id in stated else f"campaign {id}"
    yield from ((str(each.address), str(each.address)) for each, _ in pairs if each.values.get(ENABLED))


# --- Helpers ------------------------------------------------------------------------------------


def _as_limited(desired: Desired, after: Values) -> Values:
    """Return the values without the amount and period that an uncapped limit loses, unless the files state them."""
    if after.get(TYPE) != "uncapped":
        return after
    return {name: value for name, value in after.items() if name in desired.values or name not in (RENEWAL, AMOUNT)}


def _limit_fits(campaign: Desired, values: Values, *, complete: bool) -> Iterator[Problem]:
    kind, renewal, amount = values.get(TYPE), values.get(RENEWAL), values.get(AMOUNT)
    if kind == "uncapped":
        for name, value in ((RENEWAL, renewal), (AMOUNT, amount)):
            if value not in (None, "undefined"):
                message = f"{name.rpartition('.')[2]} does not go with an uncapped limit"
                hint = "leave it out, or write spendLimitType: capped"
                yield field_error(campaign, _find_stated(campaign, name), "limit-uncapped", message, hint)
    elif kind == "capped":
        if amount is None and (complete or AMOUNT in values):
            message, hint = "a capped limit needs an amount", "state spendLimitAmount"
            yield field_error(campaign, _find_stated(campaign, AMOUNT), "limit-amount", message, hint)
        if renewal == "undefined" or (renewal is None and complete):
            message, hint = "a capped limit needs a period", "state spendLimitRenewal: daily, monthly or lifetime"
            yield field_error(campaign, _find_stated(campaign, RENEWAL), "limit-renewal", message, hint)


def _limit_moves(desired: Desired, live: Live, after: Values) -> Iterator[Problem]:
    """Yield a warning for changes of the limit that are undocumented, or without effect in this period."""
    was, becomes = live.values.get(AMOUNT), after.get(AMOUNT)
    if live.values.get(TYPE) == "uncapped" and after.get(TYPE) == "capped":
        message = "the campaign has no limit so far; the API may refuse to give it one"
        yield field_warning(desired, _find_stated(desired, TYPE), "limit-from-uncapped", message)
    if not isinstance(was, Decimal) or not isinstance(becomes, Decimal) or becomes >= was:
        return
    name = _find_stated(desired, AMOUNT)
    fall = f"from {format_in_sentence(was)} to {format_in_sentence(becomes)}"
    if after.get(RENEWAL) == "lifetime":
        message = f"the limit falls {fall}; it is refused if more is spent already"
        yield field_warning(desired, name, "limit-below-spend", message)
    else:
        message = f"the limit falls {fall}; if more is spent in this period, it holds from the next one"
        yield field_warning(desired, name, "limit-next-period", message)


def _find_stated(campaign: Desired, name: str) -> str:
    """Return the field if the files state it, else the first one that they state."""
    others = (name, TYPE, AMOUNT, RENEWAL, ENABLED, OBJECTIVE)
    return next((each for each in others if each in campaign.values), name)
