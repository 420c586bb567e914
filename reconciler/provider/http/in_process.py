"""Transport that calls a function instead of the network, for tests and for the in-process simulator."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx

from reconciler.provider.http.settings import Clock

Handle = Callable[[Any], Any]
Factory = Callable[[str, str, tuple[tuple[str, str], ...], Mapping[str, str], bytes], Any]


class InProcess(httpx.BaseTransport):
    """Transport that calls a function instead of the network; its response may order a delay, a drop, or a cut body."""

    def __init__(self, handle: Handle, request: Factory | None, clock: Clock) -> None:
        self._handle = handle
        self._request = request
        self._clock = clock

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        query = tuple(request.url.params.multi_items())
        parts = (request.method, request.url.path, query, headers, request.read())
        response = self._handle(self._request(*parts) if self._request is not None else parts)
        allowed = request.extensions["timeout"].get("read")
        self._clock.sleep(min(response.delay, allowed))
        if response.delay >= allowed:
            raise httpx.ReadTimeout("the answer is late", request=request)
        if response.aborted:
            raise httpx.ReadError("the connection was dropped", request=request)
        body = _Body(response.body, response.cut)
        return httpx.Response(response.status, headers=list(response.headers), stream=body)


class _Body(httpx.SyncByteStream):
    def __init__(self, body: bytes, cut: int | None) -> None:
        self._body = body
        self._cut = cut

    def __iter__(self) -> Iterator[bytes]:
        if self._cut is None:
            yield self._body
            return
        yield self._body[: self._cut]
        raise httpx.ReadError("the connection was reset")
