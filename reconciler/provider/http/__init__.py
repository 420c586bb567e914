"""HTTP access to the API: token, rate limit, retry. It reports the fate of a call as a value and never raises for it.

``client`` composes; ``messages`` interprets one response, ``retry`` decides what is sent again, ``rate_limiter`` when,
``token`` with which token, ``proxies`` and ``trust`` by which route, ``redaction`` removes secrets; only ``transport``
and its helpers import httpx, on the first call.
"""

from reconciler.provider.codec import dump_json
from reconciler.provider.http.client import Api, ignore_reply
from reconciler.provider.http.messages import Reply
from reconciler.provider.http.settings import Clock, Credentials, Event, Settings, check_url

__all__ = ["Api", "Clock", "Credentials", "Event", "Reply", "Settings", "check_url", "dump_json", "ignore_reply"]
