"""Token, pace, retry: the only door to HTTP. It says what is known of a call, and raises for no trouble.

``client`` composes; ``messages`` is what one sending proves, ``retry`` what may be sent again, ``rate_limiter`` when,
``token`` in whose name, ``proxies`` and ``trust`` which way, ``redaction`` what is never shown; ``transport`` and its
helpers know httpx, and are imported on the first call.
"""

from reconciler.provider.codec import dump_json
from reconciler.provider.http.client import Api, ignore_reply
from reconciler.provider.http.messages import Reply
from reconciler.provider.http.settings import Clock, Credentials, Event, Settings, check_url

__all__ = ["Api", "Clock", "Credentials", "Event", "Reply", "Settings", "check_url", "dump_json", "ignore_reply"]
