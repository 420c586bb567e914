"""Rules of Retail Media campaigns (contract of campaigns, E4.2)."""

from collections.abc import Iterator

from reconciler.kinds import retail_rules as shared
from reconciler.kinds.field_problems import field_error
from reconciler.kinds.kind import ValidationContext
from reconciler.model import Desired, Problem, error

PREFERRED = "preferred"


def identifiable(campaign: Desired) -> Iterator[Problem]:
    """Yield a problem if neither an id nor account and name are given."""
    if campaign.id is None and not {"accountId", "name"} <= campaign.values.keys():
        hint = "write its id, or its accountId and name"
        message = "nothing says which campaign this is"
        yield error("unidentified", message, at=campaign.place, address=campaign.address, hint=hint)


def preferred_is_uncapped(campaign: Desired) -> Iterator[Problem]:
    """Yield a problem for a budget of a campaign of preferred deals."""
    if campaign.values.get("type") == PREFERRED and campaign.values.get("budget") is not None:
        yield _report_capped(campaign)


OFFLINE = (identifiable, preferred_is_uncapped, *shared.OFFLINE)


def live_preferred_is_uncapped(scene: ValidationContext) -> Iterator[Problem]:
    """Yield a problem for a budget that the files give to a live campaign of preferred deals."""
    for desired, live, moved in shared.list_moving(scene):
        preferred = live.values.get("type") == PREFERRED and "type" not in desired.values
        if preferred and "budget" in moved and desired.values["budget"] is not None:
            yield _report_capped(desired)


LIVE = (
    shared.names_are_unique("accountId", "account"),
    shared.check_merged,
    shared.budget_is_not_spent,
    live_preferred_is_uncapped,
)


def _report_capped(campaign: Desired) -> Problem:
    hint = "leave it out: each preferred line item has a budget of its own"
    return field_error(campaign, "budget", "preferred-capped", "a campaign of preferred deals has no budget", hint)
