"""Where the time of a plan goes, in microseconds an ad set: ``python stages.py FOLDER LIVE``, all in one process."""

import gc
import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from time import process_time
from typing import Any

from reconciler import live, wire
from reconciler.files import explain, published, source
from reconciler.files.document import parse
from reconciler.kinds.kind import Scene
from reconciler.model import Run
from reconciler.planning import diff, match
from reconciler.planning.money import Book, money
from reconciler.planning.parts import Target
from reconciler.planning.plan import plan
from reconciler.reports import FORMATS, Manner


class Watch:
    """Times one step after another."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def time(self, name: str, step: Callable[[], Any]) -> Any:
        start = process_time()
        result = step()
        self.seconds[name] = process_time() - start
        return result


def main() -> None:
    """The stages as the engine composes them; building the validator is start-up, and is left out."""
    folder, body = Path(sys.argv[1]), Path(sys.argv[2]).read_bytes()
    os.chdir(folder)
    gc.disable()
    explain.is_valid({}, published.RESOURCES)
    watch, now = Watch(), datetime.now(UTC)
    texts = watch.time("read the files", lambda: [file.read_bytes() for file in sorted(folder.glob("ads/*.yaml"))])
    documents = watch.time("parse", lambda: [parse(text, "ads.yaml")[0] for text in texts])
    watch.time("validate", lambda: [explain.is_valid(each.value, published.RESOURCES) for each in documents])
    documents.clear()
    loaded = watch.time("whole", lambda: source.load(()))
    watch.seconds["values and rules of a file"] = watch.seconds.pop("whole") - sum(watch.seconds.values())
    project, kind = loaded.project, loaded.project.kinds["adSets"]
    answer = watch.time("live JSON", lambda: json.loads(body, parse_float=Decimal)["data"])
    rows = watch.time("decode", lambda: [wire.decode(kind, row) for row in answer])
    pairs = watch.time("match", lambda: match.match(kind, loaded.desired, rows, {})[0])
    pairs = watch.time("details", lambda: live.with_details(kind, "", pairs, lambda call: None))
    scene = Scene(pairs, now, rows, online=True)
    watch.time("rules on what is live", lambda: [list(rule(scene)) for rule in kind.scene_rules])
    changes = watch.time("compare", lambda: diff.diff(kind, pairs, {})[0])
    book = Book(project.kinds, {kind.name: rows}, changes, project.scope, {}, now)
    cost = watch.time("money", lambda: money(book))
    calls = watch.time("calls", lambda: plan(changes, {kind.name: Target(kind, "")}))
    run = Run("plan", "bench", changes, calls, unchanged=len(pairs) - len(changes), money=cost)
    watch.time("text report", lambda: FORMATS["text"](run, Manner()))
    sys.stdout.write(json.dumps({name: each / len(pairs) * 1e6 for name, each in watch.seconds.items()}) + "\n")


if __name__ == "__main__":
    main()
