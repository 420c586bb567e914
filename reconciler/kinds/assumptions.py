"""Unverified assumptions about the API (docs/explanation/assumptions.md): product and claim."""

from collections.abc import Mapping

ASSUMPTIONS: Mapping[str, tuple[str, str]] = {
    "rateLimit": ("marketingSolutions", "250 calls a minute, in a window that the headers state"),
    "criteoService": ("marketingSolutions", "an application names its product"),
    "sellerToday": ("marketingSolutions", '"today" of seller budgets is UTC'),
    "memoToken": ("retailMedia", "the memo of a top-up appears in the history"),
    "balanceNames": ("retailMedia", "names of balances are unique to the letter"),
    "balanceStart": ("retailMedia", "the start of a running balance may move"),
    "balanceMemo": ("retailMedia", "the memo of a top-up may become the balance's"),
    "balanceUncapped": ("retailMedia", "a balance without a deposit is uncapped when it is created"),
    "budgetPatch": ("marketingSolutions", "budgets of an existing ad set can be patched"),
    "strictSeedDates": ("marketingSolutions", "the end of a running seller budget may move"),
    "retailDays": ("retailMedia", "dates of campaigns and line items are written as days (2026-11-27)"),
    "overrideMonths": ("retailMedia", "the month of a dated budget is written as 2026-12"),
    "retailBidDigits": ("retailMedia", "bids of line items have as many decimals as their currency"),
    "retailerReview": ("retailMedia", "a retailer may review a line item when it is started"),
    "batchSizes": (
        "marketingSolutions",
        "start, stop, category bids, multipliers and bids accept 50 (2,000) a call",
    ),
    "readLag": ("marketingSolutions", "reads may lag behind writes by seconds"),
    "refusals": ("marketingSolutions", "what was refused (4xx, 429) had no effect"),
    "requestTypes": ("marketingSolutions", "`type` strings of requests are not checked"),
}
"""Assumptions by name; a version or an option of the project may override one."""
SWITCHES: dict[str, str] = {
    "retailDays": "Dates of Retail Media are written as days, not as date-times. Default: true.",
    "overrideMonths": "The month of a dated budget is written as 2026-12, not as its first day. Default: true.",
    "retailBidDigits": "Bids of line items have the decimals of their currency; else four. Default: true.",
    "retailerReview": "A note says that a retailer may review what is started. Default: true.",
}
"""What the project file says of the assumptions of Retail Media."""
