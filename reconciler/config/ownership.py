"""Fields owned by another system: ignored within their bounds, reported outside of them.

After its end a rule returns the field to the files. An override of the same field has precedence.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from reconciler.config.project import Project
from reconciler.config.project_schema import InvalidMoment, parse_moment
from reconciler.model import Address, Desired, Json, Live, Pair, Problem, Value, Values, error, warning
from reconciler.model.money import format_in_sentence, group_digits

KEY, OUTSIDE, TOO_FAST = "ownership", "out-of-bounds", "step-too-large"
DAY = timedelta(days=1)


class OwnershipRule(Struct, frozen=True):
    """One `ownership` entry of the project file."""

    number: int
    match: str
    field: str
    owner: str
    least: Decimal | None = None
    most: Decimal | None = None
    step: Decimal | None = None
    ends: datetime | None = None

    def owns(self, address: Address, now: datetime) -> bool:
        return fnmatchcase(str(address), self.match) and (self.ends is None or now < self.ends)


def validate_ownership(project: Project, desired: Sequence[Desired]) -> Iterator[Problem]:
    """Yield the problems of the rules, at their lines."""
    for number, entry in enumerate(project.terms(KEY)):
        try:
            rule = _rule(number, entry)
        except InvalidMoment as why:
            yield error("bad-moment", f"until: {why}", at=project.at(KEY, number, "until"))
            continue
        matched = [each for each in desired if fnmatchcase(str(each.address), rule.match)]
        if not matched and project.whole:
            yield error("no-match", f"no resource matches {rule.match!r}", at=project.at(KEY, number, "match"))
        for name in dict.fromkeys(each.address.kind for each in matched):
            kind = project.kinds[name]
            if not kind.has(rule.field) or kind.field(rule.field).path("read") is None:
                message = f"{name} have no field {rule.field} that the API shows"
                yield error("unknown-field", message, at=project.at(KEY, number, "field"))
        if rule.least is not None and rule.most is not None and rule.least > rule.most:
            yield error("bad-bounds", f"min {rule.least} is above max {rule.most}", at=project.at(KEY, number, "min"))


def read_ownership_rules(project: Project) -> tuple[OwnershipRule, ...]:
    """Return the rules; :func:`validate_ownership` must have found no problem."""
    return tuple(_rule(number, entry) for number, entry in enumerate(project.terms(KEY)))


def _rule(number: int, entry: Mapping[str, Json]) -> OwnershipRule:
    zone, until = entry.get("zone"), entry.get("until")
    ends = None if until is None else parse_moment(str(until), None if zone is None else str(zone))
    least, most, step = (_amount(entry.get(name)) for name in ("min", "max", "maxStepPercentPerDay"))
    return OwnershipRule(number, str(entry["match"]), str(entry["field"]), str(entry["owner"]), least, most, step, ends)


def _amount(raw: Json) -> Decimal | None:
    return None if raw is None else Decimal(str(raw))


def ignore_owned_fields(
    project: Project, pairs: Sequence[Pair], now: datetime
) -> tuple[tuple[Pair, ...], tuple[Problem, ...]]:
    """Return the pairs without owned values, and a warning for each live value out of bounds.

    A new object starts with the values of its block. A value out of bounds is a warning, since nothing of it is sent
    and other changes need not wait for it.
    """
    known = read_ownership_rules(project)
    if not known:
        return tuple(pairs), ()
    problems: list[Problem] = []
    return tuple(_release_pair(project, known, pair, now, problems) for pair in pairs), tuple(problems)


def _release_pair(
    project: Project, known: Sequence[OwnershipRule], pair: Pair, now: datetime, problems: list[Problem]
) -> Pair:
    desired, live = pair
    given = [rule for rule in known if rule.owns(desired.address, now) and rule.field not in desired.origin.overlaid]
    if live is None or not given:
        return pair
    problems += (problem for rule in given if (problem := _outside(project, rule, desired, live)))
    names = {rule.field for rule in given}
    return replace(desired, values={name: value for name, value in desired.values.items() if name not in names}), live


def _outside(project: Project, rule: OwnershipRule, desired: Desired, live: Live) -> Problem | None:
    value = live.values.get(rule.field)
    if not isinstance(value, Decimal):
        return None
    for bound, broken, words in (
        (rule.least, rule.least is not None and value < rule.least, "below min"),
        (rule.most, rule.most is not None and value > rule.most, "above max"),
    ):
        if broken:
            amount, limit = group_digits(value), format_in_sentence(bound)
            message = f"{rule.field} is {amount}, {words} {limit}; it belongs to {_owner(rule)}"
            key = "min" if words == "below min" else "max"
            hint = f"inform {_owner(rule)}, widen the bound, or end the rule with `until`: then the files decide again"
            return warning(OUTSIDE, message, at=project.at(KEY, rule.number, key), address=desired.address, hint=hint)
    return None


def _owner(rule: OwnershipRule) -> str:
    return {"human": "people"}.get(rule.owner, f"the {rule.owner}")


# --- Step limits ------------------------------------------------------------------------------------------


class SupportsObservation(Protocol):
    """Values seen at a read, and the time of the read."""

    @property
    def at(self) -> datetime: ...
    @property
    def values(self) -> Values: ...


class ObservationStore(Protocol):
    """Store of observations: the ledger; one read and one write per call."""

    def notes(self, names: Iterable[str]) -> Mapping[str, SupportsObservation]: ...

    def note(self, news: Mapping[str, Values], at: datetime) -> None: ...


def check_step_limits(
    project: Project, pairs: Sequence[Pair], ledger: ObservationStore, now: datetime
) -> Iterator[Problem]:
    """Yield a problem for each value that moved more than its limit since the last observation at least a day old."""
    owned = list(_find_owned(project, pairs, now))
    looks = ledger.notes([name for name, *_ in owned]) if owned else {}
    news: dict[str, Values] = {}
    for name, rule, desired, value in owned:
        last = looks.get(name)
        was: Value = last.values.get("value") if last else None
        if last is None or not isinstance(was, Decimal) or now - last.at >= DAY:
            news[name] = {"value": value}
        if last is not None and isinstance(was, Decimal) and was:
            yield from _step(project, rule, desired, value, (was, last.at), now)
    if news:
        ledger.note(news, now)


def _find_owned(
    project: Project, pairs: Sequence[Pair], now: datetime
) -> Iterator[tuple[str, OwnershipRule, Desired, Decimal]]:
    """Yield the live values with a step limit, each with the name of its ledger note."""
    for rule in (each for each in read_ownership_rules(project) if each.step is not None):
        for desired, live in pairs:
            value = live.values.get(rule.field) if live else None
            if rule.owns(desired.address, now) and isinstance(value, Decimal):
                yield f"owned {desired.address} {rule.field}", rule, desired, value


def _step(
    project: Project,
    rule: OwnershipRule,
    desired: Desired,
    value: Decimal,
    last: tuple[Decimal, datetime],
    now: datetime,
) -> Iterator[Problem]:
    was, at = last
    days = max(Decimal(1), Decimal((now - at).total_seconds()) / Decimal(DAY.total_seconds()))
    percent = abs(value - was) / was * 100
    if rule.step is not None and percent > rule.step * days:
        message = (
            f"{rule.field} moved by {percent:.1f} % since {at:%Y-%m-%d %H:%M} UTC, from {group_digits(was)} to"
            f" {group_digits(value)}; {_owner(rule)} may move it by {rule.step} % a day"
        )
        where = project.at(KEY, rule.number, "maxStepPercentPerDay")
        yield error(TOO_FAST, message, at=where, address=desired.address)
