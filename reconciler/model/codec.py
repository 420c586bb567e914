"""Codec between structs and plain JSON values: it follows the types of the fields.

A struct is an object, an Enum its value, a tuple a list. What a format writes in its own way is in its tables: a
:class:`Form` for a type, a :class:`Layout` for a struct.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from msgspec import Struct

Noun = TypeVar("Noun")
Convert = Callable[[Any], Any]
WRONG = (KeyError, TypeError, AttributeError, ArithmeticError, ValueError)
"""Exceptions of a conversion that mean that the JSON value does not fit."""


class Unfit(ValueError):
    """Raised if JSON does not have the form of the requested type; its text begins with the keys that lead to it."""

    def __init__(self, reason: object, keys: tuple[str, ...] = ()) -> None:
        super().__init__(f"{'.'.join(keys)}: {reason}" if keys else str(reason))
        self.reason = reason
        self.keys = keys


class Form(Struct, frozen=True):
    """Functions that write a type as a JSON value, and read it."""

    write: Convert
    read: Convert


class Layout(Struct, frozen=True):
    """Fields of a struct that a format writes, in their order, and the key of each.

    A field of ``later`` is absent from earlier files, and one of ``if_any`` is left out while it is empty: both have a
    default.
    """

    keys: Mapping[str, str]
    later: frozenset[str] = frozenset()
    if_any: frozenset[str] = frozenset()


class Codec:
    """Codec of one format.

    ``omitted`` are types whose fields it does not write. A struct without a layout is written with all other fields;
    when it is read, a field may be absent if it has a default, and keys of earlier versions are ignored. ``upgrades``
    return the object of a struct as it is written today, given that of an earlier version.
    """

    def __init__(
        self,
        forms: Mapping[Any, Form],
        layouts: Mapping[type[Struct], Layout] = MappingProxyType({}),
        omitted: tuple[Any, ...] = (),
        upgrades: Mapping[type[Struct], Convert] = MappingProxyType({}),
    ) -> None:
        self._forms = forms
        self._layouts = layouts
        self._omitted = omitted
        self._upgrades = upgrades
        self._writers: dict[Any, Convert] = {}
        self._readers: dict[Any, Convert] = {}

    def write(self, noun: Any) -> Any:
        """Return a struct, or a sequence of structs, as a JSON value."""
        return [self.write(each) for each in noun] if isinstance(noun, tuple | list) else self._writer(type(noun))(noun)

    def read(self, shape: Any, kind: Any) -> Any:
        """Return a JSON value as an instance of a type. Raise ``Unfit`` if it does not fit."""
        try:
            return self._reader(kind)(shape)
        except Unfit:
            raise
        except WRONG as trouble:
            raise Unfit(trouble) from trouble

    # --- Writing ---

    def _writer(self, kind: Any) -> Convert:
        if kind not in self._writers:
            self._writers[kind] = self._make_writer(kind)
        return self._writers[kind]

    def _make_writer(self, kind: Any) -> Convert:
        """Return the function that writes a type as a JSON value."""
        if kind in self._forms:
            return self._forms[kind].write
        if isinstance(kind, type) and issubclass(kind, Struct):
            return self._struct_writer(kind)
        if isinstance(kind, type) and issubclass(kind, Enum):
            return lambda noun: noun.value
        if kind in (str, int, bool):
            return lambda noun: noun
        origin, parts = get_origin(kind), get_args(kind)
        if origin in (Union, UnionType):
            some = self._writer(_find_some(parts))
            return lambda noun: None if noun is None else some(noun)
        if origin is tuple:
            each = self._writer(parts[0])
            return lambda noun: [each(part) for part in noun]
        if _is_mapping(origin):
            each, wrap = self._writer(parts[1]), self._form_of_mappings().write
            return lambda noun: wrap({name: each(part) for name, part in noun.items()})
        raise TypeError(f"{kind} has no form")

    def _struct_writer(self, kind: type[Struct]) -> Convert:
        layout = self._layout(kind)
        parts = tuple((name, layout.keys[name], self._writer(hint)) for name, hint in self._hints(kind, layout).items())

        def write(noun: Any) -> dict[str, Any]:
            return {key: convert(getattr(noun, name)) for name, key, convert in parts}

        def write_sparse(noun: Any) -> dict[str, Any]:
            absent = {layout.keys[name] for name in layout.if_any if not getattr(noun, name)}
            return {key: value for key, value in write(noun).items() if key not in absent}

        return write_sparse if layout.if_any else write

    # --- Reading ---

    def _reader(self, kind: Any) -> Convert:
        if kind not in self._readers:
            self._readers[kind] = self._make_reader(kind)
        return self._readers[kind]

    def _make_reader(self, kind: Any) -> Convert:
        """Return the function that reads a type from a JSON value."""
        if kind in self._forms:
            return self._forms[kind].read
        if isinstance(kind, type) and issubclass(kind, Struct):
            return self._struct_reader(kind)
        if isinstance(kind, type) and issubclass(kind, Enum):
            return kind
        origin, parts = get_origin(kind), get_args(kind)
        if origin in (Union, UnionType):
            some = self._reader(_find_some(parts))
            return lambda shape: None if shape is None else some(shape)
        if origin is tuple:
            return self._tuple_reader(parts)
        if _is_mapping(origin):
            each, unwrap = self._reader(parts[1]), self._form_of_mappings().read
            return lambda shape: {name: each(part) for name, part in check_type(dict, unwrap(shape)).items()}
        return lambda shape: check_type(kind, shape)

    def _tuple_reader(self, parts: tuple[Any, ...]) -> Convert:
        if parts[-1] is Ellipsis:
            each = self._reader(parts[0])
            return lambda shape: tuple([each(part) for part in check_type(list, shape)])
        readers = [self._reader(part) for part in parts]
        return lambda shape: tuple([read(part) for read, part in zip(readers, check_type(list, shape), strict=True)])

    def _struct_reader(self, kind: type[Struct]) -> Convert:
        layout = self._layout(kind)
        parts = tuple((name, layout.keys[name], self._reader(hint)) for name, hint in self._hints(kind, layout).items())
        spare = layout.later | layout.if_any
        upgrade = self._upgrades.get(kind, AS_IS.read)

        def read(shape: Any) -> Struct:
            shape = upgrade(check_type(dict, shape))
            found = {}
            for name, key, convert in parts:
                if key in shape:
                    try:
                        found[name] = convert(shape[key])
                    except Unfit as trouble:
                        raise Unfit(trouble.reason, (key, *trouble.keys)) from trouble
                    except WRONG as trouble:
                        raise Unfit(trouble, (key,)) from trouble
                elif name not in spare:
                    raise Unfit("it is missing", (key,))
            return kind(**found)

        return read

    # --- Fields ---

    def _layout(self, kind: type[Struct]) -> Layout:
        """Return the layout of a struct; by default, earlier files may lack every field that has a default."""
        if kind in self._layouts:
            return self._layouts[kind]
        names = kind.__struct_fields__
        with_default = frozenset(names[len(names) - len(kind.__struct_defaults__) :])
        return Layout({name: name for name in names}, with_default)

    def _hints(self, kind: type[Struct], layout: Layout) -> dict[str, Any]:
        """Return the written fields of a struct, with their types."""
        hints = get_type_hints(kind)
        return {name: hints[name] for name in layout.keys if not self._is_omitted(hints[name])}

    def _is_omitted(self, hint: Any) -> bool:
        return hint in self._omitted or any(part in self._omitted for part in get_args(hint))

    def _form_of_mappings(self) -> Form:
        return self._forms.get(Mapping, AS_IS)


AS_IS = Form(lambda value: value, lambda shape: shape)
"""Form of a value that JSON holds as it is."""


def check_type(kind: type[Noun], shape: Any) -> Noun:
    """Return the JSON value. Raise ``Unfit`` if it is not of exactly this type."""
    if type(shape) is not kind:
        raise Unfit(f"{shape!r} is not of type {kind.__name__}")
    return shape


def _find_some(parts: tuple[Any, ...]) -> Any:
    """Return the type of an optional field."""
    (part,) = (each for each in parts if each is not type(None))
    return part


def _is_mapping(origin: Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, Mapping)
