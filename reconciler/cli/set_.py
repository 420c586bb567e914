"""The command ``set``: values of many resources, changed in the files."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from reconciler.cli.group import cli
from reconciler.cli.shared import (
    FORM,
    FULL,
    Reaching,
    account_options,
    local_time,
    open_session_for,
    render_options,
    report_refusal,
    taking,
)
from reconciler.cli.terminal import CommandEnded, NewFile, end, progress, put

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.commands.set_ import SetRequest, SetResult
    from reconciler.config.loader import LoadResult
    from reconciler.model import Address, Values


class SetOptions(Reaching, frozen=True, kw_only=True):
    """The options of ``set``."""

    words: tuple[str, ...]
    where: tuple[str, ...]
    round_to: Decimal | None
    least: Decimal | None
    most: Decimal | None
    from_live: bool
    dry_run: bool
    patch: str | None
    sheet: str | None
    project: str
    form: str
    full: bool


def amount(context: click.Context, option: click.Parameter, value: str | None) -> Decimal | None:
    """Return the exact amount of an option, or refuse what is none above 0."""
    if value is None:
        return None
    try:
        found = Decimal(value)
    except InvalidOperation:
        found = Decimal(0)
    if not found.is_finite() or found <= 0:
        raise click.BadParameter(f"{value!r} is no amount above 0", context, option)
    return found


@cli.command("set")
@click.argument("words", nargs=-1, metavar="SELECTOR... FIELD=VALUE...")
@click.option("--where", multiple=True, metavar="CONDITION", help="Only resources that meet it; may be given again.")
@click.option("--round", "round_to", callback=amount, metavar="STEP", help="Round computed amounts to multiples.")
@click.option("--min", "least", callback=amount, metavar="AMOUNT", help="Lower no amount below it.")
@click.option("--max", "most", callback=amount, metavar="AMOUNT", help="Raise no amount above it.")
@click.option("--from", "sheet", type=click.Path(dir_okay=False), metavar="SHEET", help="Take over changed cells.")
@click.option("--from-live", is_flag=True, help="Begin at the live values instead of those of the files.")
@click.option("--dry-run", is_flag=True, help="Show what would change; write nothing.")
@click.option("--patch", type=NewFile(), metavar="FILE", help="Save a patch; leave the files alone.")
@click.option("--project", default=".", type=click.Path(), help="Folder of the project.")
@FULL
@FORM
@account_options
@taking(SetOptions)
def set_(given: SetOptions) -> None:
    """Change values of many resources in the files. Nothing is sent.

    SELECTOR is a glob of addresses. VALUE is a value, or a step: +10%, -0.05, *1.1.
    SHEET is a table that `export` wrote, csv or xlsx.

    \b
    Example: reconciler set 'adSets.*' bidding.bidAmount=+12% --round 0.01 \\
               --where campaignId=358313 --where 'bidding.bidAmount<1'
    """
    from reconciler.config import loader

    if given.sheet is not None:
        _from_sheet(given)
    request, now = _request(given), local_time()
    if not given.from_live:
        _finish(given, loader.load((given.project,)), request, now, None)
    with open_session_for((given.project,), given, "text") as session:
        from reconciler.model import Run

        prepared = session.plan(())
        if isinstance(prepared, Run):
            end(prepared, "text", render_options())
        pairs = (pair for found in prepared.pairs.values() for pair in found)
        live = {desired.address: row.values for desired, row in pairs if row is not None}
        _finish(given, session.loaded, request, now, live)


def _from_sheet(given: SetOptions) -> NoReturn:
    """Write the changed cells of a spreadsheet from ``export`` into the files."""
    from reconciler.commands import set_sheet
    from reconciler.config import loader

    if given.words or given.where or given.from_live or given.round_to or given.least or given.most:
        raise click.UsageError("--from SHEET takes values from the sheet alone: give no selector, value or bound")
    loaded = loader.load((given.project,))
    planned = set_sheet.plan_edits(loaded, Path(str(given.sheet)), local_time())
    if not planned.run.failed and planned.texts:
        planned = _carried_out(given, loaded, planned)
    _report(given, planned, list(planned.texts))


def _request(given: SetOptions) -> "SetRequest":
    from reconciler.commands.set_ import SetRequest
    from reconciler.config.amount_change import Bounds

    selectors = tuple(word for word in given.words if "=" not in word)
    assignments = [word.partition("=") for word in given.words if "=" in word]
    if not selectors or not assignments:
        raise click.UsageError("give which resources and what: reconciler set 'adSets.*' bidding.bidAmount=+12%")
    if given.least is not None and given.most is not None and given.least > given.most:
        raise click.UsageError(f"--min {given.least} is above --max {given.most}")
    names = [name for name, _, _ in assignments]
    if len(set(names)) != len(names):
        raise click.UsageError("a field is given twice")
    bounds = Bounds(given.round_to, given.least, given.most)
    return SetRequest(selectors, tuple((name, value) for name, _, value in assignments), given.where, bounds)


def _finish(
    given: SetOptions,
    loaded: "LoadResult",
    request: "SetRequest",
    now: "datetime",
    live: "dict[Address, Values] | None",
) -> NoReturn:
    """Plan the edits, write them unless they are only to be shown, and end with a report."""
    from reconciler.commands import set_ as set_command

    planned = set_command.plan_edits(loaded, request, now, live)
    if not planned.run.failed and planned.texts:
        planned = _carried_out(given, loaded, planned)
    _report(given, planned, list(planned.texts))


def _carried_out(given: SetOptions, loaded: "LoadResult", planned: "SetResult") -> "SetResult":
    from reconciler.commands import patch_files
    from reconciler.commands import set_ as set_command

    if given.patch is not None:
        with report_refusal("text"):
            patch_files.save(patch_files.unified_diff(loaded.documents, planned.texts), Path(given.patch))
        return planned
    return planned if given.dry_run else set_command.write(loaded, planned)


def _report(given: SetOptions, planned: "SetResult", files: Sequence[str]) -> NoReturn:
    from reconciler.model import exit_codes
    from reconciler.reports import set_report

    outcome = set_report.SetReport(planned.run, tuple(files), planned.written, planned.currencies)
    progress("")
    put(set_report.FORMATS[given.form](outcome, render_options(full=given.full)), given.form)
    raise CommandEnded(int(exit_codes.exit_code(planned.run)))
