"""Turn failed or malformed read responses into a Problem instead of an empty result."""

from reconciler.kinds.products import PRODUCTS
from reconciler.model import Answer, Call, Cause, Delivery, Json, Problem, error
from reconciler.provider.api_codes import find_cure

NOT_THE_API = "this is not how the API refuses: check the network, the proxy (HTTPS_PROXY) and the base URL"


class ReadError(Exception):
    """Raised for a failed read, with the problem to show and the response's status, if any."""

    def __init__(self, problem: Problem, status: int = 0) -> None:
        super().__init__(problem.message)
        self.problem, self.status = problem, status


def read_error(call: Call, answer: Answer) -> Problem | None:
    """Return the problem of a read response that is not usable, or None."""
    asked = f"{call.method} {call.path}"
    if answer.fate is not Delivery.ANSWERED:
        hint = "nothing was written" if answer.permanent else "nothing was written; try again"
        return error("unreachable", f"{asked}: {answer.reason}", hint=hint)
    if is_of_token(answer):
        return error("not-allowed", answer.reason, hint=_permission(call, 401))
    if answer.status in (401, 403):
        message = f"{asked} was refused ({answer.status}): {_summary(answer)}"
        if isinstance(answer.body, str):
            return error(Cause.NOT_ALLOWED, message, hint=NOT_THE_API)
        return error(Cause.NOT_ALLOWED, message, hint=_permission(call, answer.status))
    if answer.status == 410:
        hint = f"set api.{call.product} to a version that is still served"
        return error(Cause.VERSION_GONE, f"{asked}: this API version is no longer served", hint=hint)
    if answer.status >= 400:
        return error("read-failed", f"{asked} was refused ({answer.status}): {_summary(answer)}", hint=_cure(answer))
    errors = answer.body.get("errors") if isinstance(answer.body, dict) else None
    if errors:
        return error("read-failed", f"{asked} answered with errors: {_summary(answer)}", hint=_cure(answer))
    return None


def is_of_token(answer: Answer) -> bool:
    """Return True if the token endpoint refused; the call itself has not been sent, and the reason says so."""
    return answer.fate is Delivery.ANSWERED and answer.status in (401, 403) and bool(answer.reason)


def _permission(call: Call, status: int) -> str:
    if status == 401:
        prefix = PRODUCTS[call.product].credentials
        return f"check {prefix}_CLIENT_ID and {prefix}_CLIENT_SECRET: they are one application's pair"
    domain = PRODUCTS[call.product].permission
    return f"check the application's consent for this account and its permission in the domain {domain}"


def _cure(answer: Answer) -> str | None:
    """Return what cures the refusal, if its code or its status is a known one."""
    first = _first(answer.body)
    said = first if isinstance(first, dict) else {}
    return find_cure(str(said.get("code") or ""), str(said.get("title") or ""), answer.status)


def _first(body: Json) -> Json:
    """Return the first error object of an envelope, or the body itself."""
    errors = body.get("errors") if isinstance(body, dict) else None
    return errors[0] if isinstance(errors, list) and errors else body


def _summary(answer: Answer) -> str:
    body = answer.body
    if isinstance(body, str) and body:  # the beginning of a text or a page
        return body
    first = _first(body)
    if isinstance(first, dict):
        parts = [
            first.get("code"),
            first.get("title") or first.get("error_description") or first.get("error"),
            first.get("detail"),
        ]
        return ": ".join(str(part) for part in parts if part) or answer.reason
    return answer.reason or "no reason given"
