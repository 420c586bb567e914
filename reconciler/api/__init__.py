"""Token, pace, retry: the only door to HTTP. It says what is known of a call, and raises for no trouble.

``client`` composes; ``exchange`` is what one sending proves, ``retry`` what may be sent again,
``pace`` when, ``token`` in whose name; ``door`` alone knows httpx, and is imported on the first call.
"""

from reconciler.api.client import Api, unheard
from reconciler.api.exchange import Reply
from reconciler.api.settings import Clock, Credentials, Event, Settings, check_url
from reconciler.wire import dump

__all__ = ["Api", "Clock", "Credentials", "Event", "Reply", "Settings", "check_url", "dump", "unheard"]
