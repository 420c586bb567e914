"""Every route of the API: a domain module is known to the world by being named here."""

from __future__ import annotations

from . import ad_sets, campaigns, portfolio
from . import balances as retail_media
from . import sellers as marketplace
from .routing import Router

ROUTER = Router((*portfolio.routes, *campaigns.routes, *ad_sets.routes, *marketplace.routes, *retail_media.routes))
