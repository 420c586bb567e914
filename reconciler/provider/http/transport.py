"""HTTP transport, the only module that imports httpx: one request, one reply or one error, within one deadline."""

import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote_plus, urlsplit

import httpx

from reconciler.provider.http.messages import Message, Reply, TransportError
from reconciler.provider.http.settings import Clock, Settings, is_loopback

KEEP_ALIVE = 2.0
"""Keep-alive in seconds, far below any server's own limit, so that no request is sent on a closing connection."""
CODINGS = ("", "identity", "gzip", "deflate")
"""Accepted content codings: at most one, and none whose decoder can expand 64 KiB without a bound."""
SHORTEST_SECRET = 8
"""Minimum length of a secret to hide; hiding the sandbox's short one would only garble messages."""
NOTHING_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
"""Errors of httpx that are raised before the first byte of a request is sent."""

Handle = Callable[[Any], Any]
Factory = Callable[[str, str, tuple[tuple[str, str], ...], Mapping[str, str], bytes], Any]


class BadResponse(Exception):
    """Raised if a reply has begun and is not usable; the text is a sentence for the user."""


class DeadlineTimeouts(dict[str, float]):
    """The four timeouts of httpx, each equal to the time left until one deadline, since httpx has no total."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        super().__init__()
        self._connect = settings.connect
        self._clock = clock
        self._end = clock.monotonic() + settings.total

    @property
    def left(self) -> float:
        return self._end - self._clock.monotonic()

    def get(self, phase: str, default: Any = None) -> float:
        # A socket timeout of 0 seconds means non-blocking and fails with another error.
        return max(min(self.left, self._connect) if phase == "connect" else self.left, 0.001)


class HttpTransport:
    """Connections to one host. Known secrets are removed from reasons and error bodies."""

    def __init__(self, settings: Settings, clock: Clock, handle: Handle | None, request: Factory | None) -> None:
        for name in ("httpx", "httpcore"):  # their INFO logs URLs, their DEBUG whole headers
            logging.getLogger(name).setLevel(logging.WARNING)
        self._settings = settings
        self._clock = clock
        self._transport = InProcess(handle, request, clock) if handle is not None else None
        self._clients: dict[bool, httpx.Client] = {}
        self._lock = threading.Lock()
        self._trust: ssl.SSLContext | None = None
        self._secrets: set[str] = set()

    def hide(self, secret: str) -> None:
        """Remove this text from all messages from now on."""
        if len(secret) >= SHORTEST_SECRET:
            self._secrets |= {secret, quote_plus(secret)}

    def exchange(self, message: Message, *, fresh: bool) -> Reply | TransportError:
        """Send once. ``fresh`` uses a new connection, since an idle one may be closing unnoticed."""
        try:
            client = self._client(fresh)
        except OSError as error:  # ssl.SSLError is a subclass
            return TransportError(False, f"the trusted certificates cannot be read: {error}; check SSL_CERT_FILE", True)
        deadline = DeadlineTimeouts(self._settings, self._clock)
        try:
            return self._send(client, message, deadline)
        except (httpx.HTTPError, httpx.StreamError, BadResponse) as error:
            return self._trouble(error)

    def close(self) -> None:
        """Close the connections; a later call opens them again."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _client(self, fresh: bool) -> httpx.Client:
        with self._lock:
            if fresh not in self._clients:
                self._clients[fresh] = self._connections(0 if fresh else self._settings.in_flight)
            return self._clients[fresh]

    def _connections(self, kept: int) -> httpx.Client:
        parts = urlsplit(self._settings.base_url)
        if self._trust is None:  # shared: reading the trusted certificates takes 46 ms
            networked = parts.scheme == "https" and self._transport is None
            # In process there is no TLS; this context would trust no certificate.
            self._trust = httpx.create_ssl_context() if networked else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return httpx.Client(
            base_url=self._settings.base_url,
            verify=self._trust,
            transport=self._transport,
            trust_env=not is_loopback(parts.hostname or ""),  # requests to this machine never go through a proxy
            follow_redirects=False,
            headers={"User-Agent": "criteo-reconciler", "Accept-Encoding": "gzip, deflate"},
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=kept, keepalive_expiry=KEEP_ALIVE),
        )

    def _send(self, client: httpx.Client, message: Message, deadline: DeadlineTimeouts) -> Reply:
        options: dict[str, Any] = {"params": message.query} if message.query else {}
        with client.stream(
            message.method,
            message.path,
            content=message.body or None,
            headers=message.headers,
            extensions={"timeout": deadline},
            **options,
        ) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            status = response.status_code
            body = b""
            try:
                body = self._read(response, deadline)
            except (httpx.HTTPError, BadResponse):
                if not 400 <= status < 500:  # for 4xx, the status alone says that nothing was done
                    raise
            return Reply(status, headers, body if 200 <= status < 300 else self._hidden(body))

    def _read(self, response: httpx.Response, deadline: DeadlineTimeouts) -> bytes:
        coding = response.headers.get("content-encoding", "").strip().lower()
        if coding not in CODINGS:
            raise BadResponse(f"{self._settings.host} answered in a coding nobody asked for")
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > self._settings.largest_body:
                raise BadResponse(
                    f"{self._settings.host} answered with more than {self._settings.largest_body:,} bytes"
                )
            if deadline.left <= 0:
                raise BadResponse(self._late)
            chunks.append(chunk)
        return b"".join(chunks)

    @property
    def _late(self) -> str:
        return f"no complete answer from {self._settings.host} within {self._settings.total:g} s"

    def _trouble(self, error: Exception) -> TransportError:
        sent = not isinstance(error, NOTHING_LEFT)
        reason = self._late if sent and isinstance(error, httpx.TimeoutException) else self._reason(error)
        return TransportError(sent, self._hide(reason), permanent=_untrusted(error) is not None)

    def _reason(self, error: Exception) -> str:
        """Return a sentence that names the host and what to check."""
        host = self._settings.host
        causes = list(_causes(error))
        if isinstance(error, BadResponse):
            return str(error)
        untrusted = _untrusted(error)
        if untrusted is not None:
            why = untrusted.verify_message.rstrip(".")
            return f"the certificate of {host} is not accepted ({why}): check the host, the clock and SSL_CERT_FILE"
        if isinstance(error, httpx.ConnectTimeout):
            return f"no connection to {host} within {self._settings.connect:g} s: check the network and the proxy"
        if isinstance(error, httpx.ProxyError):
            return f"the proxy gives no way to {host} ({error}): check HTTPS_PROXY and NO_PROXY"
        if any(isinstance(cause, socket.gaierror) for cause in causes):
            return f"the name {host} cannot be resolved: check the base URL and the network"
        if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
            return f"{host} refuses connections: check the base URL, and that the server is running"
        if isinstance(error, httpx.ConnectError):
            return f"no connection to {host} ({error}): check the network"
        if isinstance(error, httpx.DecodingError):
            return f"{host} answered with a compressed body that is damaged"
        return f"the connection to {host} broke before the answer was complete ({error or type(error).__name__})"

    def _hide(self, text: str) -> str:
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def _hidden(self, body: bytes) -> bytes:
        """Return an error body without secrets, since it may repeat the request; success bodies are unchanged."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            body = body.replace(secret.encode(), b"***")
        return body


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _untrusted(error: BaseException) -> ssl.SSLCertVerificationError | None:
    return next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLCertVerificationError)), None)


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
