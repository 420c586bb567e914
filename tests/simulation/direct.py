"""Hands a request to the simulated API without httpx, which takes a quarter of a simulation's time.

It makes of a response what `HttpTransport` makes of it; a test plays the same seeds through both and compares them.
"""

from __future__ import annotations

from typing import Any

from reconciler.provider.http.messages import Message, Reply, TransportError
from reconciler.provider.http.redaction import Redaction
from reconciler.provider.http.settings import Clock, Settings


class Direct:
    """The transport of one `Api`, with the arguments of `HttpTransport`."""

    def __init__(self, settings: Settings, clock: Clock, handle: Any, request: Any, redaction: Redaction) -> None:
        self._settings, self._clock, self._handle, self._request = settings, clock, handle, request

    def exchange(self, message: Message, *, fresh: bool) -> Reply | TransportError:
        """Return the reply to a message, or why there is none."""
        end = self._clock.monotonic() + self._settings.total
        headers = {name.lower(): value for name, value in message.headers.items()}
        response = self._handle(
            self._request(message.method, message.path, tuple(message.query), headers, message.body or b"")
        )
        allowed = max(end - self._clock.monotonic(), 0.001)
        self._clock.sleep(min(response.delay, allowed))
        if response.delay >= allowed:
            return TransportError(True, f"no complete answer from the API within {self._settings.total:g} s", False)
        told = {name.lower(): value for name, value in response.headers}
        if not response.aborted and response.cut is None:
            return Reply(response.status, told, response.body)
        if not response.aborted and 400 <= response.status < 500:
            return Reply(response.status, told, b"")
        return TransportError(True, "the connection broke before the answer was complete", False)

    def close(self) -> None:
        """Do nothing: there is no connection."""
