"""Select the route and API version of a request (contract §2.13, §6.1, §11 rules 8 and 9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from .call import ALL, STABLE, Handler
from .errors import Refusal, problem
from .options import Options

SUPPORT_ENDS = {
    "2025-07": date(2026, 7, 28),
    "2025-10": date(2026, 10, 27),
    "2026-01": date(2027, 1, 27),
    "2026-07": date(2027, 7, 31),
    "2027-01": date(2028, 1, 31),
}
"""Last day of each version (§2.13; the last day of the month if only a month is known)."""

Product = Literal["MarketingSolutions", "RetailMedia"]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: method, path template, versions, permission and handler."""

    method: str
    template: str
    """Path without the version: `/marketing-solutions/ad-sets/{ad-set-id}`."""
    versions: frozenset[str]
    scope: str | None
    """Required permission such as `MarketingSolutions_Campaign_Read`; None for any token."""
    handler: Handler
    product: Product | None
    """Product of the operation; None for both."""
    changed: tuple[str, ...] = ()
    """Versions in which the contract of this operation changed (§6.1); a request never falls forward across one."""
    family: str = "E1"
    """Envelope family of its refusals (§2.5)."""
    takes_body: bool = True
    """False for a write with all values in the query (§4.2, M9)."""


@dataclass(frozen=True, slots=True)
class Match:
    """Route of a request, version that answers it, and values of the template's parameters."""

    route: Route
    version: str
    params: Mapping[str, str]


class Router:
    """All routes, by number of path segments."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_length: dict[int, list[tuple[tuple[str, ...], Route]]] = {}
        for route in routes:
            segments = tuple(route.template.strip("/").split("/"))
            self._by_length.setdefault(len(segments), []).append((segments, route))
        for bucket in self._by_length.values():
            # a literal segment has precedence over a parameter: /ad-sets/search is not the ad set "search"
            bucket.sort(key=lambda entry: [segment.startswith("{") for segment in entry[0]])

    def match(self, method: str, path: str, now: datetime, options: Options) -> Match:
        """Return the route of a path. Raise `Refusal` with 404, 405 or 410."""
        segments = path.strip("/").split("/")
        version = "" if segments[0] == "legacy" else segments[0]
        if version and version not in ALL:
            raise Refusal(404, _not_found(path))
        rest = segments[1:] if version else segments
        verbs: dict[str, tuple[Route, dict[str, str]]] = {}
        for template, route in self._by_length.get(len(rest), ()):
            params = _bind(template, rest)
            if params is not None and (version in route.versions or not (version or route.versions)):
                verbs.setdefault(route.method, (route, params))
        if not verbs:
            raise Refusal(404, _not_found(path))
        if method not in verbs:
            told = problem("method-not-allowed", "Method not allowed", type="validation")
            raise Refusal(options.wrong_verb_status, told)
        route, params = verbs[method]
        return Match(route, _answering(route, version, now.date(), options), params)


def _answering(route: Route, version: str, today: date, options: Options) -> str:
    """Return the version that answers: the requested one, or the next supported one with the same contract."""
    if version not in SUPPORT_ENDS or today <= SUPPORT_ENDS[version]:
        return version
    alive = min((v for v in route.versions & STABLE if today <= SUPPORT_ENDS[v]), default=None)
    if alive is None or any(version < change <= alive for change in route.changed):
        title = "This version of the API has been decommissioned"
        raise Refusal(options.decommissioned_status, problem("endpoint-deprecated", title, type="deprecation"))
    return alive


def _bind(template: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    params = {}
    for pattern, segment in zip(template, segments, strict=True):
        if pattern.startswith("{"):
            params[pattern[1:-1]] = segment
        elif pattern != segment:
            return None
    return params


def _not_found(path: str) -> dict[str, Any]:
    return problem("not-found", "Resource not found", f"{path} is not an operation of this API", type="unknown")
