"""Two blocks exchange their addresses: `moved` says so, once, however often the command runs."""

from __future__ import annotations

from pathlib import Path

from reconciler.provider.http import Settings

from .inside import Desk
from .scenarios import PROJECT, account

ADS = """adSets:
  {0}:
    {{campaignId: "358313", datasetId: "6789", objective: conversions, mediaType: display, name: First,
    trackingCode: t1, schedule: {{startDate: 2026-12-01, activationStatus: off}},
    bidding: {{costController: maxCPC, bidAmount: 0.91}},
    budget: {{budgetStrategy: capped, budgetRenewal: daily, budgetDeliverySmoothing: standard, budgetAmount: 71}}}}
  {1}:
    {{campaignId: "358313", datasetId: "6789", objective: conversions, mediaType: display, name: Second,
    trackingCode: t2, schedule: {{startDate: 2026-12-01, activationStatus: off}},
    bidding: {{costController: maxCPC, bidAmount: 0.92}},
    budget: {{budgetStrategy: capped, budgetRenewal: daily, budgetDeliverySmoothing: standard, budgetAmount: 72}}}}
"""
EXCHANGE = "moved: [{from: adSets.a, to: adSets.b}, {from: adSets.b, to: adSets.a}]\n"


def desk(tmp_path: Path) -> Desk:
    world = account()
    project = tmp_path / "desk" / "project"
    project.mkdir(parents=True)
    here = Desk(project, world, world.handle, settings=Settings(base_url="http://localhost", in_flight=1))
    write(here, "a", "b")
    assert here.apply().code == 0
    return here


def write(here: Desk, first: str, second: str, moved: str = "") -> None:
    (here.folder / "reconciler.yaml").write_text(PROJECT + moved)
    (here.folder / "ads.yaml").write_text(ADS.format(first, second))


def planned(here: Desk) -> int:
    """Return how many resources a plan would write."""
    done = here.plan()
    summary = done.report["summary"]
    assert done.codes.isdisjoint({"exchanged-keys", "moved-still-there"})
    return int(summary["create"] + summary["update"] + summary["stop"])


def test_exchanged_addresses_take_their_objects_and_their_history_with_them(tmp_path: Path) -> None:
    here = desk(tmp_path)
    write(here, "b", "a")
    assert "exchanged-keys" in here.plan().codes

    write(here, "b", "a", EXCHANGE)
    assert planned(here) == 0
    assert here.apply().code == 0
    told = here.run("ledger", "history", "adSets.b", "--project", str(here.folder)).out
    assert "First" in told
    assert "Second" not in told


def test_an_exchange_is_made_once_and_may_be_made_again_after_its_entries_are_gone(tmp_path: Path) -> None:
    here = desk(tmp_path)
    write(here, "b", "a", EXCHANGE)
    for _ in range(2):
        assert planned(here) == 0
        assert here.apply().code == 0
    write(here, "b", "a")
    assert planned(here) == 0
    assert here.apply().code == 0

    write(here, "a", "b", EXCHANGE)
    assert planned(here) == 0
    assert here.apply().code == 0
    assert planned(here) == 0


def test_an_exchange_waits_for_the_calls_that_were_open(tmp_path: Path) -> None:
    here = desk(tmp_path)
    (here.folder / "ads.yaml").write_text(ADS.format("a", "b").replace("bidAmount: 0.91", "bidAmount: 1.91"))
    lost = {"kind": "late", "seconds": None, "path": "*/ad-sets", "method": "PATCH", "status": 504, "count": None}
    here.world.inject(lost)
    assert here.apply().code == 6
    here.world.repair()

    write(here, "b", "a", EXCHANGE)
    done = here.apply()
    assert (done.code, done.codes) == (1, {"moved-open"})
