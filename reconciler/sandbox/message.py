"""Request and response as values, independent of the transport."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """A request, as a transport (ASGI, in-process, a test) passes it to the world."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    """Keys in lower case."""
    body: bytes = b""

    @classmethod
    def of(cls, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Request:
        """Return a request from a target such as `/2026-07/advertisers/me?x=1`, with or without a host before it."""
        parts = urlsplit(target)
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        lowered = {name.lower(): value for name, value in (headers or {}).items()}
        return cls(method.upper(), unquote(parts.path), query, lowered, body)


@dataclass(frozen=True, slots=True)
class Response:
    """A response, and the orders to the transport that delivers it.

    The world never sleeps and never closes a connection: the transport carries out `delay`, `aborted` and `cut`.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    delay: float = 0.0
    """Seconds to wait before the response is sent."""
    aborted: bool = False
    """True if the connection is dropped without a response."""
    cut: int | None = None
    """Bytes of the body after which the connection is reset; None if it is not."""

    def header(self, name: str) -> str | None:
        """Return the value of the first header of that name (lower case), or None."""
        return next((value for key, value in self.headers if key == name), None)

    def with_headers(self, *headers: tuple[str, str]) -> Response:
        """Return the same response with more headers."""
        return replace(self, headers=(*self.headers, *headers))
