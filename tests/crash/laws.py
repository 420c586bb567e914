"""What must hold whenever a run was killed, judged from the sandbox's own state and log of calls."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

Record = dict[str, Any]
State = Mapping[str, Any]
"""A world as JSON: collections by name, and ``log``."""
WRITES = ("POST", "PUT", "PATCH")
NAMED = ("campaigns", "adSets", "balances", "retailMediaCampaigns", "lineItems")
"""The collections whose objects are told by their names: the server gives their ids."""
NO_EFFECT = ("lost_request",)


def broken(before: State, after: State, approved: frozenset[str], deposits: Mapping[str, Decimal]) -> list[str]:
    """Every law that is broken, as sentences; an empty list is what a test wants.

    ``approved`` are the facts that an undisturbed run sends; ``deposits`` the planned change of each balance.
    """
    return [
        *twice_created(before, after),
        *twice_funded(after, deposits),
        *(f"outside the plan: {fact}" for fact in sorted(facts(after) - approved)),
    ]


def not_reached(before: State, after: State, deposits: Mapping[str, Decimal]) -> list[str]:
    """What a run that says it is done has not done: each planned sum was sent, and is there, exactly once."""
    sent, wrong = sent_funds(after), []
    for id, planned in deposits.items():
        total = sum(sent.get(id, ()), Decimal(0))
        held = after["balances"][id]["deposited"] - before["balances"][id]["deposited"]
        if not total == planned == held:
            wrong.append(f"balance {id}: planned {planned}, sent {total}, changed by {held}")
    return wrong


def twice_created(before: State, after: State) -> Iterator[str]:
    keys = {
        "campaigns": lambda row: (row["advertiserId"], row["name"]),
        "retailMediaCampaigns": lambda row: (row["accountId"], row["name"]),
        "lineItems": lambda row: (row["campaignId"], row["name"]),
        "adSets": lambda row: (row["campaignId"], row["name"]),
        "sellerBudgets": lambda row: (row["sellerId"], *row["campaignIds"], row["budgetType"], row["startDate"]),
        "balances": lambda row: (row["accountId"], row["name"]),
    }
    for collection, key in keys.items():
        new = Counter(key(row) for id, row in after[collection].items() if id not in before[collection])
        yield from (f"{collection}: {name} was created {count} times" for name, count in new.items() if count > 1)


def twice_funded(after: State, deposits: Mapping[str, Decimal]) -> Iterator[str]:
    for id, sent in sent_funds(after).items():
        if len(sent) > 1 or sent[0] != deposits.get(id):
            yield f"balance {id}: {deposits.get(id)} was planned, and these took effect: {sent}"


def sent_funds(after: State) -> dict[str, list[Decimal]]:
    """The top-ups that took effect, by balance."""
    sent: dict[str, list[Decimal]] = {}
    for entry in after["log"]:
        if entry["path"].endswith("/add-funds") and took_effect(entry):
            id = entry["path"].split("/")[-2]
            sent.setdefault(id, []).append(Decimal(entry["body"]["data"]["attributes"]["deltaAmount"]))
    return sent


def took_effect(entry: Record) -> bool:
    """Whether the call changed something, even where its answer was lost or was made to say otherwise."""
    kinds = entry.get("faults", ())
    if any(kind in NO_EFFECT for kind in kinds):
        return False
    if "status" in kinds:
        return bool(entry.get("applied"))
    return entry["status"] is None or 200 <= entry["status"] < 300 or "lost_answer" in kinds


def facts(state: State) -> frozenset[str]:
    """All that was ever sent, value by value, with names in place of ids that are given by the server."""
    names = {id: row["name"] for kind in NAMED for id, row in state[kind].items()}
    return frozenset(fact for entry in state["log"] if _writes(entry) for fact in _facts(entry, names))


def _writes(entry: Record) -> bool:
    return entry["method"] in WRITES and not entry["path"].endswith(("/search", "/token"))


def _facts(entry: Record, names: Mapping[str, str]) -> Iterator[str]:
    path = "/".join(names.get(part, part) for part in entry["path"].split("/"))
    body = entry["body"]
    data = body.get("data", body) if isinstance(body, dict) else body
    for row in data if isinstance(data, list) else [data]:
        given, bar, category = str(row.get("id", row.get("budgetId", ""))).partition("|")  # an entry: 123467|5545|2
        id = names.get(given, given) + bar + category
        values = row.get("attributes", row)
        for name, value in _leaves({key: values[key] for key in values if key not in ("id", "type", "memo")}):
            yield f"{entry['method']} {path} {id} {name}={names.get(value.strip(chr(34)), value)}"
        if not set(values) - {"id", "type"}:
            yield f"{entry['method']} {path} {id}"


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list) and name == "ids":
        yield from ((name, str(each)) for each in value)
    else:
        yield name, json.dumps(value, default=str)
