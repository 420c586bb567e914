"""Budget operations of the marketplace: M1 to M5, M10, M13 and M17 (contract §4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..errors import problem, reply
from ..message import Response
from .budget_lists import BudgetQuery, listed
from .budgets import SellerBudget, created, patched
from .campaigns import SELLER_CAMPAIGN
from .market import Json, Market
from .rules import BUDGET, BUDGET_TYPES, DATE, SELLER, day_of

STATUSES = ("Archived", "Current", "Scheduled")
_LEGACY_KEYS = {"suspended": "isSuspended"}


def list_budgets(market: Market) -> Response:
    """List budgets (M1); with many sellers, a list without a seller is answered with 504 (rule 62)."""
    query = _query(market)
    seller_id = market.call.value("sellerId")
    _refuse_too_much(market, seller_id)
    advertiser_id = market.asked("advertiserId", _number)
    campaigns = frozenset(market.campaigns(advertiser_id)) if advertiser_id is not None else None
    asked = market.asked("campaignId", _number)
    if asked is not None:
        campaigns = frozenset({asked}) if campaigns is None else campaigns & {asked}
    return _listed(market, replace(query, seller_id=seller_id, campaign_ids=campaigns))


def _refuse_too_much(market: Market, seller_id: str | None) -> None:
    limit = market.call.options.sellers_before_timeout
    if seller_id is None and limit is not None and len(market.sellers()) > limit:
        raise market.refuse(504, problem("gateway-timeout", "Gateway timeout", type="availability"))


def list_of_advertiser(market: Market) -> Response:
    """List the budgets of an advertiser (M17).

    Without consent the list is empty (§2.2); with many sellers, a list without a seller is answered with 504 (§4.2).
    """
    _refuse_too_much(market, market.call.value("sellerId"))
    campaigns = frozenset(market.campaigns(market.advertiser_id()))
    budget_id, seller_id = market.asked("budgetId", _number), market.asked("sellerId", _number)
    query = replace(_query(market), budget_id=budget_id, seller_id=seller_id, campaign_ids=campaigns)
    return _listed(market, query)


def list_of_seller(market: Market) -> Response:
    """List the budgets of a seller (M13); archived ones are never included."""
    seller_id = market.call.params["sellerId"]
    market.own("sellers", seller_id, SELLER)
    asked = market.asked("campaignId", _number)
    campaigns = None if asked is None else frozenset({asked})
    query = replace(_query(market), seller_id=seller_id, campaign_ids=campaigns)
    return _listed(market, query, archived=False)


def list_of_pair(market: Market) -> Response:
    """List the budgets of a seller-campaign (M10)."""
    pair = market.own("sellerCampaigns", market.call.params["sellerCampaignId"], SELLER_CAMPAIGN)
    campaigns = frozenset({pair["campaignId"]})
    return _listed(market, replace(_query(market), seller_id=pair["sellerId"], campaign_ids=campaigns))


def get_budget(market: Market) -> Response:
    """Return one budget (M4)."""
    return reply(200, market.budget_json(_budget(market)))


def create_budgets(market: Market) -> Response:
    """Create budgets (M2): all or none (rule 46), ascending ids (rule 54), status 200 (rule 45)."""
    items = market.batch()
    asked = {str(item.get("sellerId")) for item in items if isinstance(item, Mapping)}
    market.guard_sellers(asked)
    made, violations = created(items, market.budgets(asked), market.side, market.rules)
    if violations:
        raise market.refuse_batch(violations)
    numbered = [replace(budget, id=market.call.state.next_id("sellerBudgets")) for budget in made]
    market.admit(numbered)
    market.keep_budgets(numbered)
    return _answered(market, numbered)


def patch_budgets(market: Market) -> Response:
    """Patch budgets (M3): all or none."""
    items = [_item(market, item) for item in market.batch()]
    stored = market.call.state.all("sellerBudgets")
    sellers = {stored[budget_id]["sellerId"] for budget_id, _ in items if budget_id and budget_id in stored}
    market.guard_sellers(sellers)
    after, violations = patched(items, market.budgets(sellers), market.side, market.rules)
    if violations:
        raise market.refuse_batch(violations)
    market.keep_budgets(after)
    return _answered(market, after)


def patch_budget(market: Market) -> Response:
    """Patch the budget named in the path (M5)."""
    budget = _budget(market)
    items = [(budget.id, _canonical(market, market.call.body))]
    after, violations = patched(items, market.budgets({budget.seller_id}), market.side, market.rules)
    if violations:
        raise market.refuse(400, *(problem(one.code, "Bad request", one.detail) for one in violations))
    market.keep_budgets(after)
    return reply(200, market.budget_json(after[0]))


def _budget(market: Market) -> SellerBudget:
    budget_id = market.call.params["budgetId"]
    record = market.own("sellerBudgets", budget_id, BUDGET)
    return market.budget(budget_id, record)


def _item(market: Market, item: Any) -> tuple[str | None, Any]:
    """Return (budget id or None, item); the id is a text `id` or an integer `budgetId` (conflict 17)."""
    if not isinstance(item, Mapping):
        return None, item
    named = item.get("id" if market.legacy else "budgetId")
    is_number = isinstance(named, int) and not isinstance(named, bool)
    readable = is_number or (market.legacy and isinstance(named, str))
    return (str(named) if readable else None), _canonical(market, item)


def _canonical(market: Market, item: Any) -> Any:
    """Return the item with the rules' key names; keys of the other profile are dropped, as unknown keys are ignored."""
    if not isinstance(item, Mapping):
        return item
    names = _LEGACY_KEYS if market.legacy else {}
    foreign = {"isSuspended"} if market.legacy else {"suspended"}
    return {names.get(key, key): value for key, value in item.items() if key not in foreign}


def _query(market: Market) -> BudgetQuery:
    """Return the filters of a list, with the defaults of the profile (rule 55)."""
    query = BudgetQuery(
        status=market.asked("status", _one_of(STATUSES)),
        type=market.asked("type", _one_of(BUDGET_TYPES)),
        with_balance=market.asked("withBalance", _BOOLEANS.get),
        with_spend=market.asked("withSpend", _BOOLEANS.get),
        end_after=market.asked("endAfterDate", day_of, DATE),
        start_before=market.asked("startBeforeDate", day_of, DATE),
    )
    return query.dated(market.today, hides_scheduled=market.legacy)


def _listed(market: Market, query: BudgetQuery, *, archived: bool = True) -> Response:
    sellers = market.sellers()
    mine = market.budgets(sellers if query.seller_id is None else {query.seller_id} & set(sellers))
    shown = listed(mine, query, market.today)
    told: list[Json] = [market.budget_json(budget) for budget in shown]
    return reply(200, [one for one in told if archived or one["status"] != "Archived"])


def _answered(market: Market, budgets: list[SellerBudget]) -> Response:
    """Return the response to a batch; the order of its budgets is not documented, so it is an option (§4.3)."""
    told = [market.budget_json(budget) for budget in budgets]
    return reply(200, told if market.call.options.budget_answer_order == "request" else told[::-1])


_BOOLEANS = {"true": True, "false": False, "True": True, "False": False}


def _number(text: str) -> str | None:
    """Return the text if it is an id of digits, else None; ids stay text because they are opaque."""
    return text if text.isascii() and text.isdigit() else None


def _one_of(names: tuple[str, ...]) -> Any:
    return lambda text: text if text in names else None
