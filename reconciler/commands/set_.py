"""Change values of many resources in their files, byte for byte outside of the values; all files or none.

Nothing is written if validation fails, and nothing is sent.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.commands import atomic_files
from reconciler.commands.set_texts import edit_texts, find_other_values
from reconciler.config import conditions, loader, overrides
from reconciler.config.amount_change import AmountStep, Bounds, parse_step
from reconciler.config.conditions import Condition
from reconciler.config.loader import LoadResult
from reconciler.config.project import Project
from reconciler.config.schema_errors import closest_word
from reconciler.config.value_formatter import to_yaml
from reconciler.config.yaml_editor import EditError
from reconciler.engine.validate import unique, validate
from reconciler.kinds.kind import Field, Kind
from reconciler.kinds.value_types import InvalidValue, MoneyType
from reconciler.model import (
    Action,
    Address,
    Change,
    Desired,
    FieldChange,
    Json,
    Problem,
    Run,
    Severity,
    Value,
    Values,
    error,
    warning,
)
from reconciler.planning.selection import select

ROUND_HINT = "--round 0.01 rounds what is computed"


class SetRequest(Struct, frozen=True):
    """Selection of resources, by globs of addresses and conditions, and the assignments to their fields."""

    selectors: tuple[str, ...]
    assignments: tuple[tuple[str, str], ...]
    conditions: tuple[str, ...] = ()
    bounds: Bounds = Bounds()


class SetResult(Struct, frozen=True):
    """Changes of the files: a run that is not sent, the new texts of the files, and a patch."""

    run: Run
    texts: Mapping[str, bytes] = field(default_factory=dict)
    written: bool = False
    currencies: Mapping[str, str] = field(default_factory=dict)


class Assignment(Struct, frozen=True):
    """A field and its new value: a step from the present one, or a YAML value."""

    field: str
    step: AmountStep | None
    raw: Json

    def value(self, row: Field, before: Value, bounds: Bounds) -> Value:
        """Return the new canonical value. Raises :class:`InvalidValue`."""
        if self.step is None or not isinstance(row.type, MoneyType):
            if self.raw is None and row.nullable:
                return None
            return row.type.parse(self.raw)
        assert isinstance(before, Decimal)
        return row.type.parse(bounds.of(before, self.step.of(before)))

    def needs_base(self, row: Field) -> bool:
        """Return True if the new value depends on the one before."""
        return self.step is not None and isinstance(row.type, MoneyType)


def plan_edits(
    loaded: LoadResult, request: SetRequest, now: datetime, live: Mapping[Address, Values] | None = None
) -> SetResult:
    """Return the validated changes of the files. With ``live`` a step starts from the live value."""
    before = validate(loaded, now)
    project = loaded.project
    if project is None or before.failed:
        return SetResult(replace(before, command="set"))
    run = Run("set", project.name)
    try:
        steps = [_assignment(name, text) for name, text in request.assignments]
        tests = [conditions.parse_condition(text) for text in request.conditions]
        chosen = _choose_resources(loaded.desired, project, request.selectors, tests)
        kinds = [project.kinds[name] for name in dict.fromkeys(each.address.kind for each in chosen)]
        for name in [*(each.field for each in tests), *(each.field for each in steps)] if chosen else ():
            conditions.check_field(name, kinds)
    except InvalidValue as why:
        return SetResult(replace(run, problems=(error(why.code, why.reason, hint=why.hint),)))
    except LookupError as missing:
        return SetResult(replace(run, problems=missing.args[0]))
    changes, problems = _changes(project, chosen, steps, request.bounds, live)
    problems += _overlaid(loaded, changes, now)
    return edit_files(loaded, replace(run, problems=tuple(problems), changes=changes), now)


def edit_files(loaded: LoadResult, run: Run, now: datetime) -> SetResult:
    """Return the texts of the changed files, if they are valid and have exactly the requested values."""
    assert loaded.project is not None
    currencies = {kind.name: loaded.project.stated_currency(kind.scope) or "" for kind in loaded.project.kinds.values()}
    if run.failed or not run.changes:
        return SetResult(run, currencies=currencies)
    try:
        texts = edit_texts(loaded, run.changes)
    except EditError as trouble:
        refused = error("not-edited", str(trouble), hint="write the values by hand")
        return SetResult(replace(run, problems=(*run.problems, refused)))
    after = loader.load((str(loaded.project.folder),), texts)
    found = [each for each in validate(after, now).problems if each.severity is Severity.ERROR]
    if not found:
        found = [*find_other_values(loaded, after, run.changes)]
    if found:
        return SetResult(replace(run, problems=unique((*run.problems, *map(_with_advice, found)))))
    return SetResult(run, texts, currencies=currencies)


def write(loaded: LoadResult, planned: SetResult) -> SetResult:
    """Write all files or none; a problem that prevents it is in the result."""
    contents = {Path(file): text for file, text in planned.texts.items()}
    before = {Path(file): loaded.documents[file].text for file in planned.texts}
    problem = atomic_files.write_together(contents, before)
    if problem is None:
        return replace(planned, written=True)
    return replace(planned, run=replace(planned.run, problems=(*planned.run.problems, problem)))


# --- Selection ----------------------------------------------------------------------------------------------


def _choose_resources(
    desired: Sequence[Desired], project: Project, selectors: Sequence[str], tests: Sequence[Condition]
) -> list[Desired]:
    """Return the chosen resources, in the order of the files. Raises :class:`LookupError` with problems."""
    addresses = [str(each.address) for each in desired]
    chosen, unmatched = select(addresses, selectors)
    if unmatched:
        hint = "resources are chosen by globs of addresses, such as adSets.summer-*"
        raise LookupError(
            tuple(
                error("no-such-target", f"no resource matches {each!r}", hint=closest_word(each, addresses) or hint)
                for each in unmatched
            )
        )
    kinds = {name: project.kinds[name] for name in dict.fromkeys(each.address.kind for each in desired)}
    named = [each for each in desired if str(each.address) in chosen]
    for test in tests:
        conditions.check_field(test.field, [kinds[name] for name in dict.fromkeys(each.address.kind for each in named)])
    found = [each for each in named if conditions.matches(tests, kinds[each.address.kind], each)]
    if not found:
        message = f"none of {len(named):,} resources meets {' and '.join(map(str, tests))}"
        hint = "a resource that does not state a field meets no condition on it"
        raise LookupError((error("no-such-target", message, hint=hint),))
    return found


def _assignment(name: str, text: str) -> Assignment:
    step = parse_step(text)
    return Assignment(name, step, text if step is not None else conditions.parse_scalar(text))


# --- Changes ------------------------------------------------------------------------------------------------


def _changes(
    project: Project,
    chosen: Sequence[Desired],
    steps: Sequence[Assignment],
    bounds: Bounds,
    live: Mapping[Address, Values] | None,
) -> tuple[tuple[Change, ...], list[Problem]]:
    """Return the changes, budgets first, and the problems of values that cannot change or stay the same."""
    changes, problems, without = list[Change](), list[Problem](), Counter[str]()
    for desired in chosen:
        kind, moves = project.kinds[desired.address.kind], list[FieldChange]()
        for each in steps:
            if not conditions.has_field(kind, each.field):
                without[each.field] += 1
                continue
            row, before = kind.field(each.field), desired.values.get(each.field)
            base = before if live is None else live.get(desired.address, {}).get(each.field)
            if each.needs_base(row) and not isinstance(base, Decimal):
                without[each.field] += 1
                continue
            try:
                after = each.value(row, base, bounds)
                to_yaml(row, after)
            except InvalidValue as why:
                at = desired.at(each.field) if each.field in desired.values else desired.place
                hint = ROUND_HINT if why.code == "too-many-decimals" else why.hint
                sentence = f"{each.field}: {why.reason}"
                problems.append(error(why.code, sentence, at=at, address=desired.address, hint=hint))
                continue
            if each.field not in desired.values or after != before:
                moves.append(FieldChange(each.field, row.facet, before, after, desired.at(each.field)))
        if moves:
            changes.append(change_of(kind, desired, moves))
    problems += _without(without, len(chosen), live is not None)
    return tuple(sorted(changes, key=lambda each: not _is_costly(project, each))), problems


def change_of(kind: Kind, desired: Desired, moves: Sequence[FieldChange]) -> Change:
    """Return the change of a resource in its file, with fields that affect its cost first."""
    ordered = tuple(sorted(moves, key=lambda move: not kind.affects_cost(move.field)))
    after = {**desired.values, **{move.field: move.after for move in moves}}
    return Change(desired.address, Action.UPDATE, desired.id, ordered, after, desired.place)


def _is_costly(project: Project, change: Change) -> bool:
    return any(project.kinds[change.address.kind].affects_cost(move.field) for move in change.fields)


def _without(counts: Mapping[str, int], chosen: int, live: bool) -> Iterator[Problem]:
    """Yield a note about resources without such a value; an error if none has one."""
    for name, count in counts.items():
        what = "have no live amount" if live else "state no amount"
        if count == chosen:
            hint = (
                "write an absolute value" if live else "write an absolute value, or begin at the live one: --from-live"
            )
            yield error(
                "nothing-to-change", f"{name}: none of the chosen resources has an amount to begin at", hint=hint
            )
        else:
            message = f"{name}: {count:,} of {chosen:,} chosen resources {what} for it, and stay as they are"
            yield Problem(Severity.NOTE, "nothing-to-change", message)


def _overlaid(loaded: LoadResult, changes: Sequence[Change], now: datetime) -> Iterator[Problem]:
    """Yield a warning for each value that an override holds at this time."""
    moved = {each.address: each for each in changes}
    for each in overrides.apply_overrides(loaded, now).desired if moved else ():
        for move in moved[each.address].fields if each.address in moved else ():
            if move.field in each.origin.overlaid:
                message = f"{move.field} changes in the file, and an override sets it at this time"
                at = each.origin.overlaid[move.field]
                yield warning("override", message, at=at, address=each.address, hint="change the override as well")


def _with_advice(problem: Problem) -> Problem:
    if problem.code != "too-many-decimals":
        return problem
    return replace(problem, hint="; ".join(filter(None, (problem.hint, ROUND_HINT))))
