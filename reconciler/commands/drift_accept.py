"""Accept outside changes: write the live values into the files, at their lines, and keep every comment."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.commands import atomic_files
from reconciler.commands.drift import DriftResult
from reconciler.config import update_file, yaml_document
from reconciler.config.loader import LoadResult
from reconciler.config.ownership import OUTSIDE
from reconciler.config.update_file import Amendment
from reconciler.config.value_formatter import to_yaml
from reconciler.config.yaml_editor import Change, EditError, apply_edits_to_bytes
from reconciler.engine.plan import PreparedPlan
from reconciler.importer.file_placement import file_of
from reconciler.kinds.kind import Kind
from reconciler.model import Address, Desired, Drift, Json, Live, Problem, Run, Severity, Value, Values, error, warning
from reconciler.model.money import format_amount
from reconciler.reports.drift_report import MOVED, format_drift_value


def accept(loaded: LoadResult, looked: DriftResult) -> Run:
    """Write all values that changed outside into the files; values that cannot be written are reported."""
    if looked.prepared is None:
        return looked.run
    assert loaded.project is not None
    wished: dict[Address, dict[str, Value]] = defaultdict(dict)
    skipped = [*_warn_of_owned(looked.run)]
    for each in looked.run.drift:
        if each.moved_outside and each.place.source is loaded.project.source:
            skipped.append(_overridden(each))
        elif each.moved_outside:
            wished[each.address][each.field] = each.live
    texts, problems = rewrite_files(loaded, looked.prepared, wished)
    notes = write_files(texts)
    decided = (replace(each, hint=None) if each.code in MOVED else each for each in looked.run.problems)
    return replace(looked.run, problems=(*decided, *skipped, *problems, *notes))


def _overridden(each: Drift) -> Problem:
    """Return a warning for a value that an override sets, which the file cannot take over."""
    message = f"{each.field} of {each.address} was not taken over: an override sets it here"
    hint = f"write {_format_written(each.live)} into the override, or remove it and look again"
    return warning("not-accepted", message, at=each.place, address=each.address, hint=hint)


def _format_written(value: Value) -> str:
    """Return a value as written in a file: amounts without grouped digits."""
    return format_amount(value) if isinstance(value, Decimal) else format_drift_value(value)


def _warn_of_owned(run: Run) -> Iterator[Problem]:
    """Yield a warning for each owned value out of bounds, which the file cannot change."""
    for each in run.problems:
        if each.code == OUTSIDE:
            message = f"this value of {each.address} was not taken over: by this rule it is not the files' own"
            yield warning("not-accepted", message, at=each.span, address=each.address, hint=each.hint)


def write_files(texts: Mapping[str, bytes]) -> Iterator[Problem]:
    """Write the texts to the files; yield a note or an error for each."""
    for file, text in texts.items():
        try:
            atomic_files.write_atomically(Path(file), text)
        except OSError as trouble:
            yield error("not-edited", f"{file} cannot be written: {trouble.strerror}", hint="write the values by hand")
        else:
            yield Problem(Severity.NOTE, "rewritten", f"{file} was updated", hint="review it, and commit it")


def rewrite_files(
    loaded: LoadResult, prepared: PreparedPlan, wished: Mapping[Address, Values]
) -> tuple[dict[str, bytes], tuple[Problem, ...]]:
    """Return the new texts of the files that are to state these values, and the problems."""
    texts: dict[str, bytes] = {}
    problems: list[Problem] = []
    for file, by_kind in _group_blocks(loaded, prepared, wished).items():
        text = loaded.documents[file].text
        value = _value(text, file)
        changes = [edit for kind, blocks in by_kind.items() for edit in _find_edits(kind, blocks, wished, value)]
        try:
            texts[file] = apply_edits_to_bytes(text, file, changes, value)
        except EditError as trouble:
            problems.append(error("not-edited", str(trouble), hint="write the values by hand"))
    return texts, tuple(problems)


class _Blocks(Struct):
    """Blocks of one kind in one file: those whose values change, with their live objects, and all others."""

    chosen: list[tuple[Desired, Live]] = field(default_factory=list)
    others: list[Desired] = field(default_factory=list)


def _group_blocks(
    loaded: LoadResult, prepared: PreparedPlan, wished: Mapping[Address, Values]
) -> dict[str, dict[Kind, _Blocks]]:
    """Return the blocks of each file that changes, each looked at once."""
    found: dict[str, dict[Kind, _Blocks]] = {}
    blocks = {each.address: each for each in loaded.desired if each.address in wished}
    chosen: set[Address] = set()
    for name, pairs in prepared.pairs.items():
        for desired, live in pairs:
            block = blocks.get(desired.address)
            if block is not None and live is not None:
                kind = prepared.targets[name].kind
                found.setdefault(file_of(block), {}).setdefault(kind, _Blocks()).chosen.append((block, live))
                chosen.add(block.address)
    kinds = {name: target.kind for name, target in prepared.targets.items()}
    for each in loaded.desired:
        there = found.get(file_of(each), {}).get(kinds[each.address.kind])
        if there is not None and each.address not in chosen:
            there.others.append(each)
    return found


def _find_edits(kind: Kind, blocks: _Blocks, wished: Mapping[Address, Values], value: Json) -> Iterator[Change]:
    """Yield the edits of the blocks of one kind in one file, which holds this value."""
    amendments = []
    for desired, live in blocks.chosen:
        goal = _only(desired, live, wished[desired.address])
        whole = replace(desired, values={**wished[desired.address], **desired.values})
        amendments.append(Amendment(desired, update_file.block_changes(kind, whole, goal, value)))
        yield from _find_added(kind, desired, wished[desired.address])
    yield from update_file.file_edits(kind, value, amendments, blocks.others)


def _find_added(kind: Kind, desired: Desired, wished: Values) -> Iterator[Change]:
    """Yield the values that the block does not state yet."""
    for name, value in wished.items():
        if name not in desired.values:
            yield (kind.name, desired.address.key, *name.split(".")), to_yaml(kind.field(name), value)


def _only(desired: Desired, live: Live, wished: Values) -> Live:
    """Return a live object that differs from its block in these values only, so that pending values stay."""
    rest = {name: value for name, value in desired.values.items() if name in live.values}
    return replace(live, values={**live.values, **rest, **wished})


def _value(text: bytes, file: str) -> Json:
    parsed, _ = yaml_document.parse(text, file)
    return parsed.value if parsed else None
