"""Says whether the promise held, from what took effect in the world alone; what the program says is judged by it.

Nothing is created or funded twice, nothing that took effect is told as rejected or not sent, and what a read showed
within `lookFor` is not told as unknown. Excused is only what
no program can tell: a first effect that no read could show before the second sending, or a renamed object, while the
ledger was missing or older; the API's own 429 or 401 after the effect while reads lag; and another user's change of the
same funds that no read could show yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from .lab import Played, Run
from .people import DEEDS
from .wants import WANTS, address_of
from .watched import Sending

FRESH = timedelta(seconds=61)
"""As old as a look may be when a call leaves."""
LOOK_FOR = timedelta(seconds=100)
"""How long a run without a ledger waits before its first creation or top-up (`lookFor`, less what looks take)."""
REFUSED = ("rejected", "not sent")
SETTLE_AFTER = timedelta(minutes=30)
"""Time after which a later run may take a call for absent."""
VISIBLE = timedelta(seconds=100)
"""Time within which a read has to show an effect for the losing run to see it; `lookFor` is 120 s."""
TURNED_AWAY = (429, 401)
"""Answers of the API that mean, by a named assumption, that nothing happened (contract §9, 5)."""


@dataclass(frozen=True)
class Broken:
    """One way in which the promise is broken."""

    law: str
    sentence: str


def broken(played: Played) -> list[Broken]:
    """Return every way in which the promise is broken; none if it held."""
    laws = {
        "created once": _doubled,
        "funded once": _overfunded,
        "reported truly": _told_wrong,
        "reported in time": _told_unknown,
        "nothing else is written": _written_elsewhere,
        "no traceback": _tracebacks,
        "in force in the end": _not_in_force,
    }
    return [Broken(law, sentence) for law, judge in laws.items() for sentence in judge(played)]


def excused(played: Played) -> list[str]:
    """Return what is doubled, and could not have been known."""
    pairs = [*_pairs(played, "create"), *_pairs(played, "funds")]
    return [f"{second.address}: {why}" for first, second in pairs if (why := _hidden(played, first, second))]


def lag(played: Played) -> timedelta:
    """Return how far behind a read may be at most."""
    seconds = [float(view["seconds"]) for view in played.scenario.get("views", ()) if view["kind"] == "stale"]
    return timedelta(seconds=max(seconds, default=0.0))


def _pairs(played: Played, operation: str) -> Iterator[tuple[Sending, Sending]]:
    """Yield two sendings of one address that both took effect, one after the other."""
    by_address: dict[str, list[Sending]] = {}
    for each in played.sendings:
        if each.operation == operation and each.effects:
            by_address.setdefault(each.address, []).append(each)
    for sent in by_address.values():
        yield from pairwise(sent)


def _doubled(played: Played) -> Iterator[str]:
    for first, second in _pairs(played, "create"):
        if not _is_hidden(played, first, second):
            yield (
                f"{second.address} was created twice: run {first.run} sent it at {first.at:%H:%M:%S}, in effect at"
                f" {first.effects[0]:%H:%M:%S}, and run {second.run} sent it again at {second.at:%H:%M:%S}"
            )


def _is_hidden(played: Played, first: Sending, second: Sending) -> bool:
    return bool(_hidden(played, first, second))


def _hidden(played: Played, first: Sending, second: Sending) -> str:
    """Return why no program could know of the first when it sent the second; empty if one could."""
    lost = first.run != second.run and _has_lost_ledger(played, first.run, second.run)
    renamed = played.world.renamed.get(first.address)
    if renamed is not None and renamed < second.at and (lost or _is_misled(played, first)):
        why = f"the ledger of run {first.run} was lost" if lost else f"the API itself answered {first.status}"
        return f"{why}, and another user renamed the object at {renamed:%H:%M:%S}"
    shown = first.effects[0] + lag(played)
    if shown <= second.at - FRESH:
        return ""
    later = played.runs[second.run - 1]
    if later.ledger == "none" and shown <= later.began + LOOK_FOR:
        return ""  # without a ledger the first creation waits, and looks again
    if lost:
        return f"the ledger of run {first.run} was lost, and no read showed its effect before {shown:%H:%M:%S}"
    if first.status in TURNED_AWAY and lag(played):
        return f"the API itself answered {first.status} after the effect, which no read showed before {shown:%H:%M:%S}"
    return ""


def _has_lost_ledger(played: Played, first: int, second: int) -> bool:
    return any(run.ledger != "kept" for run in played.runs if first < run.number <= second)


def _overfunded(played: Played) -> Iterator[str]:
    """Each change of ours brings the funds nearer to what the files say; one that does not was made once too often."""
    wanted = {WANTS[name].balance: WANTS[name].deposited for name in played.scenario["wants"]}
    funded = [each for each in played.sendings if each.operation == "funds" and each.effects]
    for each in funded:
        goal = wanted[each.address]
        assert goal is not None
        assert each.previous is not None
        assert each.current is not None
        if abs(each.current - goal) <= abs(each.previous - goal) or _is_crossed(played, each, funded):
            continue
        yield (
            f"balance {each.address} was funded beyond {goal}: run {each.run} sent {each.current - each.previous} at"
            f" {each.at:%H:%M:%S}, and it took effect at {each.effects[0]:%H:%M:%S} on {each.previous}"
        )


def _is_crossed(played: Played, sending: Sending, funded: list[Sending]) -> bool:
    """Return whether what had changed the funds meanwhile could not have been known when it was sent."""
    known = sending.at - lag(played) - FRESH
    if any(moment > known for moment in played.world.touched.get(sending.address, ()) if moment <= sending.effects[0]):
        return True
    others = [each for each in funded if each.address == sending.address and each.effects[0] < sending.effects[0]]
    if not others:
        return False
    first, second = sorted((others[-1], sending), key=lambda each: each.at)
    return _is_hidden(played, first, second)


def _told_wrong(played: Played) -> Iterator[str]:
    balances = {WANTS[name].address: WANTS[name].balance for name in played.scenario["wants"]}
    for run in played.runs:
        for told in run.told:
            names = (told.address, balances.get(told.address))
            all_sent = (*played.sendings, *played.world.sets)
            of = [each for each in all_sent if each.operation == told.operation and each.address in names]
            own = [each for each in of if each.run == run.number]
            excuses = _is_misled if told.status == "not sent" else _is_never_misled
            if told.status in REFUSED and any(each.effects and not excuses(played, each) for each in own):
                yield f"run {run.number} told {told.address} as {told.status}, and it took effect"
            if told.status.endswith("applied") and of and not any(each.effects for each in of):
                yield f"run {run.number} told {told.address} as applied, and it never took effect"
            before = (told.address.partition(".")[0], told.id)
            if told.status == "applied" and told.operation == "create" and before in played.world.initial:
                yield f"run {run.number} told {told.address} as created as {told.id}, which was there before"
            if told.status == "settled: not sent" and any(each.effects for each in of if _is_of(played, each, told.of)):
                yield f"run {run.number} told {told.address} of an earlier run as not sent, and it took effect"


def _is_of(played: Played, sending: Sending, began: datetime | None) -> bool:
    """Return whether a sending is of the run that began then, by a clock that is right."""
    if began is None or "skews" in played.scenario:
        return False
    of = [run.number for run in played.runs if run.began - timedelta(seconds=1) <= began]
    return bool(of) and sending.run == of[-1]


def _told_unknown(played: Played) -> Iterator[str]:
    """What reads show early enough is told by the run that lost its answer; another user's deed may be a doubt."""
    steps = [one for step in played.scenario["steps"] for one in (step, *step.get("meanwhile", ()))]
    if any(step["do"] in DEEDS for step in steps):
        return
    balances = {WANTS[name].address: WANTS[name].balance for name in played.scenario["wants"]}
    for run in played.runs:
        for told in run.told if not run.stopped and not _has_wrong_time(played, run) else ():
            names = (told.address, balances.get(told.address))
            of = [each for each in played.sendings if each.address in names]
            own = [each for each in of if each.run == run.number]
            if told.status != "unknown" or not own or not own[-1].effects:
                continue
            if _is_misled(played, own[-1]) or _has_twin(own[-1], of):
                continue
            shown = own[-1].effects[0] + lag(played)
            if shown <= own[-1].at + VISIBLE:
                yield f"run {run.number} told {told.address} as unknown, and each read showed it from {shown:%H:%M:%S}"


def _has_wrong_time(played: Played, run: Run) -> bool:
    """Return whether the run judged the times of a history by a clock that is wrong, since no answer had a date."""
    dateless = any(view["kind"] == "date" for view in played.scenario.get("views", ()))
    return dateless and run.skew != 0


def _has_twin(sending: Sending, of: list[Sending]) -> bool:
    """Return whether an earlier run created the same while this one looked: reads do not say whose which one is."""
    return any(
        each.operation == "create" and each.run < sending.run and each.effects[-1] > sending.at - FRESH
        for each in of
        if each.effects
    )


def _is_misled(played: Played, sending: Sending) -> bool:
    """Return whether the API itself said that nothing happened, and no fresh read could show that it had."""
    return sending.status in TURNED_AWAY and bool(lag(played))


def _is_never_misled(played: Played, sending: Sending) -> bool:
    """Return False: that it exists already says that the call before it took effect."""
    return False


def _written_elsewhere(played: Played) -> Iterator[str]:
    """What was there before and is in no file is not written to, nor a twin while a create may still take effect."""
    named = {want for name in played.scenario["wants"] for want in WANTS[name].ids}
    twins = {key: address_of(name, played.world.state.all(name)[key]) for name, key in played.world.others}
    for run, key, at in played.world.written:
        if key in played.world.began_with and key not in named:
            yield f"run {run} wrote to {key}, which is in no file"
        if key in twins and any(_may_still_land(played, each, run, at) for each in _of(played, twins[key])):
            yield f"run {run} wrote to {key}, another user's, while its own {twins[key]} could still take effect"


def _of(played: Played, address: str | None) -> list[Sending]:
    return [each for each in played.sendings if each.operation == "create" and each.address == address]


def _may_still_land(played: Played, sending: Sending, run: int, at: datetime) -> bool:
    """Return whether a create of an earlier run, which the ledger knows as lost, is not decided yet."""
    lost = not 200 <= sending.status < 300 and sending.run < run and not _has_lost_ledger(played, sending.run, run)
    return lost and bool(sending.effects) and sending.at <= at < sending.at + SETTLE_AFTER


def _tracebacks(played: Played) -> Iterator[str]:
    for run in played.runs:
        if run.trouble:
            yield f"run {run.number} ended in a traceback: {run.trouble}"


def _not_in_force(played: Played) -> Iterator[str]:
    """A world without twins is brought in force in the end, each object once."""
    if excused(played):
        return
    steps = [one for step in played.scenario["steps"] for one in (step, *step.get("meanwhile", ()))]
    if any(step["do"] in ("rename", "twin") for step in steps):
        return
    if played.unfinished:
        yield played.unfinished
    elif played.scenario.get("end", True):
        made = {each.address for each in played.sendings if each.operation == "create" and each.effects}
        for want in (part for name in played.scenario["wants"] for part in WANTS[name].parts):
            if want.address.rpartition(".")[2].startswith(("new-", "join")) and want.address not in made:
                yield f"{want.address} does not exist in the end"
