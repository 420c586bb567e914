"""Faults of the response: dropped, silent, slow, cut, replaced by a gateway, or with another date."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from http import HTTPStatus

from ..encoding import encode
from ..message import Request, Response
from ..state import Record
from . import noise

SILENCE = 86_400.0
"""Seconds before a silent server answers: longer than any client waits."""
_LOGIN = "https://login.example.com/"
_PHRASES = {status.value: status.phrase for status in HTTPStatus} | {499: "Client Closed Request"}


def instead(fired: Iterable[Record], request: Request) -> Response | None:
    """Return the response of a call that never has an effect, or None if the call proceeds."""
    for fault in fired:
        if fault["kind"] == "lost_request":
            return Response(0, aborted=True)
        if fault["kind"] in ("status", "redirect") and not fault.get("applied", False):
            return _DISTURBANCES[fault["kind"]](fault, Response(200))
    return None


def disturbed(fired: Iterable[Record], response: Response) -> Response:
    """Return the response as the client receives it."""
    for fault in fired:
        change = _DISTURBANCES.get(fault["kind"])
        # an aborted call can only be delayed
        if change is not None and (fault["kind"] == "delay" or not response.aborted):
            response = change(fault, response)
    return response


def dated(fired: Iterable[Record], now: datetime, response: Response) -> Response:
    """Return the response with its date header: the world's time, shifted or omitted by a fault."""
    apart = next((fault["seconds"] for fault in fired if fault["kind"] == "date"), 0)
    if apart is None:
        return response
    return response.with_headers(("date", format_datetime(now + timedelta(seconds=float(apart)), usegmt=True)))


def _status(fault: Record, response: Response) -> Response:
    """Return the fault's status, with its body or a gateway's HTML page."""
    status = int(fault["status"])
    headers = fault.get("headers") or {}
    if fault.get("page"):
        named, text = {"content-type": "text/html", **headers}, _page(status)
    else:
        body = fault.get("body", {})
        named = {"content-type": "application/json", **headers}
        text = body.encode() if isinstance(body, str) else encode(body)
    return Response(status, tuple((key, str(value)) for key, value in named.items()), text)


def _page(status: int) -> bytes:
    title = f"{status} {_PHRASES.get(status, 'Error')}"
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{title}</body></html>".encode()


def _lost_answer(fault: Record, response: Response) -> Response:
    return _status(fault, response) if "status" in fault else replace(response, aborted=True)


def _redirect(fault: Record, response: Response) -> Response:
    told = {"status": 307, "page": True, **fault}
    return _status({**told, "headers": {"location": fault.get("location", _LOGIN)}}, response)


def _late(fault: Record, response: Response) -> Response:
    if fault.get("drop") == "silence":
        return _silence(fault, response)
    if fault.get("drop") == "reset":
        return replace(response, aborted=True)
    return _status(fault, response) if "status" in fault else response


def _silence(fault: Record, response: Response) -> Response:
    return replace(response, delay=SILENCE)


def _delay(fault: Record, response: Response) -> Response:
    return replace(response, delay=response.delay + float(fault["seconds"]))


def _reset_in_body(fault: Record, response: Response) -> Response:
    after = fault.get("after")
    return replace(response, cut=len(response.body) // 2 if after is None else int(after))


def _truncated(fault: Record, response: Response) -> Response:
    keep = int(len(response.body) * Decimal(str(fault.get("keep", "0.5"))))
    return replace(response, body=response.body[:keep])


def _html(fault: Record, response: Response) -> Response:
    return _named(replace(response, status=200, body=_page(502)), "text/html")


def _empty(fault: Record, response: Response) -> Response:
    return replace(response, body=b"")


def _content_type(fault: Record, response: Response) -> Response:
    return _named(response, fault.get("value", "text/plain"))


def _gzip_bomb(fault: Record, response: Response) -> Response:
    padding = b" " * int(fault.get("size", 100_000_000))
    bomb = gzip.compress(response.body + padding, compresslevel=9)
    return replace(response, body=bomb).with_headers(("content-encoding", "gzip"))


def _noise(fault: Record, response: Response) -> Response:
    return replace(response, body=noise.added(response.body, fault.get("forms")))


def _named(response: Response, content_type: str) -> Response:
    kept = tuple(pair for pair in response.headers if pair[0] != "content-type")
    return replace(response, headers=(*kept, ("content-type", content_type)))


_DISTURBANCES: dict[str, Callable[[Record, Response], Response]] = {
    "lost_answer": _lost_answer,
    "status": _status,
    "redirect": _redirect,
    "late": _late,
    "silence": _silence,
    "delay": _delay,
    "reset_in_body": _reset_in_body,
    "truncated": _truncated,
    "html": _html,
    "empty": _empty,
    "content_type": _content_type,
    "gzip_bomb": _gzip_bomb,
    "noise": _noise,
}
