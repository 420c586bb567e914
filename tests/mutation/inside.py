"""What happens inside of a process: a function's code is exchanged, and the lines that are walked are noted.

A command that a test starts is a process of its own, which runs this file first (``tests/support/warm.py``, ``first``).
"""

from __future__ import annotations

import base64
import importlib
import inspect
import marshal
import os
import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

LONGEST = 60
"""Seconds of the clock after which a command waits for ever, and a third of them of the processor."""


def functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    """The functions that are alive in a module, by their qualified names, whatever they are wrapped in."""
    for held in list(vars(module).values()):
        if isinstance(held, type) and held.__module__ == module.__name__:
            for part in list(vars(held).values()):
                yield from _unwrapped(part, module)
        else:
            yield from _unwrapped(held, module)


def _unwrapped(held: Any, module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    for each in (held, *(getattr(held, name, None) for name in ("fget", "func", "__func__", "__wrapped__"))):
        inner = inspect.unwrap(each) if callable(each) else each
        if isinstance(inner, FunctionType) and inner.__module__ == module.__name__:
            yield inner.__qualname__, inner


def start_tracing(files: Collection[str], note: Callable[[tuple[str, int]], None]) -> None:
    """Note each line of these files that is walked from now on, in every thread."""

    def local(frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line":
            note((frame.f_code.co_filename, frame.f_lineno))
        return local

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        if frame.f_code.co_filename not in files:
            return None
        note((frame.f_code.co_filename, frame.f_lineno))
        return local

    threading.settrace(trace)
    sys.settrace(trace)


def stop_tracing() -> None:
    sys.settrace(None)
    threading.settrace(None)  # type: ignore[arg-type]


def tell_lines(files: Collection[str], to: str) -> Mapping[str, Any]:
    """What a command must be given to write the lines that it walks to a file."""
    return {"script": __file__, "given": {"files": sorted(files), "to": to}}


def tell_mutant(module: str, function: str, code: CodeType) -> Mapping[str, Any]:
    """What a command must be given to run with a mutant in place."""
    text = base64.b64encode(marshal.dumps(code)).decode()
    return {"script": __file__, "given": {"module": module, "function": function, "code": text}}


def _begin(given: Mapping[str, Any]) -> None:
    if "to" in given:
        _write_lines(frozenset(given["files"]), given["to"])
        return
    signal.alarm(LONGEST)
    signal.setitimer(signal.ITIMER_PROF, LONGEST / 3)
    module = importlib.import_module(f"reconciler.{given['module']}")
    dict(functions(module))[given["function"]].__code__ = marshal.loads(base64.b64decode(given["code"]))


def _write_lines(files: Collection[str], to: str) -> None:
    """Write each line when it is first walked: a command may be killed."""
    seen: set[tuple[str, int]] = set()
    file = os.open(to, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(place: tuple[str, int]) -> None:
        if place not in seen:
            seen.add(place)
            os.write(file, f"{place[1]} {place[0]}\n".encode())

    start_tracing(files, note)


if "given" in globals():
    _begin(globals()["given"])
