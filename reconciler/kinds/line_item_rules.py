"""Rules of auction line items (contract of campaigns, E4.3 and E4.5)."""

from collections.abc import Iterator
from decimal import Decimal

from msgspec.structs import replace

from reconciler.kinds import retail_rules as shared
from reconciler.kinds.field_problems import field_error, field_warning
from reconciler.kinds.kind import ValidationContext
from reconciler.model import Desired, Problem, Severity, error

CAMPAIGN, STATUS, STRATEGY = "campaignId", "status", "bidStrategy"
TARGET, CEILING, MULTIPLIERS = "targetBid", "maxBid", "bidMultipliers."
PAGES = (
    "search",
    "home",
    "category",
    "categoryMenu",
    "productDetail",
    "merchandising",
    "deals",
    "favorites",
    "searchBar",
    "checkout",
    "confirmation",
)
LEAST, MOST = Decimal("0.5"), Decimal(6)
OVER = ("archived", "ended", "unknown")
"""States in which a line item is not replaced: no intent is known that would keep them."""


def identifiable(item: Desired) -> Iterator[Problem]:
    """Yield a problem if neither an id nor campaign and name are given."""
    if item.id is None and not {CAMPAIGN, "name"} <= item.values.keys():
        hint = "write its id, or its campaignId and name"
        message = "nothing says which line item this is"
        yield error("unidentified", message, at=item.place, address=item.address, hint=hint)


def name_is_long_enough(item: Desired) -> Iterator[Problem]:
    """Yield a problem for a name of one character."""
    name = item.values.get("name")
    if isinstance(name, str) and len(name) < 2:
        yield field_error(item, "name", "text-too-short", "the name of a line item has at least 2 characters")


def bids_fit(item: Desired) -> Iterator[Problem]:
    """Yield a warning for a bid that the stated strategy does not use."""
    strategy = item.values.get(STRATEGY)
    if strategy == "automated" and item.values.get(TARGET) is not None:
        hint = f"state {CEILING}, the ceiling of automated bids"
        yield field_warning(item, TARGET, "bid-unused", f"with {STRATEGY}: automated, {TARGET} is not used", hint)
    if strategy == "manual" and item.values.get(CEILING) is not None:
        yield field_warning(item, CEILING, "bid-unused", f"with {STRATEGY}: manual, {CEILING} is not used")


def multipliers_fit(item: Desired) -> Iterator[Problem]:
    """Yield a problem for an unknown type of page, or a factor out of range."""
    for name in [name for name in item.values if name.startswith(MULTIPLIERS)]:
        page, value = name.removeprefix(MULTIPLIERS), item.values[name]
        if page not in PAGES:
            yield field_error(item, name, "unknown-page", f"{page!r} is no type of page", f"one of: {', '.join(PAGES)}")
        elif isinstance(value, Decimal) and not LEAST <= value <= MOST:
            message = f"a factor of {value:f} is refused: {LEAST} to {MOST}"
            yield field_error(item, name, "multiplier-range", message)


OFFLINE = (identifiable, name_is_long_enough, bids_fit, multipliers_fit, *shared.OFFLINE)


def is_open(scene: ValidationContext) -> Iterator[Problem]:
    """Yield a problem for a change of a line item that has ended: its replacement would need an intent."""
    for desired, live, _ in shared.list_moving(scene):
        state = live.values.get(STATUS)
        if state in OVER or state is None:
            message = f"the line item is {state or 'in no known state'} and is not replaced"
            hint = "remove the block, or describe a new line item"
            yield error("line-item-over", message, at=desired.place, address=desired.address, hint=hint)


def strategy_stays(scene: ValidationContext) -> Iterator[Problem]:
    """Yield a warning for an active line item that would have no bid."""
    for desired, live in scene.pairs:
        values = {**(live.values if live else {STRATEGY: "manual"}), **desired.values}
        starts = desired.values.get(STATUS) == "active" and (live is None or live.values.get(STATUS) != "active")
        if starts and values.get(STRATEGY) == "manual" and values.get(TARGET) is None:
            message = f"{STRATEGY} is manual and there is no {TARGET}, so nothing is bid"
            yield field_warning(desired, STATUS, "bid-missing", message, f"state {TARGET}")


def retailer_reviews(scene: ValidationContext) -> Iterator[Problem]:
    """Say once that the retailer may review what is started: until then it does not deliver."""
    if not scene.online or not scene.assumptions.get("retailerReview", True):
        return
    started = [
        desired
        for desired, live in scene.pairs
        if desired.values.get(STATUS) == "active" and (live is None or live.values.get(STATUS) in ("draft", None))
    ]
    for first in started[:1]:
        more = f", and {len(started) - 1:,} more" if len(started) > 1 else ""
        message = f"the retailer may review {first.address}{more} before it delivers; the API does not show this"
        hint = "its state in the platform shows it; assumptions.retailerReview: false hides this note"
        told = field_warning(first, STATUS, "retailer-review", message, hint)
        yield replace(told, severity=Severity.NOTE)


def campaign_is_known(scene: ValidationContext) -> Iterator[Problem]:
    """Yield a problem for a new line item whose campaign, if they are read, is not in the scope or does not fit."""
    if not scene.online or "retailMediaCampaigns" not in scene.related:
        return
    pairs, rows = scene.related["retailMediaCampaigns"]
    values = {each.id: each.values for each in rows}
    values |= {found.id: {**found.values, **desired.values} for desired, found in pairs if found is not None}
    values |= {str(desired.address): desired.values for desired, found in pairs if found is None}
    for item, live in scene.pairs:
        campaign = str(item.values.get(CAMPAIGN, ""))
        if live is not None or not campaign:
            continue
        if campaign not in values:
            message, hint = f"the scope has no campaign {campaign}", "write the id of one, or the address of its block"
            yield field_error(item, CAMPAIGN, "unknown-campaign", message, hint)
            continue
        own = values[campaign]
        retailer, bills = item.values.get("targetRetailerId"), own.get("retailerId")
        if own.get("type") == "preferred":
            message = "a campaign of preferred deals has no auction line items"
            yield field_error(item, CAMPAIGN, "campaign-preferred", message, "name a campaign of type auction")
        if bills is not None and retailer is not None and bills != retailer:
            message = f"the campaign is billed by retailer {bills}, so its line items are for that one"
            yield field_error(item, "targetRetailerId", "retailer-other", message, f"write {bills}")


LIVE = (
    shared.names_are_unique(CAMPAIGN, "campaign"),
    is_open,
    shared.check_merged,
    shared.budget_is_not_spent,
    strategy_stays,
    retailer_reviews,
    campaign_is_known,
)
