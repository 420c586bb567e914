"""Import on the command line: the first hour of a new user, and edited files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from reconciler import cli


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str]:
    """How a command ends, and what it reports."""
    with pytest.raises(SystemExit) as ended:
        cli.main(args)
    out = capsys.readouterr().out
    return int(ended.value.code or 0), out


def test_a_first_project_takes_the_advertisers_and_accounts_that_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = run(capsys, "import", "shop", "--advertiser", "1352", "--sandbox", "--kind", "adSets")

    assert code == 0
    assert (
        Path("shop/reconciler.yaml").read_text(encoding="utf-8").endswith('  advertiserIds:\n    - "1352" # Shop A\n')
    )
    assert not Path("shop/balances").exists()


def test_an_id_that_is_not_ours_is_refused_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "import", "shop", "--advertiser", "9", "--sandbox")

    assert code == 1
    assert "1352 (Shop A)" in out
    assert not Path("shop/reconciler.yaml").exists()


def test_a_folder_without_a_project_says_how_to_begin_one(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "import", "shop", "--sandbox")

    assert code == 1
    assert "--advertiser ID" in out


def test_only_what_is_asked_for_is_written_and_the_rest_comes_later(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--sandbox", "--format", "json")
    _, some = run(capsys, "import", "shop", "--all", "--target", "adSets.fr-*", *asked)
    _, rest = run(capsys, "import", "shop", "--kind", "adSets", *asked)

    added = [[each for file in json.loads(out)["files"] for each in file["added"]] for out in (some, rest)]
    assert added[0] == ["adSets.fr-prospecting", "adSets.fr-retargeting"]
    assert sorted(added[1]) == ["adSets.brand-film", "adSets.de-always-on", "adSets.es-test", "adSets.winter-sale"]
    assert run(capsys, "plan", "shop", "--sandbox", "--detailed-exitcode")[0] == 0


def test_category_bids_come_when_they_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "import", "shop", "--all", "--categories", "--kind", "adSets", "--sandbox")

    assert "categoryBids: {5545|2: 1.2345}" in Path("shop/ad-sets/shop-a/campaign-358313.yaml").read_text("utf-8")
    assert run(capsys, "plan", "shop", "--sandbox", "--detailed-exitcode")[0] == 0


def test_a_folder_outside_the_project_becomes_one_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "import", "shop", "--all", "--sandbox", "state.json", "--kind", "balances")
    code, _ = run(capsys, "import", "shop", "--out", "copy", "--sandbox", "state.json")

    assert code == 0
    assert not Path("shop/ad-sets").exists()
    assert run(capsys, "plan", "copy", "--sandbox", "state.json", "--detailed-exitcode")[0] == 0


def test_files_that_include_leaves_out_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "import", "shop", "--all", "--sandbox", "--kind", "balances")
    with Path("shop/reconciler.yaml").open("a", encoding="utf-8") as file:
        file.write('include: ["balances/*.yaml"]\n')

    code, out = run(capsys, "import", "shop", "--sandbox", "--kind", "adSets")

    assert code == 1
    assert "not-included" in out
    assert not Path("shop/ad-sets").exists()


EDITED = """\
# Ours since May.
defaults:
  adSets: {campaignId: "358313", targeting: {frequencyCapping: &often {frequency: daily, maximumImpressions: 3}}}

adSets:
  # Do not touch before the sale.
  prospecting: &fr   # found by its name
    name: 'FR prospecting'
    bidding:
      bidAmount: 0.95   # live is 0.90
    budget: {budgetAmount: 123.45}
    targeting:
      geoLocation: {countries: {operand: in, values: ["NO", FR]}}   # NO is not live

  retargeting:
    id: 123468
    schedule: {activationStatus: on}   # live is off
    targeting: {frequencyCapping: *often}
  de:
    <<: *fr
    id: "123470"
    name: DE always on
    bidding: {}
    budget: {}
    targeting: {geoLocation: {countries: {operand: in, values: [DE]}}}
"""


def test_an_update_of_edited_files_moves_what_moved_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    Path("ads.yaml").write_text(EDITED, encoding="utf-8")
    Path("reconciler.yaml").write_text('version: 1\nscope: {advertiserIds: ["1352"]}\n', encoding="utf-8")

    code, _ = run(capsys, "import", "--update", "--sandbox", "--kind", "adSets", "--target", "adSets.[pr]*")

    after = Path("ads.yaml").read_text(encoding="utf-8")
    changed = [pair for pair in zip(EDITED.splitlines(), after.splitlines(), strict=True) if pair[0] != pair[1]]
    assert code == 0
    assert changed == [
        ("      bidAmount: 0.95   # live is 0.90", "      bidAmount: 0.90   # live is 0.90"),
        (
            '      geoLocation: {countries: {operand: in, values: ["NO", FR]}}   # NO is not live',
            "      geoLocation: {countries: {operand: in, values: [FR]}}   # NO is not live",
        ),
        (
            "    schedule: {activationStatus: on}   # live is off",
            "    schedule: {activationStatus: off}   # live is off",
        ),
    ]


def test_new_resources_stand_where_their_siblings_live_and_gone_ones_stay(capsys: pytest.CaptureFixture[str]) -> None:
    gone = '  gone:\n    id: "999"\n    name: Gone\n'
    ours = f'adSets:\n  fr:\n    id: "123467"\n    name: FR prospecting\n{gone}'
    Path("ours.yaml").write_text(ours, encoding="utf-8")
    Path("reconciler.yaml").write_text('version: 1\nscope: {advertiserIds: ["1352"]}\n', encoding="utf-8")

    code, out = run(capsys, "import", "--sandbox", "--kind", "adSets")

    text = Path("ours.yaml").read_text(encoding="utf-8")
    assert code == 0
    assert "warning[gone]" in out
    assert text.startswith(ours)
    assert re.findall(r"^  (\S+):$", text, re.MULTILINE) == ["fr", "gone", "fr-retargeting", "de-always-on", "es-test"]
    assert Path("ad-sets/shop-a/campaign-358314.yaml").exists()
