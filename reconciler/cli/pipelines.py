"""Commands for pipelines: projects, notify."""

import json
from pathlib import Path

import click
from msgspec import Struct
from msgspec.structs import asdict

from reconciler.cli import terminal
from reconciler.cli.group import cli
from reconciler.cli.shared import FORM, report_refusal, taking
from reconciler.cli.terminal import put


class NotifyOptions(Struct, frozen=True, kw_only=True):
    """Options of ``notify``."""

    reports: tuple[str, ...]
    variable: str
    if_set: bool
    style: str
    title: str | None


@cli.command()
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
        terminal.notify(f"note: {sanitize(found.note)}")
    if form == "json":
        put(json.dumps([asdict(each) for each in found.projects], separators=(",", ":")) + "\n", form)
    else:
        put("".join(f"{sanitize(each.project)}\n" for each in found.projects))


@cli.command()
@click.argument("reports", nargs=-1, required=True, type=click.Path(), metavar="REPORT.json...")
@click.option(
    "--webhook-env", "variable", required=True, metavar="NAME", help="Variable that holds the address of the webhook."
)
@click.option("--if-set", is_flag=True, help="Do nothing if the variable is not set.")
@click.option(
    "--style",
    default="text",
    show_default=True,
    type=click.Choice(["text", "teams"]),
    help="text for Slack, Mattermost, Google Chat; teams for workflows of Microsoft Teams.",
)
@click.option("--title", metavar="TEXT", help="First line of the message.")
@taking(NotifyOptions)
def notify(given: NotifyOptions) -> None:
    """Send one message about runs, from their JSON reports, to a webhook.

    The address is a secret, so it is read from the environment only and never shown. It is sent to once; if that
    fails, the exit code is 1, and the runs stay as they ended.

    \b
    Example: reconciler apply --auto-approve --report json=apply.json
             reconciler notify --webhook-env SLACK_WEBHOOK apply.json
    """
    from reconciler.commands import notify as notify_command
    from reconciler.model.text import sanitize

    variable = given.variable
    if not notify_command.is_set(variable):
        if given.if_set:
            terminal.notify(f"{sanitize(variable)} is not set: no message was sent.")
            return
        raise click.UsageError(f"--webhook-env: the variable {sanitize(variable)} is not set")
    with report_refusal("text"):
        told = notify_command.read_reports([Path(each) for each in given.reports])
        notify_command.send(told, variable, given.style, sanitize(given.title) if given.title else None)
        click.echo(f"Sent a message about {', '.join(f'{each.command} of {sanitize(each.project)}' for each in told)}.")
