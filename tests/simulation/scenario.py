"""Draws a scenario from a seed, and makes a scenario smaller as long as it still shows what it showed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from .wants import WANTS, Want

Scenario = dict[str, Any]
LATE = (None, 0, 5, 20, 40, 120, 300)
LAGS = (5, 20, 30, 120)
ANSWERS: dict[str, dict[str, Any]] = {
    "504": {"status": 504, "page": True},
    "502": {"status": 502, "page": True},
    "reset": {"drop": "reset"},
    "time-out": {"drop": "silence"},
    "408": {"status": 408},
    "409": {"status": 409},
    "499": {"status": 499},
    "HTML 403": {"status": 403, "page": True},
}
PATHS = {
    "retailMediaCampaigns": "*/retail-media/accounts/*/campaigns",
    "lineItems": "*/auction-line-items*",
    "campaigns": "*/marketing-solutions/campaigns",
    "adSets": "*/ad-sets",
    "sellerBudgets": "*/budgets",
    "sellerCampaigns": "*/seller-campaigns",
    "balances": "*/balances",
}
FUNDS = "*/add-funds"


def drawn(seed: int) -> Scenario:
    """Return the scenario of a seed: two to six steps, each run with its own trouble."""
    rng = random.Random(seed)
    names = [name for name in WANTS if name != "credit"] if rng.random() < 0.8 else [n for n in WANTS if n != "less"]
    wanted = rng.sample(names, rng.randint(1, 3))
    views = [_view(rng)] if rng.random() < 0.4 else []
    first = _apply(rng, wanted, first=True)
    later = [_step(rng, wanted) for _ in range(rng.randint(1, 4))]
    steps = _of_a_saved_plan(first, later) if rng.random() < 0.1 else [first, *later]
    found = {"seed": seed, "wants": wanted, "views": views, "steps": steps}
    if rng.random() < 0.9:
        return found
    for step in later:
        if step["do"] == "apply" and rng.random() < 0.5:
            step["host"] = "b"
    return found | _apart(rng, views)


def _apart(rng: random.Random, views: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a second machine whose clock is wrong, and perhaps a server that tells no date."""
    dateless = [{"kind": "date", "seconds": None, "path": "*", "count": None}] if rng.random() < 0.6 else []
    return {"skews": {"b": rng.choice((-3600, 600, 3600, 3600))}, "views": [*views, *dateless]}


def _of_a_saved_plan(first: dict[str, Any], later: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the same steps with one plan, saved before, which each of them applies."""
    steps = [step | {"plan": True} if step["do"] == "apply" else step for step in (first, *later)]
    return [{"do": "plan"}, *steps]


def _step(rng: random.Random, wanted: list[str]) -> dict[str, Any]:
    chance = rng.random()
    if chance < 0.5:
        return _apply(rng, wanted, first=False)
    if chance < 0.75:
        return {"do": "wait", "seconds": rng.choice((1, 10, 60, 150, 400, 1900))}
    if chance < 0.85:
        return {"do": "resolve", "hasty": True} if rng.random() < 0.3 else {"do": "resolve"}
    return {"do": rng.choice(("rename", "twin", "top-up")), "of": rng.choice(wanted)}


def _apply(rng: random.Random, wanted: list[str], *, first: bool) -> dict[str, Any]:
    step: dict[str, Any] = {"do": "apply"}
    if rng.random() < (0.9 if first else 0.4):
        faults = [_fault(rng, wanted) for _ in range(rng.randint(1, 2))]
        against = [fault for fault in faults if "applied" in fault]
        step["faults"] = against[:1] or faults  # an effect after the API's own refusal is impossible, not only strange
    if rng.random() < 0.3:
        how = "kill" if rng.random() < 0.8 else "interrupt"
        step["end"] = {"at": rng.randint(1, 3), "when": rng.choice(("before", "after")), "how": how}
    if rng.random() < 0.08:
        name = rng.choice(wanted)
        step["faults"] = [*step.get("faults", ()), _turned_away(rng, WANTS[name])]
        step["meanwhile"] = [
            {"after": rng.choice((5, 30, 70, 125, 150, 200)), "do": rng.choice(("twin", "top-up")), "of": name}
        ]
    elif rng.random() < 0.05:
        step["pause"] = {"at": rng.choice((1, 1, 2)), "seconds": rng.choice((50, 70, 200))}
        step["meanwhile"] = [
            {"after": rng.choice((2, 10, 40)), "do": rng.choice(("twin", "top-up")), "of": rng.choice(wanted)}
        ]
    if not first and rng.random() < 0.3:
        step["host"] = "b"
    if not first and rng.random() < 0.12:
        step["ledger"] = rng.choice(("older", "none"))
    return step


def _fault(rng: random.Random, wanted: list[str]) -> dict[str, Any]:
    want = rng.choice(WANTS[rng.choice(wanted)].parts)
    path = FUNDS if want.balance else PATHS[want.section]
    chosen = {"path": path, "method": "POST", "nth": rng.choice((1, 1, 1, 2)), "count": rng.choice((1, 1, 2))}
    if want.ids and not want.balance:  # an absolute value, which is sent several times
        chosen |= {"method": "PUT" if want.section == "lineItems" else "PATCH", "count": rng.choice((1, 6))}
        return {"kind": "late", "seconds": rng.choice(LATE), **rng.choice(list(ANSWERS.values())), **chosen}
    if rng.random() < 0.05 and want.section == "adSets":
        return {"kind": "old_id", "id": rng.choice(("123467", "123470")), **chosen}
    if rng.random() < 0.1:
        refusal = rng.choice(({"status": 429, "headers": {"x-ratelimit-reset": "1"}}, {"status": 503}, {"status": 401}))
        if refusal["status"] in (429, 401) and rng.random() < 0.25:
            refusal = {**refusal, "applied": True}  # against what the API's own words mean
        return {"kind": "status", **refusal, **chosen}
    return {"kind": "late", "seconds": rng.choice(LATE), **rng.choice(list(ANSWERS.values())), **chosen}


def _turned_away(rng: random.Random, want: Want) -> dict[str, Any]:
    """Return a 429 that lets the next sending of a want wait for more than a minute."""
    path = FUNDS if want.balance else PATHS[want.section]
    return {"kind": "status", "status": 429, "reset_in": rng.choice((70, 90, 150)), "path": path, "method": "POST"}


def _view(rng: random.Random) -> dict[str, Any]:
    path = rng.choice(("*", "*", "*/search", "*/balances*", "*/history", "*/budgets"))
    return {
        "kind": "stale",
        "path": path,
        "seconds": rng.choice(LAGS),
        "every": rng.choice((1, 1, 2, 3)),
        "count": None,
    }


def smaller(scenario: Scenario, fails: Callable[[Scenario], bool], tries: int = 150) -> Scenario:
    """Return a scenario of which no single part can be left out without the failure going away."""
    again = True
    while again and tries > 0:
        again = False
        for candidate in _parts_removed(scenario):
            tries -= 1
            if tries < 0:
                break
            if candidate["wants"] and fails(candidate):
                scenario, again = candidate, True
                break
    return scenario


def _parts_removed(value: Any) -> Iterator[Any]:
    """Yield the value without each of its parts, the largest first."""
    if isinstance(value, list):
        for index in range(len(value)):
            yield [*value[:index], *value[index + 1 :]]
        for index, one in enumerate(value):
            for less in _parts_removed(one):
                yield [*value[:index], less, *value[index + 1 :]]
    elif isinstance(value, dict):
        for key in [key for key in value if key in _OPTIONAL]:
            yield {name: one for name, one in value.items() if name != key}
        for key, one in value.items():
            for less in _parts_removed(one):
                yield {**value, key: less}


_OPTIONAL = frozenset(
    {"faults", "end", "host", "ledger", "views", "plan", "meanwhile", "nth", "count", "every", "page", "headers"}
    | {"skews", "pause", "hasty", "applied"}
)
"""Keys of a step, a fault or a view that have a default."""
