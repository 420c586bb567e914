"""One request as its handler sees it: what it asks, in which version, of whom, on which state (contract §0, §2.13)."""

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
"""Routes under `/legacy/…` carry no version (§1)."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a handler gets to know about one request."""

    state: State
    request: Request
    version: str
    """The version that answers; older than it may have been asked for (fall-forward). Empty when unversioned."""
    params: Mapping[str, str]
    body: Any
    """The parsed JSON body, or None if there is none."""
    application: Record
    now: datetime
    client_id: str = ""

    @property
    def trace(self) -> str:
        """The correlation id of this call, the same each time it is asked for (rule 13)."""
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
        """Whether this call speaks the guide's older form."""
        return self.options.profile == "guide" and self.version in PREVIEW

    @property
    def generation(self) -> Literal["G1", "G2", "P"]:
        """The contract generation of §0."""
        if self.version in PREVIEW:
            return "P"
        return "G1" if self.version in G1 else "G2"

    def values(self, name: str) -> list[str]:
        """Every value of a repeatable query parameter."""
        return [value for key, value in self.query if key == name]

    def value(self, name: str, default: str | None = None) -> str | None:
        """The last value of a query parameter."""
        return next(iter(reversed(self.values(name))), default)

    def advertises_for(self, advertiser_id: str) -> bool:
        """Whether that advertiser is in the application's portfolio (rule 6)."""
        return advertiser_id in self.application.get("advertiserIds", ())

    def manages_account(self, account_id: str) -> bool:
        """Whether that Retail Media account is in the application's portfolio (rule 6)."""
        return account_id in self.application.get("accountIds", ())


Handler = Callable[[Call], Response]
