"""Overrides: values that hold for a time, so that the desired state depends on the files and the time.

A value is absolute, or a step (``+30 %``) from the file's value, which ignores other overrides. Only a run of this tool
can end an override, so a plan says what stays in force if no run follows.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from fnmatch import fnmatchcase

from msgspec import Struct
from msgspec.structs import replace

from reconciler.config import conditions
from reconciler.config.amount_change import AmountStep, Bounds, parse_step
from reconciler.config.conditions import Condition
from reconciler.config.loader import LoadResult
from reconciler.config.project import Project
from reconciler.config.project_schema import InvalidMoment, parse_moment
from reconciler.kinds.kind import Kind
from reconciler.kinds.value_types import InvalidValue, MoneyType
from reconciler.model import Cause, Desired, Drift, Json, Place, Problem, Severity, Value, Values, error, warning
from reconciler.model.money import format_in_sentence
from reconciler.model.text import is_reason

KEY = "overrides"


class Override(Struct, frozen=True):
    """One override with its start and end; the end is exclusive."""

    number: int
    match: str | None
    where: tuple[Condition, ...]
    values: Mapping[str, Json]
    begins: datetime | None
    ends: datetime
    because: str
    bounds: Bounds = Bounds()

    @property
    def chosen(self) -> str:
        """The selected resources, in words."""
        return " and ".join([*([self.match] if self.match else []), *map(str, self.where)])

    def holds(self, now: datetime) -> bool:
        return now < self.ends and (self.begins is None or self.begins <= now)

    def means(self, kind: Kind, desired: Desired) -> bool:
        """Return True if the override selects a resource, by address and stated values."""
        named = self.match is None or fnmatchcase(str(desired.address), self.match)
        return named and conditions.matches(self.where, kind, desired)

    def step(self, kind: Kind, name: str) -> AmountStep | None:
        """Return the step of a field; None if its value is absolute."""
        raw = self.values[name]
        amounts = kind.has(name) and isinstance(kind.field(name).type, MoneyType)
        return parse_step(raw) if amounts and isinstance(raw, str) else None

    def value(self, kind: Kind, name: str, base: Value) -> Value:
        """Return the value that it sets, from the file's value. Raise :class:`InvalidValue` if it is not valid."""
        step = self.step(kind, name)
        if step is None:
            return parse_value(kind, name, self.values[name])
        if not isinstance(base, Decimal):
            advice = "state it in the file, or choose fewer resources"
            raise InvalidValue("nothing-to-change", f"{step.text} has no amount of the file to begin at", advice)
        try:
            return kind.field(name).type.parse(self.bounds.of(base, step.of(base)))
        except InvalidValue as why:
            hint = "add `round: 0.01` to the override" if why.code == "too-many-decimals" else why.hint
            raise InvalidValue(why.code, why.reason, hint) from None


def apply_overrides(loaded: LoadResult, now: datetime) -> LoadResult:
    """Return the load result with the overrides applied as of ``now``, and their problems and notes."""
    if loaded.project is None or not (entries := loaded.project.terms(KEY)):
        return loaded
    project, problems = loaded.project, list(loaded.problems)
    desired = {each.address: each for each in loaded.desired}
    for number, entry in enumerate(entries):
        rule = _read(project, number, entry, problems)
        matched = _match_resources(project, rule, loaded.desired, problems) if rule else []
        if rule is None or _has_no_match(project, rule, matched, problems):
            continue
        before = [desired[each.address].values for each in matched]
        for each in matched:
            laid = _apply_one(project, rule, desired[each.address], each.values, problems)
            if rule.holds(now) and laid is not None:
                desired[each.address] = laid
                problems += (wrong for judge in project.kinds[each.address.kind].rules for wrong in judge(laid))
        problems.append(_describe_override(project, rule, [dict(each) for each in before], now))
    return replace(loaded, desired=tuple(desired.values()), problems=tuple(dict.fromkeys(problems)))


def find_holding(loaded: LoadResult, now: datetime) -> tuple[int, ...]:
    """Return the numbers of the overrides that hold at a time: with the files, they tell what is stated then."""
    project = loaded.project
    entries = project.terms(KEY) if project is not None else ()
    rules = (_read(project, number, each, []) for number, each in enumerate(entries) if project is not None)
    return tuple(rule.number for rule in rules if rule is not None and rule.holds(now))


def _read(project: Project, number: int, entry: Mapping[str, Json], problems: list[Problem]) -> Override | None:
    zone = None if entry.get("zone") is None else str(entry["zone"])
    at = "until"
    try:
        ends = parse_moment(str(entry["until"]), zone)
        at = "from"
        begins = parse_moment(str(entry["from"]), zone, end=False) if "from" in entry else None
    except InvalidMoment as why:
        problems.append(error("bad-moment", f"{at}: {why}", at=project.at(KEY, number, at)))
        return None
    if not is_reason(str(entry["because"])):
        at_reason = project.at(KEY, number, "because")
        problems.append(error("empty-text", "because: no character of it can be seen", at=at_reason, hint="say why"))
        return None
    if "match" not in entry and not entry.get("where"):
        message = "the override names no resources"
        hint = "add `match`, a glob of addresses, or `where` with values of fields"
        problems.append(error("no-match", message, at=project.at(KEY, number), hint=hint))
        return None
    match = str(entry["match"]) if "match" in entry else None
    where = tuple(Condition(name, "=", _spell(raw), raw) for name, raw in _map(entry, "where").items())
    bounds = Bounds(*(_amount(entry, name) for name in ("round", "min", "max")))
    return Override(number, match, where, _map(entry, "set"), begins, ends, str(entry["because"]), bounds)


def _map(entry: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    found = entry.get(name)
    return found if isinstance(found, dict) else {}


def _amount(entry: Mapping[str, Json], name: str) -> Decimal | None:
    return Decimal(str(entry[name])) if name in entry else None


def _match_resources(
    project: Project, rule: Override, desired: Sequence[Desired], problems: list[Problem]
) -> list[Desired]:
    """Return the resources that the override selects, by their files."""
    named = [each for each in desired if rule.match is None or fnmatchcase(str(each.address), rule.match)]
    at = None
    try:
        kinds = [project.kinds[name] for name in dict.fromkeys(each.address.kind for each in named)]
        for each in rule.where if named else ():
            at = project.at(KEY, rule.number, "where", each.field)
            conditions.check_field(each.field, kinds)
            for kind in kinds:
                if each.raw is not None and conditions.has_field(kind, each.field):
                    kind.field(each.field).type.parse(each.raw)
        return [each for each in named if rule.means(project.kinds[each.address.kind], each)]
    except InvalidValue as why:
        problems.append(error(why.code, f"where: {why.reason}", at=at, hint=why.hint))
        return []


def _has_no_match(project: Project, rule: Override, matched: Sequence[Desired], problems: list[Problem]) -> bool:
    if not matched and project.whole:
        hint = "correct the glob, or remove the override"
        at = project.at(KEY, rule.number, "match" if rule.match else "where")
        problems.append(error("no-match", f"no resource matches {rule.match or rule.chosen!r}", at=at, hint=hint))
    return not matched


def _apply_one(
    project: Project, rule: Override, desired: Desired, stated: Values, problems: list[Problem]
) -> Desired | None:
    """Return a block with the values of an override over its own; None if a value is invalid.

    A step starts from the value that the file states.
    """
    kind = project.kinds[desired.address.kind]
    values, overlaid = dict(desired.values), dict(desired.origin.overlaid)
    for name in rule.values:
        place = project.at(KEY, rule.number, "set", name)
        try:
            values[name] = rule.value(kind, name, stated.get(name))
        except InvalidValue as why:
            problems.append(error(why.code, f"{name}: {why.reason}", at=place, address=desired.address, hint=why.hint))
            return None
        overlaid[name] = place
    return replace(desired, values=values, origin=desired.origin.overlaid_by(overlaid))


def parse_value(kind: Kind, name: str, raw: Json) -> Value:
    """Return the canonical value of a field in an override. Raise :class:`InvalidValue` if it is not valid."""
    if not kind.has(name) or not kind.field(name).writable:
        raise InvalidValue(
            "unknown-field", f"{kind.name} have no such field", f"fields are named in full, as {_describe_count(kind)}"
        )
    row = kind.field(name)
    if raw is None and row.nullable:
        return None
    return row.type.parse(raw)


def _describe_count(kind: Kind) -> str:
    return next(row.name for row in reversed(kind.fields) if kind.is_changeable(row) and row.path("read"))


def _describe_override(
    project: Project, rule: Override, before: Sequence[Mapping[str, Value]], now: datetime
) -> Problem:
    """Return a note or warning: the values of the override, until when they hold, and what follows."""
    place, many = project.at(KEY, rule.number), f" for {len(before):,} resources" if len(before) > 1 else ""
    sets = ", ".join(f"{name} {_spell(raw)}" for name, raw in rule.values.items())
    ends = f"{rule.ends.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if now >= rule.ends:
        message = f"the override of {rule.chosen} ({rule.because}) ended at {ends}"
        return Problem(Severity.NOTE, "override-over", message, place.span, hint="remove it")
    if not rule.holds(now) and rule.begins is not None:
        message = f"from {rule.begins.astimezone(UTC):%Y-%m-%d %H:%M} UTC: {sets}{many}, because {rule.because}"
        return Problem(Severity.NOTE, "override-to-come", message, place.span, hint="plan --at shows it")
    then = [
        f"{name} is {_spell(before[0].get(name)) if len(before) == 1 else 'what the files say'}" for name in rule.values
    ]
    message = (
        f"{sets}{many} until {ends}, because {rule.because}; then {', '.join(then)} again."
        f" It stays at {', '.join(map(_format_until, rule.values.values()))} until the next apply after {ends}"
    )
    return Problem(Severity.NOTE, "override", message, place.span, hint="plan --at TIME shows what the clock brings")


def _format_until(raw: Json) -> str:
    return f"{raw} of it" if isinstance(raw, str) and parse_step(raw) else _spell(raw)


def _spell(value: object) -> str:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return "not set" if value is None else f"{value:,}" if whole else format_in_sentence(value)


def expired_but_live(loaded: LoadResult, drifts: Sequence[Drift], now: datetime) -> Iterator[Problem]:
    """Yield a problem for each ended override whose value is still live, since no apply has run."""
    project, blocks = loaded.project, {each.address: each for each in loaded.desired}
    for number, entry in enumerate(project.terms(KEY) if project else ()):
        assert project is not None
        rule = _read(project, number, entry, [])
        if rule is None or now < rule.ends:
            continue
        for each in drifts:
            kind, block = project.kinds[each.address.kind], blocks.get(each.address)
            meant = each.field in rule.values and block is not None and rule.means(kind, block)
            if meant and rule.value(kind, each.field, each.wanted) == each.live:
                yield _late(project.at(KEY, number, "until"), rule, each)


def _late(place: Place, rule: Override, each: Drift) -> Problem:
    message = (
        f"{each.field} is still {_spell(each.live)}: the override ({rule.because}) ended at"
        f" {rule.ends.astimezone(UTC):%Y-%m-%d %H:%M} UTC, and no apply came since; the files say {_spell(each.wanted)}"
    )
    return warning(Cause.OVERRIDE_OVERDUE, message, at=place, address=each.address, hint="`apply` ends it")
