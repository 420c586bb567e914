"""ASGI application and server for a world; it applies the drops, delays and cuts that a response orders."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from .message import Request, Response
from .world import World

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with a zero timeout: closing the socket sends RST, as after a crash of the server."""


def app(world: World) -> ASGIApp:
    """Return an ASGI application that serves the world."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        http = HttpRequest(scope, receive)
        request = Request(
            http.method,
            scope["path"],
            tuple(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]},
            await http.body(),
        )
        response = world.handle(request)
        if response.delay and await _left(receive, response.delay):
            return
        if response.aborted:
            _drop(send)
        elif response.cut is not None:
            await _cut(response, send)
        else:
            told = HttpResponse(response.body, response.status)
            told.raw_headers.extend((key.encode(), value.encode()) for key, value in response.headers)
            await told(scope, receive, send)

    return answer


def serve(
    world: World, *, host: str = "127.0.0.1", port: int = 0, on_ready: Callable[[str], None] = lambda url: None
) -> None:
    """Serve until interrupted; call `on_ready` with the base URL once connections are accepted.

    Port 0 selects a free port. The default host is the loopback address, because the sandbox issues tokens for
    published credentials. Raise `OSError` if the address cannot be bound.
    """
    listening = listen(host, port)
    config = uvicorn.Config(
        app(world),
        host=host,
        port=port,
        log_level="critical",
        access_log=False,
        lifespan="off",
        server_header=False,
        date_header=False,  # the date header is the world's (rule 14)
        timeout_keep_alive=30,
        timeout_graceful_shutdown=1,  # a response that is never sent (fault `silence`) would block the shutdown
    )
    with suppress(KeyboardInterrupt):  # uvicorn has shut down and raises the signal again
        _Server(config, on_ready).run([listening])


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket whose connections send at once.

    Accepted connections inherit TCP_NODELAY. Without it the second part of an answer on a kept connection waits
    for the client's delayed acknowledgement, about 40 ms: asyncio sets the option only where the socket names its
    protocol, which `create_server` does not.
    """
    listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            self._on_ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")


async def _left(receive: Receive, seconds: float) -> bool:
    """Wait up to `seconds`; return True if the client disconnected meanwhile."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
            return True
    return False


async def _cut(response: Response, send: Send) -> None:
    """Send headers for the whole body and a part of the body, then reset the connection."""
    headers = [(key.encode(), value.encode()) for key, value in response.headers]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body[: response.cut], "more_body": True})
    await asyncio.sleep(0.02)  # a reset discards data that is still in the send buffer
    _drop(send)


def _drop(send: Send) -> None:
    """Reset the connection through uvicorn's transport, since ASGI has no message for it."""
    transport: Any = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionAbortedError("the sandbox dropped this connection")
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()
