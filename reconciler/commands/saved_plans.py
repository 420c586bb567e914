"""Plan files on disk: written atomically, read with clear errors."""

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from reconciler.commands import atomic_files, connection
from reconciler.commands.connection import CommandRefused
from reconciler.kinds import versions as api_versions
from reconciler.kinds.kind import Kind
from reconciler.model import Run, error
from reconciler.planfile import plan_file
from reconciler.planfile.plan_file import PlanContext, PlanFile
from reconciler.planfile.staleness import stale_problem


def save(run: Run, file: Path, made: PlanContext) -> str:
    """Write a plan, readable by its owner only since it shows an account's spend; return its digest."""
    parts, digest = plan_file.dump_plan(run, made)
    try:
        atomic_files.write_atomically(file, parts, rights=atomic_files.OWNER)
    except OSError as trouble:
        raise CommandRefused(connection.refused_run(atomic_files.not_written_error(file, trouble))) from None
    return digest


def read(file: Path, kinds: Mapping[str, Kind]) -> PlanFile:
    """Return a plan file. Raise :class:`CommandRefused` if it is no plan, or altered."""
    try:
        return plan_file.load_plan(_text(file), kinds)
    except plan_file.PlanFileError as trouble:
        raise _make_refusal(file, str(trouble)) from trouble


def find_request(file: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the paths and the targets from which a plan was made. Raise :class:`CommandRefused` if it is no plan."""
    try:
        return plan_file.read_request(_text(file))
    except plan_file.PlanFileError as trouble:
        raise _make_refusal(file, str(trouble)) from trouble


def show_run(file: Path) -> Run:
    """Return a saved plan as a run to report. Raise :class:`CommandRefused` if it is no plan, or altered."""
    try:
        found = plan_file.load_plan(_text(file), _any_kinds(plan_file.read_versions(_text(file))))
    except plan_file.PlanFileError as trouble:
        raise _make_refusal(file, str(trouble)) from trouble
    return replace(found.run, command="plan")


def _any_kinds(versions: Mapping[str, str]) -> Mapping[str, Kind]:
    """Return the kinds of a plan's versions. Raise :class:`PlanFileError` for one that another tool version knows."""
    kinds: dict[str, Kind] = {}
    for family, version in versions.items():
        try:
            kinds |= api_versions.find_version(family, version).kinds
        except (KeyError, TypeError):
            why = f"it is for version {version} of {family}, which this version of the tool does not know"
            raise plan_file.PlanFileError(why) from None
    return kinds


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        message = f"there is no file {file}"
        hint = f"paths are read from {Path.cwd()}; plan --out writes a plan"
        raise CommandRefused(connection.refused_run(error("no-such-file", message, hint=hint))) from None
    except (OSError, UnicodeDecodeError) as trouble:
        raise _make_refusal(file, f"it cannot be read: {trouble}") from trouble


def _make_refusal(file: Path, why: str) -> CommandRefused:
    return CommandRefused(connection.refused_run(stale_problem(f"{file}: {why}", "plan again")))
