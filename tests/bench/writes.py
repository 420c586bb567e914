"""How many writes an apply sends, counted by the server: those of a mixed change, and those of a second apply.

``python writes.py COMMAND`` prints ``{"sent": ..., "minimum": ..., "again": ...}``. The account is the sandbox over
HTTP. The minimum is arithmetic: one call for each creation, one for every fifty patches, starts and stops.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

from measure import NOW

from reconciler.sandbox.seed import ad_set
from reconciler.sandbox.world import World

AD_SETS, BIDS, STOPS, CREATED, CHUNK = 1_000, 420, 130, 5, 50
MINIMUM = CREATED + -(-BIDS // CHUNK) + -(-STOPS // CHUNK)
FIRST = 2_000_000
NEW = """\
  new-{n}:
    name: New {n}
    campaignId: "358313"
    datasetId: "6789"
    objective: conversions
    mediaType: display
    trackingCode: utm_source=criteo
    schedule: {{startDate: 2030-01-01}}
    bidding: {{costController: maxCPC, bidAmount: 0.50}}
    budget: {{budgetStrategy: uncapped}}
"""


def account(file: Path) -> None:
    """The demo account with a thousand ad sets more."""
    world = World.demo(running=True, rate_limit=10**9)
    for number in range(AD_SETS):
        key = str(FIRST + number)
        world.state.put("adSets", key, ad_set(key, f"Ad set {number}", bid="0.90", amount="50", countries=["FR"]))
    world.save(file)


def wanted(folder: Path) -> None:
    """Other bids for some, a stop for others, and a few that are new."""
    folder.mkdir()
    (folder / "reconciler.yaml").write_text(
        'version: 1\nscope: {advertiserIds: ["1352"]}\nguardrails: {maxStops: 500}\n'
        "recovery: {lookFor: 1s}\n"  # a new ledger waits so long before the first create
    )
    blocks = [f'  a{n}: {{id: "{FIRST + n}", bidding: {{bidAmount: 0.95}}}}\n' for n in range(BIDS)]
    blocks += [
        f'  a{n}: {{id: "{FIRST + n}", schedule: {{activationStatus: off}}}}\n' for n in range(BIDS, BIDS + STOPS)
    ]
    blocks += [f'  a{n}: {{id: "{FIRST + n}", bidding: {{bidAmount: 0.90}}}}\n' for n in range(BIDS + STOPS, AD_SETS)]
    (folder / "ads.yaml").write_text("adSets:\n" + "".join(blocks) + "".join(NEW.format(n=n) for n in range(CREATED)))


def control(url: str, method: str, what: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/_sandbox/{what}", data=data, method=method)
    with closing(urllib.request.urlopen(request)) as answer:
        return json.load(answer)


def writes(url: str) -> int:
    """How many calls changed something since the last time that anybody asked."""
    calls = control(url, "GET", "calls")
    control(url, "DELETE", "calls")
    reads = re.compile(r"(/search|/oauth2/token)$")
    return sum(call["method"] != "GET" and not reads.search(call["path"]) for call in calls)


def main() -> None:
    command = sys.argv[1]
    with tempfile.TemporaryDirectory() as scratch:
        state, project = Path(scratch) / "state.json", Path(scratch) / "project"
        account(state)
        wanted(project)
        serve = [command, "sandbox", "serve", "--port", "0", "--state", str(state)]
        server = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"})
        try:
            assert server.stdout is not None
            url = re.search(r"http://\S+", server.stdout.readline())
            assert url is not None
            control(url[0], "POST", "clock", {"now": NOW.isoformat()})
            secret = {f"CRITEO_MS_CLIENT_{part}": text for part, text in (("ID", "sandbox-ms"), ("SECRET", "sandbox"))}
            env = os.environ | secret | {"RECONCILER_API_URL": url[0], "NO_PROXY": "127.0.0.1"}
            counts = []
            for _ in range(2):
                subprocess.run(
                    [command, "apply", "--auto-approve"], cwd=project, env=env, check=True, stdout=sys.stderr
                )
                counts.append(writes(url[0]))
        finally:
            server.kill()
            server.wait()
    sys.stdout.write(json.dumps({"sent": counts[0], "minimum": MINIMUM, "again": counts[1]}) + "\n")


if __name__ == "__main__":
    main()
