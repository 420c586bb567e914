"""`set` moves the values that are asked for, in all files or in none, and not a byte beside them."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.commands import atomic_files
from reconciler.config.amount_change import Bounds, parse_step
from reconciler.kinds.value_types import InvalidValue
from reconciler.sandbox.seed import ad_set
from reconciler.sandbox.world import World

from ..support.commands import project, reconciler

ADS = """\
defaults:
  adSets: {campaignId: "358313", bidding: {bidAmount: 0.80}}
adSets:
  # The first one.
  fr:
    id: "123467"
    name: "FR prospecting"
    bidding: {bidAmount: 0.90} # agreed with Ann
    budget:
      budgetAmount: 100   # a day
  de: {id: "123470", name: 'DE always on'}
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return project(tmp_path, {"ads.yaml": ADS})


def text(folder: Path) -> str:
    return (folder / "ads.yaml").read_text(encoding="utf-8")


def change(folder: Path, *words: str) -> Any:
    return reconciler("set", *words, at=folder)


# --- What moves ---------------------------------------------------------------------------------------------


def test_only_the_values_move_and_one_of_the_defaults_is_written_into_its_resource(here: Path) -> None:
    ended = change(here, "adSets.*", "bidding.bidAmount=+12%", "budget.budgetAmount=*1.1", "--round", "0.01")

    assert ended.code == 0, ended.said
    assert text(here) == ADS.replace("bidAmount: 0.90}", "bidAmount: 1.01}").replace("100 ", "110 ").replace(
        "'DE always on'}", "'DE always on', bidding: {bidAmount: 0.90}}"
    )
    assert "Changed 3 values of 2 resources in 1 file." in ended.out
    assert ended.out.index("budget.budgetAmount") < ended.out.index("bidding.bidAmount")


@pytest.mark.parametrize(
    ("value", "more", "becomes"),
    [
        ("1.5", [], "1.50"),
        ("-0.05", [], "0.85"),
        ("+0.05", [], "0.95"),
        ("*1.1", [], "0.99"),
        ("-10%", [], "0.81"),
        ("+10 %", ["--round", "0.05"], "1.00"),
        ("+100%", ["--max", "1.20"], "1.20"),
        ("-90%", ["--min", "0.30"], "0.30"),
        ("+10%", ["--max", "0.50"], "0.90"),
    ],
)
def test_a_value_is_absolute_or_a_step_that_is_rounded_and_bounded(
    here: Path, value: str, more: list[str], becomes: str
) -> None:
    ended = change(here, "adSets.fr", f"bidding.bidAmount={value}", *more)

    assert ended.code == 0, ended.said
    assert text(here) == ADS.replace("bidAmount: 0.90}", f"bidAmount: {becomes}}}")


@pytest.mark.parametrize(
    ("conditions", "chosen"),
    [
        (["campaignId=358313"], ["fr", "de"]),
        (["name~=FR*"], ["fr"]),
        (["bidding.bidAmount<0.9"], ["de"]),
        (["bidding.bidAmount<=0.9"], ["fr", "de"]),
        (["bidding.bidAmount>0.8", "campaignId=358313"], ["fr"]),
        (["name!=DE always on"], ["fr"]),
        (["id=123470"], ["de"]),
        (["budget.budgetAmount>=1"], ["fr"]),
        (["budget.budgetAmount!=1"], ["fr"]),
    ],
)
def test_conditions_choose_by_what_the_files_state(here: Path, conditions: list[str], chosen: list[str]) -> None:
    where = [word for each in conditions for word in ("--where", each)]

    ended = change(here, "*", "bidding.bidAmount=7", *where, "--dry-run", "--format", "json")

    told = json.loads(ended.out)
    assert [each["address"] for each in told["resource_changes"]] == [f"adSets.{name}" for name in chosen]
    assert text(here) == ADS


def test_other_values_than_amounts_are_read_as_in_a_file(here: Path) -> None:
    ended = change(here, "adSets.de", "schedule.activationStatus=off", "name=+10%", "schedule.endDate=null")

    assert ended.code == 0, ended.said
    assert "schedule: {activationStatus: off, endDate: null}" in text(here)
    assert "'+10%'" in text(here)


def test_a_step_can_begin_at_the_live_value(here: Path) -> None:
    change(here, "adSets.fr", "bidding.bidAmount=5")

    ended = change(here, "adSets.fr", "bidding.bidAmount=+10%", "--from-live", "--sandbox", "world.json")

    assert ended.code == 0, ended.said
    assert "bidAmount: 0.99}" in text(here)


def test_a_patch_holds_the_change_and_leaves_the_files_alone(here: Path) -> None:
    ended = change(here, "adSets.fr", "bidding.bidAmount=1", "--patch", "bids.patch")

    assert ended.code == 0, ended.said
    assert text(here) == ADS
    assert "-    bidding: {bidAmount: 0.90} # agreed with Ann\n" in (here / "bids.patch").read_text()
    assert "+    bidding: {bidAmount: 1.00} # agreed with Ann\n" in (here / "bids.patch").read_text()
    assert "Would change 1 value" in ended.out


def test_a_value_that_an_override_holds_is_warned_of(tmp_path: Path) -> None:
    head = 'version: 1\nscope: {advertiserIds: ["1352"]}\noverrides:\n  - {match: adSets.fr, set: {bidding.bidAmount: 2}, until: 2999-01-01T00:00Z, because: x}\n'  # noqa: E501
    folder = project(tmp_path, {"ads.yaml": ADS}, head)

    ended = change(folder, "adSets.fr", "bidding.bidAmount=1")

    assert ended.code == 0, ended.said
    assert "reconciler.yaml:4:49: warning[override]: adSets.fr: bidding.bidAmount changes in the file" in ended.out


# --- What is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["adSets.*", "bidding.bidAmont=+1%"], "did you mean 'bidding.bidAmount'?"),
        (["adSets.fx", "bidding.bidAmount=+1%"], "did you mean 'adSets.fr'?"),
        (["adSets.*", "bidding.bidAmount=+1.11%"], "--round 0.01"),
        (["adSets.*", "bidding.bidAmount=1,2"], "is not a number"),
        (["adSets.*", "bidding.bidAmount=a: b"], "cannot be read"),
        (["adSets.*", "bidding.bidAmount=-5"], "is not above 0"),
        (["adSets.*", "bidding.bidAmount=0.9", "schedule.endDate=2020-02-31"], "error["),
        (["adSets.de", "budget.budgetAmount=+5%"], "--from-live"),
        (["adSets.*", "bidding.bidAmount=1", "--where", "name"], "is no condition"),
        (["adSets.*", "bidding.bidAmount=1", "--where", "nme=1"], "did you mean 'name'?"),
        (["adSets.*", "bidding.bidAmount=1", "--where", "name<1"], "has no order"),
        (["adSets.*", "bidding.bidAmount=1", "--where", "campaignId=1"], "none of 2 resources meets campaignId=1"),
        (["adSets.*", "targeting.frequencyCapping=3"], "error["),
        (["adSets.*", "deliveryStatus=on"], "no field"),
    ],
    ids=lambda words: words[1] if isinstance(words, list) else "",
)
def test_what_is_wrong_is_refused_and_no_file_is_touched(here: Path, words: list[str], says: str) -> None:
    ended = change(here, *words)

    assert (ended.code, text(here)) == (1, ADS), ended.said
    assert says in ended.out
    assert "No file was changed." in ended.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["adSets.*"], "give which resources and what"),
        (["bidding.bidAmount=1"], "give which resources and what"),
        (["adSets.*", "name=a", "name=b"], "a field is given twice"),
        (["adSets.*", "name=a", "--min", "2", "--max", "1"], "--min 2 is above --max 1"),
        (["adSets.*", "name=a", "--round", "0"], "is no amount above 0"),
        (["adSets.*", "name=a", "--round", "NaN"], "is no amount above 0"),
    ],
)
def test_what_is_asked_wrongly_is_a_usage_error(here: Path, words: list[str], says: str) -> None:
    ended = change(here, *words)

    assert ended.code == 1
    assert says in ended.err


def test_files_that_are_wrong_already_are_not_edited(tmp_path: Path) -> None:
    folder = project(tmp_path, {"ads.yaml": ADS.replace("budgetAmount: 100", "budgetAmount: x")})

    ended = change(folder, "adSets.*", "bidding.bidAmount=1")

    assert ended.code == 1
    assert "ads.yaml:10:21: error[wrong-type]" in ended.out


def test_if_one_file_cannot_be_replaced_none_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {tmp_path / f"{number}.yaml": f"old {number}".encode() for number in range(5)}
    for file, content in files.items():
        file.write_bytes(content)
    replace, done = Path.replace, []

    def failing(self: Path, target: Path) -> Path:
        done.append(target)
        if len(done) == 9:  # five texts are staged by one replacement each, then put in place
            raise OSError(28, "No space left on device", str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(OSError, match="No space"):
        atomic_files.write_all(dict.fromkeys(files, b"new"), files)

    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == files


def test_a_file_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    one, other = tmp_path / "1.yaml", tmp_path / "2.yaml"
    one.write_bytes(b"1")
    other.write_bytes(b"changed")

    with pytest.raises(atomic_files.FilesChanged, match=r"2\.yaml"):
        atomic_files.write_all({one: b"new", other: b"new"}, {one: b"1", other: b"2"})

    assert (one.read_bytes(), other.read_bytes()) == (b"1", b"changed")


# --- Two thousand ---------------------------------------------------------------------------------------------

Style = Callable[[int, str], str]
STYLES: tuple[Style, ...] = (
    lambda n, bid: f'  a{n}:\n    id: "{n}"\n    bidding:\n      bidAmount: {bid} # é\n',
    lambda n, bid: f"  'a{n}': {{id: \"{n}\", bidding: {{ bidAmount: {bid} }}}} # one line\n",
    lambda n, bid: f'  a{n}:\n\n      id:   "{n}"\n      bidding:\n\n        # a note\n        bidAmount:   {bid}\n',
    lambda n, bid: f'  "a{n}":\n    bidding: {{"bidAmount": {bid}}}\n    id: {n}\n    name: "NO"   # in quotes\n',
    lambda n, bid: f"  a{n}:\r\n    id: '{n}'\r\n    bidding: {{bidAmount: {bid}}}\r\n",
)
FIRST, COUNT, FILES = 2_000_000, 2_000, 10


def content(number: int, bid: str) -> bytes:
    """A file of two hundred ad sets in one style, every second with a mark at its beginning."""
    style, each = STYLES[number % len(STYLES)], COUNT // FILES
    begins = FIRST + number * each
    lead = "\ufeff" if number >= len(STYLES) else "# Ads.\n"
    return (lead + "adSets:\n" + "".join(style(n, bid) for n in range(begins, begins + each))).encode()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = project(tmp_path_factory.mktemp("many"), {})
    for number in range(FILES):
        (folder / f"{number}.yaml").write_bytes(content(number, "0.75"))
    world = World.demo(running=True)
    for key in map(str, range(FIRST, FIRST + COUNT)):
        world.state.put("adSets", key, ad_set(key, "NO", bid="0.75", amount="50", countries=["FR"]))
    world.save(folder / "world.json")
    return folder


def test_two_thousand_ad_sets_in_ten_files_change_in_nothing_but_their_bids(many: Path) -> None:
    ended = change(many, "adSets.*", "bidding.bidAmount=+12%")

    assert ended.code == 0, ended.said
    assert "Changed 2,000 values of 2,000 resources in 10 files." in ended.out
    for number in range(FILES):
        assert (many / f"{number}.yaml").read_bytes() == content(number, "0.84")
    planned = reconciler("plan", "--sandbox", "world.json", "--format", "json", at=many)
    told = json.loads(planned.out)
    assert len(told["resource_changes"]) == 2_000
    assert told["calls"]["count"] == 40


# --- The arithmetic -------------------------------------------------------------------------------------------

AMOUNTS = st.decimals("0.01", "99999", places=2)


@given(base=AMOUNTS, percent=st.integers(-99, 900))
def test_a_percentage_is_exact(base: Decimal, percent: int) -> None:
    step = parse_step(f"{percent:+}%")

    assert step is not None
    assert step.of(base) * 100 == base * (100 + percent)


@settings(max_examples=200)
@given(
    base=AMOUNTS, percent=st.integers(-99, 900), least=AMOUNTS, more=AMOUNTS, to=st.sampled_from(["0.01", "0.05", "5"])
)
def test_bounds_never_move_an_amount_the_other_way(
    base: Decimal, percent: int, least: Decimal, more: Decimal, to: str
) -> None:
    step = parse_step(f"{percent:+}%")
    assert step is not None
    rounded = Bounds(Decimal(to)).of(base, step.of(base))

    bounded = Bounds(Decimal(to), least, least + more).of(base, step.of(base))

    assert rounded % Decimal(to) == 0
    assert min(base, rounded) <= bounded <= max(base, rounded)
    assert bounded <= max(least + more, base)
    assert bounded >= min(least, base)


@pytest.mark.parametrize("text", ["", "10%", "1.1", "*10%", "+", "+1e3", "+-1", "++1", "+.5", "+1.", "+1 2", "NaN"])
def test_what_is_no_step_is_none(text: str) -> None:
    assert parse_step(text) is None


def test_a_step_of_too_many_digits_is_refused() -> None:
    step = parse_step("*1.12345678")

    assert step is not None
    with pytest.raises(InvalidValue):
        step.of(Decimal("1" * 55))
