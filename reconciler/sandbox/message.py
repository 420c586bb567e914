"""What goes over the wire, without a wire: one request and one answer as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """A request as any skin (ASGI, an in-process transport, a test) hands it to the world."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    """Keys in lower case."""
    body: bytes = b""

    @classmethod
    def of(cls, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Request:
        """A request from a target such as `/2026-07/advertisers/me?x=1`, with or without a host before it."""
        parts = urlsplit(target)
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        lowered = {name.lower(): value for name, value in (headers or {}).items()}
        return cls(method.upper(), unquote(parts.path), query, lowered, body)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, and what the skin has to do to the connection while giving it.

    The world itself never sleeps and never closes anything: `delay`, `aborted` and `cut` are orders to the skin.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    delay: float = 0.0
    """Seconds to wait before anything is answered."""
    aborted: bool = False
    """The connection is dropped without an answer."""
    cut: int | None = None
    """The connection is reset after so many bytes of the body."""

    def header(self, name: str) -> str | None:
        """The first header of that name (lower case)."""
        return next((value for key, value in self.headers if key == name), None)

    def with_headers(self, *headers: tuple[str, str]) -> Response:
        """The same answer with more headers."""
        return replace(self, headers=(*self.headers, *headers))
