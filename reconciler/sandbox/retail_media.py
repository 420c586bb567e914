"""Every Retail Media operation, and in which versions it exists and changed (contract §5.1, §6.1)."""

from __future__ import annotations

from . import balance_calls as balances
from . import balance_campaigns as campaigns
from .routing import ALL, G2, PREVIEW, STABLE, Handler, Route

BASE = "/retail-media"
SINCE_G2 = G2 | PREVIEW
_CHANGED = ("2026-07", "preview")

_BALANCE_READ = "RetailMedia_Balance_Read"
_BALANCE_MANAGE = "RetailMedia_Balance_Manage"
# appending and deleting ask for the Campaign domain, though the guide speaks of Balance (conflict 32)
_CAMPAIGN_MANAGE = "RetailMedia_Campaign_Manage"


def _route(
    method: str,
    path: str,
    versions: frozenset[str],
    scope: str,
    handler: Handler,
    *,
    changed: bool = False,
    family: str = "E1",
) -> Route:
    since = _CHANGED if changed else ()
    return Route(method, BASE + path, versions, scope, handler, "RetailMedia", changed=since, family=family)


_LIST = "/accounts/{accountId}/balances"
_ONE = "/accounts/{accountId}/balances/{balanceId}"

routes = (
    _route("GET", _LIST, ALL, _BALANCE_READ, balances.list_balances, changed=True),
    _route("POST", _LIST, STABLE, _BALANCE_MANAGE, balances.create_balance, changed=True),
    _route("GET", _ONE, STABLE, _BALANCE_READ, balances.get_of_account),
    _route("PATCH", _ONE, ALL, _BALANCE_MANAGE, balances.patch_balance, changed=True),
    _route("POST", _ONE + "/add-funds", STABLE, _BALANCE_MANAGE, balances.add_funds, changed=True),
    _route("POST", _ONE + "/change-dates", STABLE, _BALANCE_MANAGE, balances.change_dates),
    _route("GET", "/balances/{balanceId}", SINCE_G2, _BALANCE_READ, balances.get_balance, family="E2"),
    _route("GET", "/balances/{balanceId}/campaigns", STABLE, _BALANCE_READ, campaigns.list_campaigns),
    _route("POST", "/balances/{balanceId}/campaigns/append", ALL, _CAMPAIGN_MANAGE, campaigns.append, changed=True),
    _route("POST", "/balances/{balanceId}/campaigns/delete", ALL, _CAMPAIGN_MANAGE, campaigns.delete, changed=True),
    _route("GET", "/balances/{balanceId}/history", ALL, _BALANCE_READ, balances.history, changed=True),
    _route("GET", "/accounts/{accountId}/campaigns", STABLE, "RetailMedia_Campaign_Read", campaigns.list_of_account),
    _route("GET", "/accounts", STABLE, "RetailMedia_Accounts_Read", campaigns.list_accounts),
)
