"""Plan files on the disk: written whole or not at all, read back with a clear word for what is wrong."""

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from reconciler import dialects
from reconciler.approval import saved
from reconciler.approval.saved import Circumstances, Saved
from reconciler.approval.stale import stale
from reconciler.commands import access, disk
from reconciler.commands.access import Unusable
from reconciler.kinds.kind import Kind
from reconciler.model import Run, error


def save(run: Run, file: Path, made: Circumstances) -> str:
    """Write a plan and return its digest. Only its owner may read it: it names what an account spends."""
    text, digest = saved.dumped(run, made)
    try:
        disk.put(file, text, rights=disk.OWNER)
    except OSError as trouble:
        raise Unusable(access.stopped(disk.unwritten(file, trouble))) from None
    return digest


def read(file: Path, kinds: Mapping[str, Kind]) -> Saved:
    """A plan file. Raises :class:`Unusable` if it is none, or altered."""
    try:
        return saved.loaded(_text(file), kinds)
    except saved.Unreadable as trouble:
        raise _refused(file, str(trouble)) from trouble


def paths(file: Path) -> tuple[str, ...]:
    """The files that a plan was made from. Raises :class:`Unusable`."""
    try:
        return saved.paths(_text(file))
    except saved.Unreadable as trouble:
        raise _refused(file, str(trouble)) from trouble


def shown(file: Path) -> Run:
    """A saved plan as a run to report. Raises :class:`Unusable`."""
    try:
        found = saved.loaded(_text(file), _any_kinds(saved.versions(_text(file))))
    except saved.Unreadable as trouble:
        raise _refused(file, str(trouble)) from trouble
    return replace(found.run, command="plan")


def _any_kinds(versions: Mapping[str, str]) -> Mapping[str, Kind]:
    return {
        name: kind
        for family, version in versions.items()
        for name, kind in dialects.dialect(family, version).kinds.items()
    }


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        message = f"there is no file {file}"
        hint = f"paths are read from {Path.cwd()}; plan --out writes a plan"
        raise Unusable(access.stopped(error("no-such-file", message, hint=hint))) from None
    except (OSError, UnicodeDecodeError) as trouble:
        raise _refused(file, f"it cannot be read: {trouble}") from trouble


def _refused(file: Path, why: str) -> Unusable:
    return Unusable(access.stopped(stale(f"{file}: {why}", "plan again")))
