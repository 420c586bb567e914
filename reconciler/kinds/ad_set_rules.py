"""Rules across the fields of an ad set (contract §3.4), applied to the declared values, alone and merged over live."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from reconciler.kinds.ad_set_budget import BUDGET, budget_parts_fit, scheduled_budgets_fit
from reconciler.kinds.end_days import describe_excluded, end_day
from reconciler.kinds.field_problems import field_error, field_warning
from reconciler.kinds.kind import ValidationContext
from reconciler.kinds.shared_values import holds_field
from reconciler.model import Desired, Live, Problem, Values, error

STATUS = "schedule.activationStatus"
BID = "bidding.bidAmount"
CONTROLLER = "bidding.costController"
ADAPTIVE = ("dailyBudget",)  # contract §3.3.7: the only controller known to take no bid
CATEGORY_CONTROLLERS = ("maxCPC", "CPM")
LOOKBACK_METHODS = ("lastClick", "postClick")


def server_side_effects(before: Values, after: Values) -> Values:
    """Return the values after a change, with those that the API sets by itself.

    An uncapped budget drops its amount and pacing (rule 12), a delivery week goes with a weekly budget only (rule 10),
    and inherited category bids follow the ad set's bid (contract §3.3.8).
    """
    values = dict(after)
    if after.get("budget.budgetStrategy") == "uncapped":
        values |= {"budget.budgetAmount": None, "budget.budgetRenewal": "undefined"}
        for name in BUDGET[3:]:
            values.pop(name, None)
    if (after.get("budget.budgetRenewal"), after.get("budget.budgetDeliverySmoothing")) != ("weekly", "standard"):
        values.pop("budget.budgetDeliveryWeek", None)
    if before.get(BID) != after.get(BID):
        inherited = [
            name
            for name, bid in before.items()
            if name.startswith("categoryBids.") and bid == before.get(BID) and after.get(name) == bid
        ]
        values |= {name: after.get(BID) for name in inherited}
    return values


# --- Offline: one ad set as declared -----------------------------------------------------------


def dates_in_order(ad_set: Desired) -> Iterator[Problem]:
    """Yield a problem if the start is not before the end (rule 1)."""
    yield from _dates(ad_set, ad_set.values)


def identifiable(ad_set: Desired) -> Iterator[Problem]:
    """Yield a problem if neither an id nor campaign and name are given (contract §12)."""
    if ad_set.id is None and not {"campaignId", "name"} <= ad_set.values.keys():
        yield error(
            "unidentified",
            "nothing says which ad set this is",
            at=ad_set.place,
            address=ad_set.address,
            hint="write its id, or its campaignId and name",
        )


def bid_fits(ad_set: Desired) -> Iterator[Problem]:
    """Yield the violations of rule 4: an adaptive controller takes no bid, every other needs one to be started."""
    values = ad_set.values
    if CONTROLLER not in values:
        return
    controller = values[CONTROLLER]
    if controller in ADAPTIVE and values.get(BID) is not None:
        yield field_error(ad_set, BID, "bid-not-allowed", f"a bid cannot be set with {controller}", "leave it out")
    elif controller not in ADAPTIVE and values.get(BID) is None and _whole(ad_set) | (BID in values):
        yield from _bid_missing(ad_set, values)


def objective_fits(ad_set: Desired) -> Iterator[Problem]:
    """Yield the violations of rule 7, and of the rules that the API checks at the start only (contract §8.4)."""
    values = ad_set.values
    objective, media, controller = (values.get(name) for name in ("objective", "mediaType", CONTROLLER))
    if objective == "videoViews" and media == "display":
        yield field_error(
            ad_set, "objective", "objective-media", "videoViews needs mediaType video", "change one of the two"
        )
    if controller == "CPV" and media == "display":
        yield field_warning(ad_set, CONTROLLER, "controller-media", "CPV is meant for mediaType video")
    if objective == "revenue" and values.get(STATUS) == "on":
        yield field_warning(
            ad_set, STATUS, "revenue-start", "an ad set that optimises revenue may be refused when it is started"
        )
    devices = values.get("targeting.deliveryLimitations.devices")
    if isinstance(devices, tuple) and "desktop" in devices and "CPI" in (controller, _app(objective)):
        report = field_error if values.get(STATUS) == "on" else field_warning
        yield report(
            ad_set,
            "targeting.deliveryLimitations.devices",
            "desktop-app-install",
            "app installs cannot be advertised on desktop",
        )


def start_is_possible(ad_set: Desired) -> Iterator[Problem]:
    """Yield a problem if a new ad set lacks what its start requires (contract §8.4)."""
    values = ad_set.values
    if values.get(STATUS) != "on" or not _whole(ad_set):
        return
    if "audienceId" not in values:
        yield field_error(
            ad_set,
            STATUS,
            "audience-missing",
            "a new ad set cannot be started without an audience",
            "state its audienceId, or activationStatus: off",
        )
    if not any(values.get(name) for name in values if name.startswith("targeting.geoLocation.")):
        yield field_warning(ad_set, STATUS, "no-geo-filter", "the ad set is started without any geo filter")


def budget_fits(ad_set: Desired) -> Iterator[Problem]:
    """Yield the violations of rules 9 to 11 if the files state the budget."""
    if "budget.budgetStrategy" in ad_set.values:
        yield from budget_parts_fit(ad_set, ad_set.values, complete=_whole(ad_set))


def lookback_fits(ad_set: Desired) -> Iterator[Problem]:
    """Yield a problem if a lookback window goes with a method that has none (rule 14)."""
    method = ad_set.values.get("attributionConfiguration.attributionMethod")
    window = ad_set.values.get("attributionConfiguration.lookbackWindow")
    if window is not None and method is not None and method not in LOOKBACK_METHODS:
        yield field_error(
            ad_set,
            "attributionConfiguration.lookbackWindow",
            "lookback-method",
            f"lookbackWindow goes with lastClick and postClick, not with {method}",
        )


def categories_fit(ad_set: Desired) -> Iterator[Problem]:
    """Yield the problems of category bids and multipliers: ids, controllers, factors (contract §3.3.8, §3.3.9)."""
    controller = ad_set.values.get(CONTROLLER)
    for name in [name for name in ad_set.values if name.startswith(("categoryBids.", "displayMultipliers."))]:
        value = ad_set.values[name]
        prefix, _, key = name.partition(".")
        if prefix == "categoryBids":
            category, _, level = key.partition("|")
            if not category.isdecimal() or level not in ("1", "2", "3"):
                yield field_error(
                    ad_set, name, "category-id", f"{key!r} is not a category", "write '5544|1': id and level"
                )
            if controller is not None and controller not in CATEGORY_CONTROLLERS:
                yield field_error(ad_set, name, "category-controller", f"category bids do not go with {controller}")
        if prefix == "displayMultipliers":
            if not key.isdecimal():
                yield field_error(ad_set, name, "category-id", f"{key!r} is not a category id", "write its digits")
            if isinstance(value, Decimal) and not Decimal("0.5") <= value <= 2:
                yield field_warning(ad_set, name, "multiplier-range", f"a factor of {value:f} may be refused: 0.5 to 2")


OFFLINE = (
    identifiable,
    dates_in_order,
    bid_fits,
    objective_fits,
    start_is_possible,
    budget_fits,
    lookback_fits,
    categories_fit,
    scheduled_budgets_fit,
)


# --- With live state: the merged values ---------------------------------------------------------


def check_merged(scene: ValidationContext) -> Iterator[Problem]:
    """Yield the violations of an ad set's rules in the declared values merged over the live ones."""
    for desired, live in scene.pairs:
        if live is None or holds_field(live.values, desired.values):
            continue
        moved = [name for name, value in desired.values.items() if live.values.get(name, value) != value]
        archived = live.values.get("schedule.deliveryStatus") == "archived"
        if not archived:  # an unknown category has no live value, so it is in no change
            yield from _categories_exist(desired, live)
        if not moved:
            continue
        if archived:
            yield error(
                "archived",
                "the ad set is archived and cannot be changed",
                at=desired.place,
                address=desired.address,
                hint="remove the block, or create a new ad set",
            )
            continue
        yield from _check_started(desired, live, moved)


def not_over(scene: ValidationContext) -> Iterator[Problem]:
    """Yield a warning for an end date in the past, unless it is the live one or may be (the ad set has an id)."""
    for ad_set, live in scene.pairs:
        end = ad_set.values.get("schedule.endDate")
        past = live.values.get("schedule.endDate") == end if live else ad_set.id is not None
        if isinstance(end, datetime) and end < scene.now and not past:
            yield field_warning(ad_set, "schedule.endDate", "end-in-past", f"the ad set ended on {end:%Y-%m-%d}")


LIVE = (check_merged, not_over, end_day("schedule.endDate", describe_excluded))


def _check_started(desired: Desired, live: Live, moved: list[str]) -> Iterator[Problem]:
    before, stated = live.values, desired.values
    after = {**server_side_effects(before, {**before, **stated}), **stated}
    if any(name.startswith("schedule.") for name in moved) and not _both_dates(desired):
        yield from _dates(desired, after)
    if BID in moved and CONTROLLER not in desired.values:
        if after.get(CONTROLLER) in ADAPTIVE and after.get(BID) is not None:
            controller = after.get(CONTROLLER)
            yield field_error(desired, BID, "bid-not-allowed", f"a bid cannot be set with {controller}", "leave it out")
        elif after.get(CONTROLLER) not in ADAPTIVE and after.get(BID) is None:
            yield from _bid_missing(desired, after)
    if any(name.startswith("budget.") for name in moved):
        yield from budget_parts_fit(desired, after, complete=True)
    starts = STATUS in moved and after.get(STATUS) == "on"
    if starts and "audienceId" not in desired.values and before.get("schedule.deliveryStatus") == "draft":
        yield field_warning(
            desired, STATUS, "audience-unknown", "whether an audience is linked cannot be read; a start needs one"
        )


def _categories_exist(desired: Desired, live: Live) -> Iterator[Problem]:
    for name in desired.values:
        if name.partition(".")[0] in ("categoryBids", "displayMultipliers") and name not in live.values:
            yield field_error(
                desired,
                name,
                "category-not-enabled",
                f"category {name.partition('.')[2]} is not enabled for this ad set",
                "enable it at Criteo, or remove the line",
            )


# --- Helpers -------------------------------------------------------------------------------------


def _dates(ad_set: Desired, values: Values) -> Iterator[Problem]:
    start, end = values.get("schedule.startDate"), values.get("schedule.endDate")
    if isinstance(start, datetime) and isinstance(end, datetime) and end <= start:
        name = "schedule.endDate" if "schedule.endDate" in ad_set.values else "schedule.startDate"
        yield field_error(
            ad_set,
            name,
            "end-before-start",
            f"the end ({end:%Y-%m-%d %H:%M}) is not after the start ({start:%Y-%m-%d %H:%M})",
            "both are meant in UTC unless an offset is written",
        )


def _both_dates(ad_set: Desired) -> bool:
    return {"schedule.startDate", "schedule.endDate"} <= ad_set.values.keys()


def _bid_missing(ad_set: Desired, values: Values) -> Iterator[Problem]:
    name = BID if BID in ad_set.values else STATUS if STATUS in ad_set.values else CONTROLLER
    sentence = f"{values.get(CONTROLLER)} has no bid"
    if values.get(STATUS) == "on":
        yield field_error(ad_set, name, "bid-missing", f"{sentence}, so the ad set cannot deliver", "state bidAmount")
    else:
        yield field_warning(ad_set, name, "bid-missing", f"{sentence}, so the ad set cannot be started")


def _whole(ad_set: Desired) -> bool:
    """Return True if the block describes a new ad set completely; False for a block with an id."""
    needed = {"name", "campaignId", "datasetId", "objective", "mediaType", "schedule.startDate", CONTROLLER}
    return ad_set.id is None and needed | {"trackingCode"} <= ad_set.values.keys()


def _app(objective: object) -> object:
    return "CPI" if objective == "appPromotion" else None
