"""The events of PyYAML in classes that are made in a third of the time: a plan of 10,000 ad sets makes 900,000.

The C parser looks its classes up by name in its own module, where these replace them. Its loaders and dumpers make no
events, so nothing else of PyYAML works differently.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from yaml import events as stock


class ScalarEvent(Struct, gc=False):
    """A plain or quoted text."""

    anchor: str | None
    tag: str | None
    implicit: tuple[bool, bool]
    value: str
    start_mark: Any
    end_mark: Any
    style: str | None


class _Start(Struct, gc=False):
    anchor: str | None
    tag: str | None
    implicit: bool
    start_mark: Any
    end_mark: Any
    flow_style: bool | None


class _End(Struct, gc=False):
    start_mark: Any
    end_mark: Any


class MappingStartEvent(_Start, gc=False):
    """The start of a map."""


class MappingEndEvent(_End, gc=False):
    """The end of a map."""


class SequenceStartEvent(_Start, gc=False):
    """The start of a list."""


class SequenceEndEvent(_End, gc=False):
    """The end of a list."""


_LIGHT: dict[type, Any] = {
    stock.ScalarEvent: ScalarEvent,
    stock.MappingStartEvent: MappingStartEvent,
    stock.MappingEndEvent: MappingEndEvent,
    stock.SequenceStartEvent: SequenceStartEvent,
    stock.SequenceEndEvent: SequenceEndEvent,
}


def install(native: Any) -> bool:
    """Let the C parser of this module make these classes; return False if it goes on with its own."""
    for light in _LIGHT.values():
        setattr(native, light.__name__, light)
    get = native.CParser("{a: []}").get_event
    made = {type(get()) for _ in range(9)}
    return made.isdisjoint(_LIGHT) and made.issuperset(_LIGHT.values())


def lighten(get: Callable[[], Any]) -> Callable[[], Any]:
    """Return a function that returns the events of a parser with classes of its own in these classes."""

    def get_event() -> Any:
        event = get()
        light = _LIGHT.get(type(event))
        return event if light is None else light(*(getattr(event, name) for name in light.__struct_fields__))

    return get_event
