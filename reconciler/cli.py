"""Flags to the engine, a run to a report, a report to an exit code. With ``console``, the only one that prints."""

import atexit
import gc
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from reconciler import __version__
from reconciler.console import Ended, announce, end, follower, progress, reporting

PATHS = click.argument("paths", nargs=-1, type=click.Path())
TARGET = click.option("--target", "targets", multiple=True, metavar="GLOB", help="Only addresses that match.")
BODIES = click.option("--show-bodies", "bodies", is_flag=True, help="Print each request body as it is sent.")
SANDBOX = click.option(
    "--sandbox",
    is_flag=False,
    flag_value="",
    metavar="[FILE]",
    help="Use the built-in simulator instead of the API; its state is kept in FILE.",
)
API_URL = click.option(
    "--api-url", envvar="RECONCILER_API_URL", metavar="URL", help="Another server than https://api.criteo.com."
)
ALLOW = click.option(
    "--allow", multiple=True, metavar="RULE", help="Override a guardrail by its name; needs --because."
)
BECAUSE = click.option("--because", multiple=True, metavar="TEXT", help="Why: one for each --allow, or one for all.")
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=CONTEXT)
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """Make a Criteo account match YAML files: ad sets, seller bids and budgets, balances.

    \b
    Try it without an account:
      reconciler plan  examples/quickstart --sandbox
      reconciler apply examples/quickstart --sandbox
    """


@cli.command()
@PATHS
@reporting
def validate(paths: tuple[str, ...], form: str) -> None:
    """Check files without network or credentials.

    \b
    Example: reconciler validate ads/
    """
    from datetime import UTC, datetime

    from reconciler import check, source

    end(check.validate(source.load(paths), datetime.now(UTC)), form, _manner())


@cli.command()
@PATHS
@TARGET
@reporting
@BODIES
@click.option("--detailed-exitcode", "detailed", is_flag=True, help="Exit with 2 if there are changes.")
@click.option("--out", type=click.Path(dir_okay=False), metavar="FILE", help="Save the plan, to apply exactly it.")
@click.option("--valid-for", default=24.0, show_default=True, metavar="HOURS", help="How long a saved plan holds.")
@click.option("--at", metavar="TIME", help="What the clock will bring: plan as if it were then, 2026-12-01T00:00Z.")
@ALLOW
@BECAUSE
@SANDBOX
@API_URL
def plan(
    paths: tuple[str, ...],
    targets: tuple[str, ...],
    form: str,
    bodies: bool,
    detailed: bool,
    out: str | None,
    valid_for: float,
    at: str | None,
    allow: tuple[str, ...],
    because: tuple[str, ...],
    sandbox: str | None,
    api_url: str | None,
) -> None:
    """Show what would change and the calls that would be sent. Sends no write, ever.

    \b
    Example: reconciler plan ads/ --target 'adSets.summer-*' --detailed-exitcode
    """
    allowed, moment = _allowed(allow, because), _moment(at)
    if moment is not None and out is not None:
        raise click.UsageError("a plan for another time cannot be saved: what is live then is not known")
    with _session(paths, sandbox, api_url, form) as session, _usable(form):
        if moment is not None:
            session.outside = replace(session.outside, now=lambda: moment)
        prepared = session.plan(targets, allowed)
        run = getattr(prepared, "run", prepared)
        digest = None
        if out is not None and not run.failed:
            digest = session.save(run, Path(out), targets, valid_for)
            click.echo(f"Saved to {out}, {digest}", err=True)
        end(run, form, _manner(bodies=bodies, detailed=detailed, digest=digest))


@cli.command()
@PATHS
@TARGET
@reporting
@click.option("--detailed-exitcode", "detailed", is_flag=True, help="Exit with 2 if anything moved outside.")
@click.option("--accept", metavar="live|files", help="live: write what is live into the files. files: plan it back.")
@click.option("--out", type=click.Path(dir_okay=False), metavar="FILE", help="With --accept files: save the plan.")
@ALLOW
@BECAUSE
@SANDBOX
@API_URL
def drift(
    paths: tuple[str, ...],
    targets: tuple[str, ...],
    form: str,
    detailed: bool,
    accept: str | None,
    out: str | None,
    allow: tuple[str, ...],
    because: tuple[str, ...],
    sandbox: str | None,
    api_url: str | None,
) -> None:
    """Tell what moved outside of the files, by whom and when, and what nobody manages. Sends no write, ever.

    \b
    Example: reconciler drift --detailed-exitcode
             reconciler drift --accept live --target 'adSets.summer-*'
    """
    if accept not in (None, "live", "files"):
        raise click.UsageError("--accept takes live or files")
    if accept != "files" and (out or allow):
        raise click.UsageError("--out and --allow go with --accept files, which makes a plan")
    from reconciler import accepting, drifting

    allowed = _allowed(allow, because)
    with _session(paths, sandbox, api_url, form) as session, _usable(form):
        looked = drifting.look(session, targets)
        run, digest = looked.run, None
        if accept == "live":
            run = accepting.accept(session.loaded, looked)
        elif accept == "files" and looked.prepared is not None:
            aims = drifting.aims(looked.run)
            run = drifting.back(session, aims, allowed)
            if out is not None and not run.failed:
                digest = session.save(run, Path(out), aims, 24.0)
                click.echo(f"Saved to {out}, {digest}", err=True)
        end(run, form, _manner(detailed=detailed and accept is None, digest=digest))


@cli.command()
@click.argument("run")
@PATHS
@reporting
@click.option("--out", type=click.Path(dir_okay=False), metavar="FILE", help="Save the plan, to apply exactly it.")
@click.option("--patch", type=click.Path(dir_okay=False), metavar="FILE", help="Save what changes in the YAML files.")
@click.option("--write", "write_files", is_flag=True, help="Change the YAML files themselves.")
@ALLOW
@BECAUSE
@SANDBOX
@API_URL
def rollback(
    run: str,
    paths: tuple[str, ...],
    form: str,
    out: str | None,
    patch: str | None,
    write_files: bool,
    allow: tuple[str, ...],
    because: tuple[str, ...],
    sandbox: str | None,
    api_url: str | None,
) -> None:
    """Plan how to undo a run, and change the files so that nothing does it again. Sends no write, ever.

    The plan is one of the files as they are then: apply it once they are changed.

    \b
    Example: reconciler rollback 20261121T090000Z-7f3a --write --out plan.json
    """
    from reconciler import accepting
    from reconciler import rollback as rolling

    allowed = _allowed(allow, because)
    with _session(paths, sandbox, api_url, form) as session, _usable(form):
        found = rolling.rollback(session, run, allowed)
        told, digest = found.run, None
        if not told.failed:
            if patch is not None:
                Path(patch).write_text(found.patch, encoding="utf-8")
            if write_files:
                told = replace(told, problems=(*told.problems, *accepting.written(found.texts)))
            if out is not None:
                digest = found.session.save(told, Path(out), found.targets, 24.0)
                click.echo(f"Saved to {out}, {digest}", err=True)
        end(told, form, _manner(digest=digest))


@cli.command()
@click.argument("plan", type=click.Path(exists=True, dir_okay=False))
@reporting
def show(plan: str, form: str) -> None:
    """Show a saved plan as it was reviewed.

    \b
    Example: reconciler show plan.json
    """
    from reconciler import plans

    with _usable(form):
        end(plans.shown(Path(plan)), form, _manner())


@cli.command()
@PATHS
@TARGET
@reporting
@BODIES
@click.option("--auto-approve", "approved", is_flag=True, help="Do not ask. Needed without a terminal.")
@click.option("--approve", metavar="DIGEST", help="Apply the saved plan only if it is the one with this digest.")
@click.option("--lock-timeout", default=0.0, metavar="SECONDS", help="How long to wait for another run's lock.")
@click.option("--bisect", is_flag=True, help="Send the rest of a batch that is refused for some of its items.")
@ALLOW
@BECAUSE
@SANDBOX
@API_URL
def apply(
    paths: tuple[str, ...],
    targets: tuple[str, ...],
    form: str,
    bodies: bool,
    approved: bool,
    approve: str | None,
    lock_timeout: float,
    bisect: bool,
    allow: tuple[str, ...],
    because: tuple[str, ...],
    sandbox: str | None,
    api_url: str | None,
) -> None:
    """Show the plan, ask, send it, read back, and say how every item ended.

    A saved plan is applied as it was reviewed, or refused; its review was the approval, so nobody is asked.

    \b
    Examples: reconciler apply ads/ --auto-approve
              reconciler apply plan.json --approve sha256:...
    """
    from reconciler import engine, exits

    file = Path(paths[0]) if len(paths) == 1 and paths[0].endswith(".json") else None
    if approve is not None and file is None:
        raise click.UsageError("--approve goes with a saved plan: reconciler apply plan.json --approve DIGEST")
    allowed = _allowed(allow, because)
    if allowed and file is not None:
        raise click.UsageError("what a saved plan may do was reviewed with it: use --allow when it is made")
    if file is not None:
        with _usable(form):
            paths, targets, approved = _paths_of(file), (), True
    if not approved and (form != "text" or not sys.stdin.isatty()):
        raise click.UsageError("there is nobody to ask: review `reconciler plan`, then use --auto-approve")
    with _session(paths, sandbox, api_url, form) as session, _usable(form), session.writing(lock_timeout) as writing:
        prepared = writing.plan(targets, allowed) if file is None else writing.reviewed(file, approve)
        if not isinstance(prepared, engine.Prepared) or prepared.run.failed or not prepared.run.plan.total:
            end(getattr(prepared, "run", prepared), form, _manner(bodies=bodies))
        manner = announce(prepared.run, form, _manner(bodies=bodies))
        if not approved:
            _confirm()
        session.outside = replace(session.outside, watch=follower(form, session.outside.now))
        gc.freeze()  # what was read stays; what each call leaves behind is found again
        gc.enable()
        with _interruptible(session.outside.stop):
            run = writing.apply(prepared, lambda run: int(exits.of(run)), bisect=bisect)
        end(run, form, manner)


def _paths_of(file: Path) -> tuple[str, ...]:
    from reconciler import plans

    return plans.paths(file)


def _confirm() -> None:
    click.echo("Only 'yes' sends these calls.", err=True)
    if click.prompt("Apply?", default="no", show_default=False, err=True) != "yes":
        click.echo("Nothing was sent.", err=True)
        raise Ended(1)


@contextmanager
def _interruptible(stop: Any) -> Iterator[None]:
    """The first interrupt lets the calls in hand finish and sends no more; the second stops at once.

    Nothing is lost by either: what may have been sent is in the journal before it leaves.
    """
    from reconciler.model import error

    def interrupted(number: int, frame: object) -> None:
        if stop.reason is not None:
            _say_at_once("Stopped. The next apply looks at what was in hand before it sends anything.")
            os._exit(130)
        stop.because(error("interrupted", "not sent: the run was interrupted", hint="apply again to go on"))
        _say_at_once("Finishing the calls in hand; once more stops at once.")

    before = {number: signal.signal(number, interrupted) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say_at_once(line: str) -> None:
    """From a signal handler: the line that it interrupts may be half-way through the buffer of stderr."""
    with suppress(OSError):
        os.write(2, f"\n{line}\n".encode())


@cli.command("import")
@click.argument("project", default=".", type=click.Path(file_okay=False))
@click.option("--out", type=click.Path(file_okay=False), metavar="DIR", help="Folder for new files.")
@TARGET
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Only this kind; may be given again.")
@click.option("--update", is_flag=True, help="Bring what the files state up to date with what is live.")
@click.option("--categories", is_flag=True, help="Category bids and multipliers too: two reads for each ad set.")
@click.option("--advertiser", "advertisers", multiple=True, metavar="ID", help="Begin a project with this one.")
@click.option("--account", "accounts", multiple=True, metavar="ID", help="Begin a project with this one.")
@click.option("--all", "everything", is_flag=True, help="Begin a project with all that the application may touch.")
@click.option("--format", "form", default="text", show_default=True, type=click.Choice(["text", "json"]))
@SANDBOX
@API_URL
def import_(
    project: str,
    out: str | None,
    targets: tuple[str, ...],
    kinds: tuple[str, ...],
    update: bool,
    categories: bool,
    advertisers: tuple[str, ...],
    accounts: tuple[str, ...],
    everything: bool,
    form: str,
    sandbox: str | None,
    api_url: str | None,
) -> None:
    """Write what is live into files. What the files hold already stays, unless you ask for --update.

    \b
    Examples: reconciler import shop --advertiser 1352
              reconciler import shop --update
    """
    from reconciler import exits, imports
    from reconciler.importing import Wish
    from reconciler.reports import imported

    if sandbox and Path(sandbox).is_dir():
        project, sandbox = sandbox, ""
    first = {"advertiserIds": advertisers, "retailMediaAccountIds": accounts}
    where = imports.Where(Path(project), sandbox, api_url, first, everything)
    with _usable(form):
        done = imports.run(where, Wish(kinds, targets, update, categories, Path(out) if out else None), progress)
        progress("")
        click.echo(imported.FORMATS[form](done), nl=False)
        raise Ended(int(exits.of(done.run)))


@cli.command()
@click.option("--out", default="schemas", show_default=True, type=click.Path(file_okay=False), help="Folder.")
def schema(out: str) -> None:
    """Write the JSON Schemas that editors complete and check files with.

    \b
    Example: reconciler schema --out schemas
    """
    import json

    from reconciler import schema as schemas

    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in schemas.written().items():
        (folder / name).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        click.echo(str(folder / name))


@cli.command()
@click.argument("run")
@click.argument("call")
@click.option("--applied/--not-applied", default=None, help="What you saw at the account.")
@click.option("--because", required=True, metavar="TEXT", help="How you know. It is kept in the journal.")
@click.option("--project", default=".", type=click.Path(), help="Folder of the project.")
@SANDBOX
@API_URL
def resolve(
    run: str, call: str, applied: bool | None, because: str, project: str, sandbox: str | None, api_url: str | None
) -> None:
    """Decide the one outcome that reading cannot settle: whether a call took effect.

    \b
    Example: reconciler resolve 20261121T090000Z-7f3a balances.funds.q1 --applied --because "seen in the history"
    """
    from reconciler import books

    if applied is None:
        raise click.UsageError("say --applied or --not-applied")
    with _usable("text"):
        click.echo(books.resolve(project, sandbox, api_url, run, call, applied=applied, because=because), nl=False)


@cli.group("ledger")
def ledger_group() -> None:
    """What is remembered: ids, last applied values, and the journal of all runs."""


def _book_command(name: str, help: str, *arguments: str) -> None:
    """A command that shows one side of the ledger; all of them take the project in the same way."""

    @ledger_group.command(name, help=help)
    @click.option("--project", default=".", type=click.Path(), help="Folder of the project.")
    @SANDBOX
    @API_URL
    def show(project: str, sandbox: str | None, api_url: str | None, **words: str) -> None:
        from reconciler import books

        with _usable("text"):
            click.echo(books.COMMANDS[name](project, sandbox, api_url, *words.values()), nl=False)

    for argument in arguments:
        click.argument(argument)(show)


_book_command("list", "Addresses with their ids.\n\nExample: reconciler ledger list")
_book_command("history", "All that the journal knows of an address.", "address")
_book_command("runs", "The latest runs, newest first.")
_book_command("show", "One run with its calls and how they ended.", "run")
_book_command("forget", "Let go of an address; the journal stays.", "address")


@cli.group()
def sandbox() -> None:
    """A simulator of the API, to try things without an account."""


@sandbox.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8765, show_default=True, help="Port; 0 takes a free one.")
@click.option("--state", type=click.Path(dir_okay=False), metavar="FILE", help="Keep the state in FILE.")
@click.option("--seed", default="demo", show_default=True, metavar="demo|empty|guide|FILE", help="What it holds.")
@click.option("--faults", type=click.Path(exists=True, dir_okay=False), metavar="FILE", help="Scripted faults.")
def serve(host: str, port: int, state: str | None, seed: str, faults: str | None) -> None:
    """Serve the simulator over HTTP, for this tool and for any other client.

    \b
    Example: reconciler sandbox serve --port 8765 --state sandbox.json
    """
    from reconciler import sandboxes

    gc.enable()
    try:
        sandboxes.serve(host, port, state, seed, faults, on_ready=_announce)
    except (OSError, ValueError) as trouble:
        raise click.ClickException(str(trouble)) from None


def _announce(url: str) -> None:
    click.echo(f"The sandbox listens on {url}. In another terminal:\n", err=True)
    click.echo(f"export RECONCILER_API_URL={url}")
    for product, name in (("MS", "sandbox-ms"), ("RM", "sandbox-rm")):
        click.echo(f"export CRITEO_{product}_CLIENT_ID={name}")
        click.echo(f"export CRITEO_{product}_CLIENT_SECRET=sandbox")
    sys.stdout.flush()


# --- What the commands share ------------------------------------------------------------------------------


def _moment(text: str | None) -> Any:
    from reconciler.terms import Unclear, moment

    try:
        return None if text is None else moment(text, "UTC")
    except Unclear as why:
        raise click.UsageError(f"--at: {why}") from None


def _allowed(rules: Sequence[str], reasons: Sequence[str]) -> dict[str, str]:
    """The reasons by rule; whoever overrides a guardrail says why."""
    from reconciler import guardrails

    if (stranger := guardrails.unknown(rules)) is not None:
        raise click.UsageError(
            f"--allow {stranger}: there is no such guardrail; there are {', '.join(guardrails.RULES)}"
        )
    if len(reasons) not in ((1, len(rules)) if rules else (0,)) or not all(each.strip() for each in reasons):
        raise click.UsageError("say why: --allow RULE --because TEXT, one --because for each or one for all")
    whys = tuple(reasons) if len(reasons) == len(rules) else tuple(reasons) * len(rules)
    return dict(zip(rules, whys, strict=True))


@contextmanager
def _usable(form: str) -> Iterator[None]:
    """What keeps a command from beginning is told like any other problem."""
    from reconciler.access import Unusable

    try:
        yield
    except Unusable as unusable:
        end(unusable.run, form, _manner())


def _session(paths: Sequence[str], sandbox: str | None, api_url: str | None, form: str) -> Any:
    """The loaded project with the way to its API; a sandbox's FILE that is a path of the project is one."""
    from reconciler import session

    if sandbox and (Path(sandbox).is_dir() or Path(sandbox).suffix in (".yaml", ".yml")):
        paths, sandbox = (sandbox, *paths), ""
    with _usable(form):
        return session.opened(paths, sandbox=sandbox, api_url=api_url, tell=progress)


def _manner(**words: Any) -> Any:
    from reconciler.reports import Manner

    return Manner(**words)


def main(args: Sequence[str] | None = None) -> None:
    """The console script. A usage error exits with 1: 2 means that there are changes."""
    with _uncollected():
        code = _main(args)
        if args is None:
            _leave(code)
    sys.exit(code)


def _main(args: Sequence[str] | None) -> int:
    try:
        cli.main(args=None if args is None else list(args), prog_name="reconciler", standalone_mode=False)
    except Ended as ended:
        progress("")
        return ended.code
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.ClickException as misuse:
        progress("")
        misuse.show()
        return 1
    except (click.Abort, KeyboardInterrupt):
        progress("")
        click.echo("Interrupted.", err=True)
        return 130
    return 0


@contextmanager
def _uncollected() -> Iterator[None]:
    """Little goes in circles here, and to look for circles in an account takes as long as to plan it."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _leave(code: int) -> None:
    """End now: to take a large account apart piece by piece serves nobody. What cannot be flushed ends as usual."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
        atexit._run_exitfuncs()
        os._exit(code)


if __name__ == "__main__":
    main()
