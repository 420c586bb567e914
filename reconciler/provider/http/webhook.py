"""Post one JSON document to a webhook, whose address is a secret: no message shows more of it than the host."""

import json
import sys
from urllib.parse import parse_qsl, urlsplit

from reconciler.provider.http.clock import SystemClock
from reconciler.provider.http.messages import Message, TransportError
from reconciler.provider.http.redaction import Redaction
from reconciler.provider.http.settings import Clock, Settings, check_url

TIMEOUT = 20.0
"""Seconds for the whole exchange."""
LARGEST_ANSWER = 2**20


def post_json(url: str, content: object, clock: Clock | None = None) -> str | None:
    """Send the document once. Return None if it was accepted, else the reason, a sentence without the address.

    No redirect is followed, since the address is known to its host only.
    """
    try:
        parts = urlsplit(url)
        base = f"{parts.scheme}://{parts.netloc}"
    except ValueError:
        return NO_URL
    if not parts.netloc or check_url(base) is not None or not url.isascii() or not url.isprintable() or " " in url:
        return NO_URL
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # its command line, and rich with it
    from reconciler.provider.http.transport import HttpTransport

    settings = Settings(base_url=base, total=TIMEOUT, largest_body=LARGEST_ANSWER)
    redaction = Redaction()
    for secret in (parts.path, parts.query, *(value for _, value in parse_qsl(parts.query))):
        redaction.hide(secret)
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    headers = {"Accept": "*/*", "Content-Type": "application/json"}
    path = "/" + parts.path.lstrip("/")
    transport = HttpTransport(settings, clock or SystemClock(), None, None, redaction)
    try:
        result = transport.exchange(Message("POST", path, headers, query, json.dumps(content).encode()), fresh=True)
    finally:
        transport.close()
    if isinstance(result, TransportError):
        return redaction.text(result.reason)
    return None if 200 <= result.status < 300 else f"{settings.host} answered {result.status}"


NO_URL = "it holds no address to which a message may be sent: it takes https://HOST/… (http is for this machine only)"
