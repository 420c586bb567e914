"""plan, show, apply: what the files would change, and changing it."""

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

from reconciler.cli.shared import (
    BODIES,
    PATHS,
    TARGET,
    allowances,
    cli,
    manner_of,
    moment_of,
    overriding,
    reaching,
    session_of,
    usable,
    within,
)
from reconciler.console import Ended, announce, end, follower, reporting


@cli.command()
@PATHS
@TARGET
@reporting
@BODIES
@click.option("--detailed-exitcode", "detailed", is_flag=True, help="Exit with 2 if there are changes.")
@click.option("--out", type=click.Path(dir_okay=False), metavar="FILE", help="Save the plan, to apply exactly it.")
@click.option(
    "--valid-for",
    default=24.0,
    show_default=True,
    metavar="HOURS",
    callback=within(0, 24 * 366),
    help="How long a saved plan holds.",
)
@click.option("--at", metavar="TIME", help="Plan as if it were then: 2026-12-01T00:00Z, say.")
@overriding
@reaching
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
    allowed, moment = allowances(allow, because), moment_of(at)
    if moment is not None and out is not None:
        raise click.UsageError("a plan for another time cannot be saved: what is live then is not known")
    with session_of(paths, sandbox, api_url, form) as session, usable(form):
        if moment is not None:
            session.moment = moment
        prepared = session.plan(targets, allowed)
        run = getattr(prepared, "run", prepared)
        digest = None
        if out is not None and not run.failed:
            digest = session.save(run, Path(out), targets, valid_for)
            click.echo(f"Saved to {out}, {digest}", err=True)
        end(run, form, manner_of(bodies=bodies, detailed=detailed, digest=digest))


@cli.command()
@click.argument("plan", type=click.Path(exists=True, dir_okay=False))
@reporting
def show(plan: str, form: str) -> None:
    """Show a saved plan as it was reviewed.

    \b
    Example: reconciler show plan.json
    """
    from reconciler.commands import plans

    with usable(form):
        end(plans.shown(Path(plan)), form, manner_of())


@cli.command(short_help="Show the plan, ask, send it, and say how every item ended.")
@PATHS
@TARGET
@reporting
@BODIES
@click.option("--auto-approve", "approved", is_flag=True, help="Do not ask. Needed without a terminal.")
@click.option("--approve", metavar="DIGEST", help="Apply the saved plan only if it is the one with this digest.")
@click.option(
    "--lock-timeout",
    default=0.0,
    metavar="SECONDS",
    callback=within(0, 7 * 24 * 3600),
    help="How long to wait for another run's lock.",
)
@click.option("--bisect", is_flag=True, help="Send the rest of a batch that is refused for some of its items.")
@overriding
@reaching
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
    from reconciler import engine

    allowed, file = allowances(allow, because), _saved_plan(paths, approve, allow)
    if file is not None:
        with usable(form):
            paths, targets, approved = _paths_of(file), (), True
    if not approved and (form != "text" or not sys.stdin.isatty()):
        raise click.UsageError("there is nobody to ask: review `reconciler plan`, then use --auto-approve")
    with session_of(paths, sandbox, api_url, form) as session, usable(form), session.writing(lock_timeout) as writing:
        prepared = writing.plan(targets, allowed) if file is None else writing.reviewed(file, approve)
        if not isinstance(prepared, engine.Prepared) or prepared.run.failed or not prepared.run.plan.total:
            end(replace(getattr(prepared, "run", prepared), command="apply"), form, manner_of(bodies=bodies))
        manner = announce(prepared.run, form, manner_of(bodies=bodies))
        if not approved:
            _confirm(prepared.run.plan.total)
        run = _sent(session, writing, prepared, form, bisect=bisect)
        end(run, form, manner)


def _saved_plan(paths: Sequence[str], approve: str | None, allow: Sequence[str]) -> Path | None:
    """The saved plan that is to be applied, if it is one."""
    file = Path(paths[0]) if len(paths) == 1 and paths[0].endswith(".json") else None
    if approve is not None and file is None:
        raise click.UsageError("--approve goes with a saved plan: reconciler apply plan.json --approve DIGEST")
    if allow and file is not None:
        raise click.UsageError("what a saved plan may do was reviewed with it: use --allow when it is made")
    return file


def _sent(session: Any, writing: Any, prepared: Any, form: str, *, bisect: bool) -> Any:
    """The run, carried out; whoever follows hears of each call, and an interrupt lets those in hand finish."""
    from reconciler import exits

    session.outside = replace(session.outside, watch=follower(form, session.outside.clock))
    gc.freeze()  # what was read stays; what each call leaves behind is found again
    gc.enable()
    with _interruptible(session.outside.stop):
        return writing.apply(prepared, lambda run: int(exits.of(run)), bisect=bisect)


def _paths_of(file: Path) -> tuple[str, ...]:
    from reconciler.commands import plans

    return plans.paths(file)


def _confirm(calls: int) -> None:
    click.echo(f"\nSend {'this call' if calls == 1 else f'these {calls:,} calls'}? Only 'yes' does.", err=True)
    if click.prompt("  Enter a value", default="no", show_default=False, err=True) != "yes":
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
