"""Who runs against us, each as a process of its own that does nothing else: ``python contestants.py NAME FOLDER LIVE``.

The lower bound does the least that a plan needs, on plain dicts: no kinds, no decimals, no money, no report.
"""

import gc
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Rows = dict[str, dict[str, Any]]
SCHEMA = Path(__file__).parents[2] / "schemas" / "resources.schema.json"


def parse_only(folder: Path, live: Path) -> int:
    """The yardstick: the same files through CSafeLoader, and away with them."""
    import yaml

    gc.disable()
    return sum(len(yaml.load(text, yaml.CSafeLoader)) for text in _texts(folder))


def naive(folder: Path, live: Path) -> int:
    """What comes to mind first: CSafeLoader, jsonschema, and deepdiff on each pair."""
    import yaml
    from deepdiff import DeepDiff
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(json.loads(SCHEMA.read_text()))
    wanted: Rows = {}
    for text in _texts(folder):
        content = dates_as_text(yaml.load(text, yaml.CSafeLoader))
        assert not any(validator.iter_errors(content))
        wanted |= {block["id"]: block for block in content["adSets"].values()}
    there: Rows = json.loads(live.read_bytes())
    return sum(bool(DeepDiff(there[id], block)) for id, block in wanted.items())


def lower_bound(folder: Path, live: Path) -> int:
    """The strict loader, jsonschema-rs, orjson, and ``==``."""
    import jsonschema_rs
    import orjson

    from reconciler.config.yaml_document import parse

    gc.disable()
    validator = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()))
    wanted: Rows = {}
    for text in _texts(folder):
        document, _ = parse(text, "ads.yaml")
        assert document is not None
        content: Any = document.value
        assert validator.is_valid(content)
        wanted |= {block["id"]: block for block in content["adSets"].values()}
    there: Rows = orjson.loads(live.read_bytes())
    moved = {
        id: {name: value for name, value in block.items() if there[id].get(name) != value}
        for id, block in wanted.items()
        if there[id] != block
    }
    ids = list(moved)
    bodies = [orjson.dumps([moved[id] for id in ids[at : at + 50]], default=str) for at in range(0, len(ids), 50)]
    assert len(bodies) == -(-len(moved) // 50)
    return len(moved)


def _texts(folder: Path) -> Iterator[bytes]:
    return (file.read_bytes() for file in sorted(folder.glob("ads/*.yaml")))


def dates_as_text(content: Any) -> Any:
    """The stock loader reads days as dates and ``on`` as true, so its users convert them."""
    for block in content["adSets"].values():
        schedule = block["schedule"]
        schedule |= {"startDate": str(schedule["startDate"]), "endDate": str(schedule["endDate"])}
        schedule["activationStatus"] = "on" if schedule["activationStatus"] else "off"
        for rule in block["targeting"]["geoLocation"].values():
            rule["values"] = ["NO" if value is False else value for value in rule["values"]]
    return content


if __name__ == "__main__":
    found = {"parse-only": parse_only, "naive": naive, "lower-bound": lower_bound}[sys.argv[1]]
    sys.stdout.write(f"{found(Path(sys.argv[2]), Path(sys.argv[3]))}\n")
