"""HTTP transport: one request, one reply or one error, within one deadline; only it and its helpers import httpx."""

import logging
import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx

from reconciler.provider.http import proxies, trust
from reconciler.provider.http.in_process import Factory, Handle, InProcess
from reconciler.provider.http.messages import Message, Reply, TransportError
from reconciler.provider.http.proxied import is_final, is_in_handshake, make_proxy, proxy_reason
from reconciler.provider.http.proxies import Proxy, ProxyTrouble
from reconciler.provider.http.redaction import SHORTEST_PASSWORD, Redaction
from reconciler.provider.http.settings import Clock, Settings, is_loopback
from reconciler.provider.http.trust import TrustTrouble

KEEP_ALIVE = 2.0
"""Keep-alive in seconds, far below any server's own limit, so that no request is sent on a closing connection."""
CODINGS = ("", "identity", "gzip", "deflate")
"""Accepted content codings: at most one, and none whose decoder can expand 64 KiB without a bound."""
NOTHING_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
"""Errors of httpx that are raised before the first byte of a request is sent."""


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
    """Connections to one host, through the proxy of the environment if any."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        handle: Handle | None,
        request: Factory | None,
        redaction: Redaction,
    ) -> None:
        for name in ("httpx", "httpcore"):  # their INFO logs URLs, their DEBUG whole headers
            logging.getLogger(name).setLevel(logging.WARNING)
        self._settings = settings
        self._clock = clock
        self._transport = InProcess(handle, request, clock) if handle is not None else None
        self._clients: dict[bool, httpx.Client] = {}
        self._lock = threading.Lock()
        self._trust: ssl.SSLContext | None = None
        self._redaction = redaction
        self._proxy: Proxy | None = None

    def exchange(self, message: Message, *, fresh: bool) -> Reply | TransportError:
        """Send once. ``fresh`` uses a new connection, since an idle one may be closing unnoticed."""
        try:
            client = self._client(fresh)
        except (ProxyTrouble, TrustTrouble) as error:
            return TransportError(False, str(error), permanent=True)
        deadline = DeadlineTimeouts(self._settings, self._clock)
        try:
            return self._send(client, message, deadline)
        except (httpx.HTTPError, httpx.StreamError, BadResponse) as error:
            return self._trouble(error)
        except Exception as error:
            if self._proxy is None or not is_in_handshake(error):
                raise
            reason = f"what answers at the proxy of {self._proxy.variable} does not speak SOCKS 5"
            return TransportError(False, reason, permanent=True)

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
            self._proxy = self._found_proxy() if networked else None
            # Set last, since each may raise. Without a network there is no TLS, and no certificate is trusted.
            self._trust = trust.make_context() if networked else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return httpx.Client(
            base_url=self._settings.base_url,
            verify=self._trust,
            transport=self._transport,
            trust_env=False,  # proxies and certificates are set above
            proxy=make_proxy(self._proxy, self._trust),
            follow_redirects=False,
            headers={"User-Agent": "criteo-reconciler", "Accept-Encoding": "gzip, deflate"},
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=kept, keepalive_expiry=KEEP_ALIVE),
        )

    def _found_proxy(self) -> Proxy | None:
        """Return the proxy for this host; requests to this machine never use one."""
        parts = urlsplit(self._settings.base_url)
        host = parts.hostname or ""
        found = None if is_loopback(host) else proxies.find_proxy(host, parts.port or 443)
        if found is not None and found.login is not None:
            user, password = found.login
            self._redaction.hide(password, least=SHORTEST_PASSWORD)
            self._redaction.hide(b64encode(f"{user}:{password}".encode()).decode())
        return found

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
            body: bytes | bytearray = b""
            try:
                body = self._read(response, deadline)
            except (httpx.HTTPError, BadResponse):
                if not 400 <= status < 500:  # for 4xx, the status alone says that nothing was done
                    raise
            return Reply(status, headers, body)

    def _read(self, response: httpx.Response, deadline: DeadlineTimeouts) -> bytearray:
        coding = response.headers.get("content-encoding", "").strip().lower()
        if coding not in CODINGS:
            raise BadResponse(f"{self._settings.host} answered in a content coding that was not requested")
        body = bytearray()  # grows in place: chunks that are joined take twice the memory of a long list
        for chunk in response.iter_bytes():
            if len(body) + len(chunk) > self._settings.largest_body:
                raise BadResponse(
                    f"{self._settings.host} answered with more than {self._settings.largest_body:,} bytes"
                )
            if deadline.left <= 0:
                raise BadResponse(self._late)
            body += chunk
        return body

    @property
    def _late(self) -> str:
        return f"no complete answer from {self._settings.host} within {self._settings.total:g} s"

    def _trouble(self, error: Exception) -> TransportError:
        sent = not isinstance(error, NOTHING_LEFT)
        reason = self._late if sent and isinstance(error, httpx.TimeoutException) else self._reason(error)
        permanent = _find_untrusted(error) is not None or (isinstance(error, httpx.ProxyError) and is_final(str(error)))
        return TransportError(sent, self._redaction.text(reason), permanent)

    def _reason(self, error: Exception) -> str:
        """Return a sentence that names the host and what to check."""
        host = self._settings.host
        causes = list(_causes(error))
        if isinstance(error, BadResponse):
            return str(error)
        if self._proxy is not None and (reason := proxy_reason(error, causes, self._proxy, host)):
            return reason
        untrusted = _find_untrusted(error)
        if untrusted is not None:
            why = untrusted.verify_message.rstrip(".")
            variable = trust.find_variable() or "SSL_CERT_FILE"
            return f"the certificate of {host} is not accepted ({why}): check the host, the clock and {variable}"
        if isinstance(error, httpx.ConnectTimeout):
            within = f"within {self._settings.connect:g} s"
            if self._proxy is not None:
                return f"no connection to the proxy of {self._proxy.variable} {within}: check {self._proxy.variable}"
            return f"no connection to {host} {within}: check the network; does it want a proxy (HTTPS_PROXY)?"
        if any(isinstance(cause, socket.gaierror) for cause in causes):
            return f"the name {host} cannot be resolved: check the base URL and the network"
        if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
            return f"{host} refuses connections: check the base URL, and that the server is running"
        if isinstance(error, httpx.ConnectError):
            return f"no connection to {host} ({error}): check the network"
        if isinstance(error, httpx.DecodingError):
            return f"{host} answered with a compressed body that is damaged"
        way = f", through the proxy of {self._proxy.variable}," if self._proxy is not None else ""
        return f"the connection to {host}{way} broke before the answer was complete ({error or type(error).__name__})"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _find_untrusted(error: BaseException) -> ssl.SSLCertVerificationError | None:
    return next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLCertVerificationError)), None)
