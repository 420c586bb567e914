"""Staleness of a saved plan: its conditions and the values that it touches must be unchanged."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.model import Cause, Change, Judgement, Live, Money, Plan, Problem, error
from reconciler.model.json_values import to_json
from reconciler.planfile.plan_file import PlanContext, PlanFile, call_shape, change_shape


def context_changes(saved: PlanFile, here: PlanContext) -> Iterator[Problem]:
    """Yield a problem for each condition that has changed since the plan was made."""
    made = saved.made
    if here.created >= made.expires:
        yield stale_problem(f"the plan expired at {made.expires:%Y-%m-%d %H:%M} UTC", "plan again")
    for name, was, now in (
        ("version of this tool", made.tool, here.tool),
        ("git commit", made.commit, here.commit),
        ("API versions", dict(made.versions), dict(here.versions)),
        ("scope", dict(made.scope), dict(here.scope)),
        ("batching", made.merged, here.merged),
        ("files", made.config, here.config),
    ):
        if was != now:
            yield stale_problem(
                f"the {name} changed since the plan was made: {_spell(was)} then, {_spell(now)} now",
                "plan again",
            )


def compare_plans(saved: PlanFile, changes: Sequence[Change], plan: Plan) -> Iterator[Problem]:
    """Yield a problem if calls or changes differ from those derived from the user's files, or their order does."""
    pairs = (
        ("calls", list(saved.calls), [call_shape(call) for call in plan.calls]),
        ("deferred changes", list(saved.late), [change_shape(change) for change in plan.deferred]),
        ("changes", list(saved.shapes), [change_shape(change) for change in changes]),
    )
    for what, was, now in pairs:
        if was != now:
            which = ", ".join(
                dict.fromkeys(_find_name(each) for each in [*was, *now] if each not in was or each not in now)
            )
            message = f"the plan's {what} are not those of the files: {which or 'their order'}"
            yield stale_problem(message, "plan again, and review what differs")


def compare_terms(saved: PlanFile, money: Money, judgements: Sequence[Judgement]) -> Iterator[Problem]:
    """Yield a problem if money or guardrails of the file differ from those of the plan now.

    Sums of the whole account may have changed outside of the plan; the plan's own changes may not.
    """
    shown = saved.run.money
    if shown is None or _moves(shown) != _moves(money):
        yield stale_problem("the money that the plan shows is not what its changes come to", "plan again")
    rules = [
        [(each.rule, each.level, each.limit, each.because) for each in part]
        for part in (saved.run.judgements, judgements)
    ]
    if rules[0] != rules[1]:
        apart = sorted({rule for rule, *_ in {*rules[0]} ^ {*rules[1]}})
        named = ", ".join(apart) or "their order"
        yield stale_problem(f"the guardrails that the plan shows are not those of the project: {named}", "plan again")


def _moves(money: Money) -> tuple[Any, ...]:
    """Return the plan's changes of each sum, with currency and period, its bids and dated budgets."""
    sums = [
        (each.currency, each.period, each.after - each.before, each.uncapped_after - each.uncapped_before)
        for each in money.commitments
    ]
    ceilings = [
        (each.currency, each.period, each.after - each.before, each.open_after - each.open_before)
        for each in money.ceilings
    ]
    funds = [
        (each.currency, each.added, each.taken, each.after - each.before, each.uncapped_after - each.uncapped_before)
        for each in money.funds
    ]
    moved = ([row for row in rows if any(row[2:])] for rows in (sums, ceilings))
    return *moved, [row for row in funds if any(row[1:])], money.bids, money.dated


def _find_name(shape: Mapping[str, Any]) -> str:
    return str(shape.get("name") or shape.get("address"))


def live_changes(change: Change, touched: Sequence[str], present: Live | None) -> Iterator[Problem]:
    """Yield a problem for each value, changed or sent along, that differs from live now (old, planned, present)."""
    if change.live is None or present is None:
        if change.live is not present:
            what = (
                f"{change.address} exists now, as {present.id}" if present else f"{change.address} is no longer there"
            )
            yield stale_problem(what, "plan again", change)
        return
    if present.id != change.live.id:
        yield stale_problem(f"{change.address} is now {present.id}; it was {change.live.id}", "plan again", change)
        return
    wanted = {move.field: move.after for move in change.fields}
    for name in touched:
        old, now = change.live.values.get(name), present.values.get(name)
        if old != now:
            planned = _spell(wanted[name]) if name in wanted else "as it was"
            message = f"{name} moved: {_spell(old)} when planned, {planned} planned, {_spell(now)} now"
            yield stale_problem(message, "plan again; it was changed outside of this plan", change)


def stale_problem(message: str, hint: str, change: Change | None = None) -> Problem:
    """Return an error for a stale plan, which ends with exit code 4 before any write."""
    place, address = (change.place, change.address) if change else (None, None)
    return error(Cause.STALE_PLAN, message, at=place, address=address, hint=hint)


def _spell(value: object) -> str:
    return "not set" if value is None else str(to_json(value)).replace("'", "")
