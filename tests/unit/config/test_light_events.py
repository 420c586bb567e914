"""The lighter classes of PyYAML's events: the C parser makes them, loaders do not, those of others are converted."""

from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from yaml import events as stock

from reconciler.config import light_events, yaml_events

TEXT = "a: &x [1, 'b']\nc: {d: *x}\ne: |\n  f\n"


def shapes(text: str) -> list[tuple[str, Any, Any]]:
    get = yaml_events.events(text)
    found = []
    while type(event := get()) is not stock.StreamEndEvent:
        where = event.start_mark.index, event.end_mark.index
        found.append((f"{type(event).__module__}.{type(event).__name__}", where, getattr(event, "value", None)))
    return found


def test_both_parsers_make_the_same_events(monkeypatch: pytest.MonkeyPatch) -> None:
    native = shapes(TEXT)
    monkeypatch.setattr(yaml_events, "_Native", None)
    assert [name for name, *_ in shapes(TEXT)] == [name for name, *_ in native]
    light = {name for name, *_ in native if name.startswith(light_events.__name__)}
    assert len(light) == len(light_events._LIGHT)


def test_the_c_parser_is_used() -> None:
    assert yaml_events._Native is yaml._yaml.CParser


def test_a_parser_that_goes_on_with_its_own_classes_is_not_used() -> None:
    class Stubborn(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
        def __init__(self, text: str) -> None:
            yaml.reader.Reader.__init__(self, text)
            yaml.scanner.Scanner.__init__(self)
            yaml.parser.Parser.__init__(self)

    assert not light_events.install(SimpleNamespace(CParser=Stubborn))


def test_the_loaders_and_dumpers_of_pyyaml_work_as_before() -> None:
    value = yaml.load(TEXT, yaml.CSafeLoader)
    assert value == yaml.safe_load(TEXT) == {"a": [1, "b"], "c": {"d": [1, "b"]}, "e": "f\n"}
    assert yaml.dump(value, Dumper=yaml.CSafeDumper) == yaml.dump(value, Dumper=yaml.SafeDumper)
