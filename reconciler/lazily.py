"""Frozen dataclasses whose methods are written when first called: to start costs nothing that is not used.

``dataclass`` compiles half a dozen methods for every class, half a millisecond each time the
program starts, though a command uses a few of them. Here it compiles them for those few. Everything else
is as in the standard library, which decides what a field is and makes the methods in the end.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(
        cls: type | None = None, /, *, frozen: bool = False, slots: bool = False, order: bool = False, **more: Any
    ) -> Any:
        """``dataclasses.dataclass``; what it would do to a plain frozen class is put off."""

        def made(cls: type) -> type:
            if not frozen or more or cls.__bases__ != (object,) or "__post_init__" in vars(cls):
                return dataclasses.dataclass(frozen=frozen, slots=slots, order=order, **more)(cls)
            return _put_off(cls, slots, order)

        return made if cls is None else made(cls)


GROUPS = {"init": ("__init__",), "repr": ("__repr__",), "eq": ("__eq__", "__hash__")}
ORDER = ("__lt__", "__le__", "__gt__", "__ge__")


def _put_off(cls: type, slots: bool, order: bool) -> type:
    annotations = dict(getattr(cls, "__annotations__", {}))
    stated = {name: vars(cls)[name] for name in annotations if name in vars(cls)}
    groups = GROUPS | ({"eq": (*GROUPS["eq"], *ORDER)} if order else {})
    own = {each: group for group, names in groups.items() for each in names if not callable(vars(cls).get(each))}
    ready: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)

    def complete(group: str) -> None:
        twin = type(cls.__name__, (), {**stated, "__annotations__": annotations, "__module__": cls.__module__})
        parts: dict[str, Any] = {name: name == group for name in GROUPS} | {"frozen": group == "init"}
        parts |= {"unsafe_hash": group == "eq", "order": order and group == "eq"}
        twin = dataclasses.dataclass(**parts)(twin)
        for name in groups[group]:
            if name in own:
                setattr(ready, name, vars(twin)[name])

    for name, group in own.items():
        setattr(ready, name, _first(ready, name, partial(complete, group)))
    ready.__setattr__ = ready.__delattr__ = _fixed
    if slots:
        ready.__getstate__, ready.__setstate__ = _state, _restore
    return ready  # type: ignore[no-any-return]


def _first(cls: type, name: str, complete: Callable[[], None]) -> Callable[..., Any]:
    """What stands in for a method until somebody calls it."""

    def method(self: Any, *args: Any, **named: Any) -> Any:
        complete()
        return getattr(cls, name)(self, *args, **named)

    return method


def _fixed(self: Any, name: str, *value: Any) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot {'assign to' if value else 'delete'} field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for each, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)
