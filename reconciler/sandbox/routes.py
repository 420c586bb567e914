"""All routes of the API; a domain module is added by naming it here."""

from __future__ import annotations

from . import ad_sets, balances, campaigns, portfolio, retail
from . import sellers as marketplace
from .routing import Router

ROUTER = Router(
    (
        *portfolio.routes,
        *campaigns.routes,
        *ad_sets.routes,
        *marketplace.routes,
        *balances.routes,
        *retail.routes,
    )
)
