"""Dated budgets, bid multipliers and minimum bids of Retail Media in the sandbox."""

from __future__ import annotations

from decimal import Decimal

import pytest

CAMPAIGN = "/campaigns/71/campaign-budget-overrides"
LEAST = {"name": "Tea", "startDate": "2026-11-01", "targetRetailerId": "44"}


def dated(days=(), months=()):
    lists = {"dailyBudgetOverrides": list(days), "monthlyBudgetOverrides": list(months)}
    return {"data": {"type": "CampaignBudgetOverrides", "attributes": lists}}


def day(start, duration="1D", most=5, **more):
    return {"startDate": start, "duration": duration, "maxDailySpend": most, **more}


@pytest.fixture
def item(book):
    """The path of a line item's other resources."""
    made = book.post("/campaigns/71/auction-line-items", {"data": {"type": "x", "attributes": LEAST}})
    return f"/line-items/{made.body['data']['id']}"


def told(book, path=CAMPAIGN):
    days, months = book.get(path).body["data"]["attributes"].values()
    starts = [tuple(one.values()) for one in [*days, *months]]
    return [(start[:10], length, most, status) for start, length, most, status in starts]


def test_a_replacement_answers_201_and_says_the_status_of_each_day_and_month(book):
    months = [{"startMonth": "2026-12", "duration": "2m", "maxMonthlySpend": Decimal("900.5")}]
    days = [day("2026-11-19", "2D"), day("2026-11-20T00:00:00Z", "1d"), day("2026-11-21"), day("2026-11-22", "3D")]
    days = [one for one in days if one["startDate"] != "2026-11-20T00:00:00Z"]
    assert book.put(CAMPAIGN, dated(days, months)).status == 201
    assert told(book) == [
        ("2026-11-19", "2D", 5, "Expired"),
        ("2026-11-21", "1D", 5, "Active"),
        ("2026-11-22", "3D", 5, "Upcoming"),
        ("2026-12-01", "2M", 900.5, "Upcoming"),
    ]


def test_an_entry_without_a_start_follows_the_one_before_it(book):
    months = [
        {"startMonth": "2026-11", "duration": "2M", "maxMonthlySpend": 1},
        {"duration": "1M", "maxMonthlySpend": 2},
    ]
    book.put(CAMPAIGN, dated([day("2026-12-30", "3D"), day(None, "1D", 6)], months))
    assert [one[0] for one in told(book)] == ["2026-12-30", "2027-01-02", "2026-11-01", "2027-01-01"]


def test_the_first_entry_without_a_start_begins_today_in_the_account(make_book):
    book = make_book(now="2026-11-21T23:30:00Z")  # the 22nd in Paris
    book.put(CAMPAIGN, dated([day(None)]))
    assert told(book) == [("2026-11-22", "1D", 5, "Active")]


def test_each_replacement_replaces_both_lists(book):
    book.put(CAMPAIGN, dated([day("2026-12-01")], [{"duration": "1M", "maxMonthlySpend": 1}]))
    assert book.put(CAMPAIGN, dated([day("2026-12-02")])).status == 201
    assert [one[0] for one in told(book)] == ["2026-12-02"]
    book.put(CAMPAIGN, dated())
    assert told(book) == []


def test_a_replacement_of_the_campaign_keeps_them(book):
    book.put(CAMPAIGN, dated([day("2026-12-01")]))
    windows = {"clickAttributionWindow": "7D", "viewAttributionWindow": "none"}
    attributes = {"name": "N", "isAutoDailyPacing": False, **windows}
    assert book.put("/campaigns/71", {"data": {"type": "x", "id": "71", "attributes": attributes}}).status == 200
    assert len(told(book)) == 1


REFUSED = {
    "out of order": [day("2026-12-02"), day("2026-12-01")],
    "an overlap": [day("2026-12-01", "2D"), day("2026-12-02")],
    "months in the list of days": [day("2026-12-01", "1M")],
    "no days": [day("2026-12-01", "0D")],
    "no amount": [day("2026-12-01", most=None)],
    "less than nothing": [day("2026-12-01", most=-1)],
    "no date": [day("soon")],
    "an unknown key": [day("2026-12-01", colour="red")],
    "no list": None,
}


@pytest.mark.parametrize("days", REFUSED.values(), ids=REFUSED)
def test_a_replacement_that_breaks_a_rule_changes_nothing(book, days):
    book.put(CAMPAIGN, dated([day("2026-12-24")]))
    sent = dated()
    sent["data"]["attributes"]["dailyBudgetOverrides"] = days
    answer = book.put(CAMPAIGN, sent)
    assert (answer.status, len(answer.body["errors"])) == (400, 1)
    assert [one[0] for one in told(book)] == ["2026-12-24"]


def test_what_was_read_may_be_sent_back(make_book):
    for form in ("date-time", "short"):
        book = make_book(override_starts=form)
        book.put(CAMPAIGN, dated([day("2026-11-01"), day("2026-12-01")], [{"duration": "1M", "maxMonthlySpend": 1}]))
        before = book.get(CAMPAIGN).body["data"]
        assert book.put(CAMPAIGN, {"data": before}).body["data"] == before
    assert before["attributes"]["monthlyBudgetOverrides"][0]["startMonth"] == "2026-11"


def test_expired_entries_are_left_out_if_the_option_says_so(make_book):
    book = make_book(expired_overrides="dropped")
    book.put(CAMPAIGN, dated([day("2026-11-01"), day("2026-12-01")]))
    assert [one[0] for one in told(book)] == ["2026-12-01"]


def test_a_line_item_has_its_own_and_a_day_may_lack_its_amount(book, item):
    lists = {"dailyLineItemBudgetOverrides": [{"duration": "1D"}], "monthlyLineItemBudgetOverrides": []}
    path = f"{item}/line-item-budget-overrides"
    assert book.put(path, {"data": {"type": "x", "attributes": lists}}).status == 201
    assert told(book, path) == [("2026-11-21", "1D", None, "Active")]


# --- multipliers, pages and minimum bids ---


def multipliers(book, item):
    given = book.get(f"{item}/bid-multipliers").body["data"]["attributes"]
    return {key: value for key, value in given.items() if key != "id" and value is not None}


def test_a_multiplier_that_is_not_given_is_one(book, item):
    path, neutral = f"{item}/bid-multipliers", dict.fromkeys(["search", "home", "checkout"], 1)
    assert multipliers(book, item) == neutral
    answer = book.put(path, {"data": {"type": "x", "attributes": {"search": Decimal("0.5"), "home": 6}}})
    assert answer.status == 200
    assert multipliers(book, item) == neutral | {"search": 0.5, "home": 6}
    book.put(path, {"data": {"type": "x", "attributes": {"checkout": 2, "home": None}}})
    assert multipliers(book, item) == neutral | {"checkout": 2}
    book.put(path, {"data": {"type": "x", "attributes": {}}})
    assert multipliers(book, item) == neutral


@pytest.mark.parametrize(
    "given", [{"search": Decimal("0.49")}, {"search": Decimal("6.01")}, {"deals": 1}, {"home": "1"}]
)
def test_a_multiplier_out_of_range_or_without_pages_is_refused(book, item, given):
    assert book.put(f"{item}/bid-multipliers", {"data": {"type": "x", "attributes": given}}).status == 400


def test_the_pages_and_the_minimum_bids_of_a_retailer(book):
    assert book.get("/retailers/44/pages").body == {"pageTypes": ["search", "home", "checkout"]}
    book.world.edit("retailers", "44", {"skuMinBids": {"b": 0.5}})
    for skus, least in ([], 0.3), (["a"], 0.3), (["a", "b"], 0.5):
        answer = book.post("/retailers/44/cpc-min-bids", {"data": {"attributes": {"skuIds": skus}}})
        assert answer.body["data"]["attributes"]["overallMinBid"] == Decimal(str(least))
    assert book.get("/retailers/1/pages").status == 404
    assert book.post("/retailers/44/cpc-min-bids", {"data": {"attributes": {"skuIds": "a"}}}).status == 400
