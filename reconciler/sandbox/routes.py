"""All routes of the API; a domain module is added by naming it here."""

from __future__ import annotations

from . import ad_sets, campaigns, portfolio
from . import balances as retail_media
from . import sellers as marketplace
from .routing import Router

ROUTER = Router((*portfolio.routes, *campaigns.routes, *ad_sets.routes, *marketplace.routes, *retail_media.routes))
