"""Scripted faults of a world, and their selection for a call."""

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
    """Return the faults in a JSON or YAML file. Raise `OSError` or `ValueError`."""
    path = Path(path)
    text = path.read_bytes()
    if path.suffix in {".yaml", ".yml"}:
        import yaml  # imported here: only this function of the sandbox needs YAML

        return list(yaml.safe_load(text) or ())
    return list(decode(text))


def add(state: State, scripted: Iterable[Record]) -> None:
    """Add faults. Raise `ValueError` if a kind or key is not known."""
    for fault in scripted:
        if complaint := wrong(fault):
            raise ValueError(complaint)
        record = {"nth": 1, "every": 1, "count": 1, **decimals(fault), "seen": 0}
        state.put("faults", str(state.count("faults")), record)
        if fault["kind"] == "stale":
            views.reach(state, float(fault["seconds"]))


def clear(state: State) -> None:
    """Remove every fault; late effects that are pending are still applied."""
    for key in list(state.all("faults")):
        state.remove("faults", key)
    views.forget(state)


def fired(state: State, request: Request) -> list[Record]:
    """Return the faults that apply to this call, after their changes of the clock and the state are made."""
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
    """Count the call for the fault; return a copy of the fault if it applies to the call, else None."""
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
