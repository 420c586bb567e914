"""Identity of the application, and its portfolio (contract §2.2)."""

from __future__ import annotations

from .call import ALL, Call
from .errors import envelope
from .message import Response
from .routing import Route


def _me(call: Call) -> Response:
    application = call.application
    attributes = {
        "applicationId": application.get("applicationId"),
        "organizationId": application.get("organizationId"),
        "name": application.get("name"),
        "description": application.get("description"),
        "criteoService": application["product"],
    }
    return envelope(call, {"type": "Application", "attributes": attributes})


def _advertisers(call: Call) -> Response:
    data = [
        {"type": "advertiser", "id": key, "attributes": {"advertiserName": record["name"]}}
        for key, record in call.state.all("advertisers").items()
        if call.advertises_for(key)
    ]
    return envelope(call, data, family="E3")


routes = (
    Route("GET", "/advertisers/me", ALL, None, _advertisers, "MarketingSolutions", family="E3"),
    Route("GET", "/marketing-solutions/me", ALL, None, _me, "MarketingSolutions"),
    Route("GET", "/retail-media/me", ALL, None, _me, "RetailMedia"),
)
