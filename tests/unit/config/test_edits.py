"""An edit moves what is asked for and not a letter more, in files as people write them."""

from __future__ import annotations

import difflib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.config import yaml_document
from reconciler.config.yaml_editor import REMOVED, EditError, apply_edits
from reconciler.config.yaml_writer import BareWord, NestedBlock, block

FILE = """\
# Campaigns of the summer.
defaults:
  adSets: {datasetId: "6789", objective: conversions} # for all
x-cheap: &cheap
  costController: maxCPC
  bidAmount: &bid 0.90 # as agreed

adSets:
  # The first one.
  fr:   # France
    name: 'FR, all'   # quoted by hand
    bidding: *cheap
    budget:
      # Was 80 until May.
      budgetAmount: 100   # a day
      budgetRenewal: daily
    targeting: {geoLocation: {countries: {operand: in, values: [FR, "NO"]}}}

  de:
    <<: &base {campaignId: "1", schedule: {activationStatus: on}}
    name: DE
    devices:
      - mobile # first
      - desktop

  es: {<<: *base, name: ES, bidding: {bidAmount: *bid}}
"""


def moved(*changes: Any, text: str = FILE) -> str:
    """The lines that an edit takes away and those that it brings."""
    after = apply_edits(text, "a.yaml", changes)
    lines = difflib.unified_diff(text.splitlines(), after.splitlines(), n=0, lineterm="")
    return "\n".join(line for line in lines if line[:3] not in ("---", "+++") and line[:2] != "@@")


def value(text: str) -> Any:
    parsed, problems = yaml_document.parse(text.encode(), "a.yaml")
    assert parsed is not None, problems
    return parsed.value


def test_a_value_moves_and_its_comment_stays() -> None:
    change = ("adSets", "fr", "budget", "budgetAmount"), Decimal("123.50")

    assert moved(change) == "-      budgetAmount: 100   # a day\n+      budgetAmount: 123.50   # a day"


def test_a_text_keeps_its_quotes() -> None:
    assert moved((("adSets", "fr", "name"), "it's")) == (
        "-    name: 'FR, all'   # quoted by hand\n+    name: 'it''s'   # quoted by hand"
    )


def test_a_list_keeps_what_stays_with_its_quotes_and_comments() -> None:
    countries = ("adSets", "fr", "targeting", "geoLocation", "countries", "values"), ["NO", "DE"]
    devices = ("adSets", "de", "devices"), ["desktop", "tablet"]

    assert moved(countries).endswith('values: ["NO", DE]}}}')
    assert moved(devices) == "-      - mobile # first\n+      - tablet"


def test_one_who_shares_a_map_by_an_alias_gets_one_of_its_own() -> None:
    assert moved((("adSets", "fr", "bidding", "bidAmount"), Decimal("1.10"))) == (
        "-    bidding: *cheap\n+    bidding: {costController: maxCPC, bidAmount: 1.10}"
    )


def test_one_who_shares_a_value_by_an_anchor_keeps_it_when_the_anchor_moves() -> None:
    assert moved((("x-cheap", "bidAmount"), Decimal("1.10"))) == (
        "-  bidAmount: &bid 0.90 # as agreed\n"
        "+  bidAmount: &bid 1.10 # as agreed\n"
        "-    bidding: *cheap\n"
        "+    bidding: {costController: maxCPC, bidAmount: 0.90}\n"
        "-  es: {<<: *base, name: ES, bidding: {bidAmount: *bid}}\n"
        "+  es: {<<: *base, name: ES, bidding: {bidAmount: 0.90}}"
    )


def test_what_comes_by_a_merge_key_is_stated_where_it_moves() -> None:
    off = BareWord("off")

    assert moved((("adSets", "es", "schedule", "activationStatus"), off)) == (
        "-  es: {<<: *base, name: ES, bidding: {bidAmount: *bid}}\n"
        "+  es: {<<: *base, name: ES, bidding: {bidAmount: *bid}, schedule: {activationStatus: off}}"
    )


def test_an_anchor_that_is_removed_moves_to_who_needs_it() -> None:
    after = apply_edits(FILE, "a.yaml", [(("x-cheap",), REMOVED)])

    assert "bidding: &cheap" in after
    assert "bidAmount: &bid 0.90" in after
    assert value(after)["adSets"] == value(FILE)["adSets"]


def test_a_removed_value_takes_its_line_and_an_emptied_block_goes_too() -> None:
    assert moved((("adSets", "fr", "budget", "budgetRenewal"), REMOVED)) == "-      budgetRenewal: daily"
    both = [(("adSets", "fr", "budget", name), REMOVED) for name in ("budgetRenewal", "budgetAmount")]
    assert "budget" not in value(apply_edits(FILE, "a.yaml", both))["adSets"]["fr"]


def test_a_new_resource_stands_behind_its_siblings_as_far_apart_as_they() -> None:
    block = NestedBlock({"id": "7", "name": "on"})

    assert moved((("adSets", "it"), block)) == '+\n+  it:\n+    id: "7"\n+    name: "on"'


def test_line_ends_of_windows_stay() -> None:
    text = FILE.replace("\n", "\r\n")
    changes = [
        (("adSets", "fr", "name"), "FR"),
        (("adSets", "it"), NestedBlock({"id": "7"})),
        (("adSets", "de"), REMOVED),
    ]

    after = apply_edits(text, "a.yaml", changes)

    assert after.count("\n") == after.count("\r\n")


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "adSets:\n", "adSets: {}\n", "adSets: ~ # none\n"])
def test_an_empty_file_takes_its_first_resource(text: str) -> None:
    after = apply_edits(text, "a.yaml", [(("adSets",), NestedBlock({"fr": NestedBlock({"id": "7", "name": "FR"})}))])

    assert value(after) == {"adSets": {"fr": {"id": "7", "name": "FR"}}}
    assert text.partition("#")[2].strip() in after


def test_nothing_asked_changes_nothing() -> None:
    assert apply_edits(FILE, "a.yaml", [(("adSets", "fr", "budget", "budgetAmount"), 100)]) == FILE


def test_what_is_no_yaml_is_refused() -> None:
    with pytest.raises(EditError, match="cannot be edited"):
        apply_edits("a: [", "a.yaml", [(("a",), 1)])


WORDS = st.sampled_from(["a", "b", "c: d", "on", "NO", "0123", "two\nlines", "- x", "#", "é", "", "it's", '"'])
SCALARS = st.one_of(WORDS, st.integers(-5, 500), st.booleans(), st.none(), st.decimals("0.01", "99", places=2))
TREES = st.recursive(
    st.one_of(SCALARS, st.lists(WORDS, max_size=3, unique=True)),
    lambda inner: st.dictionaries(WORDS.filter(bool), inner, min_size=1, max_size=4),
    max_leaves=12,
)
FILES = st.dictionaries(st.sampled_from(["r", "s", "t"]), TREES, min_size=1)


def paths(tree: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every place in a tree, and one in each block that nothing stands at yet."""
    own = [path] if path else []
    if not isinstance(tree, dict):
        return own
    return [*own, (*path, "new"), *(each for key, inner in tree.items() for each in paths(inner, (*path, key)))]


@settings(max_examples=60, deadline=None)
@given(data=st.data(), tree=FILES)
def test_whatever_is_asked_is_what_the_text_then_means(data: st.DataObject, tree: Any) -> None:
    text = "\n".join(block(tree)) + "\n"
    drawn = data.draw(st.lists(st.sampled_from(paths(tree)), min_size=1, max_size=4, unique=True))
    asked = [path for path in drawn if not any(path != other and path[: len(other)] == other for other in drawn)]
    changes = [(path, data.draw(st.one_of(TREES, st.just(REMOVED)))) for path in asked]

    after = value(apply_edits(text, "a.yaml", changes)) or {}

    assert [_at(after, path) for path, _ in changes] == [None if new is REMOVED else new for _, new in changes]
    untouched = [key for key in tree if all(path[0] != key for path in asked)]
    assert [after[key] for key in untouched] == [tree[key] for key in untouched]


def _at(tree: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        tree = tree.get(step) if isinstance(tree, dict) else None
    return tree


def test_a_block_that_is_emptied_and_filled_anew_stays_before_the_block_that_comes_behind_it() -> None:
    text = "a:\n  budget:\n    amount: 1\n    renewal: daily\n"
    wish = [(("a", "budget", "amount"), REMOVED), (("a", "budget", "renewal"), REMOVED),
            (("a", "method"), "x"), (("a", "budget", "strategy"), "uncapped")]  # fmt: skip

    assert apply_edits(text, "a.yaml", wish) == "a:\n  budget: {strategy: uncapped}\n  method: x\n"


def test_what_comes_last_inside_stands_before_what_comes_last_outside() -> None:
    text = "x:\n  y:\n    z: 1\n"
    wish = [(("w",), 4), (("x", "v"), 3), (("x", "y", "u"), 2)]

    assert apply_edits(text, "a.yaml", wish) == "x:\n  y:\n    z: 1\n    u: 2\n  v: 3\nw: 4\n"
