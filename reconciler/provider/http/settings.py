"""Settings of the API, restricted so that secrets cannot be sent to the wrong host."""

import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import Protocol, TypeAlias

from msgspec import Struct

_URL = re.compile(r"(https?)://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?/?")
r"""Scheme, host and port. Characters that URL parsers treat differently (``@ \ % # ?``) are excluded."""


class Clock(Protocol):
    """The part of the module ``time`` that is used here; tests pass one that never waits."""

    def time(self) -> float: ...

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float, /) -> None: ...


class Event(Struct, frozen=True):
    """A pause that is reported to the user."""

    name: str
    """``limit`` (waiting for the rate limit) or ``retry`` (sending again)."""
    seconds: float
    reason: str


Listener: TypeAlias = Callable[[Event], None]


class Credentials(Struct, frozen=True):
    """Credentials of one application, which belongs to one product (contract §2.2)."""

    client_id: str
    secret: str

    def __repr__(self) -> str:
        return f"Credentials(client_id={self.client_id!r}, secret='***')"


class Settings(Struct, frozen=True):
    """Base URL, rate and timeouts. Times are in seconds."""

    base_url: str = "https://api.criteo.com"
    calls_per_minute: int = 240
    """Own limit in any 60 seconds: below the documented 250, so that a plan can run beside an apply."""
    connect: float = 10.0
    total: float = 120.0
    """Timeout of one sending, from the first packet to the last byte of the response."""
    attempts: int = 5
    pause: float = 2.0
    """Pause before the second attempt; each further pause is three times as long, up to 40 s (contract §2.4)."""
    in_flight: int = 8
    largest_body: int = 256 * 2**20
    """Maximum decoded bytes: five times a search of 50,000 ad sets, and far less than a gzip bomb."""

    def __post_init__(self) -> None:
        problem = check_url(self.base_url)
        if problem is not None:
            raise ValueError(problem)
        for name in ("calls_per_minute", "connect", "total", "attempts", "in_flight", "largest_body"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be more than 0")

    @property
    def host(self) -> str:
        """Host and port, as messages name them."""
        return self.base_url.partition("://")[2].rstrip("/")


def check_url(url: str) -> str | None:
    """Return the reason why credentials must not be sent to this URL, or None."""
    found = _URL.fullmatch(url)
    if found is None:
        return f"{_format_url(url)} is not a base URL: write https://HOST or https://HOST:PORT, nothing else"
    scheme, host, port = found.groups()
    if port is not None and not 0 < int(port) < 65536:
        return f"{url!r} has no valid port"
    if scheme == "http" and not is_loopback(host):
        return f"{url!r} would send the secret unencrypted: use https (http is for this machine only)"
    return None


def is_loopback(host: str) -> bool:
    """Return True if the host of a checked URL is this machine, by name or literal address."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _format_url(url: str) -> str:
    """Return the URL for a message, with user info before an ``@`` removed, which may hold a password."""
    return repr(re.sub(r"//[^/]*@", "//***@", url))
