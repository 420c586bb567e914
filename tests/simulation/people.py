"""What other users do in the platform between two runs."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .wants import CREATED, WANTS, address_of
from .watched import Watched

Step = Mapping[str, Any]


def renamed(world: Watched, step: Step) -> bool:
    """Rename what a want has made; return whether there was something."""
    found = _object(world, step["of"])
    if found is None or found[0] not in ("adSets", "balances"):
        return False
    world.edit(found[0], found[1], {"name": "Renamed by hand"})
    world.renamed.setdefault(WANTS[step["of"]].address, world.now)
    return True


def twinned(world: Watched, step: Step) -> bool:
    """Make an object with all the values of what a want makes, as a colleague would; return whether that can be."""
    want = WANTS[step["of"]]
    if want.section == "adSets":
        source = _object(world, step["of"])
        record = dict(source[2]) if source else dict(world.state.all("adSets")["123467"]) | _values(step["of"])
        key = world.state.next_id("adSets")
        return _made(world, "adSets", key, {**record, "id": key})
    return False


def topped_up(world: Watched, step: Step) -> bool:
    """Add funds to a balance that a want tops up, by the same amount or another."""
    want = WANTS[step["of"]]
    if want.balance is None or want.deposited is None:
        return False
    now = world.state.all("balances")[want.balance]["deposited"]
    amount = Decimal(str(step["amount"])) if "amount" in step else want.deposited - now
    if not amount or now + amount < 0:
        return False
    world.touched.setdefault(want.balance, []).append(world.now)
    world.edit("balances", want.balance, {"deposited": now + amount})
    return True


def _values(name: str) -> dict[str, Any]:
    number = name[-1]
    return {"name": f"New {number}", "trackingCode": f"t{number}", "campaignId": "358313"}


def _object(world: Watched, name: str) -> tuple[str, str, Any] | None:
    """Return the collection, id and record of the program's own object for a want."""
    for collection in CREATED:
        for key, record in world.state.all(collection).items():
            if (collection, key) in world.initial | world.others:
                continue
            if address_of(collection, record) == WANTS[name].address:
                return collection, key, record
    return None


def _made(world: Watched, collection: str, key: str, record: Any) -> bool:
    world.others.add((collection, key))
    world.state.put(collection, key, record)
    return True


DEEDS = {"rename": renamed, "twin": twinned, "top-up": topped_up}
