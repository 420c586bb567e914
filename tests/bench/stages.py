"""Where the time of a plan goes, in microseconds an ad set: ``python stages.py FOLDER LIVE``, all in one process."""

import gc
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

from measure import NOW

from reconciler.config import loader, published_schemas, schema_errors
from reconciler.config.yaml_document import parse
from reconciler.kinds.kind import ValidationContext
from reconciler.model import Run
from reconciler.planning import diff, match
from reconciler.planning.batching import build_calls
from reconciler.planning.call_parts import BoundType
from reconciler.planning.cost import CostContext, compute_cost
from reconciler.provider import codec, sub_resources
from reconciler.provider.http.messages import Reply, decode_reply
from reconciler.reports import FORMATS, RenderOptions


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
    schema_errors.is_valid({}, published_schemas.RESOURCES)
    watch = Watch()
    texts = watch.time("read the files", lambda: [file.read_bytes() for file in sorted(folder.glob("ads/*.yaml"))])
    documents = watch.time("parse", lambda: [parse(text, "ads.yaml")[0] for text in texts])
    watch.time(
        "validate", lambda: [schema_errors.is_valid(each.value, published_schemas.RESOURCES) for each in documents]
    )
    documents.clear()
    loaded = watch.time("whole", lambda: loader.load(()))
    watch.seconds["values and rules of a file"] = watch.seconds.pop("whole") - sum(watch.seconds.values())
    project, kind = loaded.project, loaded.project.kinds["adSets"]
    answer = watch.time("live JSON", lambda: decode_reply(Reply(200, {}, body)))["data"]
    rows = watch.time("decode", lambda: [codec.decode_row(kind, row) for row in answer])
    pairs = watch.time("match", lambda: match.match(kind, loaded.desired, rows, {})[0])
    pairs = watch.time("details", lambda: sub_resources.add_details(kind, "", pairs, lambda call: None))
    scene = ValidationContext(pairs, NOW, rows, online=True)
    watch.time("rules on what is live", lambda: [list(rule(scene)) for rule in kind.scene_rules])
    changes = watch.time("compare", lambda: diff.diff(kind, pairs, {})[0])
    book = CostContext(project.kinds, {kind.name: rows}, changes, project.scope, {}, NOW)
    cost = watch.time("money", lambda: compute_cost(book))
    calls = watch.time("calls", lambda: build_calls(changes, {kind.name: BoundType(kind, "")}))
    run = Run("plan", "bench", changes, calls, unchanged=len(pairs) - len(changes), money=cost)
    watch.time("text report", lambda: FORMATS["text"](run, RenderOptions()))
    sys.stdout.write(json.dumps({name: each / len(pairs) * 1e6 for name, each in watch.seconds.items()}) + "\n")


if __name__ == "__main__":
    main()
