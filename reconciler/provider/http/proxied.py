"""Adapter of httpx for proxies, and the meaning of its errors. Values of variables are never shown."""

import socket
import ssl
from collections.abc import Iterable
from importlib.util import find_spec
from traceback import walk_tb

import httpx

from reconciler.provider.http import trust
from reconciler.provider.http.proxies import Proxy, ProxyTrouble

NEEDED = "httpx[socks]"
"""What the extra `socks` holds; this tool itself is not asked of a registry by name."""
WRONG_LOGIN = ("407", "Invalid username/password", "Requested ")
"""Beginnings of httpx's texts for a rejected login: HTTP, SOCKS 5, SOCKS 5 without a login."""
PASSING = ("408", "429")
"""Refusals of a proxy that may be temporary."""


def make_proxy(proxy: Proxy | None, context: ssl.SSLContext) -> httpx.Proxy | None:
    """Return the proxy in httpx's form. Raise :class:`ProxyTrouble` if it cannot be used."""
    if proxy is None:
        return None
    if proxy.is_socks and find_spec("socksio") is None:
        raise ProxyTrouble(
            f"{proxy.variable} names a SOCKS proxy, which needs the extra `socks`: pip install '{NEEDED}'"
        )
    encrypted = proxy.url.startswith("https:")
    try:
        return httpx.Proxy(proxy.url, auth=proxy.login, ssl_context=context if encrypted else None)
    except (httpx.InvalidURL, ValueError):
        raise ProxyTrouble(f"{proxy.variable} names a host that cannot be read: write http://HOST:PORT") from None


def proxy_reason(error: Exception, causes: Iterable[BaseException], proxy: Proxy, host: str) -> str | None:
    """Return a sentence for an error of the proxy, or None for another error."""
    whose = f"the proxy of {proxy.variable}"
    if isinstance(error, httpx.ProxyError):
        if _wants_login(error):
            return f"{whose} does not accept the login (407): check user and password in {proxy.variable}"
        # The phrase after the status is the proxy's own and may repeat what it was sent.
        what = f"status {str(error)[:3]}" if str(error)[:3].isdigit() else str(error).rstrip(".")
        return f"{whose} gives no way to {host} ({what}): check {proxy.variable} and NO_PROXY"
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = cause.verify_message.rstrip(".")
            where = f"a certificate on the way to {host} through {whose} is not accepted ({why})"
            return f"{where}: name the authority of the proxy in {trust.find_variable() or 'SSL_CERT_FILE'}"
        if isinstance(cause, socket.gaierror):
            return f"the name of {whose} cannot be resolved: check {proxy.variable}"
        if isinstance(cause, ConnectionRefusedError):
            return f"{whose} refuses connections: check {proxy.variable}"
    if isinstance(error, httpx.ConnectError):
        return f"no connection to {whose}: check {proxy.variable}, and whether it is an http or an https proxy"
    return None


def is_final(refusal: str) -> bool:
    """Return True if the proxy's refusal is permanent, such as a wrong login."""
    return refusal.startswith(WRONG_LOGIN) or (refusal[:1] == "4" and refusal[:3] not in PASSING)


def is_in_handshake(error: Exception) -> bool:
    """Return True if an error was raised during the SOCKS handshake, before any byte of the request was sent."""
    frames = walk_tb(error.__traceback__)
    return any(frame.f_code.co_name == "_init_socks5_connection" for frame, _ in frames)


def _wants_login(error: httpx.ProxyError) -> bool:
    return str(error).startswith(WRONG_LOGIN)
