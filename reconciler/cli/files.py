"""Commands on the files alone: validate, fmt."""

import click

from reconciler.cli.group import cli
from reconciler.cli.shared import PATHS, local_time, render_options
from reconciler.cli.terminal import CommandEnded, end, report_options


@cli.command()
@PATHS
@report_options
def validate(paths: tuple[str, ...], form: str) -> None:
    """Check files without network or credentials.

    \b
    Example: reconciler validate ads/
    """
    from reconciler.config import loader
    from reconciler.engine import validate as validation

    end(validation.validate(loader.load(paths), local_time()), form, render_options())


@cli.command()
@PATHS
@click.option("--check", is_flag=True, help="Change nothing; exit with 2 if a file is not in its canonical form.")
@click.option("--diff", is_flag=True, help="Show what changes, as a patch.")
def fmt(paths: tuple[str, ...], check: bool, diff: bool) -> None:
    """Write resource files in their canonical form: spelling, quotes, order of fields. Comments stay.

    What the files mean stays as it is: a plan before and after is the same.

    \b
    Example: reconciler fmt
             reconciler fmt --check --diff
    """
    from reconciler.commands import fmt as fmt_command
    from reconciler.commands import patch_files
    from reconciler.config import loader
    from reconciler.model.exit_codes import ExitCode

    loaded = loader.load(paths)
    planned = fmt_command.plan_format(loaded, paths, local_time())
    if planned.texts and not check:
        planned = fmt_command.write(loaded, planned)
    if planned.run.failed:
        end(planned.run, "text", render_options())
    if diff:
        click.echo(patch_files.unified_diff(loaded.documents, planned.texts), nl=False)
    for file in planned.texts:
        click.echo(f"{'formatted' if planned.written else 'not formatted'}: {file}", err=diff)
    raise CommandEnded(int(ExitCode.CHANGES if check and planned.texts else ExitCode.DONE))
