"""What moved outside, taken over: the live value into the file, at its line, with every comment kept."""

import shutil
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from reconciler import amend, document
from reconciler.amend import Amendment
from reconciler.drifting import Looked
from reconciler.edits import Change, Unedited, edited
from reconciler.model import Address, Desired, Drift, Json, Live, Problem, Run, Severity, error
from reconciler.placing import file_of
from reconciler.source import Loaded

BOM = b"\xef\xbb\xbf"


def accept(loaded: Loaded, looked: Looked) -> Run:
    """Write what is live of all that moved outside into the files. What cannot be written is told."""
    if looked.prepared is None:
        return looked.run
    problems: list[Problem] = []
    written: list[str] = []
    for file, changes in _changes(loaded, looked).items():
        try:
            text = _amended(loaded.documents[file].text, file, changes)
            write(Path(file), text)
        except (Unedited, OSError) as trouble:
            problems.append(error("not-edited", f"{file}: {trouble}", hint="write the values by hand"))
        else:
            written.append(file)
    note = [Problem(Severity.NOTE, "accepted", f"what is live was written into {file}") for file in written]
    return replace(looked.run, problems=(*looked.run.problems, *problems, *note))


def _changes(loaded: Loaded, looked: Looked) -> dict[str, list[Change]]:
    """By file, what is to be written where."""
    assert looked.prepared is not None
    assert loaded.project is not None
    moved: dict[Address, list[Drift]] = defaultdict(list)
    for each in looked.run.drift:
        if each.moved_outside and each.place.source is not loaded.project.source:
            moved[each.address].append(each)
    found: dict[str, list[Change]] = defaultdict(list)
    for name, pairs in looked.prepared.pairs.items():
        kind = looked.prepared.targets[name].kind
        chosen = [(desired, live) for desired, live in pairs if live is not None and desired.address in moved]
        for file in dict.fromkeys(file_of(desired) for desired, _ in chosen):
            value = _value(loaded.documents[file].text, file)
            amendments = []
            for desired, live in chosen:
                if file_of(desired) == file:
                    only = _only(desired, live, moved[desired.address])
                    amendments.append(Amendment(desired, amend.moves(kind, desired, only, value)))
            others = _others(loaded.desired, name, file, {each.desired.address for each in amendments})
            found[file] += amend.changes(kind, value, amendments, others)
    return found


def _only(desired: Desired, live: Live, moved: Iterable[Drift]) -> Live:
    """The live object as it would be if nothing but this had moved: what is pending stays so."""
    names = {each.field for each in moved}
    rest = {name: value for name, value in desired.values.items() if name not in names and name in live.values}
    return replace(live, values={**live.values, **rest})


def _others(desired: Iterable[Desired], kind: str, file: str, moved: set[Address]) -> list[Desired]:
    return [
        each for each in desired if each.address.kind == kind and each.address not in moved and file_of(each) == file
    ]


def _value(text: bytes, file: str) -> Json:
    parsed, _ = document.parse(text, file)
    return parsed.value if parsed else None


def _amended(raw: bytes, file: str, changes: list[Change]) -> bytes:
    text = edited(raw.decode("utf-8-sig"), file, changes)
    return (BOM if raw.startswith(BOM) else b"") + text.encode()


def write(path: Path, text: bytes) -> None:
    """Whole or not at all, with the permissions that the file had. Raises :class:`OSError`."""
    target = path.resolve()
    beside = target.with_name(f".{target.name}.new")
    beside.write_bytes(text)
    if target.exists():
        shutil.copymode(target, beside)
    beside.replace(target)
