"""Writes what is live of a portfolio: ``python prepare.py TASK PATH AD_SETS CHANGED OTHERS ADVERTISERS``."""

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from contestants import dates_as_text
from measure import NOW
from portfolio import PROJECT, Portfolio

from reconciler import ledger
from reconciler.ledger.interface import Holder, RunRecord
from reconciler.model import Address, BodyForm, Call, FieldChange, Item, ItemOutcome, ItemStatus, WriteEffect


def write_answers(portfolio: Portfolio, folder: Path) -> None:
    """The bodies of all answers, and which is whose."""
    folder.mkdir(parents=True)
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


def write_ledger(portfolio: Portfolio, file: Path) -> None:
    """A ledger whose last run moved every bid to what the files want, fifty in a call."""
    book = ledger.open(f"sqlite:{file}", file.parent, name="bench", create=True)
    with book.lock(("advertiserIds:1352",), Holder("bench"), timeout=0, waiting=lambda holder: None):
        run = book.begin(RunRecord("apply", "bench", NOW, "bench", planned=portfolio.ad_sets))
        for start in range(0, portfolio.ad_sets, 50):
            items = tuple(_bid(portfolio, n) for n in range(start, min(start + 50, portfolio.ad_sets)))
            rows = tuple({"id": item.id} for item in items)
            form = BodyForm(many=True, data=True)
            name = f"adSets.bids.{start // 50 + 1}"
            call = Call(name, "adSets", "bids", WriteEffect.SET, "PATCH", "/x", rows, items=items, form=form)
            ended = tuple(ItemOutcome(name, item, ItemStatus.APPLIED, item.id) for item in items)
            book.settle(book.intend(run, call, at=NOW), ended, NOW)
        book.finish(run, NOW, 0)
    book.close()


def _bid(portfolio: Portfolio, n: int) -> Item:
    values = portfolio.values(n)
    after = Decimal(values["bid"])
    move = FieldChange("bidding.bidAmount", "bids", after + Decimal("0.05"), after)
    return Item(Address("adSets", f"ad-set-{n}"), values["id"], (move,))


def write_mistakes(portfolio: Portfolio, folder: Path) -> None:
    """A project of one file, in which every ad set has a key that is not there and a word that is none."""
    folder.mkdir()
    block = "  ad-set-{n}:\n    name: A {n}\n    campaignId: '1'\n    nam: x\n    mediaType: {n}\n"
    (folder / "ads.yaml").write_text("adSets:\n" + "".join(block.format(n=n) for n in range(portfolio.ad_sets)))
    (folder / "reconciler.yaml").write_text(PROJECT.format(advertiser="1352"))


if __name__ == "__main__":
    task, path, ad_sets, changed, others, advertisers = sys.argv[1:]
    made = Portfolio(int(ad_sets), float(changed), int(others), int(advertisers))
    tasks = {each.__name__: each for each in (write_answers, write_plain, write_ledger, write_mistakes)}
    tasks[task](made, Path(path))
