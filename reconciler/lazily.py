"""Frozen dataclasses of which nothing is compiled before it is called: to start costs nothing that is not used.

The standard library writes and compiles eight methods for every such class, a millisecond each time the program
starts, though a command makes objects of a few of them. Here the library says what a field is; to compare and to
show an object needs no code of its own; ``__init__``, which must be fast, is compiled with the first object.
"""

import dataclasses
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(
        cls: type | None = None, /, *, frozen: bool = False, slots: bool = False, order: bool = False, **more: Any
    ) -> Any:
        """``dataclasses.dataclass``; a plain frozen class is made in our way."""

        def made(cls: type) -> type:
            if not frozen or more or cls.__bases__ != (object,):
                return dataclasses.dataclass(frozen=frozen, slots=slots, order=order, **more)(cls)
            return _lean(cls, slots, order)

        return made if cls is None else made(cls)


def _lean(cls: type, slots: bool, order: bool) -> type:
    cls.__doc__ = cls.__doc__ or cls.__name__  # without one, the library spells out a signature
    own = {name for name, method in vars(cls).items() if callable(method)}
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
    values = operator.attrgetter("__class__", *(each.name for each in dataclasses.fields(made) if each.compare))
    methods: dict[str, Any] = {
        "__init__": _init_of(made),
        "__repr__": _repr,
        "__eq__": _comparison(operator.eq, values),
        "__hash__": lambda self: hash(values(self)),
        "__setattr__": _fixed,
        "__delattr__": _fixed,
    }
    if order:
        comparisons = (operator.lt, operator.le, operator.gt, operator.ge)
        methods |= {f"__{each.__name__}__": _comparison(each, values) for each in comparisons}
    if slots:
        methods |= {"__getstate__": _state, "__setstate__": _restore}
    for name in methods.keys() - own:
        setattr(made, name, methods[name])
    return made  # type: ignore[no-any-return]


def _init_of(cls: Any) -> Callable[..., None]:
    """What stands in for ``__init__`` until the first object is made."""

    def __init__(self: Any, *args: Any, **named: Any) -> None:
        cls.__init__ = _compiled_init(cls)
        cls.__init__(self, *args, **named)

    return __init__


def _compiled_init(cls: type) -> Callable[..., None]:
    """As the library writes it: each field by place or name, its default, or what its factory makes."""
    space: dict[str, Any] = {"_put": object.__setattr__, "_absent": object()}
    takes, puts = ["self"], ["    pass"]
    for each in dataclasses.fields(cls):
        name = value = each.name
        if each.default_factory is not dataclasses.MISSING:
            space[f"_make_{name}"] = each.default_factory
            takes.append(f"{name}=_absent")
            value = f"_make_{name}() if {name} is _absent else {name}"
        elif each.default is not dataclasses.MISSING:
            space[f"_default_{name}"] = each.default
            takes.append(f"{name}=_default_{name}")
        else:
            takes.append(name)
        puts.append(f"    _put(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
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
