"""Writes what is live of a portfolio: ``python prepare.py TASK PATH AD_SETS CHANGED OTHERS``."""

import json
import sys
from pathlib import Path
from typing import Any

import yaml
from contestants import dates_as_text
from portfolio import Portfolio


def write_answers(portfolio: Portfolio, folder: Path) -> None:
    """The bodies of all answers, and which is whose."""
    folder.mkdir()
    index = {}
    for number, (name, body) in enumerate(portfolio.answers().items()):
        (folder / f"{number}.json").write_bytes(body)
        index[name] = f"{number}.json"
    (folder / "index.json").write_text(json.dumps(index))


def write_plain(portfolio: Portfolio, file: Path) -> None:
    """What is live in the shape of the files, so that stacks without a model need no mapping at all."""
    rows: dict[str, dict[str, Any]] = {}
    for text in portfolio.files():
        for block in dates_as_text(yaml.load(text, yaml.CSafeLoader))["adSets"].values():
            if portfolio.is_changed(len(rows)):
                block["bidding"]["bidAmount"] = round(block["bidding"]["bidAmount"] + 0.05, 2)
            rows[block["id"]] = block
    file.write_text(json.dumps(rows))


if __name__ == "__main__":
    task, path, ad_sets, changed, others = sys.argv[1:]
    made = Portfolio(int(ad_sets), float(changed), int(others))
    {"write_answers": write_answers, "write_plain": write_plain}[task](made, Path(path))
