"""The texts of files with new values: only the values differ, and they are what was requested."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from reconciler.config import yaml_document
from reconciler.config.loader import LoadResult
from reconciler.config.value_formatter import to_yaml
from reconciler.config.yaml_editor import Change as Edit
from reconciler.config.yaml_editor import apply_edits_to_bytes
from reconciler.importer.file_placement import file_of
from reconciler.kinds.kind import Field
from reconciler.model import Change, Json, Problem, Value, error


def edit_texts(loaded: LoadResult, changes: Sequence[Change]) -> dict[str, bytes]:
    """Return the new texts of the files. Raises :class:`EditError`."""
    assert loaded.project is not None
    blocks = {each.address: each for each in loaded.desired}
    edits: dict[str, list[Edit]] = defaultdict(list)
    values: dict[str, Json] = {}
    for change in changes:
        desired, kind = blocks[change.address], loaded.project.kinds[change.address.kind]
        file = file_of(desired)
        if file not in values:
            parsed, _ = yaml_document.parse(loaded.documents[file].text, file)
            values[file] = parsed.value if parsed else None
        for move in change.fields:
            like = _read_written(values[file], desired.at(move.field).path)
            path = (kind.name, desired.address.key, *move.field.split("."))
            edits[file].append((path, _spell_value(kind.field(move.field), move.after, like)))
    return {file: apply_edits_to_bytes(loaded.documents[file].text, file, each) for file, each in edits.items()}


def _read_written(value: Json, path: Sequence[str | int]) -> Json:
    for step in path:
        value = value.get(str(step)) if isinstance(value, dict) else None
    return value


def _spell_value(row: Field, value: Value, like: Json) -> Json:
    """Return the value in the file's form: an integer stays an integer if it was written as one."""
    raw = to_yaml(row, value, like)
    whole = isinstance(raw, Decimal) and raw == raw.to_integral_value() and type(like) is int
    return int(raw) if whole and isinstance(raw, Decimal) else raw


def find_other_values(before: LoadResult, after: LoadResult, changes: Sequence[Change]) -> Iterator[Problem]:
    """Yield an error for each resource whose values in the new texts differ from the requested ones."""
    wanted = {each.address: each.values for each in before.desired}
    wanted |= {each.address: each.after for each in changes}
    found = {each.address: each.values for each in after.desired}
    for address in wanted.keys() | found.keys():
        if wanted.get(address) != found.get(address):
            hint = "write the values by hand, and report this"
            yield error("not-edited", "the file cannot be edited safely here", address=address, hint=hint)
