"""Commands that are no runs: schema, explain, resolve, ledger, sandbox."""

import gc
import re
import sys
from pathlib import Path

import click
from msgspec import Struct

from reconciler.cli.group import Guessing, cli
from reconciler.cli.shared import Reaching, account_options, complete_from, report_refusal, taking
from reconciler.cli.terminal import put


class ResolveOptions(Reaching, frozen=True, kw_only=True):
    """Options of ``resolve``."""

    run: str
    call: str
    applied: bool | None
    because: str
    ids: tuple[str, ...]
    certain: bool
    project: str


class PruneOptions(Reaching, frozen=True, kw_only=True):
    """Options of ``ledger prune``."""

    older_than: str
    project: str


class ServeOptions(Struct, frozen=True, kw_only=True):
    """Options of ``sandbox serve``."""

    host: str
    port: int
    state: str | None
    seed: str
    faults: str | None


@cli.command()
@click.option(
    "--out", default="schemas", show_default=True, type=click.Path(file_okay=False), help="The folder for them."
)
def schema(out: str) -> None:
    """Write the JSON Schemas that editors complete and check files with.

    \b
    Example: reconciler schema --out schemas
    """
    import json

    from reconciler.config import schema_builder as schemas

    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in schemas.build_schemas().items():
            (folder / name).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            click.echo(str(folder / name))
    except OSError as trouble:
        raise click.ClickException(f"{folder} cannot be written: {trouble.strerror}") from None


@cli.command()
@click.argument("code", shell_complete=complete_from("codes"))
@click.option("--project", default=".", type=click.Path(), help="Where a setting is looked up.")
def explain(code: str, project: str) -> None:
    """Say what a problem code or a guardrail means, what causes it, and what cures it; or what a field is.

    For a guardrail, guardrails, overrides, scope or currencies: how it is set in the project, and where.

    \b
    Example: reconciler explain fixed-field
             reconciler explain decimalSlip
             reconciler explain adSets.bidding.bidAmount
             reconciler explain overrides --project shop
    """
    from reconciler.commands import settings
    from reconciler.config.schema_errors import closest_word
    from reconciler.guardrails import RULES
    from reconciler.provider.api_codes import api_table
    from reconciler.reports.problem_catalogue import find_entry, problem_table

    if code in settings.SECTIONS:
        put(settings.describe(project, code) or f"There is no project in {project}.\n")
        return
    here = settings.describe(project, code)
    if "." in code:
        put(_explained_field(code))
        return
    code = RULES[code].code if code in RULES else code
    entry = find_entry(code)
    if entry is None:
        known = [*problem_table(), *RULES, *api_table()]
        hint = closest_word(code, known) or "the API has codes that are not published: its message is all there is"
        raise click.UsageError(f"unknown code {code!r}; {hint}")
    said = entry.plain
    put(f"{code}: {said.means}\n\nCause: {said.cause}\nFix:   {said.cure}\n")
    if here:
        put(f"\nHere:  {here}")


def _explained_field(name: str) -> str:
    from reconciler.config.schema_errors import closest_word
    from reconciler.kinds import versions as api_versions
    from reconciler.reports import field_facts

    facts = field_facts.explain(name)
    if facts is None:
        kind = name.partition(".")[0]
        kinds = api_versions.kind_names()
        known = (
            field_facts.field_names(kind)
            if kind in kinds
            else [each for one in kinds for each in field_facts.field_names(one)]
        )
        raise click.UsageError(f"there is no field {name!r}; {closest_word(name, known) or 'fields are named in full'}")
    return facts


@cli.command()
@click.argument("run")
@click.argument("call")
@click.option("--applied/--not-applied", default=None, help="What you saw at the account.")
@click.option("--because", required=True, metavar="TEXT", help="How you know. It is kept in the journal.")
@click.option(
    "--id",
    "ids",
    multiple=True,
    metavar="ID",
    help="With --applied, what was created: its id, or ADDRESS=ID for each item of a batch.",
)
@click.option("--certain", is_flag=True, help="--not-applied even before the time until which the call is held.")
@click.option("--project", default=".", type=click.Path(), help="Folder of the project.")
@account_options
@taking(ResolveOptions)
def resolve(given: ResolveOptions) -> None:
    """Decide the one outcome that reading cannot settle: whether a call took effect.

    \b
    Examples: reconciler resolve 20261121T090000Z-7f3a balances.funds.q1 \\
                --applied --because "seen in the history"
              reconciler resolve 20261121T090000Z-7f3a adSets.create.summer \\
                --applied --id 987634 --because "it is there"
    """
    from reconciler.commands import ledger as ledger_command
    from reconciler.model.text import is_reason

    if given.applied is None:
        raise click.UsageError("say --applied or --not-applied")
    if not is_reason(given.because):
        raise click.UsageError("say how you know: --because TEXT")
    decision = ledger_command.CallDecision(given.applied, given.because, given.ids, given.certain)
    with report_refusal("text"):
        put(ledger_command.resolve(given.project, given.sandbox, given.api_url, given.run, given.call, decision))


@cli.group("ledger", cls=Guessing)
def ledger_group() -> None:
    """What is remembered: ids, last applied values, and the journal of all runs.

    \b
    Example: reconciler ledger runs
             reconciler ledger history adSets.summer-fr
    """


def _book_command(name: str, help: str, *arguments: str) -> None:
    """Add a command that shows one view of the ledger."""

    @ledger_group.command(name, help=help)
    @click.option("--project", default=".", type=click.Path(), help="Folder of the project.")
    @account_options
    def show(project: str, sandbox: str | None, api_url: str | None, **words: str) -> None:
        from reconciler.commands import ledger as ledger_command

        with report_refusal("text"):
            put(ledger_command.COMMANDS[name](project, sandbox, api_url, *words.values()))

    for argument in arguments:
        if argument == "address":
            click.argument(argument, callback=_address, shell_complete=complete_from("addresses"))(show)
        else:
            click.argument(argument)(show)


def _address(context: click.Context, argument: click.Parameter, value: str) -> str:
    if not all(value.partition(".")):
        raise click.BadParameter(f"{value!r} is no address, such as adSets.summer-fr", context, argument)
    return value


_book_command("list", "Addresses with their ids.\n\nExample: reconciler ledger list")
_book_command(
    "history",
    "All that the journal knows of an address.\n\nExample: reconciler ledger history adSets.winter",
    "address",
)
_book_command("runs", "The latest runs, newest first.\n\nExample: reconciler ledger runs")
_book_command("show", "One run with its calls; last is the latest.\n\nExample: reconciler ledger show last", "run")
_book_command(
    "forget",
    "Stop tracking an address; its history is kept.\n\nExample: reconciler ledger forget adSets.old",
    "address",
)


_book_command(
    "check", "Look at every row, and say what is damaged and what cures it.\n\nExample: reconciler ledger check"
)


@ledger_group.command()
@click.option("--older-than", required=True, metavar="AGE", help="180d, say; at least 7d.")
@click.option("--project", default=".", type=click.Path(), help="Folder of the project.")
@account_options
@taking(PruneOptions)
def prune(given: PruneOptions) -> None:
    """Remove old runs and calls from the journal.

    What is open or held stays, and the last call of each facet of an address. `ledgerKeep: 180d` in reconciler.yaml
    does the same once a day.

    \b
    Example: reconciler ledger prune --older-than 180d
    """
    from reconciler.commands import ledger as ledger_command
    from reconciler.config import project_schema

    older_than = given.older_than
    if (
        not re.fullmatch(project_schema.AGE["pattern"], older_than)
        or project_schema.duration(older_than) < project_schema.LEAST_KEPT
    ):
        raise click.UsageError(f"--older-than {older_than!r} is no number of days, such as 180d, or is less than 7d")
    with report_refusal("text"):
        put(ledger_command.prune(given.project, given.sandbox, given.api_url, project_schema.duration(older_than)))


@cli.group(cls=Guessing)
def sandbox() -> None:
    """A simulator of the API, to try things without an account.

    \b
    Example: reconciler sandbox serve
    """


@sandbox.command(short_help="Serve the simulator over HTTP, for any client.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8765, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option("--state", type=click.Path(dir_okay=False), metavar="FILE", help="Keep the state in FILE.")
@click.option("--seed", default="demo", show_default=True, metavar="demo|empty|guide|FILE", help="What it holds.")
@click.option("--faults", type=click.Path(exists=True, dir_okay=False), metavar="FILE", help="Scripted faults.")
@taking(ServeOptions)
def serve(given: ServeOptions) -> None:
    """Serve the simulator over HTTP, for this tool and for any other client.

    \b
    Example: reconciler sandbox serve --port 8765 --state sandbox.json
    """
    from reconciler.commands import sandbox as sandbox_command

    gc.enable()
    try:
        sandbox_command.serve(given.host, given.port, given.state, given.seed, given.faults, on_ready=_announce)
    except OSError as trouble:
        raise click.ClickException(f"{trouble.filename} cannot be read: {trouble.strerror}") from None
    except ValueError as trouble:
        raise click.ClickException(str(trouble)) from None


def _announce(url: str) -> None:
    click.echo(f"The sandbox listens on {url}. In another terminal:\n", err=True)
    click.echo(f"export RECONCILER_API_URL={url}")
    from reconciler.commands.connection import PREFIXES, SANDBOX_CREDENTIALS

    for product, pair in SANDBOX_CREDENTIALS.items():
        click.echo(f"export {PREFIXES[product]}_CLIENT_ID={pair.client_id}")
        click.echo(f"export {PREFIXES[product]}_CLIENT_SECRET={pair.secret}")
    sys.stdout.flush()
