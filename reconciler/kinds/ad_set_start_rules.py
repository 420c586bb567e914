"""What live state says against a start or a creation of an ad set, before the API does (contract §8.2, §8.4)."""

from collections.abc import Iterator, Mapping

from reconciler.kinds.ad_set_budget import BUDGET
from reconciler.kinds.campaign_rules import automated_campaigns
from reconciler.kinds.field_problems import field_error, field_warning
from reconciler.kinds.kind import ValidationContext
from reconciler.kinds.read_methods import Marking
from reconciler.model import Desired, Live, Problem, Values

STATUS = "schedule.activationStatus"
FREQUENCY = "targeting.frequencyCapping"
STRATEGY, AMOUNT, _, SMOOTHING = BUDGET[:4]


def is_even_start(desired: Desired, live: Live | None) -> bool:
    """Return True if the ad set is to be started with a budget that is spent evenly."""
    return _starts(desired, live) and _values_after(desired, live).get(SMOOTHING) == "standard"


RESELLERS = Marking("resellers", "sellers", "{root}/advertisers/{scope}/adsets", "adsetId", "isCoa", is_even_start)
"""Ad sets of the reseller program, read only if one may be concerned (contract §4.2, M20)."""


def start_is_refused(scene: ValidationContext) -> Iterator[Problem]:
    """Yield what live values say against the starts: nothing to spend, and settings that only Criteo can make."""
    automated = dict(automated_campaigns(scene))
    for desired, live in scene.pairs:
        if live is None or not _starts(desired, live) or live.values.get("schedule.deliveryStatus") == "archived":
            continue
        after = _values_after(desired, live)
        if after.get("campaignId") not in automated:
            yield from _nothing_to_spend(desired, live, after)
        capping = after.get(FREQUENCY)
        if isinstance(capping, Mapping) and capping.get("frequency") == "advanced":
            message = (
                "the frequency capping is one that only Criteo can set (advanced), so the API may refuse the start"
            )
            hint = f"start it on Criteo's platform, or write {FREQUENCY}"
            yield field_warning(desired, STATUS, "custom-settings", message, hint)


def resellers_spend_fast(scene: ValidationContext) -> Iterator[Problem]:
    """Yield a warning for each start of a reseller ad set whose budget is spent evenly."""
    marked = scene.marked.get(RESELLERS.name)
    if not marked:
        return
    campaigns = {each.values.get("campaignId") for each in scene.live if each.id in marked}
    for desired, live in scene.pairs:
        after = _values_after(desired, live)
        mine = live is not None and live.id in marked
        if is_even_start(desired, live) and (mine or after.get("campaignId") in campaigns):
            message = (
                "an ad set of a reseller campaign is refused at its start if its budget is spent evenly (standard)"
            )
            hint = f"write {SMOOTHING}: accelerated"
            name = SMOOTHING if SMOOTHING in desired.values else STATUS
            yield field_warning(desired, name, "reseller-smoothing", message, hint)


def dataset_is_used(scene: ValidationContext) -> Iterator[Problem]:
    """Yield a warning for each new ad set with a dataset that no ad set of its advertiser has: no list shows them.

    An advertiser without any ad set proves nothing.
    """
    new = [desired for desired, live in scene.pairs if live is None and desired.id is None]
    used: dict[object, set[object]] = {}
    owners: dict[object, object] = {}
    for each in scene.live if new else ():
        owner = each.values.get("advertiserId")
        owners[each.values.get("campaignId")] = owner
        used.setdefault(owner, set()).add(each.values.get("datasetId"))
    for desired in new:
        dataset = desired.values.get("datasetId")
        if dataset is None:
            continue
        advertiser = owners.get(desired.values.get("campaignId"))
        seen = set[object]().union(*used.values()) if advertiser is None else used.get(advertiser, set())
        if seen and dataset not in seen:
            whose = "the scope" if advertiser is None else f"advertiser {advertiser}"
            message = f"no ad set of {whose} uses dataset {dataset}; the API cannot say whether there is one"
            hint = "compare it with the id at Criteo; the API refuses the ad set if it is wrong"
            yield field_warning(desired, "datasetId", "dataset-unseen", message, hint)


LIVE = (start_is_refused, resellers_spend_fast, dataset_is_used)


def _nothing_to_spend(desired: Desired, live: Live, after: Values) -> Iterator[Problem]:
    """Yield an error if the live amount is 0 and stays so; dated budgets may still give it one."""
    if after.get(STRATEGY) != "capped" or after.get(AMOUNT) != 0 or live.values.get(AMOUNT) != after.get(AMOUNT):
        return
    if any(name.startswith("scheduledBudgets.") for name in after):
        return
    message = "the ad set cannot be started: its budget is 0"
    yield field_error(desired, STATUS, "budget-zero", message, f"write a {AMOUNT} above 0")


def _starts(desired: Desired, live: Live | None) -> bool:
    """Return True if the ad set is to be started."""
    return desired.values.get(STATUS) == "on" and (live is None or live.values.get(STATUS) != "on")


def _values_after(desired: Desired, live: Live | None) -> Values:
    return {**live.values, **desired.values} if live is not None else desired.values
