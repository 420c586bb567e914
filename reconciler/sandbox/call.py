"""One request as its handler receives it: body, version, parameters, application and state (contract §0, §2.13)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

from .message import Request, Response
from .options import Options
from .state import Record, State

G1 = frozenset({"2025-07", "2025-10", "2026-01"})
G2 = frozenset({"2026-07", "2027-01"})
PREVIEW = frozenset({"preview", "experimental"})
STABLE = G1 | G2
ALL = STABLE | PREVIEW
UNVERSIONED: frozenset[str] = frozenset()
"""Versions of routes under `/legacy/…`, which have none (§1)."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, with everything that a handler reads."""

    state: State
    request: Request
    version: str
    """API version that answers; may be later than the requested one (fall-forward).

    Empty if the route is unversioned.
    """
    params: Mapping[str, str]
    body: Any
    """The parsed JSON body, or None if there is none."""
    application: Record
    now: datetime
    client_id: str = ""

    @property
    def trace(self) -> str:
        """Correlation id of the call, the same on each access (rule 13)."""
        text = f"{self.options.seed}:{len(self.state.log)}:{self.now.timestamp()}:{self.request.path}"
        return str(UUID(bytes=sha256(text.encode()).digest()[:16], version=4))

    @property
    def options(self) -> Options:
        return self.state.options

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        return self.request.query

    @property
    def guide(self) -> bool:
        """True if the call uses the older form of the vendor's guide."""
        return self.options.profile == "guide" and self.version in PREVIEW

    @property
    def generation(self) -> Literal["G1", "G2", "P"]:
        """Contract generation of the call's version (§0)."""
        if self.version in PREVIEW:
            return "P"
        return "G1" if self.version in G1 else "G2"

    def values(self, name: str) -> list[str]:
        """Return every value of a repeatable query parameter."""
        return [value for key, value in self.query if key == name]

    def value(self, name: str, default: str | None = None) -> str | None:
        """Return the last value of a query parameter, or the default."""
        return next(iter(reversed(self.values(name))), default)

    def advertises_for(self, advertiser_id: str) -> bool:
        """Return True if the advertiser is in the application's portfolio (rule 6)."""
        return advertiser_id in self.application.get("advertiserIds", ())

    def manages_account(self, account_id: str) -> bool:
        """Return True if the Retail Media account is in the application's portfolio (rule 6)."""
        return account_id in self.application.get("accountIds", ())


Handler = Callable[[Call], Response]
