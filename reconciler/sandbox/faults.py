"""What goes wrong, when: scripted as data, each fault selecting its calls (contract §11, rules 77 to 85).

A fault is a record `{"kind": …}` with, all optional, `method`, `path` (a glob over the path), `nth` (the first
matching call that it befalls, from 1), `count` (how many in a row, default 1; null: from then on) and `since` (an
instant before which no call counts). By kind also:

| kind | keys | what happens |
|---|---|---|
| `lost_request` | | the connection drops before any effect |
| `lost_answer` | `status` | the effect stays; the connection drops, or that status (502) is answered |
| `status` | `status`, `headers`, `body`, `applied`, `reset_in` | that answer, without (default) or with the effect |
| `delay` | `seconds` | a slow answer |
| `reset_in_body` | `after` | the connection is reset after so many bytes of the body (default half) |
| `truncated` | `keep` | the body ends after that share (default 0.5), with a length that agrees |
| `html`, `empty` | | an error page in a 200, no body at all |
| `content_type` | `value` | the right body under a wrong name |
| `gzip_bomb` | `size` | a small body that unpacks to so many bytes |
| `item_errors` | `code`, `indices`, `instances`, `data` | those items of a bulk write fail, see below |
| `lag` | `reads` or `seconds` | what this write changed stays invisible for so long |
| `edit` | `collection`, `id`, `set`, `by` | somebody else's change, made just before the call |
| `revoke_consent` | `client_id` | the portfolio is empty from this call on |
| `advance` | `seconds` | time passes just before the call |
| `noise` | `forms` | the same answer in another spelling, see noise.py |

`item_errors.instances`: `as_is`, `permuted`, `repeated`, `out_of_range`, `absent`, `text`. `item_errors.data`: `as_is`,
`with_failed` (failed ids are listed as done too), `without_done`, `with_strangers`. Spend drift (rule 85) is the option
`spend_per_hour`.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from . import items, lag, noise
from .balances.book import edited_by_user
from .call import Call, Handler
from .clock import instant
from .encoding import decode, encode
from .message import Request, Response
from .state import COLLECTIONS, Record, State

KINDS = frozenset(
    [
        "lost_request",
        "lost_answer",
        "status",
        "delay",
        "reset_in_body",
        "truncated",
        "html",
        "empty",
        "content_type",
        "gzip_bomb",
        "item_errors",
        "lag",
        "edit",
        "revoke_consent",
        "advance",
        "noise",
    ]
)
SOMEBODY = "Kip Heaney"
"""Who edits, if nobody is named: the login that the history of a balance shows."""
_HTML = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"


def load(path: Path | str) -> list[Record]:
    """The faults of a JSON or YAML file. Raises `OSError`, `ValueError`."""
    path = Path(path)
    text = path.read_bytes()
    if path.suffix in {".yaml", ".yml"}:
        import yaml  # only here: the sandbox itself speaks JSON

        return list(yaml.safe_load(text) or ())
    return list(decode(text))


def add(state: State, scripted: Iterable[Record]) -> None:
    """Script some faults. Raises `ValueError` for a kind that there is not."""
    for fault in scripted:
        if fault.get("kind") not in KINDS:
            raise ValueError(f"no such fault: {fault.get('kind')!r}")
        record = {"nth": 1, "count": 1, **_decimals(fault), "seen": 0}
        state.put("faults", str(state.count("faults")), record)


def clear(state: State) -> None:
    """Nothing goes wrong any more."""
    for key in list(state.all("faults")):
        state.remove("faults", key)


def edit(state: State, collection: str, key: str, changes: Mapping[str, Any], by: str = SOMEBODY) -> None:
    """Set dotted paths of a record. Raises `KeyError` if there is no such record."""
    if collection not in COLLECTIONS or state.get(collection, key) is None:
        raise KeyError(f"{collection}/{key}")
    record = deepcopy(state.collections[collection][key])
    for path, value in changes.items():
        *parents, last = path.split(".")
        place = record
        for name in parents:
            place = place.setdefault(name, {})
        place[last] = _decimals(value)
    before = state.collections[collection][key]
    state.put(collection, key, record)
    if collection == "balances":  # the one kind of record whose changes are told to whoever asks
        edited_by_user(state, key, before, by)


def fired(state: State, request: Request) -> list[Record]:
    """The faults that befall this call; what has to happen before it has happened on return."""
    if not state.collections["faults"]:
        return []
    chosen = [fault for key in list(state.all("faults")) if (fault := _counted(state, key, request))]
    for fault in chosen:
        _prepare(state, fault)
        if "reset_in" in fault:
            reset = state.clock.now().timestamp() + float(fault["reset_in"])
            fault["headers"] = {**fault.get("headers", {}), "x-ratelimit-reset": str(int(reset))}
    return chosen


def instead(fired: Iterable[Record]) -> Response | None:
    """The answer of a call that never had an effect, or None if it goes on."""
    for fault in fired:
        if fault["kind"] == "lost_request":
            return Response(0, aborted=True)
        if fault["kind"] == "status" and not fault.get("applied", False):
            return _status(fault)
    return None


def handled(fired: Iterable[Record], call: Call, handler: Handler) -> Response:
    """The handler's answer when items are made to fail, or reads to lag."""
    state = call.state
    if lag.reads(call.request):
        return handler(replace(call, state=lag.stale(state, call.now)))
    slow = next((fault for fault in fired if fault["kind"] == "lag"), None)
    before = None if slow is None else lag.copies(state)
    refused = next((fault for fault in fired if fault["kind"] == "item_errors"), None)
    response = handler(call) if refused is None else items.answer(refused, call, handler)
    if slow is not None and before is not None:
        lag.remember(state, before, slow, call.now)
    return response


def disturbed(fired: Iterable[Record], response: Response) -> Response:
    """The answer as it arrives."""
    for fault in fired:
        change = _DISTURBANCES.get(fault["kind"])
        # a call that is dropped can still be slow to drop; nothing else can happen to it
        if change is not None and (fault["kind"] == "delay" or not response.aborted):
            response = change(fault, response)
    return response


def _counted(state: State, key: str, request: Request) -> Record | None:
    """A copy of the fault if this call is one of its calls."""
    fault = state.collections["faults"][key]
    if fault.get("method", "*") not in ("*", request.method):
        return None
    if not fnmatchcase(request.path, fault.get("path", "*")):
        return None
    if "since" in fault and state.clock.now() < instant(fault["since"]):
        return None
    seen = fault["seen"] + 1
    state.put("faults", key, {**fault, "seen": seen})
    first, count = fault["nth"], fault["count"]
    due = seen >= first and (count is None or seen < first + count)
    return dict(fault) if due else None


def _prepare(state: State, fault: Record) -> None:
    kind = fault["kind"]
    if kind == "edit":
        edit(state, fault["collection"], str(fault["id"]), fault["set"], fault.get("by", SOMEBODY))
    elif kind == "advance":
        state.clock.advance(float(fault["seconds"]))
        state.mark_whole()
    elif kind == "revoke_consent":
        for key, record in list(state.all("applications").items()):
            if fault.get("client_id", key) == key:
                state.put("applications", key, {**record, "advertiserIds": [], "accountIds": []})


def _status(fault: Record) -> Response:
    headers = fault.get("headers") or {}
    body = fault.get("body", {})
    text = body.encode() if isinstance(body, str) else encode(body)
    named = {"content-type": "application/json", **headers}
    return Response(int(fault["status"]), tuple((k, str(v)) for k, v in named.items()), text)


def _lost_answer(fault: Record, response: Response) -> Response:
    if "status" in fault:
        return _status({"body": {}, **fault})
    return replace(response, aborted=True)


def _applied_status(fault: Record, response: Response) -> Response:
    return _status(fault)


def _delay(fault: Record, response: Response) -> Response:
    return replace(response, delay=response.delay + float(fault["seconds"]))


def _reset_in_body(fault: Record, response: Response) -> Response:
    after = fault.get("after")
    return replace(response, cut=len(response.body) // 2 if after is None else int(after))


def _truncated(fault: Record, response: Response) -> Response:
    keep = int(len(response.body) * Decimal(str(fault.get("keep", "0.5"))))
    return replace(response, body=response.body[:keep])


def _html(fault: Record, response: Response) -> Response:
    return _named(replace(response, status=200, body=_HTML), "text/html")


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
    "status": _applied_status,
    "delay": _delay,
    "reset_in_body": _reset_in_body,
    "truncated": _truncated,
    "html": _html,
    "empty": _empty,
    "content_type": _content_type,
    "gzip_bomb": _gzip_bomb,
    "noise": _noise,
}


def _decimals(value: Any) -> Any:
    """The same value with decimals for binary floats, as Python and YAML callers write them."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, Mapping):
        return {key: _decimals(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_decimals(one) for one in value]
    return value
