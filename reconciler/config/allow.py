"""``allow`` in project and resource files: decisions that let violations pass, made where they are reviewed.

A decision is compared with the time of the run. A time without an offset or a zone is in UTC.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from msgspec.structs import replace

from reconciler import guardrails
from reconciler.config.loader import LoadResult
from reconciler.config.project_schema import InvalidMoment, parse_moment
from reconciler.config.schema_errors import closest_word
from reconciler.guardrails.decisions import NEAR_TWIN, Decision
from reconciler.model import Json, Place, Problem, RuleLevel, Severity, error, warning
from reconciler.model.text import is_reason

KEY = "allow"
TWINS = frozenset({"looks-renamed", "near-name", "twin"})
"""Codes of problems about a creation that resembles a live object."""


def read(loaded: LoadResult) -> tuple[tuple[Decision, ...], tuple[Problem, ...]]:
    """Return the decisions of the files, and the problems of invalid ones, at their places."""
    decisions, problems = list[Decision](), list[Problem]()
    for place, entry in loaded.allow:
        mistake = _mistake(place, entry)
        if mistake is None:
            decisions.append(_decision(place, entry))
        else:
            problems.append(mistake)
    return tuple(decisions), tuple(problems)


def mistakes(loaded: LoadResult, now: datetime) -> Iterator[Problem]:
    """Yield the problems of decisions, including expired ones."""
    if not loaded.allow or loaded.project is None:
        return
    decisions, problems = read(loaded)
    yield from problems
    levels = {rule.name: level for rule, _, level in loaded.project.guardrails.active()}
    addresses = [each.address for each in loaded.desired]
    for each in decisions:
        level = levels.get(each.rule)
        if each.rule != NEAR_TWIN and level is not RuleLevel.OVERRIDE:
            why = f"its level is {level.value}" if level else "it is not on"
            hint = f"remove the decision, or set guardrails.levels.{each.rule} to override"
            message = f"allowing {each.rule} decides nothing: {why}"
            yield warning("allow-without-effect", message, at=_at(each.place, "rule"), hint=hint)
        if not each.holds(now):
            message = f"the decision to allow {each.rule} ({each.because}) ended at {each.end}"
            yield Problem(Severity.NOTE, "allow-over", message, each.place.span, hint="remove it")
        elif loaded.project.whole and not any(each.covers(address) for address in addresses):
            message = f"no resource matches {', '.join(each.addresses)}"
            yield warning("allow-without-effect", message, at=_at(each.place, "addresses"), hint="correct the globs")


def excuse_twins(problems: Iterable[Problem], decisions: Iterable[Decision], now: datetime) -> Iterator[Problem]:
    """Yield the problems; one about a near twin that a decision allows becomes a note."""
    held = [each for each in decisions if each.rule == NEAR_TWIN and each.holds(now)]
    for problem in problems:
        meant = next((each for each in held if problem.code in TWINS and each.covers(problem.address)), None)
        yield replace(problem, severity=Severity.NOTE, hint=_hint(meant)) if meant else problem


def _hint(decision: Decision) -> str:
    return f"allowed until {decision.end}: {decision.because} ({decision.place.span})"


def _mistake(place: Place, entry: Mapping[str, Json]) -> Problem | None:
    """Return the problem that makes an entry invalid beyond its schema, or None."""
    rule, zone = str(entry["rule"]), _zone(entry)
    names = [*guardrails.RULES, NEAR_TWIN]
    if rule not in names:
        hint = closest_word(rule, names) or f"there are {', '.join(names)}"
        return error("bad-allow", f"there is no guardrail {rule!r}", at=_at(place, "rule"), hint=hint)
    try:
        parse_moment(str(entry["until"]), zone)
    except InvalidMoment as why:
        return error("bad-moment", f"until: {why}", at=_at(place, "until"))
    if not is_reason(str(entry["because"])):
        message = "because: no character of it can be seen"
        return error("empty-text", message, at=_at(place, "because"), hint="say why")
    return None


def _decision(place: Place, entry: Mapping[str, Json]) -> Decision:
    globs = entry["addresses"]
    assert isinstance(globs, list)
    ends = parse_moment(str(entry["until"]), _zone(entry))
    return Decision(str(entry["rule"]), tuple(map(str, globs)), ends, str(entry["because"]), place)


def _zone(entry: Mapping[str, Json]) -> str:
    return str(entry.get("zone") or "UTC")


def _at(place: Place, key: str) -> Place:
    return Place(place.source, (*place.path, key))
