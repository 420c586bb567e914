"""Trusted certificates: those that a variable names, else those of httpx."""

import os
import ssl
from collections.abc import Mapping

VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables in order; the last two belong to other tools and are often set behind a proxy."""


class TrustTrouble(Exception):
    """Raised if the certificates cannot be read; the text is a sentence for the user."""


def find_variable(environment: Mapping[str, str] | None = None) -> str | None:
    """Return the variable that names the certificates, or None."""
    given = os.environ if environment is None else environment
    return next((name for name in VARIABLES if given.get(name, "").strip()), None)


def make_context() -> ssl.SSLContext:
    """Return the TLS context of the connections. Raise :class:`TrustTrouble` if the certificates cannot be read."""
    variable = find_variable()
    if variable is None:
        import certifi

        return ssl.create_default_context(cafile=certifi.where())
    path = os.environ[variable].strip()
    try:
        if os.path.isdir(path):
            return ssl.create_default_context(capath=path)
        return ssl.create_default_context(cafile=path)
    except OSError as error:  # ssl.SSLError is a subclass
        why = "it holds no certificate in PEM form" if isinstance(error, ssl.SSLError) else error.strerror
        raise TrustTrouble(f"the trusted certificates that {variable} names cannot be read: {why}") from None
