"""Which faults there are in a world, and which of them befall a call."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from ..clock import instant
from ..encoding import decode
from ..message import Request
from ..state import Record, State
from . import views
from .edits import DEFAULT_USER, decimals, edit
from .kinds import wrong


def load(path: Path | str) -> list[Record]:
    """The faults of a JSON or YAML file. Raises `OSError`, `ValueError`."""
    path = Path(path)
    text = path.read_bytes()
    if path.suffix in {".yaml", ".yml"}:
        import yaml  # only here: the sandbox itself speaks JSON

        return list(yaml.safe_load(text) or ())
    return list(decode(text))


def add(state: State, scripted: Iterable[Record]) -> None:
    """Script some faults. Raises `ValueError` for a kind that there is not, or a wrong key."""
    for fault in scripted:
        if complaint := wrong(fault):
            raise ValueError(complaint)
        record = {"nth": 1, "every": 1, "count": 1, **decimals(fault), "seen": 0}
        state.put("faults", str(state.count("faults")), record)
        if fault["kind"] == "stale":
            views.reach(state, float(fault["seconds"]))


def clear(state: State) -> None:
    """Let nothing go wrong any more; an effect that is on its way still lands."""
    for key in list(state.all("faults")):
        state.remove("faults", key)
    views.forget(state)


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
    turn, beside = divmod(seen - fault["nth"], fault.get("every", 1))
    due = turn >= 0 and not beside and (fault["count"] is None or turn < fault["count"])
    return dict(fault) if due else None


def _prepare(state: State, fault: Record) -> None:
    kind = fault["kind"]
    if kind == "edit":
        edit(state, fault["collection"], str(fault["id"]), fault["set"], fault.get("by", DEFAULT_USER))
    elif kind == "advance":
        state.clock.advance(float(fault["seconds"]))
        state.mark_whole()
    elif kind == "revoke_consent":
        for key, record in list(state.all("applications").items()):
            if fault.get("client_id", key) == key:
                state.put("applications", key, {**record, "advertiserIds": [], "accountIds": []})
