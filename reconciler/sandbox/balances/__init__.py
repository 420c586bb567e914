"""Routes of balances and accounts, and the versions in which each exists and changed (contract §5.1, §6.1)."""

from __future__ import annotations

from dataclasses import replace

from ..call import ALL, G1, STABLE, Handler
from ..routing import Route
from . import calls as balances
from . import campaigns

BASE = "/retail-media"
SINCE_G2 = ALL - G1
_CHANGED = ("2026-07", "preview")

_BALANCE_READ = "RetailMedia_Balance_Read"
_BALANCE_MANAGE = "RetailMedia_Balance_Manage"
# append and delete require the Campaign domain, though the guide says Balance (conflict 32)
_CAMPAIGN_MANAGE = "RetailMedia_Campaign_Manage"


def _route(method: str, path: str, versions: frozenset[str], scope: str, handler: Handler) -> Route:
    return Route(method, BASE + path, versions, scope, handler, "RetailMedia")


def _amended(method: str, path: str, scope: str, handler: Handler) -> Route:
    """Return the route of an operation whose keys changed in G2 within the same envelope."""
    return replace(_route(method, path, STABLE, scope, handler), changed=_CHANGED)


def _reshaped(method: str, path: str, scope: str, handler: Handler) -> tuple[Route, Route]:
    """Return two routes of an operation whose envelope family changed in G2 (§2.5)."""
    route = _amended(method, path, scope, handler)
    return replace(route, versions=G1), replace(route, versions=SINCE_G2, family="E2")


_LIST = "/accounts/{accountId}/balances"
_ONE = "/accounts/{accountId}/balances/{balanceId}"

routes = (
    *_reshaped("GET", _LIST, _BALANCE_READ, balances.list_balances),
    *_reshaped("PATCH", _ONE, _BALANCE_MANAGE, balances.patch_balance),
    *_reshaped("POST", "/balances/{balanceId}/campaigns/append", _CAMPAIGN_MANAGE, campaigns.append),
    *_reshaped("POST", "/balances/{balanceId}/campaigns/delete", _CAMPAIGN_MANAGE, campaigns.delete),
    *_reshaped("GET", "/balances/{balanceId}/history", _BALANCE_READ, balances.history),
    _amended("POST", _LIST, _BALANCE_MANAGE, balances.create_balance),
    _amended("POST", _ONE + "/add-funds", _BALANCE_MANAGE, balances.add_funds),
    _route("POST", _ONE + "/change-dates", STABLE, _BALANCE_MANAGE, balances.change_dates),
    _route("GET", _ONE, STABLE, _BALANCE_READ, balances.get_of_account),
    replace(_route("GET", "/balances/{balanceId}", SINCE_G2, _BALANCE_READ, balances.get_balance), family="E2"),
    _route("GET", "/balances/{balanceId}/campaigns", STABLE, _BALANCE_READ, campaigns.list_campaigns),
    _route("GET", "/accounts", STABLE, "RetailMedia_Accounts_Read", campaigns.list_accounts),
)
