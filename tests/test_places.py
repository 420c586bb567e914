"""A resource that is read alone stands where it stands in the whole file, whatever the file looks like."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler import document as documents
from reconciler.document import Document, parse

WORDS = st.sampled_from(
    ["a", "b", "a.b", "x-1", "é", "two words", "with: colon", "# no", "a\nb: c\n", "'", '"q"', "&x", "*x"]
)
VALUES = st.recursive(
    WORDS | st.integers(0, 99) | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
FILES = st.dictionaries(st.sampled_from(["adSets", "balances", "defaults"]), st.dictionaries(WORDS, VALUES, max_size=4))
STRANGE = [
    "adSets:\n  a: 'x\n  b: {c: 1}\n  '\n  c: 2\n",
    'adSets:\n  a: {x: "1\n\n  b: 2", y: [1,\n  2]}\n  b:\n    c: 3\n',
    "adSets:\n  a: &x {n: 1}\n  b: *x\n  c:\n    <<: *x\n    m: 2\n",
    "adSets:\n  a: |\n    b: 1\n    c: 2\n  b: >-\n    folded\n\n    text\n\n  c: 1\n",
    "adSets:\r\n  a:\r\n    x: 1\r\n  b: 2\r\n",
    "adSets:\n    a:\n        x: 1\n    # b:\n    b:\n\n        x: [1, 2]\n# end\nbalances: {c: {d: 1}}\n",
    "---\nadSets: # all\n  'a': {x: 1}\n  \"b\": {x: 2}\n  ? c\n  : {x: 3}\n...\n",
    "# nothing but\nadSets:\n- a: 1\n  b: 2\n",
    "adSets:\n  a:\n  - []\n  - - 1\n  b:\n  -\n  c: {x: 1}\n",
    "adSets:\n a:\n  x: 1\n b: y\n   z\nother: {a: 1}\n",
]


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in inner:
        yield from paths(child, (*path, step))


def alike(text: str) -> int:
    """Compare every span, asked for alone and of the whole; how many resources could be read alone."""
    found, problems = parse(text.encode(), "f.yaml")
    assert found is not None, problems
    whole = Document("f.yaml", found.value, found.text)
    assert whole._root is not None
    for path in paths(found.value):
        for asked in (path, (*path, "absent"), (*path, 0)):
            for key in (False, True):
                alone = Document("f.yaml", found.value, found.text)
                assert alone.span(asked, key=key) == whole.span(asked, key=key), (asked, key)
                assert found.span(asked, key=key) == whole.span(asked, key=key)
                vars(found).pop("_root", None)
    return sum(root is not None for root, _ in found._near.values())


@settings(max_examples=150, deadline=None)
@given(FILES, st.booleans(), st.integers(1, 4))
def test_every_value_stands_where_the_whole_file_says(content: Any, flow: bool, indent: int) -> None:
    alike(yaml.safe_dump(content, default_flow_style=flow or None, allow_unicode=True, indent=indent + 1, width=20))


@pytest.mark.parametrize("text", STRANGE)
def test_a_strange_file_is_no_exception(text: str) -> None:
    alike(text)


def test_a_usual_file_is_read_by_resources() -> None:
    assert alike("adSets:\n  a: {x: 1}\n  b:\n    x: 2\nbalances:\n  c:\n    y: [1]\n") == 3


def test_many_resources_of_a_file_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    passes = 0
    places = documents.Places

    def counted(text: str) -> Any:
        nonlocal passes
        passes += 1
        return places(text)

    monkeypatch.setattr(documents, "Places", counted)
    text = "adSets:\n" + "".join(f"  a{n}:\n    x: {n}\n" for n in range(100))
    found, _ = parse(text.encode(), "f.yaml")
    assert found is not None
    assert [found.span(("adSets", f"a{n}", "x")).line for n in range(100)] == list(range(3, 203, 2))
    assert passes == 1
    assert len(found._near) == documents.FEW
