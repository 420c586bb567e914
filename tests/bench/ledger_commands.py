"""What whole commands cost as the ledger grows: CPU time of `plan` and of an `apply` that has nothing to do.

    python tests/bench/ledger_commands.py plan [OBJECTS] [RUNS]
    python tests/bench/ledger_commands.py spread [OBJECTS] [RUNS]
    python tests/bench/ledger_commands.py failed [RUNS]

The names of the plan are neighbours in the ledger, or spread over all of it. Each command runs in a child of its own,
before a server in another process; the contestants take turns. A bucket is in memory, and the child has a copy of it.
PostgreSQL is started where its programs are found, and what its session takes counts as well. RECONCILER_BENCH_STORES
names the stores to measure: postgres,sqlite,bucket.
"""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from ledgers import AT_HAND, NOW, ItemStatus, run, say, sent, stores
from portfolio import Portfolio
from prepare import write_answers

from reconciler import cli
from reconciler import ledger as ledgers
from reconciler.model import Address
from tests.unit.ledger import postgres_server

HERE = Path(__file__).parent
ROUNDS = 5
SECRETS = {"CRITEO_MS_CLIENT_ID": "bench", "CRITEO_MS_CLIENT_SECRET": "bench"}
ALLOWED = ("--allow", "emptyScope", "--because", "bench")
"""The files have a fiftieth of what the large ledger knows, which looks like files that were lost."""
BLOCK = "ad-set-{:06}"
FIRST_ID = 900_000
Open = Callable[[bool], Any]
SERVERS: list[postgres_server.Server] = []


@contextmanager
def served(portfolio: Portfolio, folder: Path) -> Iterator[None]:
    """Let the commands ask a server with what is live of a portfolio."""
    write_answers(portfolio, folder / "live")
    script = [sys.executable, str(HERE / "live_server.py"), str(folder / "live")]
    server = subprocess.Popen(script, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    os.environ |= SECRETS | {"RECONCILER_API_URL": f"http://127.0.0.1:{server.stdout.readline().strip()}"}
    try:
        yield
    finally:
        server.kill()
        server.wait()


def written(portfolio: Portfolio, folder: Path, step: int = 1) -> Path:
    """Write a project whose blocks are each so many names of the ledger apart; those of one file are neighbours."""
    portfolio.write(folder)
    for file in (folder / "ads").iterdir():
        name = lambda found: f"{BLOCK.format(int(found[1]) * step)}:"  # noqa: E731
        file.write_text(re.sub(r"ad-set-(\d+):", name, file.read_text()))
    return folder


def instead(open: Open) -> Callable[..., Any]:
    """Return what opens this ledger in place of the project's."""
    real = ledgers._open_store

    def opened(*_: Any, create: bool, **more: Any) -> Any:
        with patch.object(ledgers, "_open_store", real):
            return open(create)

    return opened


@contextmanager
def database() -> Iterator[None]:
    """Start a PostgreSQL server for the bench, if its programs are found and no other is named."""
    bin = postgres_server.binaries()
    if bin is None or os.environ.get("RECONCILER_BENCH_POSTGRES"):
        yield
        return
    server = postgres_server.Server(bin)
    server.sql("ALTER SYSTEM SET autovacuum = off")
    server.sql("SELECT pg_reload_conf()")
    os.environ["RECONCILER_BENCH_POSTGRES"] = server.url("postgres")
    SERVERS.append(server)
    try:
        yield
    finally:
        SERVERS.clear()
        server.remove()


def sessions() -> float:
    """Return the CPU seconds of all ended sessions of the database server."""
    for server in SERVERS:
        while server.sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'") != [(1,)]:
            time.sleep(0.05)
        time.sleep(0.1)
        process = (Path(server.data) / "postmaster.pid").read_text().split()[0]
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def cost(project: Path, open: Open, *words: str) -> float:
    """Return the CPU seconds of a command in a child."""
    before = sessions()
    sys.stdout.flush()
    gc.collect()
    gc.freeze()  # what this process has is not looked through by the child
    child = os.fork()
    if not child:
        code = 1
        with (
            patch.object(ledgers, "_open_store", instead(open)),
            Path(os.devnull).open("w") as out,
        ):
            os.chdir(project)
            os.dup2(out.fileno(), 1)
            os.dup2(out.fileno(), 2)
            try:
                cli.main([*words])
                code = 0
            except SystemExit as ended:
                code = int(ended.code or 0)
        os._exit(code)
    _, status, used = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, 2), f"{words} ended with {code}"
    return used.ru_utime + used.ru_stime + sessions() - before


def known(open: Open, objects: int, runs: int, step: int = 1, files: int = 1) -> Open:
    """Fill a ledger with objects, and with runs that changed some of them.

    The objects are so many names apart. The files have the first ones, or each one of so many.
    """
    ledger = open(True)
    for first in range(0, objects, 10_000):
        with ledger.together():
            for at in range(first, min(first + 10_000, objects)):
                ours = at % files == 0
                id = FIRST_ID + (at // files if ours else objects + at)
                values = {} if ours else {"name": f"ad set {at}", "bidding.bidAmount": "0.80", "budget.amount": "50"}
                ledger.remember(Address("adSets", BLOCK.format(at * step)), str(id), values)
    changed, first_id = (50, FIRST_ID) if files == 1 else (min(files - 1, 50), FIRST_ID + objects)
    for each in range(runs):
        first = (each * 350) % max(objects - 50, 1) // files * files + (files > 1)  # between those of the files
        run(ledger, NOW + timedelta(hours=each), [sent(first, changed, BLOCK, first_id)])
    ledger.compact()
    ledger.close()
    for server in SERVERS:
        server.sql("VACUUM ANALYZE")  # as the server does by itself, a minute later
    return open


def alternate(project: Path, contestants: dict[str, Open], *words: str) -> dict[str, float]:
    """Return the median CPU seconds of a command with each ledger; they take turns."""
    costs: dict[str, list[float]] = {name: [] for name in contestants}
    for open in contestants.values():
        cost(project, open, *words)  # the first run of a project writes more
    for _ in range(ROUNDS):
        for name, open in contestants.items():
            costs[name].append(cost(project, open, *words))
    return {name: median(each) for name, each in costs.items()}


def opened(folder: Path) -> dict[str, Open]:
    folder.mkdir()
    named = os.environ.get("RECONCILER_BENCH_STORES", "").split(",")
    return {name: open for name, open in stores(folder).items() if named == [""] or name in named}


def plan(objects: int = 100_000, runs: int = 300, step: int = 1) -> None:
    with tempfile.TemporaryDirectory(prefix="bench") as name:
        folder = Path(name)
        project = written(Portfolio(AT_HAND), folder / "project", step)
        small, large = opened(folder / "small"), opened(folder / "large")
        with served(Portfolio(AT_HAND), folder):
            for store in sorted(small):
                pair = {
                    "small": known(small[store], AT_HAND, 1, step),
                    "large": known(large[store], objects, runs, files=step),
                }
                took = alternate(project, pair, "plan", *ALLOWED)
                ratio = took["large"] / took["small"]
                say(f"{store}: plan {took['small']:.3f} s of CPU, of {objects:,} {took['large']:.3f} s: {ratio:.3f}")


def spread(objects: int = 100_000, runs: int = 300) -> None:
    plan(objects, runs, objects // AT_HAND)


def failed(runs: int = 20) -> None:
    """Apply without a change, before and after runs whose 40 calls were all refused."""
    with tempfile.TemporaryDirectory(prefix="bench") as name:
        folder = Path(name)
        project = written(Portfolio(AT_HAND, 0), folder / "project")
        before, after = opened(folder / "before"), opened(folder / "after")
        with served(Portfolio(AT_HAND, 0), folder):
            for store in sorted(before):
                pair = {"before": known(before[store], AT_HAND, 1), "after": known(after[store], AT_HAND, 1)}
                for each in range(runs):
                    ledger = pair["after"](True)
                    calls = [sent(first, 50, BLOCK, FIRST_ID) for first in range(0, AT_HAND, 50)]
                    run(ledger, NOW + timedelta(hours=each), calls, ItemStatus.REJECTED)
                    ledger.close()
                took = alternate(project, pair, "apply", "--auto-approve")
                ratio = took["after"] / took["before"]
                say(f"{store}: apply {took['before']:.3f} s of CPU, then {took['after']:.3f} s: {ratio:.3f}")


if __name__ == "__main__":
    with database():
        {"plan": plan, "spread": spread, "failed": failed}[sys.argv[1]](*map(int, sys.argv[2:]))
