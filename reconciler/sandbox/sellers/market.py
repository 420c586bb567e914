"""Marketplace for one call: wire profile, portfolio and day (contract §4.1, rules 6, 46)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ..access import forbidden
from ..call import Call
from ..errors import Problem, Refusal, problem, problem_lists
from ..state import Record
from .budgets import SellerBudget
from .campaigns import SellerCampaign, observed, reasons
from .rules import BudgetRules, SellerSide, Violation, decimal_of

Json = dict[str, Any]
INVALID = "invalid"
ADVERTISER = "WithInvalidAdvertiserId"
TOO_MANY = "too-many-items"


@dataclass(frozen=True, slots=True)
class Market:
    """The marketplace for one call."""

    call: Call
    legacy: bool
    """True if the call came through `/legacy/offsite-ads`, with that profile's keys and types (§6.2)."""

    # --- what is there ---

    @property
    def today(self) -> date:
        """Reference day of "future" (§2.11; UTC by default, could not be verified)."""
        return self.call.now.astimezone(ZoneInfo(self.call.options.budget_time_zone)).date()

    def campaigns(self, advertiser_id: str | None = None) -> dict[str, Record]:
        """Return the marketplace campaigns of the portfolio, or of one advertiser in it, by id."""
        return {
            key: record
            for key, record in self.call.state.all("campaigns").items()
            if record.get("marketplace") and self._visible(record, advertiser_id)
        }

    def advertisers(self) -> dict[str, Record]:
        """Return the advertisers of the portfolio that have a marketplace campaign, by id."""
        owners = {record["advertiserId"] for record in self.campaigns().values()}
        return {key: row for key, row in self.call.state.all("advertisers").items() if key in owners}

    def sellers(self, advertiser_id: str | None = None) -> dict[str, Record]:
        """Return the sellers of the portfolio, or of one advertiser in it, by id."""
        return {
            key: record
            for key, record in self.call.state.all("sellers").items()
            if self._visible(record, advertiser_id)
        }

    def budgets(self, sellers: Iterable[str] | None = None) -> list[SellerBudget]:
        """Return the budgets of these sellers, or of every seller in the portfolio."""
        whose = set(self.sellers() if sellers is None else sellers)
        rows = self.call.state.all("sellerBudgets").items()
        return [self.budget(key, record) for key, record in rows if record["sellerId"] in whose]

    def budget(self, budget_id: str, record: Record) -> SellerBudget:
        """Return a stored budget with its spend, which grows by rules 56 and 85, or is None if it is not reported."""
        untold = record.get("spent", 0) is None
        spend = None if untold else self.call.state.spent(record, self.call.now)
        return SellerBudget.of(budget_id, record, spend, self.call.options.budget_last_day == "counts")

    def pairs(self) -> list[SellerCampaign]:
        """Return the seller-campaigns of the portfolio."""
        sellers = self.sellers()
        rows = self.call.state.all("sellerCampaigns").values()
        return [SellerCampaign.of(record) for record in rows if record["sellerId"] in sellers]

    def _visible(self, record: Record, advertiser_id: str | None) -> bool:
        owner = record["advertiserId"]
        return self.call.advertises_for(owner) and advertiser_id in (None, owner)

    # --- the rules of the profile ---

    @property
    def rules(self) -> BudgetRules:
        """Budget rules: those of the guide for the legacy path, those of the specification otherwise."""
        options = self.call.options
        by_profile = "seed" if self.legacy else "oas"
        chosen = options.budget_date_rules
        return BudgetRules(
            date_rules=by_profile if chosen == "by_profile" else chosen,
            may_grow=self.legacy,
            below_spend=self.legacy,
            end_may_equal_start=self.legacy,
            text_ids=self.legacy,
            refuse_today=options.budget_start_today == "refused",
            refuse_foreign_keys=options.budget_foreign_keys == "refused",
            unique_per=options.budget_uniqueness,
        )

    @property
    def side(self) -> SellerSide:
        """Facts about sellers and campaigns that the budget rules use."""
        campaigns = self.campaigns()
        floors = {
            key: decimal_of(record["targetBudgetMinimum"]) or Decimal(0)
            for key, record in campaigns.items()
            if record.get("targetBudgetMinimum") is not None
        }
        return SellerSide(self.today, frozenset(self.sellers()), frozenset(campaigns), floors)

    # --- refusing ---

    def refuse(self, status: int, *problems: Problem) -> Refusal:
        """Return a refusal in the form that the options select; the real one could not be verified (rule 46)."""
        path = self.call.request.path
        told = [{**one, "instance": one.get("instance", path)} for one in problems]
        lists = problem_lists(self.call, told, (), "E5")
        shape = self.call.options.marketplace_errors
        if shape == "errors":
            return Refusal(status, body={"errors": lists["errors"]})
        return Refusal(status, body=lists["errors"][0] if shape == "object" else lists["errors"])

    def refuse_batch(self, violations: Sequence[Violation]) -> Refusal:
        """Return the refusal of a whole batch, with one problem per item at fault."""
        if self.call.options.marketplace_violations == "first":
            violations = violations[:1]
        told = [problem(one.code, "Bad request", one.detail, instance=f"@data/{one.index}") for one in violations]
        return self.refuse(400, *told)

    def own(self, collection: str, key: str, code: str) -> Record:
        """Return a record of the portfolio.

        Raise `Refusal`: 404 if it does not exist, 403 if it is outside (rule 6).
        """
        record = self.call.state.get(collection, key)
        if record is None:
            raise self.refuse(404, problem(code, "Not found", f"no such id: {key}"))
        owner = record if "advertiserId" in record else self.call.state.get("sellers", record["sellerId"])
        if owner is None or not self.call.advertises_for(owner["advertiserId"]):
            raise self.refuse(403, forbidden("MarketingSolutions"))
        return record

    def guard_sellers(self, seller_ids: Iterable[Any]) -> None:
        """Raise `Refusal` with 403 if a seller exists outside the portfolio (rule 6)."""
        sellers, mine = self.call.state.all("sellers"), self.sellers()
        if any(isinstance(key, str) and key in sellers and key not in mine for key in seller_ids):
            raise self.refuse(403, forbidden("MarketingSolutions"))

    def advertiser_id(self) -> str:
        """Return the advertiser in the path; one outside the portfolio has empty lists by default (rule 83)."""
        key = self.call.params["advertiserId"]
        unreadable = not (key.isascii() and key.isdigit())
        refuses = self.call.options.unknown_advertiser == "refused"
        if unreadable or (refuses and key not in self.advertisers()):
            raise self.refuse(400, problem(ADVERTISER, "Bad request", f"no advertiser {key}"))
        return key

    def batch(self) -> list[Any]:
        """Return the items of a bulk call.

        Raise `Refusal` if it is no list, empty, or over the limit (rules 46 and 47).
        """
        items, limit = self.call.body, self.call.options.marketplace_batch_limit
        if not isinstance(items, list) or not items:
            raise self.refuse(400, problem(INVALID, "Bad request", "a non-empty array is expected"))
        if len(items) > limit:
            told = problem(TOO_MANY, "Payload too large", f"at most {limit} items", type="quota")
            raise self.refuse(self.call.options.marketplace_too_many_status, told)
        return items

    def asked(self, name: str, read: Callable[[str], Any], code: str = INVALID) -> Any:
        """Return a query parameter parsed by `read`, or None if absent.

        Raise `Refusal` with 400 if it cannot be parsed.
        """
        text = self.call.value(name)
        if text is None:
            return None
        value = read(text)
        if value is None:
            raise self.refuse(400, problem(code, "Bad request", f"{name} cannot be read: {text}"))
        return value

    # --- the wire ---

    def campaign_id(self, text: str) -> int | str:
        """Return a campaign id as the profile writes it: text, or an integer (conflict 20)."""
        return text if self.legacy else int(text)

    def budget_json(self, budget: SellerBudget) -> Json:
        """Return the JSON of a budget in the profile's form; an open end is an empty text."""
        suspended = "suspended" if self.legacy else "isSuspended"
        return {
            "id": budget.id,
            "sellerId": budget.seller_id,
            "campaignIds": [self.campaign_id(key) for key in budget.campaign_ids],
            "budgetType": budget.budget_type,
            "amount": budget.amount,
            "startDate": budget.start.isoformat(),
            "endDate": "" if budget.end is None else budget.end.isoformat(),
            "spend": budget.spend,
            "status": budget.status(self.today),
            suspended: budget.suspended,
        }

    def pairs_json(self, pairs: Sequence[SellerCampaign]) -> list[Json]:
        """Return the JSON of seller-campaigns with their derived reasons."""
        told = self.reasons_of(pairs)
        midnight = since(datetime.combine(self.today, time(), UTC))
        return [self._pair_json(observed(pair, told[pair.id], midnight), told[pair.id]) for pair in pairs]

    def reasons_of(self, pairs: Sequence[SellerCampaign]) -> Mapping[str, tuple[str, ...]]:
        """Return the suspension reasons of each seller-campaign, by id."""
        by_seller: dict[str, list[SellerBudget]] = {}
        for budget in self.budgets({pair.seller_id for pair in pairs}):
            by_seller.setdefault(budget.seller_id, []).append(budget)
        return {pair.id: reasons(pair, by_seller.get(pair.seller_id, ()), self.today) for pair in pairs}

    def _pair_json(self, pair: SellerCampaign, why: tuple[str, ...]) -> Json:
        return {
            "id": pair.id,
            "sellerId": pair.seller_id,
            "campaignId": self.campaign_id(pair.campaign_id),
            "bid": pair.bid,
            "suspendedSince": pair.suspended_since,
            "suspensionReasons": list(why) or None,
            "productSet": None,
        }

    # --- storing ---

    def keep_budgets(self, budgets: Iterable[SellerBudget]) -> None:
        """Store budgets, and update the seller-campaigns that they pay for."""
        touched = set()
        for budget in budgets:
            kept = self.call.state.get("sellerBudgets", budget.id) or {"spent": 0}
            self.call.state.put("sellerBudgets", budget.id, {**kept, **budget.to_record()})
            touched.add(budget.seller_id)
        self.keep_pairs([pair for pair in self.pairs() if pair.seller_id in touched])

    def admit(self, budgets: Iterable[SellerBudget]) -> None:
        """Create the seller-campaign of a single-seller campaign with its first budget (§4.4 rule 14)."""
        single_seller = set(self.side.single_seller_campaigns)
        for budget in budgets:
            for campaign_id in single_seller.intersection(budget.campaign_ids):
                pair = SellerCampaign(budget.seller_id, campaign_id)
                if self.call.state.get("sellerCampaigns", pair.id) is None:
                    self.call.state.put("sellerCampaigns", pair.id, pair.to_record())

    def keep_pairs(self, pairs: Sequence[SellerCampaign]) -> list[SellerCampaign]:
        """Store the seller-campaigns and return them, with `suspendedSince` set to now if newly suspended (rule 57)."""
        told = self.reasons_of(pairs)
        now = since(self.call.now)
        seen = [observed(pair, told[pair.id], now) for pair in pairs]
        for pair in seen:
            self.call.state.put("sellerCampaigns", pair.id, pair.to_record())
        return seen


def since(moment: datetime) -> str:
    """Return an instant in the marketplace's format, with the seven fractional digits of the specification's sample."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.0000000+00:00"
