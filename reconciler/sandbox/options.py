"""Options of the sandbox: one for each behaviour of the API that could not be verified.

The contract marks such behaviour "(SC)", simulator choice. A default is the contract's choice; each line names its
rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Options:
    """Choices where the contract leaves the behaviour open."""

    # --- transport, access, portfolio (rules 1-14) ---
    profile: Literal["oas", "guide"] = "oas"
    """§6.2 last row: `guide` makes `/preview` use the older form that the vendor's ad-set guide shows."""
    seed: int = 0
    """Rule 13, 14: seed of tokens, trace ids and identifiers."""
    token_failure_status: int = 401
    """Rule 1: status of wrong credentials (the real one is 400 or 401)."""
    token_media_type_status: int = 415
    """Rule 1: status of a token request that is not form-encoded."""
    token_lifetime: int = 900
    """Rule 2: seconds until a token expires."""
    token_metered: bool = False
    """Rule 7: true if token requests count against the quota."""
    wrong_product_status: int = 403
    """Rule 4: status for an application that calls the other product."""
    rate_limit: int = 250
    """Rule 7: calls per window and application, unless the application has its own `rateLimit`."""
    rate_window: int = 60
    """Rule 7: length of the window in seconds."""
    rate_window_kind: Literal["fixed", "sliding"] = "fixed"
    """Rule 7: a fixed window opens with the first call after the last one closed."""
    wrong_verb_status: int = 405
    """Rule 9: status for a known path with a verb that it does not have."""
    strict_body_status: int = 400
    """Rule 10: status for an undeclared key where the documents close the object."""
    empty_problem_lists: bool = True
    """Rule 12: include `errors` and `warnings` when empty; otherwise they are omitted."""
    body_limit: int = 10_000_000
    """§2.7: size of a body in bytes above which a call is answered with 413."""
    decommissioned_status: int = 410
    """Rule 8: status of a version after its end, for an operation whose contract has changed since."""
    spend_per_hour: Decimal = Decimal(0)
    """Rule 85: spend per hour of everything that can spend, from the creation of the world."""

    # --- ad sets (rules 15-44) ---
    all_unparsable_filter: Literal["matches_nothing", "ignored"] = "matches_nothing"
    """Rule 15: effect of a filter without a readable id."""
    create_failure_status: int = 400
    """Rule 18: status of a refused creation (the bulk convention would be 200)."""
    budget_required_at_create: bool = False
    """§3.2: the guide requires `budget` at creation, the OpenAPI document does not."""
    destination_environment: Literal["by_objective", "web"] = "by_objective"
    """Rule 19: `app` for appPromotion and `web` otherwise, or always `web`."""
    unknown_campaign_code: str = "campaign--ad-set-creation-check--invalid-data"
    """Rule 21: code for a campaign outside the portfolio."""
    rounding: Literal["half_even", "half_up"] = "half_even"
    """Rule 22: rounding of amounts to four decimals."""
    budget_error_code: str = "campaign--ad-set-update-check--invalid-budget"
    """Rule 27: error code of an invalid budget (invented)."""
    patch_data_error_code: str = "campaign--ad-set-update-check--invalid-data"
    """Rule 43: error code, on update, of a value that the version does not have (invented)."""
    patch_limit: int = 50
    """Rule 29: ad sets per patch."""
    patch_too_many_status: int = 200
    """Rule 29: status of a patch over the limit."""
    fixed_keys_in_patch: Literal["ignored", "error"] = "ignored"
    """Rule 31: effect of keys that a patch cannot change."""
    device_list_semantics: Literal["list", "block"] = "list"
    """Rule 32: an absent device list is unchanged (`list`), or emptied with its block (`block`)."""
    repeated_id: Literal["sequential", "error"] = "sequential"
    """Rule 33: effect of an id that occurs twice in a batch."""
    not_found_code: str = "campaign--ad-set-update-check--not-found"
    """Rule 34: error code of an unknown id in a batch (invented; start and stop use their own prefix)."""
    unknown_ad_set_status: int = 404
    """§2.8: status of a single read or write of an unknown ad set."""
    start_errors: Literal["first", "all"] = "first"
    """Rule 38: number of reasons that a failing item reports."""
    active_ad_sets_limit: int | None = None
    """Rule 38: maximum number of active ad sets of one advertiser."""
    off_delivery_status: Literal["paused", "inactive"] = "paused"
    """Rule 39: delivery status of a stopped ad set."""
    audience_failure_status: int = 404
    """Rule 40: status of `audience-not-found`."""
    audience_null: Literal["unlinks", "error"] = "unlinks"
    """Rule 40: effect of linking a null audience."""
    category_bid_code: str = "campaign--category-bid-update-check--"
    """§8.5: prefix of the error codes of category bids; their names are likely but not published."""
    display_multipliers: Literal["half_to_double", "positive"] = "half_to_double"
    """Rule 42, §13 no. 15: allowed multipliers: 0.5 to 2.0, or any above zero."""

    # --- campaigns (E4.1) ---
    limit_from_uncapped: Literal["accepted", "refused"] = "accepted"
    """E4.1: setting a spend limit on a campaign without one."""

    # --- marketplace (rules 45-62) ---
    marketplace_errors: Literal["errors", "list", "object"] = "errors"
    """Rule 46: body of a refused batch: `{"errors": [...]}`, the bare list, or the first problem alone."""
    marketplace_violations: Literal["all", "first"] = "all"
    """Rule 46: violations of a batch that are reported."""
    marketplace_batch_limit: int = 2000
    """Rule 47: maximum number of budgets or bids per call."""
    marketplace_too_many_status: int = 413
    """Rule 47: status of a batch over the limit."""
    budget_time_zone: str = "UTC"
    """Rule 49, §14 no. 17: time zone of "today"."""
    budget_start_today: Literal["refused", "accepted"] = "refused"
    """Rule 49: a new budget that starts today."""
    budget_foreign_keys: Literal["refused", "ignored"] = "refused"
    """Rule 50: keys that a creation does not accept, such as `isSuspended`."""
    budget_date_rules: Literal["by_profile", "oas", "seed"] = "by_profile"
    """Rule 51: the end of a running budget may move (`oas`) or not (`seed`, the legacy profile)."""
    budget_uniqueness: Literal["seller-campaign", "seller"] = "seller-campaign"
    """Rule 52, §14 no. 18: scope in which only one total and one daily budget may run at a time."""
    budget_last_day: Literal["counts", "ends"] = "counts"
    """Rule 53: a budget still runs on its `endDate` (`counts`) or not (`ends`)."""
    budget_answer_order: Literal["request", "reversed"] = "request"
    """§14 no. 16: order of the budgets in the response to a batch."""
    unknown_advertiser: Literal["empty", "refused"] = "empty"
    """Rule 6, §8.6: response to a list of an advertiser outside the portfolio."""
    existing_seller_campaign: Literal["updated", "refused"] = "updated"
    """Rule 59: creation of a seller-campaign that exists."""
    create_sellers_status: int = 501
    """Rule 59: status of the creation of sellers, which is out of scope."""
    seller_campaign_read: Literal["object", "array"] = "object"
    """Rule 60: form of a single read; before 2026-07-27 it was an array of one."""
    sellers_before_timeout: int | None = None
    """Rule 62: number of sellers above which a list of budgets without a seller is answered with 504."""

    # --- balances (rules 63-76) ---
    balance_names: Literal["exact", "ignoring_case"] = "exact"
    """Rule 63: comparison of the names of an account's balances."""
    ended_balance_names: Literal["taken", "free"] = "taken"
    """Rule 63: names of ended balances are taken or free."""
    spend_type_case: Literal["pascal", "any"] = "pascal"
    """Rule 64: spelling of `spendType` at creation."""
    balance_end: Literal["after_start", "not_before_start"] = "after_start"
    """Rule 65: earliest `endDate`."""
    balance_null_text: Literal["unchanged", "cleared"] = "unchanged"
    """Rule 66, §14 no. 22: effect of null on the memo and the purchase order in a patch."""
    zero_delta: Literal["refused", "accepted"] = "refused"
    """Rule 68: adding 0."""
    emptying_delta: Literal["accepted", "refused"] = "accepted"
    """§5.4 rule 3: taking back the whole deposit."""
    uncapped_funds: Literal["refused", "ignored"] = "refused"
    """Rule 68: adding funds to an uncapped balance."""
    funds_memo: Literal["replaces", "kept"] = "replaces"
    """Rule 68: effect of the memo of add-funds on the memo of the balance."""
    unknown_attachment: Literal["refused", "ignored"] = "refused"
    """Rule 73: attaching or detaching a campaign that the account does not have."""
    history_order: Literal["newest_first", "oldest_first"] = "newest_first"
    """Rule 75: order of the history."""
    page_over_limit: Literal["refused", "cut"] = "refused"
    """Rule 75: response to a page size above the maximum."""

    # --- campaigns and line items of Retail Media (E4.2 to E4.5) ---
    retail_names: Literal["exact", "ignoring_case"] = "exact"
    """E4.2, E4.3: comparison of the names of an account's campaigns, and of a campaign's line items."""
    archived_names: Literal["free", "taken"] = "free"
    """E4.3: names of archived line items are free or taken."""
    retail_dates: Literal["offset", "utc", "day"] = "offset"
    """E4.2, E4.3: form of `startDate` and `endDate`: a date-time of the account's zone or of UTC, or a plain day."""
    auto_daily_pacing: Literal["computed", "stored"] = "computed"
    """E4.2, E4.3: with `isAutoDailyPacing`, reads show the daily cap of the server or the stored one."""
    low_bids: Literal["accepted", "refused"] = "accepted"
    """E4.3: a target bid below the minimum of the retailer."""
    line_items_limit: int = 10_000
    """E4.2: line items of a campaign that are not archived."""
    override_starts: Literal["date-time", "short"] = "date-time"
    """E4.4: form of the starts of dated budgets: as the documents type them, or `2026-11` and `2026-11-27`."""
    expired_overrides: Literal["listed", "dropped"] = "listed"
    """E4.4: dated budgets that are over are listed until they are replaced, or left out."""

    def to_json(self) -> dict[str, Any]:
        """Return the options by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Options:
        """Return options from names and values; the rest have their defaults.

        Raise `ValueError` for an unknown name.
        """
        known = {field.name: field for field in fields(cls)}
        unknown = set(value) - set(known)
        if unknown:
            raise ValueError(f"unknown sandbox options: {', '.join(sorted(unknown))}")
        return cls(**{name: _like(known[name].default, given) for name, given in value.items()})


def _like(default: Any, given: Any) -> Any:
    return Decimal(str(given)) if isinstance(default, Decimal) else given
