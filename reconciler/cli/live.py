"""Commands that bring live state back into the files: drift, rollback, import."""

from pathlib import Path

import click
from msgspec.structs import replace

from reconciler.cli.group import cli
from reconciler.cli.shared import (
    FORM,
    PATHS,
    TARGET,
    Overriding,
    Reaching,
    account_options,
    allowances,
    complete_from,
    guardrail_options,
    open_session_for,
    render_options,
    report_refusal,
    split_sandbox_argument,
    taking,
)
from reconciler.cli.terminal import CommandEnded, NewFile, end, progress, put, report_options


class DriftOptions(Overriding, frozen=True, kw_only=True):
    """Options of ``drift``."""

    paths: tuple[str, ...]
    targets: tuple[str, ...]
    form: str
    detailed: bool
    accept: str | None
    out: str | None


class RollbackOptions(Overriding, frozen=True, kw_only=True):
    """Options of ``rollback``."""

    run: str
    paths: tuple[str, ...]
    form: str
    out: str | None
    patch: str | None
    write_files: bool


class ImportOptions(Reaching, frozen=True, kw_only=True):
    """Options of ``import``."""

    project: str
    out: str | None
    targets: tuple[str, ...]
    kinds: tuple[str, ...]
    update: bool
    details: bool
    advertisers: tuple[str, ...]
    accounts: tuple[str, ...]
    everything: bool
    form: str


@cli.command()
@PATHS
@TARGET
@report_options
@click.option("--detailed-exitcode", "detailed", is_flag=True, help="Exit with 2 if anything moved outside.")
@click.option("--accept", metavar="live|files", help="live: write what is live into the files. files: plan it back.")
@click.option("--out", type=NewFile(), metavar="FILE", help="With --accept files: save the plan.")
@guardrail_options
@account_options
@taking(DriftOptions)
def drift(given: DriftOptions) -> None:
    """Detect changes made outside this repository, who made them and when, and unmanaged objects. Sends no write, ever.

    \b
    Example: reconciler drift --detailed-exitcode
             reconciler drift --accept live --target 'adSets.summer-*'
    """
    accept, form = given.accept, given.form
    if accept not in (None, "live", "files"):
        raise click.UsageError("--accept takes live or files")
    if accept != "files" and (given.out or given.allow):
        raise click.UsageError("--out and --allow go with --accept files, which makes a plan")
    from reconciler.commands import drift as drift_command
    from reconciler.commands import drift_accept

    allowed = allowances(given.allow, given.because)
    with open_session_for(given.paths, given, form, ahead=not given.targets) as session:
        looked = drift_command.detect_drift(session, given.targets)
        run, digest = looked.run, None
        if accept == "live":
            run = drift_accept.accept(session.loaded, looked)
        elif accept == "files" and looked.prepared is not None:
            aims = drift_command.drifted_addresses(looked.run)
            run = drift_command.plan_back(session, aims, allowed)
            if given.out is not None and not run.failed:
                digest = session.save(run, Path(given.out), aims, 24.0)
                click.echo(f"Saved to {given.out}, {digest}", err=True)
        end(run, form, render_options(detailed=given.detailed and accept is None, digest=digest))


@cli.command()
@click.argument("run")
@PATHS
@report_options
@click.option("--out", type=NewFile(), metavar="FILE", help="Save the plan, to apply exactly it.")
@click.option("--patch", type=NewFile(), metavar="FILE", help="Save what changes in the YAML files.")
@click.option("--write", "write_files", is_flag=True, help="Change the YAML files themselves.")
@guardrail_options
@account_options
@taking(RollbackOptions)
def rollback(given: RollbackOptions) -> None:
    """Plan how to undo a run, and change the files so that nothing does it again. Sends no write, ever.

    The plan fits the files as they will be then: change them first (--write, --patch), then apply it.

    \b
    Example: reconciler rollback last --write --out plan.json
             reconciler rollback 20261121T090000Z-7f3a --patch files.patch
    """
    from reconciler.commands import drift_accept, patch_files
    from reconciler.commands import rollback as rolling

    allowed = allowances(given.allow, given.because)
    with open_session_for(given.paths, given, given.form) as session:
        found = rolling.rollback(session, given.run, allowed)
        result, digest = found.run, None
        if not result.failed:
            if given.patch is not None:
                patch_files.save(found.patch, Path(given.patch))
            if given.write_files:
                result = replace(result, problems=(*result.problems, *drift_accept.write_files(found.texts)))
            if given.out is not None:
                digest = found.session.save(result, Path(given.out), found.targets, 24.0)
                click.echo(f"Saved to {given.out}, {digest}", err=True)
        end(result, given.form, render_options(digest=digest))


@cli.command("import")
@click.argument("project", default=".", type=click.Path(file_okay=False))
@click.option("--out", type=click.Path(file_okay=False), metavar="DIR", help="Folder for new files.")
@TARGET
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    metavar="KIND",
    help="Only this kind; may be given again.",
    shell_complete=complete_from("kinds"),
)
@click.option("--update", is_flag=True, help="Bring what the files state up to date with what is live.")
@click.option(
    "--details",
    "--categories",
    "details",
    is_flag=True,
    help="Also what costs calls for each object: category bids and multipliers of ad sets; dated budgets and bid "
    "multipliers of Retail Media beyond 1,000 calls, up to which a plain import reads them.",
)
@click.option("--advertiser", "advertisers", multiple=True, metavar="ID", help="Begin a project with this advertiser.")
@click.option("--account", "accounts", multiple=True, metavar="ID", help="Begin one with this Retail Media account.")
@click.option("--all", "everything", is_flag=True, help="Begin a project with all that the application may touch.")
@FORM
@account_options
@taking(ImportOptions)
def import_(given: ImportOptions) -> None:
    """Write what is live into files. What the files hold already stays, unless you ask for --update.

    \b
    Examples: reconciler import shop --advertiser 1352
              reconciler import shop --update
    """
    from reconciler.commands import import_ as import_command
    from reconciler.commands.connection import CommandRefused
    from reconciler.importer.account_import import ImportRequest, ImportResult
    from reconciler.kinds.products import SCOPES
    from reconciler.model import exit_codes
    from reconciler.reports import import_report

    (project, *_), sandbox = split_sandbox_argument((given.project,), given.sandbox)
    asked = {"advertisers": given.advertisers, "accounts": given.accounts}
    first = {each.name: asked[each.option] for each in SCOPES.values()}
    where = import_command.ImportTarget(Path(project), sandbox, given.api_url, first, given.everything)
    out = Path(given.out) if given.out else None
    with report_refusal("text"):
        try:
            done = import_command.run(
                where, ImportRequest(given.kinds, given.targets, given.update, given.details, out), progress
            )
        except CommandRefused as unusable:
            if given.form == "text":
                raise
            done = ImportResult(unusable.run.project, problems=unusable.run.problems)
        progress("")
        put(import_report.FORMATS[given.form](done), given.form)
        raise CommandEnded(int(exit_codes.exit_code(done.run)))
