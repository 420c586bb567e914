"""A Retail Media account from its first file to the rollback, as one session at a terminal, in each API version.

A balance, a campaign, a line item with its bid, and Black Friday as a dated budget: planned, applied, imported, moved
by a colleague, and taken back.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler import cli
from reconciler.sandbox.world import World

ACCOUNT = "18446744073709551616"
SANDBOX = ("--sandbox", "../account.json")
STABLE = ("2026-01", "2026-07", "2027-01")
PROJECT = """\
version: 1
api: {{retailMedia: "{version}"}}
scope: {{retailMediaAccountIds: ["18446744073709551616"]}}
"""
FILES = """\
retailMediaCampaigns:
  cocoa:
    accountId: "18446744073709551616"
    name: Cocoa
    isAutoDailyPacing: false
    budget: 1500
    dailyPacing: 60
    startDate: 2026-11-23
    dailyBudgetOverrides:
      2026-11-27: {maxDailySpend: 400, duration: 4D} # Black Friday
lineItems:
  hot-cocoa:
    campaignId: retailMediaCampaigns.cocoa
    name: Hot cocoa
    targetRetailerId: "1106"
    startDate: 2026-11-23
    status: active
    targetBid: 0.55
    budget: 900
    bidMultipliers: {search: 1.5}
    dailyBudgetOverrides:
      2026-11-27: {maxDailySpend: 250, duration: 4D}
balances:
  christmas:
    accountId: "18446744073709551616"
    name: Christmas
    spendType: onsite
    startDate: 2026-11-23
    endDate: 2026-12-31
    deposited: 1500
    campaignIds: [retailMediaCampaigns.cocoa]
"""


class Terminal:
    """The commands of one user in one folder, and what the account then holds."""

    def __init__(self, capsys: pytest.CaptureFixture[str], version: str) -> None:
        self.capsys = capsys
        Path("reconciler.yaml").write_text(PROJECT.format(version=version), encoding="utf-8")
        Path("market.yaml").write_text(FILES, encoding="utf-8")

    def __call__(self, *words: str, code: int = 0) -> str:
        with pytest.raises(SystemExit) as ended:
            cli.main([*words, *SANDBOX])
        told = self.capsys.readouterr()
        assert (ended.value.code or 0) == code, told.out + told.err
        return told.out

    def held(self) -> dict[str, Any]:
        """What the account has of ours, by the API's own state."""
        state = World.open("../account.json").state
        ((campaign, own),) = [(id, each) for id, each in state.all("retailMediaCampaigns").items() if is_ours(each)]
        (item,) = [each for each in state.all("lineItems").values() if is_ours(each)]
        ((balance, funds),) = [(id, each) for id, each in state.all("balances").items() if is_ours(each)]
        pairs = [(each["balanceId"], each["campaignId"]) for each in state.all("attachments").values()]
        return {
            "black friday": [each["amount"] for holder in (own, item) for each in holder["dailyOverrides"]],
            "status": item["status"],
            "bid": item["targetBid"],
            "search": item["bidMultipliers"]["search"],
            "deposited": funds["deposited"],
            "attached": (balance, campaign) in pairs,
        }


def is_ours(record: dict[str, Any]) -> bool:
    return record["name"] in ("Cocoa", "Hot cocoa", "Christmas")


LIVE = {
    "black friday": [400, 250],
    "status": "active",
    "bid": Decimal("0.55"),
    "search": Decimal("1.5"),
    "deposited": 1500,
    "attached": True,
}
TAKEN_BACK = LIVE | {"black friday": [], "status": "paused", "search": 1, "attached": False}


@pytest.fixture
def run(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A terminal in an empty folder, and an account of this version."""
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path / "shop")
    return Terminal(capsys, version)


@pytest.mark.parametrize("version", STABLE)
def test_from_the_first_file_to_the_rollback(run: Terminal, version: str) -> None:
    planned = json.loads(run("plan", "--format", "json", "--detailed-exitcode", code=2))
    run("apply", "--auto-approve")
    assert run.held() == LIVE
    writes = [each for each in World.open("../account.json").log if f"/{version}/retail-media" in each["path"]]
    sent = [each for each in writes if each["method"] != "GET" and not each["path"].endswith("/cpc-min-bids")]
    assert len(sent) == planned["calls"]["count"] == planned["calls"]["bound"]
    assert "No changes." in run("plan", "--detailed-exitcode")

    run("import", "--out", "../copy")
    copy = "\n".join(each.read_text(encoding="utf-8") for each in Path("../copy").rglob("*.yaml"))
    for line in ("targetBid: 0.55", "search: 1.50", "maxDailySpend: 400", "maxDailySpend: 250", "deposited: 1500"):
        assert line in copy, copy
    assert f'retailMedia: "{version}"' in copy
    assert "No changes." in run("plan", "../copy", "--detailed-exitcode")

    world = World.open("../account.json")
    item = next(id for id, each in world.state.all("lineItems").items() if is_ours(each))
    world.edit("lineItems", item, {"targetBid": 0.9}, "anna")
    told = run("drift", "--detailed-exitcode", code=2)
    assert "targetBid" in told
    assert "0.55" in told
    assert "0.90" in told
    run("drift", "--accept", "files", "--out", "plan.json")
    run("apply", "plan.json")
    assert run.held() == LIVE
    assert "no drift" in run("drift", "--detailed-exitcode").casefold()

    first = run("ledger", "runs").splitlines()[-1].split()[0]
    undone = run("rollback", first, "--write", "--out", "plan.json")
    assert "this plan stops it with status: paused" in undone
    run("apply", "plan.json")
    assert run.held() == TAKEN_BACK
    assert "No changes." in run("plan", "--detailed-exitcode")


@pytest.mark.parametrize("version", ["preview", "experimental"])
def test_a_version_that_lacks_them_says_so_at_their_lines(run: Terminal, version: str) -> None:
    told = run("plan", code=1)

    for line, kind in ((1, "retailMediaCampaigns"), (11, "lineItems")):
        assert f"market.yaml:{line}:1: error[not-in-version]: {kind} do not exist in version {version}" in told
    assert not Path("../account.json").exists() or not [
        each for each in World.open("../account.json").log if each["method"] in ("PUT", "PATCH")
    ]
