"""export: what the files state as a table for a spreadsheet; `set --from` is the way back."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.group import cli
from reconciler.cli.shared import (
    PATHS,
    TARGET,
    Reaching,
    account_options,
    open_session_for,
    render_options,
    report_refusal,
    taking,
)
from reconciler.cli.terminal import NewFile, end, progress

if TYPE_CHECKING:
    from reconciler.config.loader import LoadResult
    from reconciler.model import Address, Values


class ExportOptions(Reaching, frozen=True, kw_only=True):
    """The options of ``export``."""

    paths: tuple[str, ...]
    targets: tuple[str, ...]
    form: str
    out: str | None
    live: bool


@cli.command()
@PATHS
@TARGET
@click.option(
    "--format",
    "form",
    default="csv",
    show_default=True,
    type=click.Choice(["csv", "xlsx"]),
    help="xlsx needs the extra `xlsx`.",
)
@click.option("--out", type=NewFile(), metavar="FILE", help="The file to write; csv: else stdout.")
@click.option("--live", is_flag=True, help="What is live beside each field, in columns that `set --from` ignores.")
@account_options
@taking(ExportOptions)
def export(given: ExportOptions) -> None:
    """Write what the files state as a table: a row for each resource, a column for each field.

    Change cells and take them over with `reconciler set --from FILE`.

    \b
    Example: reconciler export --format xlsx --out ads.xlsx
             reconciler export --live --target 'adSets.*' --sandbox
    """
    from reconciler.config import loader
    from reconciler.engine.validate import validate
    from reconciler.model import Run

    if given.form == "xlsx" and given.out is None:
        raise click.UsageError("--format xlsx needs --out FILE")
    if given.live:
        with open_session_for(given.paths, given, "text") as session:
            prepared = session.plan(())
            if isinstance(prepared, Run):
                end(prepared, "text", render_options())
            pairs = (pair for found in prepared.pairs.values() for pair in found)
            _write(given, session.loaded, {each.address: row.values for each, row in pairs if row is not None})
            return
    from datetime import UTC, datetime

    loaded = loader.load(given.paths)
    checked = validate(loaded, datetime.now(UTC))
    if checked.failed:
        end(checked, "text", render_options())
    _write(given, loaded, None)


def _write(given: ExportOptions, loaded: "LoadResult", live: "dict[Address, Values] | None") -> None:
    from reconciler.commands import atomic_files, sheets
    from reconciler.commands import export as export_command
    from reconciler.commands.connection import CommandRefused, refused_run
    from reconciler.planning.selection import select

    assert loaded.project is not None
    chosen, missed = select((str(each.address) for each in loaded.desired), given.targets)
    if missed:
        raise click.UsageError(f"no resource matches {', '.join(missed)}")
    desired = [each for each in loaded.desired if not given.targets or str(each.address) in chosen]
    table = export_command.table(loaded.project, desired, live)
    progress("")
    try:
        content = (sheets.write_xlsx if given.form == "xlsx" else sheets.write_csv)(table.columns, table.rows)
    except sheets.SheetError as why:
        raise click.ClickException(str(why)) from None
    if given.out is None:
        sys.stdout.write(content.decode("utf-8-sig"))
        return
    with report_refusal("text"):
        try:
            atomic_files.write_atomically(Path(given.out), content)
        except OSError as trouble:
            raise CommandRefused(refused_run(atomic_files.not_written_error(Path(given.out), trouble))) from None
    click.echo(f"{len(desired):,} resources in {given.out}", err=True)
