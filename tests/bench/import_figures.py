"""How long an import of a large, random account and a look for drift take, and whether they keep their laws there.

Run: python -m tests.bench.import_figures [OBJECTS]
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from reconciler.commands import drift as drift_command
from reconciler.commands import import_
from reconciler.commands.connection import LedgerHome
from reconciler.commands.session import Session
from reconciler.config import loader
from reconciler.engine import plan as plan_engine
from reconciler.engine.environment import Environment, StateSnapshot
from reconciler.importer.account_import import ImportRequest, ImportResult
from reconciler.provider.http import Api, Credentials, Settings
from reconciler.sandbox.message import Request
from reconciler.sandbox.seed import ad_set
from reconciler.sandbox.world import World

GENERATIONS = (
    {"marketingSolutions": "2026-07", "sellers": "2026-07", "retailMedia": "2026-07"},
    {"marketingSolutions": "2025-07", "sellers": "2025-07", "retailMedia": "2025-07"},
    {"marketingSolutions": "preview", "sellers": "2026-01", "retailMedia": "preview"},
    {"marketingSolutions": "guide", "sellers": "legacy", "retailMedia": "2026-01"},
)
CREDENTIALS = {
    "marketingSolutions": Credentials("sandbox-ms", "sandbox"),
    "retailMedia": Credentials("sandbox-rm", "sandbox"),
}
WORDS = (
    "Summer",
    "été",
    "NO",
    "on",
    "Sale: 50 %",
    "👟 shoes",
    "حملة",
    "0123",
    "it's",
    '"new"',
    "- a",
    "# b",
    "FR",
    "\n",
)
DAYS = ("2026-09-01T00:00:00Z", "2026-12-01T08:30:00Z", "2027-03-28T00:00:00Z")


def world(objects: int, seed: int, version: str) -> World:
    """An account of so many objects of all kinds, the same for the same seed."""
    dice = random.Random(seed)
    made = World.demo(running=False, profile="guide" if version == "guide" else "oas", rate_limit=10**9)
    put = made.state.put
    for number in range(objects * 70 // 100):
        put("adSets", str(2_000_000 + number), _ad_set(dice, str(2_000_000 + number), number))
    for number in range(objects * 25 // 200):
        seller = str(100 + number)
        put("sellers", seller, {"advertiserId": "1352", "name": _name(dice)})
        pair = {"sellerId": seller, "campaignId": "10001", "bid": _money(dice, 4), "suspendedSince": None}
        put("sellerCampaigns", f"{seller}.10001", pair)
        put("sellerBudgets", str(5000 + number), _seller_budget(dice, seller))
    some = next(iter(made.state.all("balances").values()))
    for number in range(objects * 5 // 100):
        own = {"name": f"{_name(dice)} {number}", "deposited": _money(dice, 2), "memo": dice.choice([None, *WORDS])}
        put("balances", str(2**64 + 5000 + number), some | own)
    return made


def _ad_set(dice: random.Random, key: str, number: int) -> dict[str, Any]:
    countries = dice.choice([None, ["FR"], ["NO", "DE"], dice.sample(["FR", "DE", "ES", "IT", "BE", "NL", "NO"], 4)])
    status = dice.choice(("on", "off"))
    record = ad_set(
        key, _name(dice), bid=str(_money(dice, 4)), amount=str(_money(dice, 2)), countries=countries, status=status
    )
    record["campaignId"] = str(400_000 + number // 40)
    record["schedule"] |= {"startDate": dice.choice(DAYS), "endDate": dice.choice((None, "2028-01-01T00:00:00Z"))}
    record["targeting"]["deliveryLimitations"]["devices"] = dice.choice(([], ["mobile"], ["mobile", "tablet"]))
    record["budget"]["budgetRenewal"] = dice.choice(("daily", "weekly", "monthly", "lifetime"))
    return record


def _seller_budget(dice: random.Random, seller: str) -> dict[str, Any]:
    sort, end = dice.choice(("Capped", "Uncapped")), dice.choice((None, "2027-11-30"))
    amount = None if sort == "Uncapped" else _money(dice, 2)
    whose = {"sellerId": seller, "campaignIds": ["10001"], "budgetType": sort, "amount": amount, "spent": Decimal(0)}
    return whose | {"startDate": "2026-11-01", "endDate": end, "isSuspended": dice.random() < 0.1}


def _name(dice: random.Random) -> str:
    return " ".join(dice.choices(WORDS, k=dice.randint(1, 4)))


def _money(dice: random.Random, places: int) -> Decimal:
    return Decimal(dice.randint(1, 10**6)).scaleb(-places)


# --- One generation ---------------------------------------------------------------------------------------------


def measured(objects: int, versions: Mapping[str, str], folder: Path, seed: int = 7) -> dict[str, Any]:
    """The figures of an import, a plan after it, and a second import."""
    made = world(objects, seed, versions["marketingSolutions"])
    simulated = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    api = Api(CREDENTIALS, Settings("http://localhost", calls_per_minute=10**9), handle=made.handle, request=Request)
    outside = Environment(api.send, lambda: made.now, lambda seconds: None)
    spoken = ", ".join(f'{family}: "{version}"' for family, version in versions.items())
    ids = 'scope: {advertiserIds: ["1352"], retailMediaAccountIds: ["18446744073709551616"]}'
    (folder / "reconciler.yaml").write_text(f"version: 1\napi: {{{spoken}}}\n{ids}\n", encoding="utf-8")

    def run(update: bool) -> ImportResult:
        return import_.write_import(
            loader.load([str(folder)]),
            outside,
            StateSnapshot(),
            ImportRequest(update=update),
            lambda line: None,
            made.now,
        )

    first, importing = _timed(lambda: run(False))
    before = _texts(folder)
    loaded, loading = _timed(lambda: loader.load([str(folder)]))
    invalid = [each for each in plan_engine.validate(loaded, made.now).problems if each.severity.value == "error"]
    plan, planning = _timed(lambda: plan_engine.plan(loaded, outside, made.now))
    again, repeating = _timed(lambda: run(True))
    planned = getattr(plan, "run", plan)
    looks = _looks(made, folder, outside, api, random.Random(seed))
    api.close()
    return {
        "resources": sum(len(each.added) for each in first.files),
        "files": len(first.files),
        "left out": len(first.left),
        "megabytes": sum(map(len, before.values())) / 10**6,
        "import s": importing,
        "load s": loading,
        "plan s": planning,
        "second import --update s": repeating,
        "invalid": len(invalid),
        "planned changes": len(planned.changes) + sum(each.severity.value == "error" for each in planned.problems),
        **looks,
        "MB simulated": simulated,
        "bytes changed": sum(1 for name, text in _texts(folder).items() if before.get(name) != text) + len(again.files),
    }


EDITED = 100


def _looks(made: World, folder: Path, outside: Environment, api: Api, dice: random.Random) -> dict[str, Any]:
    """A first look, one at which nothing has moved, and one after edits by somebody else."""
    found: dict[str, Any] = {}
    edited = dice.sample(sorted(key for key in made.state.all("adSets") if int(key) >= 2_000_000), EDITED)
    for name in ("first look s", "quiet look s", "look after 100 edits s"):
        if name == "look after 100 edits s":
            for key in edited:
                made.edit("adSets", key, {"bidding.bidAmount": "7.77"})
        loaded = loader.load([str(folder)])
        assert loaded.project is not None
        home, quiet = LedgerHome("sqlite:.reconciler/ledger.db", "sandbox"), lambda line: None
        session = Session((str(folder),), loaded, loaded.project, outside, api, home, quiet)
        looked, found[name] = _timed(partial(drift_command.detect_drift, session))
        found[f"drifted at the {name[:-2]}"] = len(looked.run.drift)
    return found


def _timed(work: Any) -> tuple[Any, float]:
    """Of the processor's time, so that a busy machine counts for little."""
    began = time.process_time()
    return work(), time.process_time() - began


def _texts(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(folder.rglob("*.yaml"))}


def _alone(objects: int, versions: Mapping[str, str]) -> dict[str, Any]:
    """The figures of one generation, in a process of its own, so that the peak of memory is its own."""
    with tempfile.TemporaryDirectory() as folder:
        figures = measured(objects, versions, Path(folder))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**figures, "MB at the peak": peak}


def main() -> None:
    objects = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        for versions, figures in zip(GENERATIONS, pool.map(partial(_alone, objects), GENERATIONS), strict=True):
            told = (
                f"{name} {each:.1f}" if isinstance(each, float) else f"{name} {each}" for name, each in figures.items()
            )
            print(f"{' '.join(versions.values())}: {', '.join(told)}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
