"""Frozen dataclasses of which nothing is compiled before it is called: to start costs nothing that is not used.

The standard library writes and compiles eight methods for every such class, a millisecond each time the program
starts, though a command makes objects of a few of them. Here the library is asked what a field is when the first
object is made; to compare and to show one needs no code of its own; only ``__init__``, which must be fast, is compiled.
"""

import dataclasses
import operator
from collections.abc import Callable, Mapping
from dataclasses import MISSING
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

Parts: TypeAlias = Mapping[str, Any]
"""Fields as the class body says them: a default, ``MISSING``, or what ``dataclasses.field`` made."""
STAND_IN = "stand_in"
"""What a method is called that has not been put there yet."""
EQUAL = ("__eq__", "__hash__")
WISHES = {"frozen", "order", "eq"}
"""What is understood here; a class that wants anything else is the library's."""
ORDER = ("__lt__", "__le__", "__gt__", "__ge__")
FEW = 8
"""Objects of a class that are filled field by field before it is worth compiling what fills them."""

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls: type | None = None, /, *, slots: bool = False, **wish: bool) -> Any:
        """``dataclasses.dataclass``; a class that inherits no field is made in our way."""

        def made(cls: type) -> type:
            if wish.keys() - WISHES or any(dataclasses.is_dataclass(base) for base in cls.__bases__):
                return dataclasses.dataclass(slots=slots, **wish)(cls)
            return _lean(cls, slots, **wish)

        return made if cls is None else made(cls)


def _lean(cls: Any, slots: bool, *, frozen: bool = False, order: bool = False, eq: bool = True) -> type:
    cls.__doc__ = cls.__doc__ or cls.__name__  # without one, the library spells out a signature
    own = {name for name, method in vars(cls).items() if callable(method)}
    parts = {name: vars(cls).get(name, MISSING) for name in cls.__annotations__}
    made = _slotted(cls, tuple(parts)) if slots else cls
    methods = {"__match_args__": tuple(parts), "__dataclass_fields__": _Fields(cls)}
    methods["__dataclass_params__"] = SimpleNamespace(frozen=frozen)  # what the library asks of a base class
    methods |= {"__init__": _patient(made, parts), "__repr__": _repr}
    methods |= {name: _first(made, name, parts) for name in (*(EQUAL if eq else ()), *(ORDER if order else ()))}
    if frozen:
        methods |= {"__setattr__": _fixed, "__delattr__": _fixed}
    elif eq:
        methods["__hash__"] = None
    if frozen and slots:
        methods |= {"__getstate__": _state, "__setstate__": _restore}
    for name in methods.keys() - own:
        setattr(made, name, methods[name])
    return made  # type: ignore[no-any-return]


def _slotted(cls: type, names: tuple[str, ...]) -> Any:
    """The class again, with room for its fields and for nothing else; their defaults stay with the first."""
    space = {name: value for name, value in vars(cls).items() if name not in (*names, "__dict__", "__weakref__")}
    made = type(cls)(cls.__name__, cls.__bases__, space | {"__slots__": names})
    made.__qualname__ = cls.__qualname__
    return made


class _Fields:
    """What the library says of the fields, once somebody asks."""

    def __init__(self, cls: type) -> None:
        self._cls = cls

    def __get__(self, instance: object, owner: type) -> Any:
        return self._known

    @cached_property
    def _known(self) -> Any:
        return vars(dataclasses.dataclass(init=False, repr=False, eq=False)(self._cls))["__dataclass_fields__"]


def _first(cls: Any, name: str, parts: Parts) -> Any:
    """What stands where a method will be, until one of them is called."""

    def stand_in(self: Any, *args: Any, **named: Any) -> Any:
        _complete(cls, parts)
        return getattr(cls, name)(self, *args, **named)

    return stand_in


def _patient(cls: Any, parts: Parts) -> Any:
    """What fills the first objects of a class."""
    left = FEW

    def stand_in(self: Any, *args: Any, **named: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0 or not _filled(self, parts, dict(zip(parts, args, strict=False)), args, named):
            _complete(cls, parts)
            cls.__init__(self, *args, **named)

    return stand_in


def _filled(self: Any, parts: Parts, values: dict[str, Any], args: tuple[Any, ...], named: dict[str, Any]) -> bool:
    """Whether the arguments fit; if not, the compiled method says so in the words that everybody knows."""
    if len(args) > len(parts) or not named.keys() <= parts.keys() - values.keys():
        return False
    values |= named
    for name, part in parts.items():
        if name not in values:
            default, factory = _default(part)
            if default is MISSING and factory is MISSING:
                return False
            values[name] = default if factory is MISSING else factory()
        object.__setattr__(self, name, values[name])
    if hasattr(self, "__post_init__"):
        self.__post_init__()
    return True


def _default(part: Any) -> tuple[Any, Any]:
    """The default of a field and what makes one, each ``MISSING`` if there is none."""
    return (part.default, part.default_factory) if isinstance(part, dataclasses.Field) else (part, MISSING)


def _complete(cls: Any, parts: Parts) -> None:
    """Put the methods where the first ones stand; those that the class has of its own stay."""
    compared = (name for name, part in parts.items() if not isinstance(part, dataclasses.Field) or part.compare)
    values = operator.attrgetter("__class__", *compared)
    methods: dict[str, Any] = {name: _comparison(getattr(operator, name), values) for name in ("__eq__", *ORDER)}
    methods |= {"__init__": _init(hasattr(cls, "__post_init__"), parts), "__hash__": lambda self: hash(values(self))}
    for name, method in methods.items():
        if getattr(vars(cls).get(name), "__name__", None) == STAND_IN:
            setattr(cls, name, method)


def _init(checked: bool, parts: Parts) -> Callable[..., None]:
    """As the library writes it: each field by place or name, its default, or what its factory makes."""
    space: dict[str, Any] = {"_put": object.__setattr__, "_absent": object()}
    takes, puts = ["self"], ["    pass"]
    for name, part in parts.items():
        (default, factory), value = _default(part), name
        if factory is not MISSING:
            space[f"_make_{name}"] = factory
            takes.append(f"{name}=_absent")
            value = f"_make_{name}() if {name} is _absent else {name}"
        elif default is not MISSING:
            space[f"_default_{name}"] = default
            takes.append(f"{name}=_default_{name}")
        else:
            takes.append(name)
        puts.append(f"    _put(self, {name!r}, {value})")
    if checked:
        puts.append("    self.__post_init__()")
    exec(f"def __init__({', '.join(takes)}):\n" + "\n".join(puts), space)
    return space["__init__"]  # type: ignore[no-any-return]


def _comparison(compare: Callable[[Any, Any], bool], values: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        return compare(values(self), values(other)) if other.__class__ is self.__class__ else NotImplemented

    return method


def _repr(self: Any) -> str:
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in dataclasses.fields(self) if each.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _fixed(self: Any, name: str, *value: Any) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot {'assign to' if value else 'delete'} field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for each, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)
