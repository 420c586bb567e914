"""Proxy of a host, from the environment. Errors never show any part of the value.

The variables are read here and not by httpx, which raises for ranges and brackets in ``NO_PROXY``, and cuts a password
at its ``#``.
"""

import os
import re
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from urllib.parse import unquote
from urllib.request import getproxies

from msgspec import Struct

VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
"""Variables in curl's order. Only base URLs of this machine are http, and they take no proxy."""
EXCEPTIONS = ("no_proxy", "NO_PROXY")
SYSTEM = "the system's settings"
SOCKS = frozenset({"socks5", "socks5h"})
HTTP = frozenset({"http", "https"})
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]\\%]+)(?::([0-9]{1,5}))?/?")
_EXCEPTION = re.compile(
    r"(?:[A-Za-z]+://)?(\[[^\]]*\](?:/[0-9]+)?|[0-9A-Fa-f:]+:[0-9A-Fa-f:]*(?:/[0-9]+)?|[^:]+)(?::([0-9]+))?"
)


class Proxy(Struct, frozen=True):
    """One proxy, and the variable that names it."""

    variable: str
    url: str
    """Scheme, host and port."""
    login: tuple[str, str] | None = None

    @property
    def is_socks(self) -> bool:
        """True if it is a SOCKS proxy."""
        return self.url.partition("://")[0] in SOCKS

    def __repr__(self) -> str:
        """Return the variable only, since the value may contain a password."""
        return f"Proxy({self.variable})"


class ProxyTrouble(Exception):
    """Raised for a proxy that cannot be used; the text is a sentence for the user."""


def find_proxy(host: str, port: int, environment: Mapping[str, str] | None = None) -> Proxy | None:
    """Return the proxy for a host, or None for a direct connection. Raise :class:`ProxyTrouble`."""
    given = os.environ if environment is None else environment
    variable, value = _setting(given)
    if not value or _is_exception(host, port, _first(given, EXCEPTIONS)[1]):
        return None
    return _parse_proxy(variable, value)


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> tuple[str, str]:
    """Return name and stripped value of the first variable that is set, even if empty."""
    return next(((name, environment[name].strip()) for name in names if name in environment), ("", ""))


def _setting(environment: Mapping[str, str]) -> tuple[str, str]:
    for names in (VARIABLES[:2], VARIABLES[2:]):
        variable, value = _first(environment, names)
        if value:
            return variable, value
    if environment is os.environ and not any(name in environment for name in VARIABLES):
        return SYSTEM, getproxies().get("https", "")  # macOS has proxy settings of its own
    return "", ""


def _parse_proxy(variable: str, value: str) -> Proxy:
    found = _SCHEME.match(value)
    scheme = found[1].lower() if found else "http"
    if scheme not in SOCKS | HTTP:
        raise ProxyTrouble(
            f"{variable} names a kind of proxy that is not supported: write http://, https://, socks5:// or socks5h://"
        )
    # Everything before the last @ is the login, since passwords are not always encoded.
    login, _, server = value[found.end() if found else 0 :].rpartition("@")
    parts = _SERVER.fullmatch(server)
    usable = parts is not None and value.isprintable() and _is_host(parts[1])
    if parts is None or not usable or (parts[2] and not 0 < int(parts[2]) < 65536):
        raise ProxyTrouble(
            f"{variable} names no proxy that can be read: write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT"
        )
    user, _, password = login.partition(":")
    port = f":{parts[2]}" if parts[2] else ""
    return Proxy(variable, f"{scheme}://{parts[1]}{port}", (unquote(user), unquote(password)) if login else None)


def _is_host(name: str) -> bool:
    """Return True if a host name is valid; a label of more than 63 letters would raise during a call."""
    try:
        if name.startswith("["):
            return bool(ip_address(name[1:-1]))
        return bool(name.encode("idna"))
    except ValueError:  # UnicodeError is a subclass
        return False


def _is_exception(host: str, port: int, exceptions: str) -> bool:
    """Return True if NO_PROXY matches the host: a name with its subdomains, an address or a range, also with a port."""
    return any(_matches(host.strip("[]").rstrip(".").lower(), port, each) for each in re.split(r"[,\s]+", exceptions))


def _matches(host: str, port: int, exception: str) -> bool:
    if exception == "*":
        return True
    parts = _EXCEPTION.fullmatch(exception)
    if parts is None or (parts[2] and int(parts[2]) != port):
        return False
    name = parts[1].replace("[", "").replace("]", "").lower()
    try:
        return ip_address(host) in ip_network(name, strict=False)
    except ValueError:  # one of them is a host name
        below = name.removeprefix("*").strip(".")
        return bool(below) and (host == below or host.endswith(f".{below}"))
