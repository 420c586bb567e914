"""Unverified assumptions about the API (docs/explanation/assumptions.md): product and claim."""

from collections.abc import Mapping

ASSUMPTIONS: Mapping[str, tuple[str, str]] = {
    "rateLimit": ("marketingSolutions", "250 calls a minute, in a window that the headers tell"),
    "criteoService": ("marketingSolutions", "an application names its product"),
    "sellerToday": ("marketingSolutions", '"today" of seller budgets is UTC'),
    "memoToken": ("retailMedia", "the memo of a top-up appears in the history"),
    "balanceNames": ("retailMedia", "names of balances are unique to the letter"),
    "balanceStart": ("retailMedia", "the start of a running balance may move"),
    "balanceMemo": ("retailMedia", "the memo of a top-up may become the balance's"),
    "balanceUncapped": ("retailMedia", "a balance without a deposit is uncapped when it is created"),
    "budgetPatch": ("marketingSolutions", "budgets of an existing ad set can be patched"),
    "strictSeedDates": ("marketingSolutions", "the end of a running seller budget may move"),
    "batchSizes": (
        "marketingSolutions",
        "start, stop, category bids, multipliers and bids accept 50 (2,000) a call",
    ),
    "readLag": ("marketingSolutions", "reads may lag behind writes by seconds"),
    "refusals": ("marketingSolutions", "what was refused (4xx, 429) had no effect"),
    "requestTypes": ("marketingSolutions", "`type` strings of requests are not checked"),
}
"""Assumptions by name; a version or an option of the project may override one."""
