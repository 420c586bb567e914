"""Responses that prove that a write had no effect (contract §9 rule 5). After any other, the effect is unknown.

A gateway, a proxy or a timeout can answer in the API's place while the API continues. So a status alone proves nothing:
the body must be an error object in the API's form.
"""

from collections.abc import Mapping
from typing import Any

from reconciler.model import Json

REFUSALS = frozenset({400, 401, 403, 404, 410, 415, 422})
"""Statuses of the API's own refusals, if the body is the API's too."""
UNAUTHORIZED, TOO_LARGE, TOO_MANY = 401, 413, 429
TURNED_AWAY = frozenset({UNAUTHORIZED, TOO_MANY})
"""Refusals of the caller before the call is examined. That they have no effect is an assumption (contract §14, 31)."""
TOKEN_ENDED = "authorization-token-expired"
RATE_LIMIT = "x-ratelimit-"


def proves_no_effect(status: int, headers: Mapping[str, str], body: Json) -> bool:
    """Return True if a response proves that the write had no effect (contract §9 rule 5).

    ``body`` is decoded JSON, or text that is not JSON; header names are in lower case.
    """
    match status:
        case 413:  # too large, so the body was not read
            return True
        case 429:
            return isinstance(body, dict | list) or any(name.startswith(RATE_LIMIT) for name in headers)
        case 401 if "www-authenticate" in headers:
            return True
        case _:
            return status in REFUSALS and is_error(body)


def is_token_end(status: int, body: Json) -> bool:
    """Return True if a 400 says that the token has expired, as the API may do."""
    errors = body.get("errors") if status == 400 and isinstance(body, dict) else None
    return isinstance(errors, list) and any(
        isinstance(each, dict) and each.get("code") == TOKEN_ENDED for each in errors
    )


def is_error(body: Json) -> bool:
    """Return True if JSON is a problem object, a list of them, or has ``errors`` with a code or a title."""
    if isinstance(body, dict) and "errors" in body:
        return _are_problems(body["errors"])
    return _are_problems(body) if isinstance(body, list) else _is_problem(body)


def _are_problems(listed: Any) -> bool:
    return isinstance(listed, list) and bool(listed) and all(_is_problem(each) for each in listed)


def _is_problem(said: Any) -> bool:
    return isinstance(said, dict) and any(isinstance(said.get(key), str) and said[key] for key in ("code", "title"))
