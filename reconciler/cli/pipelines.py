"""Commands for pipelines: projects."""

import json

import click
from msgspec.structs import asdict

from reconciler.cli.shared import FORM, cli, report_refusal
from reconciler.cli.terminal import notify, put


@cli.command(short_help="List the projects of a repository, or those that changed.")
@click.argument("folders", nargs=-1, type=click.Path(), metavar="[FOLDER]...")
@click.option("--changed-since", "since", metavar="COMMIT", help="Only those with changes since this commit.")
@FORM
def projects(folders: tuple[str, ...], since: str | None, form: str) -> None:
    """List the projects at or below some folders: what a pipeline runs, one job for each.

    A project is changed by its YAML files, by the file that it extends, and by the pipelines of the repository. If the
    commit is not known here, every project counts as changed.

    \b
    Example: reconciler projects
             reconciler projects --changed-since origin/main --format json
    """
    from reconciler.commands import projects as projects_command
    from reconciler.model.text import sanitize

    with report_refusal("text"):
        found = projects_command.find_projects(folders, since)
    if found.note:
        notify(f"note: {sanitize(found.note)}")
    if form == "json":
        put(json.dumps([asdict(each) for each in found.projects], separators=(",", ":")) + "\n", form)
    else:
        put("".join(f"{sanitize(each.project)}\n" for each in found.projects))
