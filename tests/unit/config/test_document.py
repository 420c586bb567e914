"""Reading YAML: what each text means, what is refused and where, and what nothing can make it do."""

import gc
import re
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.config import yaml_events as yaml_text
from reconciler.config.positions import Node, Tree
from reconciler.config.yaml_document import KEPT, Document, DocumentLimits, parse, size_error

Json = Any


@pytest.fixture(params=["libyaml", "python"])
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run with each of the two parsers."""
    if request.param == "python":
        monkeypatch.setattr(yaml_text, "_Native", None)


def read(text: str | bytes) -> Document:
    document, problems = parse(text.encode() if isinstance(text, str) else text, "f.yaml")
    assert problems == ()
    assert document is not None
    return document


def refusals(text: str | bytes, limits: DocumentLimits | None = None) -> list[str]:
    document, problems = parse(text.encode() if isinstance(text, str) else text, "f.yaml", limits)
    assert document is None, document.value
    assert all(problem.hint and problem.message.endswith(".") for problem in problems)
    return [f"{problem.span} {problem.code}".removeprefix("f.yaml:") for problem in problems]


def same(left: Json, right: Json) -> bool:
    """Equal in type too: ``1 == True == Decimal(1)`` hides what matters here."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(str(left) == str(right))


MEANS: list[tuple[str, Json]] = [
    ("NO", "NO"), ("on", "on"), ("off", "off"), ("yes", "yes"), ("no", "no"), ("y", "y"), ("n", "n"),
    ("true", True), ("True", True), ("TRUE", True), ("tRUE", "tRUE"),
    ("false", False), ("False", False), ("FALSE", False),
    ("null", None), ("Null", None), ("NULL", None), ("~", None), ("", None), ("nULL", "nULL"), ("none", "none"),
    ("0", 0), ("-0", 0), ("+1", 1), ("-17", -17), ("0123", "0123"), ("01234567", "01234567"),
    ("-012", "-012"), ("00", "00"),
    ("0o17", 15), ("0x1F", 31), ("0b101", "0b101"), ("-0x1F", "-0x1F"), ("0o18", "0o18"), ("0x", "0x"),
    ("1_000", "1_000"), ("1,000", "1,000"), ("50%", "50%"), ("2026-01-01", "2026-01-01"), ("2026-13-45", "2026-13-45"),
    ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"), ("12:30:00", "12:30:00"), ("12:30", "12:30"), ("1:30", "1:30"),
    ("12345678901234567890", 12345678901234567890), ("9223372036854775808", 2**63), ("9007199254740993", 2**53 + 1),
    ("9" * 1000, int("9" * 1000)),
    ("0.90", Decimal("0.90")), ("0.1", Decimal("0.1")), (".5", Decimal(".5")),
    ("1.", Decimal("1")), ("1e3", Decimal("1e3")),
    ("1E+3", Decimal("1E+3")), ("1.5e3", Decimal("1.5e3")), ("-2.50", Decimal("-2.50")), ("+.5", Decimal("0.5")),
    ("00.5", "00.5"), ("1.2.3", "1.2.3"), ("1e", "1e"), (".", "."), ("+", "+"), ("1 000", "1 000"),
    ("\uff11\uff12", "\uff11\uff12"), (".Inf5", ".Inf5"), ("inf", "inf"), ("nan", "nan"),
    ('"0123"', "0123"), ("'1'", "1"), ('"true"', "true"), ("''", ""), ("'.inf'", ".inf"), ("'1e400'", "1e400"),
    ('"\\u00e9\\n"', "é\n"), ("été 😀", "été 😀"), ("a # comment", "a"), ("a#b", "a#b"),
    ("[a, [1, {b: 2}], {}]", ["a", [1, {"b": 2}], {}]), ("{a, b: }", {"a": None, "b": None}), ("[a: 1]", [{"a": 1}]),
    ("|\n  x\n  y\n", "x\ny\n"), (">-\n  x\n  y\n", "x y"), ("x\n  y", "x y"), ("{on: 1, 1: 2, ~: 3, 5544: 4, true: 5}",
    {"on": 1, "1": 2, "~": 3, "5544": 4, "true": 5}), ("{0123: 1, 123: 2}", {"0123": 1, "123": 2}),
    ("{&k a: 1, '<<': 2}", {"a": 1, "<<": 2}), ("=", "="), ("Sale! *now*", "Sale! *now*"),
]  # fmt: skip


@pytest.mark.usefixtures("_parser")
@pytest.mark.parametrize(("text", "value"), MEANS)
def test_a_value_means_what_yaml_1_2_says(text: str, value: Json) -> None:
    assert same(read(f"v: {text}\n").value, {"v": value})


def test_a_tab_may_part_a_key_from_its_value() -> None:
    assert read("a:\tx\t# y\n").value == {"a": "x"}


FILES: dict[str, tuple[str | bytes, Json]] = {
    "nothing": ("", None),
    "only a comment": ("# a\n", None),
    "only a marker": ("---\n", None),
    "a scalar": ("3", 3),
    "a marker and an end": ("---\na: 1\n...\n# end\n", {"a": 1}),
    "a version of YAML, which does not bring back its booleans": ("%YAML 1.1\n---\na: on\n", {"a": "on"}),
    "a byte order mark": (b"\xef\xbb\xbfa: 1\n", {"a": 1}),
    "Windows' ends of lines": (b"a: 1\r\nb:\r\n  - x\r\n", {"a": 1, "b": ["x"]}),
    "lists at the column of their key, and an empty item": ("a:\n- x\n-\n", {"a": ["x", None]}),
    "an alias": ("a: &x [1]\nb: *x\n", {"a": [1], "b": [1]}),
    "an alias of a scalar": ("a: &x 0.50\nb: *x\n", {"a": Decimal("0.50"), "b": Decimal("0.50")}),
    "an alias of a text that looks like a number": ("a: &x '1'\nb: *x\n", {"a": "1", "b": "1"}),
    "a merge": ("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n", {"a": {"x": 1, "y": 2}, "b": {"y": 3, "x": 1}}),
    "a merge after the key": ("a: &a {x: 1}\nb: {x: 3, <<: *a}\n", {"a": {"x": 1}, "b": {"x": 3}}),
    "merges, of which the earlier wins": (
        "a: &a {x: 1}\nb: &b {x: 2, z: 3}\nc: {<<: [*a, *b]}\n",
        {"a": {"x": 1}, "b": {"x": 2, "z": 3}, "c": {"x": 1, "z": 3}},
    ),
    "a merge of a merge": (
        "a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b}\n",
        {"a": {"x": 1}, "b": {"y": 2, "x": 1}, "c": {"x": 1, "y": 2}},
    ),
}


@pytest.mark.usefixtures("_parser")
@pytest.mark.parametrize("name", FILES)
def test_a_file_may_hold(name: str) -> None:
    text, value = FILES[name]
    assert same(read(text).value, value)


REFUSED: list[tuple[str | bytes, list[str]]] = [
    ("a: 1\nb: 2\na: 3\na: 4\n", ["3:1 yaml-duplicate-key", "4:1 yaml-duplicate-key"]),
    ("- {a: 1, b: 2, a: 3}\n", ["1:16 yaml-duplicate-key"]),
    ("a: 1\n'a': 2\n", ["2:1 yaml-duplicate-key"]),
    ("1: a\n'1': b\n", ["2:1 yaml-duplicate-key"]),
    ("a: &a {x: 1}\nb:\n  <<: *a\n  <<: *a\n", ["4:3 yaml-duplicate-key"]),
    ("a: 1e400", ["1:4 yaml-number"]),
    ("a: [.inf, -.INF, .nan, .NaN]", ["1:5 yaml-number", "1:11 yaml-number", "1:18 yaml-number", "1:24 yaml-number"]),
    ("a: 0e999999999", ["1:4 yaml-number"]),
    ("a: 1e-400", ["1:4 yaml-number"]),
    ("a: 1e99999999999999999999", ["1:4 yaml-number"]),
    ("a: 0." + "1" * 41, ["1:4 yaml-number"]),
    ("a: " + "1" * 1001, ["1:4 yaml-number"]),
    ("a: 0x" + "f" * 5000, ["1:4 yaml-number"]),
    ("a: !!python/object/apply:os.system ['x']", ["1:4 yaml-tag"]),
    ("a: !custom 1\nb: !!str 123\nc: !!int x\nd: !!binary aGk=\ne: ! x\n!!str f: 1\n",
     ["1:4 yaml-tag", "2:4 yaml-tag", "3:4 yaml-tag", "4:4 yaml-tag", "5:4 yaml-tag", "6:1 yaml-tag"]),
    ("a: !x!y 1\n", ["1:4 yaml-tag"]),
    ("a: 1\n---\nb: 2\n", ["2:1 yaml-documents"]),
    ("---\n---\n", ["2:1 yaml-documents"]),
    ("a: 1\n...\nb: 2\n", ["3:1 yaml-syntax"]),
    ("? [a]\n: 1\n", ["1:3 yaml-key"]),
    ("{{a: 1}: 2}\n", ["1:2 yaml-key"]),
    ("a: &x 1\n*x : 2\n", ["2:1 yaml-key"]),
    ("?\n: 1\n", ["1:2 yaml-key"]),
    ("a: *x\n", ["1:4 yaml-alias"]),
    ("a: &a [*a]\n", ["1:8 yaml-alias"]),
    ("a: &a {b: {c: *a}}\n", ["1:15 yaml-alias"]),
    ("a: &x 1\nb: &x 2\n", ["2:4 yaml-alias"]),
    ("a: {<<: 1}\n", ["1:9 yaml-merge"]),
    ("a: {<<: [1]}\n", ["1:9 yaml-merge"]),
    ("a: &x [1]\nb: {<<: *x}\n", ["2:9 yaml-merge"]),
    ("a: {<<: }\n", ["1:8 yaml-merge"]),
    ("\ta: 1\n", ["1:1 yaml-syntax"]),
    ("a:\n\t- x\n", ["2:1 yaml-syntax"]),
    ("a: [1, 2\n", ["1:4 yaml-syntax"]),
    ("a: {b: 1", ["1:4 yaml-syntax"]),
    ("a:\n  'x\n", ["2:3 yaml-syntax"]),
    ("a:\n    b: 1\n  c: 2\n", ["3:3 yaml-syntax"]),
    ("a: [1\nb: 2\n", ["2:2 yaml-syntax"]),
    ("a: [", ["1:5 yaml-syntax"]),
    ("a: b: c\n", ["1:5 yaml-syntax"]),
    ("a: @x\n", ["1:4 yaml-syntax"]),
    ("a: `x`\n", ["1:4 yaml-syntax"]),
    ("a: 1\nfoo\nb: 1\n", ["2:1 yaml-syntax"]),
    ('a: "\\ud83d"\n', ["1:7 yaml-syntax"]),
    ('a: "\\q"\n', ["1:5 yaml-syntax"]),
    (b"a: 1\nb: \xe9t\xe9\n", ["2:4 yaml-encoding"]),
    ("a: 1\n".encode("utf-16"), ["1:1 yaml-encoding"]),
    ("a: 1\nb: \x01\n", ["2:4 yaml-encoding"]),
    ("a: 😀\x00\n", ["1:5 yaml-encoding"]),
    ("a: 1\n\ufeffb: 2\n", ["2:1 yaml-encoding"]),
    ("a: x\u2028b: 2\n", ["1:5 yaml-encoding"]),
    ("a: x\x85b: 2\n", ["1:5 yaml-encoding"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), REFUSED)
def test_refused_where_it_is_wrong(text: str | bytes, expected: list[str]) -> None:
    assert refusals(text) == expected


def test_the_slower_parser_refuses_the_same() -> None:
    def codes(text: str | bytes) -> list[str]:
        return [line.split()[1] for line in refusals(text)]

    native = [codes(text) for text, _ in REFUSED]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_text, "_Native", None)
        assert [codes(text) for text, _ in REFUSED if "ud83d" not in str(text)] == [
            found for (text, _), found in zip(REFUSED, native, strict=True) if "ud83d" not in str(text)
        ]


def test_a_duplicate_key_names_its_first_line() -> None:
    _, problems = parse(b"# x\na: 1\nb: 2\na: 3\n", "f.yaml")
    assert [problem.message for problem in problems] == ["The key 'a' is already written in line 2."]


def test_many_mistakes_are_told_up_to_a_bound() -> None:
    assert len(refusals("a: 1\n" * 5000)) == 100


SPANS: list[tuple[str, tuple[str | int, ...], bool, str]] = [
    ("a: xyz\n", ("a",), False, "1:4+3"),
    ("a: xyz\n", ("a",), True, "1:1+1"),
    ("a: xyz\n", (), True, "1:1+1"),
    ("a:\n", ("a",), False, "1:3+1"),
    ("éé: 😀😀 # x\n", ("éé",), False, "1:5+2"),
    ("éé: 😀😀\n", ("éé",), True, "1:1+2"),
    ("x: {k: [a, 'b c', {d: 12}]}\n", ("x", "k", 2, "d"), False, "1:23+2"),
    ("x: {k: [a, 'b c']}\n", ("x", "k", 1), False, "1:12+5"),
    ("x: {k: [a, 'b c']}\n", ("x", "k"), False, "1:8+10"),
    ("x: {k: [a, 'b c']}\n", ("x", "k", 1), True, "1:12+5"),
    ("x:\n  key: 1\n  b: 2\n", ("x",), False, "2:3+3"),
    ("x:\n  - a\n  - b\n", ("x", 1), False, "3:5+1"),
    ("x:\n  - a\n", ("x",), False, "2:3+1"),
    ("x: |\n  a\n  b\ny: 1\n", ("x",), False, "1:4+1"),
    ("x: |\n  a\n  b\ny: 1\n", ("y",), False, "4:4+1"),
    ("x: aa bb\n  cc\n", ("x",), False, "1:4+5"),
    ("x: 'aa\n  cc'  \n", ("x",), False, "1:4+3"),
    ("a: 1\r\nb: xy\r\n", ("b",), False, "2:4+2"),
    ("\ufeffa: 1\n", ("a",), False, "1:4+1"),
    ("d: &d {x: 10}\ne: *d\n", ("e",), False, "1:7+7"),
    ("d: &d {x: 10}\ne: *d\n", ("e",), True, "2:1+1"),
    ("d: &d {x: 10}\ne: *d\n", ("e", "x"), False, "1:11+2"),
    ("d: &d xyz\ne: *d\n", ("e",), False, "1:7+3"),
    ("d: &d # c\n  xyz: 1\ne: *d\n", ("e",), False, "2:3+3"),
    ("d: &d\ne: *d\n", ("e",), False, "1:6+1"),
    ("d: &d {x: 10}\ne:\n  <<: *d\n  y: 2\n", ("e", "x"), False, "1:11+2"),
    ("d: &d {x: 10}\ne:\n  <<: *d\n  y: 2\n", ("e", "x"), True, "1:8+1"),
    ("d: &d {x: 10}\ne:\n  <<: *d\n  x: 2\n", ("e", "x"), False, "4:6+1"),
    ("a:\n  b: 1\n", ("a", "c", "d"), False, "2:3+1"),
    ("a:\n  b: 1\n", ("a", "c"), True, "1:1+1"),
    ("a: [1]\n", ("a", 7), False, "1:4+3"),
    ("a: 1\n", ("a", "b"), True, "1:1+1"),
    ("", ("a",), False, "1:1+1"),
]


@pytest.mark.usefixtures("_parser")
@pytest.mark.parametrize(("text", "path", "key", "expected"), SPANS)
def test_where_a_value_stands(text: str, path: tuple[str | int, ...], key: bool, expected: str) -> None:
    span = read(text).span(path, key=key)
    assert f"{span.line}:{span.column}+{span.width}" == expected
    assert span.file == "f.yaml"


SECTIONS = [
    "adSets:\n  a: {x: 1}\n  'b c':\n    x: 2\nbalances:\n  a:\n    y: [1]\n  é: null\n",
    '{adSets: {a: {x: 1}, "b": 2,\n  c: [1]}, defaults: {}, balances: []}\n',
    "adSets:\n  a: &x {n: 1}\n  b: *x\n  c:\n    <<: *x\n",
    "adSets:\n  a: {n: 1}\n  <<: {b: {n: 2}, c: 1}\n  d: 1\nbalances: {e: 1}\n",
    "all: &all\n  a: {n: 1}\nadSets: *all\nbalances:\n  e: 1\n",
    'adSets:\n  ? a\n  : {x: 1}\n  ? |\n    b\n    c\n  : 1\n  ? "e\\\n    f"\n  : 1\n',
    "adSets: {&k d: 1, e: 2}\n",
    "adSets:\r\n  a:\r\n    x: 1\r\n  # b:\r\n  b: 2\r\n...\r\n",
    "- a:\n    x: {y: 1}\n- 2\n",
    "adSets:\n  a: \n...\n",
    "---\nadSets:\n  a:\n    b:\n    c: {d: , e: it's, 'f': \"x\"}\n...\n",
    "adSets:\n- a: 1\n  b: {c: 1}\nbalances:\n  c: 1\n",
    "",
]


@pytest.mark.usefixtures("_parser")
@pytest.mark.parametrize("text", SECTIONS)
def test_both_passes_agree_where_a_resource_is_named(text: str) -> None:
    agreed(read(text))


def agreed(quick: Document) -> None:
    whole = Document("f.yaml", quick.value, quick.text)
    for path, _ in paths(quick.value):
        for key in (False, True):
            assert quick.span(path, key=key) == whole.span(path, key=key), (path, key)


QUICK = """\
adSets:
  a: {x: 1, "id": '7', y: [FR, {z: NO}]} # one line
  b: # with a comment
    x:
      y: two words # and a comment
    "q": "quoted \\" text"
    t: |
      block
    l:
    - 1
"""


def test_to_show_where_something_stands_no_file_is_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    quick, asked = read(QUICK), [(path, key) for path, _ in paths(read(QUICK).value) for key in (False, True)]
    wanted = [Document("f.yaml", None, quick.text).span(path, key=key) for path, key in asked]
    monkeypatch.setattr("reconciler.config.position_index.Tree", None)  # a second pass would fail
    plain = [(path, key) for path, key in asked if path and not any(isinstance(step, int) for step in path)]
    assert len(plain) == 22
    for (path, key), span in zip(asked, wanted, strict=True):
        if (path, key) in plain:
            assert quick.has(path)
            assert quick.span(path, key=key) == span


def test_the_places_of_few_files_are_kept() -> None:
    """Each file's tree takes twenty times the room of its text, and a report goes from file to file."""
    for number in range(100):
        Document(f"{number}.yaml", None, b"a: [1]\n").span(("a", 0))
    trees = [each for each in gc.get_objects() if isinstance(each, Tree)]
    assert len(trees) <= KEPT


def test_has_sees_through_aliases_and_merges_and_no_further() -> None:
    document = read("d: &d {x: [1]}\ne: {<<: *d}\nf: *d\n")
    assert all(document.has(path) for path in [(), ("d",), ("e", "x", 0), ("f", "x", 0)])
    absent = [("g",), ("e", "<<"), ("e", "x", 1), ("e", "x", -1), ("e", "x", 0, "y"), ("e", "x", "0"), ("d", 0)]
    assert not any(document.has(path) for path in absent)


def test_limits_are_reached_only_beyond_them() -> None:
    limits = DocumentLimits(bytes=40, depth=3, nodes=14, aliases=3)
    assert size_error(40, "f", limits) is None
    assert size_error(41, "f", limits) is not None
    assert refusals("#" * 41, limits) == ["1:1 yaml-too-large"]
    assert parse(b"[[[1]]]", "f", limits)[1] == ()
    assert refusals("[[[[1]]]]", limits) == ["1:4 yaml-too-deep"]
    assert parse(b"[1,1,1,1,1,1,1,1]", "f", limits)[1] == ()
    assert refusals("[1,1,1,1,1,1,1,1,1,1,1,1,1]", limits) == ["1:22 yaml-too-large"]
    assert refusals("a: &a [[1]]\nb: [*a]", limits) == ["2:5 yaml-too-deep"]
    assert parse(b"a: &a [[1]]\nb: *a", "f", limits)[1] == ()


def test_many_aliases_are_fine_in_proportion_and_refused_beyond() -> None:
    honest = "d: &d {" + ", ".join(f"k{i}: {i}" for i in range(15)) + "}\n"
    assert len(read(honest + "".join(f"s{i}: {{<<: *d, name: x}}\n" for i in range(9000))).value) == 9001
    assert refusals("a: &a [" + "x," * 1000 + "]\nb: [" + "*a," * 200 + "]\n") == ["2:302 yaml-alias"]


BOMBS = {
    "brackets": b"[" * 100_000,
    "braces": b"{a: " * 100_000,
    "closed brackets": b"[" * 100_000 + b"]" * 100_000,
    "block maps": b"".join(b" " * i + b"a:\n" for i in range(2000)),
    "block lists": b"- " * 100_000,
    "lists of aliases": b"a0: &a0 [x]\n" + b"".join(
        b"a%d: &a%d [%s]\n" % (i, i, b", ".join([b"*a%d" % (i - 1)] * 10)) for i in range(1, 12)
    ),
    "maps of aliases": b"a0: &a0 {x: y}\n" + b"".join(
        b"a%d: &a%d {%s}\n" % (i, i, b", ".join(b"k%d: *a%d" % (k, i - 1) for k in range(10))) for i in range(1, 12)
    ),
    "a chain of aliases": b"a0: &a0 [x]\n" + b"".join(
        b"a%d: &a%d [[[*a%d]]]\n" % (i, i, i - 1) for i in range(1, 2000)
    ),
    "merges": b"a0: &a0 {" + b", ".join(b"k%d: 1" % k for k in range(1000)) + b"}\n" + b"".join(
        b"a%d: &a%d {<<: *a%d}\n" % (i, i, i - 1) for i in range(1, 400)
    ),
    "merges of lists": b"a0: &a0 {" + b", ".join(b"k%d: 1" % k for k in range(1000)) + b"}\n" + b"".join(
        b"b%d: {<<: [%s]}\n" % (i, b", ".join([b"*a0"] * 100)) for i in range(100)
    ),
    "a long integer": b"a: " + b"9" * 1_000_000,
    "a large exponent": b"a: 1e999999999",
    "a large file": b"#" * (10 * 2**20 + 1),
    "nothing but control": b"\x01" * 1_000_000,
    "question marks": b"? " * 100_000,
    "anchors": b"".join(b"&a%d " % i for i in range(10_000)),
}  # fmt: skip

BOMB_RUN = """
import re, sys, time
from pathlib import Path
from reconciler.config.yaml_document import parse
text = sys.stdin.buffer.read()
start = time.process_time()
document, problems = parse(text, "f.yaml")
taken = time.process_time() - start
# This process's own peak; ru_maxrss would also count that of the one that started it.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
print(document is None, problems[0].span, taken < 0.5 or taken, peak < 200 or peak)
"""


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_does_not_go_off(name: str) -> None:
    run = subprocess.run([sys.executable, "-c", BOMB_RUN], input=BOMBS[name], capture_output=True, timeout=20)
    assert re.fullmatch(rb"True f.yaml:\d+:\d+ True True\n", run.stdout), run


# --- Laws --------------------------------------------------------------------------------------------

letters = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufeff\ufffe\uffff"))
tricky = st.sampled_from(
    ["NO", "on", "0123", "1.0", "~", "", "<<", "null", "12:30", "- a", "a: b", "&a", "!t", "x\n y", ".inf"]
)
texts = letters.filter(lambda text: all(ord(c) & 0xFFFE != 0xFFFE for c in text)) | tricky
decimals = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9)
values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | decimals | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


class Dumper(yaml.SafeDumper):
    """Quotes every text, so that only types tell how a scalar is meant."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))
Dumper.add_representer(Decimal, lambda dumper, x: dumper.represent_scalar("tag:yaml.org,2002:float", str(x)))


def dump(value: Json, flow: bool) -> str:
    return yaml.dump(value, Dumper=Dumper, default_flow_style=flow, allow_unicode=True, width=10**6, sort_keys=False)


def paths(value: Json, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Json]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(path, value), *(found for key, child in inner for found in paths(child, (*path, key)))]


@settings(max_examples=300, deadline=None)
@given(values, st.booleans())
def test_what_is_written_is_read_and_each_value_stands_where_its_span_says(value: Json, flow: bool) -> None:
    text = dump(value, flow)
    document, lines = read(text), text.splitlines()
    assert same(document.value, value)
    agreed(document)
    for path, expected in paths(value):
        assert document.has(path)
        span = document.span(path)
        line = lines[span.line - 1]
        found = line[span.column - 1 : span.column - 1 + span.width]
        if not isinstance(expected, dict | list):
            assert found
            assert same(read(f"v: {found}").value, {"v": expected})
        elif not expected:
            assert found in ("[]", "{}")
        if path and isinstance(path[-1], str):
            key = document.span(path, key=True)
            line = lines[key.line - 1]
            assert list(read(f"{{{line[key.column - 1 :][: key.width]}: 1}}").value) == [path[-1]]


SNIPPETS = st.lists(
    st.sampled_from(
        ["a", "b: ", "a: ", "? ", "- ", "[", "]", "{", "}", ", ", "\n", "\n  ", "\n    ", "&x ", "*x ", "*y", "&y ",
         "<<: ", "!!str ", "1", "1e400", ".nan", "'", '"', "#", "|", "---\n", "...\n", "\t", "\r\n", "é", "\\", "0x1"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@settings(max_examples=2000, deadline=None)
@given(SNIPPETS)
def test_any_text_is_either_understood_or_refused_somewhere_in_it(text: str) -> None:
    document, problems = parse(text.encode(), "f.yaml")
    assert (document is None) == bool(problems)
    lines = re.split("\r\n|\r|\n", text)
    for problem in problems:
        assert problem.span is not None
        assert 1 <= problem.span.line <= len(lines)
        assert problem.span.column <= len(lines[problem.span.line - 1]) + 1
    if document is not None:
        assert tree(document) == shape(document.value)
        agreed(document)


def tree(document: Document) -> Json:
    whole = Tree(document.text.decode("utf-8-sig"))

    def walk(node: Node) -> Json:
        node = whole.resolve_alias(node)
        if node.is_list:
            return {index: walk(each.value) for index, each in enumerate(node.entries)}
        merged = [walk(source) for each in node.entries if each.merge for source in whole.list_merged(each)]
        own = {str(each.name): walk(each.value) for each in node.entries if not each.merge}
        return {key: value for each in [*reversed(merged), own] for key, value in each.items()}

    return walk(whole.root) if whole.root else {}


def shape(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: shape(child) for key, child in value.items()}
    return {index: shape(child) for index, child in enumerate(value)} if isinstance(value, list) else {}
