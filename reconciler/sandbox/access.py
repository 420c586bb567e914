"""Access control of a call: tokens, products, permissions and quota (contract §2.1 to §2.4, §11 rules 1 to 7)."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from .clock import instant, stamp
from .errors import Problem, Refusal, problem, reply
from .message import Request, Response
from .routing import Route
from .state import Record, State

TOKEN_PATH = "/oauth2/token"
_FORM = "application/x-www-form-urlencoded"
_LEVELS = {"none": 0, "read": 1, "manage": 2}
_UNAUTHORIZED = {
    "missing": "The authorization token is missing",
    "invalid": "The authorization token is invalid",
    "expired": "The authorization token has expired",
}

Headers = tuple[tuple[str, str], ...]


def token(state: State, request: Request) -> Response:
    """Return the response of the token endpoint (rule 1)."""
    options = state.options
    if media_type(request) != _FORM:
        return reply(options.token_media_type_status, _oauth_error("invalid_request", "form expected"))
    form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    if form.get("grant_type") != "client_credentials":
        return reply(400, _oauth_error("unsupported_grant_type", "only client_credentials is supported"))
    client_id = form.get("client_id", "")
    application = state.get("applications", client_id)
    if application is None or application["clientSecret"] != form.get("client_secret"):
        text = "client authentication failed: unknown client id or wrong secret"
        return reply(options.token_failure_status, _oauth_error("invalid_client", text))
    if options.token_metered:
        headers, admitted = meter(state, client_id, application)
        if not admitted:
            return Response(429, headers, b"{}")
    lifetime = timedelta(seconds=options.token_lifetime)
    value = state.secret("token")
    state.put("tokens", value, {"clientId": client_id, "expiresAt": stamp(state.clock.now() + lifetime)})
    answer = {
        "access_token": value,
        "token_type": "Bearer",
        "expires_in": options.token_lifetime,
        "refresh_token": None,  # the official SDK reads this key whatever the grant (§2.1)
    }
    return reply(200, answer)


def client_of(state: State, request: Request, now: datetime) -> str:
    """Return the client id of the request's bearer token.

    Raise `Refusal` with 401 if the token is not valid (rule 3).
    """
    header = request.headers.get("authorization", "")
    if not header:
        raise Refusal(401, _unauthorized("missing"))
    scheme, _, value = header.partition(" ")
    known = state.get("tokens", value.strip()) if scheme.lower() == "bearer" else None
    if known is None or state.get("applications", known["clientId"]) is None:
        raise Refusal(401, _unauthorized("invalid"))
    if instant(known["expiresAt"]) <= now:
        raise Refusal(401, _unauthorized("expired"))
    return str(known["clientId"])


def permit(state: State, application: Record, route: Route) -> None:
    """Raise `Refusal` with 403 if the application may not call the route (rules 4 and 5)."""
    if route.product is not None and application["product"] != route.product:
        raise Refusal(state.options.wrong_product_status, forbidden(application["product"]))
    if route.scope is None:
        return
    _, domain, level = route.scope.split("_")
    held = application.get("permissions", {}).get(domain, "none")
    if _LEVELS[held] < _LEVELS[level.lower()]:
        raise Refusal(403, forbidden(application["product"]))


def forbidden(product: str) -> Problem:
    """Return the problem for a call that is not permitted, with the texts of its product (rule 5)."""
    if product == "RetailMedia":
        text = "Resource access forbidden: does not have permissions"
        return problem("authorization-error", "Authorization error", text, type="authorization")
    title = "Insufficient advertiser permissions"
    return problem("insufficient-advertiser-permissions", title, type="access-control")


def meter(state: State, client_id: str, application: Record) -> tuple[Headers, bool]:
    """Count one call; return the quota headers, and True if the call is within the quota (rule 7)."""
    limit = int(application.get("rateLimit") or state.options.rate_limit)
    length = int(application.get("rateWindow") or state.options.rate_window)
    now = state.clock.now().timestamp()
    known = state.get("windows", client_id) or {"calls": []}
    calls = [list(entry) for entry in known["calls"]]
    if state.options.rate_window_kind == "fixed":
        calls = calls if calls and now < calls[0][0] + length else [[now, 0]]
    else:
        calls = [entry for entry in calls if now < entry[0] + length]
    used = sum(entry[1] for entry in calls)
    admitted = used < limit
    if admitted:
        used += 1
        if state.options.rate_window_kind == "fixed":
            calls[0][1] = used
        else:
            calls.append([now, 1])
        state.put("windows", client_id, {"calls": calls})
    reset = math.ceil((calls[0][0] if calls else now) + length)
    headers = (
        ("x-ratelimit-limit", str(limit)),
        ("x-ratelimit-remaining", str(max(0, limit - used))),
        ("x-ratelimit-reset", str(reset)),
    )
    return headers, admitted


def media_type(request: Request) -> str:
    """Return the content type of a request, in lower case and without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _unauthorized(reason: str) -> Problem:
    return problem(f"authorization-token-{reason}", _UNAUTHORIZED[reason], type="authorization")


def _oauth_error(error: str, description: str) -> dict[str, str]:
    return {"error": error, "error_description": description}
