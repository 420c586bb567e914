"""Routes of ad sets: every operation of contract §3.1 in each version that has it (§6.1, §11 rules 15 to 44)."""

from __future__ import annotations

from ..call import ALL, Handler
from ..routing import Route
from . import extras, reading, writing

_READ = "MarketingSolutions_Campaign_Read"
_MANAGE = "MarketingSolutions_Campaign_Manage"
_BASE = "/marketing-solutions/ad-sets"
_ONE = _BASE + "/{ad-set-id}"


def _route(method: str, template: str, scope: str, handler: Handler, *changed: str) -> Route:
    return Route(method, template, ALL, scope, handler, "MarketingSolutions", changed)


routes = (
    _route("POST", f"{_BASE}/search", _READ, reading.search, "2026-07"),
    _route("GET", _ONE, _READ, reading.get, "2026-07"),
    _route("POST", _BASE, _MANAGE, writing.create, "2026-07"),
    _route("PATCH", _BASE, _MANAGE, writing.patch, "2026-07"),
    _route("POST", f"{_BASE}/start", _MANAGE, writing.start),
    _route("POST", f"{_BASE}/stop", _MANAGE, writing.stop),
    _route("PUT", f"{_ONE}/audience", _MANAGE, extras.link_audience),
    _route("GET", f"{_ONE}/category-bids", _READ, extras.category_bids),
    _route("PATCH", f"{_ONE}/category-bids", _MANAGE, extras.patch_category_bids),
    _route("GET", f"{_ONE}/display-multipliers", _READ, extras.display_multipliers),
    _route("PATCH", f"{_ONE}/display-multipliers", _MANAGE, extras.patch_display_multipliers),
)
