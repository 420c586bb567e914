"""Commands of a run: plan, show, apply."""

import gc
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from reconciler.cli.group import cli
from reconciler.cli.shared import (
    BODIES,
    FULL,
    PATHS,
    TARGET,
    Overriding,
    account_options,
    allowances,
    guardrail_options,
    number_within,
    open_session_for,
    parse_at,
    render_options,
    report_refusal,
    taking,
)
from reconciler.cli.terminal import CommandEnded, NewFile, announce, end, follower, notify, report_options

if TYPE_CHECKING:
    from reconciler.commands.session import Session
    from reconciler.commands.write_session import WriteSession
    from reconciler.engine.prepared_plan import PreparedPlan
    from reconciler.executor.ports import Stop
    from reconciler.model import Run


class PlanOptions(Overriding, frozen=True, kw_only=True):
    """Options of ``plan``."""

    paths: tuple[str, ...]
    targets: tuple[str, ...]
    form: str
    full: bool
    bodies: bool
    detailed: bool
    out: str | None
    valid_for: float
    at: str | None


class ApplyOptions(Overriding, frozen=True, kw_only=True):
    """Options of ``apply``."""

    paths: tuple[str, ...]
    targets: tuple[str, ...]
    form: str
    full: bool
    bodies: bool
    approved: bool
    approve: str | None
    lock_timeout: float
    bisect: bool


@cli.command()
@PATHS
@TARGET
@report_options
@FULL
@BODIES
@click.option("--detailed-exitcode", "detailed", is_flag=True, help="Exit with 2 if there are changes.")
@click.option("--out", type=NewFile(), metavar="FILE", help="Save the plan, to apply exactly it.")
@click.option(
    "--valid-for",
    default=24.0,
    show_default=True,
    metavar="HOURS",
    callback=number_within(0, 24 * 366),
    help="How long a saved plan holds.",
)
@click.option(
    "--at", metavar="TIME", help="Plan as if it were then: 2026-12-01T00:00+01:00, say; without an offset, UTC."
)
@guardrail_options
@account_options
@taking(PlanOptions)
def plan(given: PlanOptions) -> None:
    """Show what would change and the calls that would be sent. Sends no write, ever.

    \b
    Example: reconciler plan ads/ --target 'adSets.summer-*' --detailed-exitcode
    """
    from reconciler.model import Run

    allowed, moment = allowances(given.allow, given.because), parse_at(given.at)
    if moment is not None and given.out is not None:
        raise click.UsageError("a plan for another time cannot be saved: what is live then is not known")
    with open_session_for(given.paths, given, given.form, ahead=not given.targets) as session:
        if moment is not None:
            session.moment = moment
        prepared = session.plan(given.targets, allowed, part=True)
        run = prepared if isinstance(prepared, Run) else prepared.run
        digest = None
        if given.out is not None and not run.failed:
            digest = session.save(run, Path(given.out), given.targets, given.valid_for)
            click.echo(f"Saved to {given.out}, {digest}", err=True)
        end(
            run,
            given.form,
            render_options(full=given.full, bodies=given.bodies, detailed=given.detailed, digest=digest),
        )


@cli.command()
@click.argument("plan", type=click.Path())
@report_options
@FULL
def show(plan: str, form: str, full: bool) -> None:
    """Show a saved plan as it was reviewed.

    \b
    Example: reconciler show plan.json
    """
    from reconciler.commands import saved_plans

    with report_refusal(form):
        end(saved_plans.show_run(Path(plan)), form, render_options(full=full))


@cli.command()
@PATHS
@TARGET
@report_options
@FULL
@BODIES
@click.option("--auto-approve", "approved", is_flag=True, help="Do not ask. Needed without a terminal.")
@click.option(
    "--approve",
    metavar="DIGEST",
    help="Apply the saved plan only if this is its digest, or 12 or more of its first characters.",
)
@click.option(
    "--lock-timeout",
    default=0.0,
    metavar="SECONDS",
    callback=number_within(0, 7 * 24 * 3600),
    help="How long to wait for another run's lock.",
)
@click.option("--bisect", is_flag=True, help="Send the rest of a batch that is refused for some of its items.")
@guardrail_options
@account_options
@taking(ApplyOptions)
def apply(given: ApplyOptions) -> None:
    """Plan, ask for approval, apply, verify; report how every item ended.

    A saved plan is applied as it was reviewed, or refused; its review was the approval, so it asks no question.

    \b
    Examples: reconciler apply ads/ --auto-approve
              reconciler apply plan.json --approve sha256:...
    """
    from reconciler.commands.write_session import open_writing
    from reconciler.model import Run

    form, manner = given.form, render_options(full=given.full, bodies=given.bodies)
    allowed, file = allowances(given.allow, given.because), _saved_plan(given.paths, given.approve, given.allow)
    ahead = not given.targets
    if file is not None:
        with report_refusal(form):
            paths, targets = _find_request(file)
        given, ahead = replace(given, paths=paths, targets=(), approved=True), not targets
    if not given.approved and (form != "text" or not _is_asked()):
        asked = "no terminal to ask for approval: review `reconciler plan`, then pass --auto-approve or a saved plan"
        raise click.UsageError(asked)
    with (
        open_session_for(given.paths, given, form) as session,
        report_refusal(form),
        open_writing(session, given.lock_timeout, ahead=ahead) as writing,
    ):
        prepared = writing.plan(given.targets, allowed) if file is None else writing.review_saved(file, given.approve)
        if isinstance(prepared, Run) or prepared.run.failed or not prepared.run.plan.total:
            run = prepared if isinstance(prepared, Run) else prepared.run
            end(replace(run, command="apply"), form, manner)
        manner = announce(prepared.run, form, manner)
        if not given.approved:
            _confirm(prepared.run)
            again = writing.confirm(prepared, given.targets, allowed)
            if isinstance(again, Run):
                end(replace(again, command="apply"), form, manner)
            prepared = again
        run = _apply_plan(session, writing, prepared, form, bisect=given.bisect)
        end(run, form, manner)


def _is_asked() -> bool:
    """Return True if a person can answer on stdin, which is None where the caller has closed it."""
    return sys.stdin is not None and sys.stdin.isatty()


def _saved_plan(paths: Sequence[str], approve: str | None, allow: Sequence[str]) -> Path | None:
    """Return the saved plan to apply, or None."""
    from reconciler.planfile.digest import is_digest

    file = Path(paths[0]) if len(paths) == 1 and paths[0].endswith(".json") else None
    if approve is not None and file is None:
        raise click.UsageError("--approve goes with a saved plan: reconciler apply plan.json --approve DIGEST")
    if approve is not None and not is_digest(approve):
        raise click.UsageError(
            f"--approve {approve}: a digest is sha256:… in full, or 12 or more of its first characters"
        )
    if allow and file is not None:
        raise click.UsageError("what a saved plan may do was reviewed with it: use --allow when it is made")
    return file


def _apply_plan(
    session: "Session", writing: "WriteSession", prepared: "PreparedPlan", form: str, *, bisect: bool
) -> "Run":
    """Apply the plan; report each call in formats that follow, and finish calls in flight on an interrupt."""
    from reconciler.model import exit_codes

    session.outside = replace(session.outside, watch=follower(form, session.outside.clock))
    gc.freeze()  # freeze what was loaded, so that collections only look at what the calls create
    gc.enable()
    with _interruptible(session.outside.stop):
        return writing.apply(prepared, lambda run: int(exit_codes.exit_code(run)), bisect=bisect)


def _find_request(file: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the paths and the targets of a saved plan."""
    from reconciler.commands import saved_plans

    return saved_plans.find_request(file)


def _confirm(run: "Run") -> None:
    from reconciler.cli.output import has_reader
    from reconciler.reports.question import question

    if not has_reader():
        click.echo("Nothing was sent: the plan could not be shown.", err=True)
        raise CommandEnded(1)
    notify(f"\n{question(run)} Only 'yes' is accepted.")
    if click.prompt("  Enter a value", default="no", show_default=False, err=True) != "yes":
        click.echo("Nothing was sent.", err=True)
        raise CommandEnded(1)


@contextmanager
def _interruptible(stop: "Stop") -> Iterator[None]:
    """Let the first interrupt finish the calls in flight and send no more; the same signal again exits at once.

    A cancelled CI job sends SIGINT, some seconds later SIGTERM, and in the end kills: SIGTERM after SIGINT continues to
    settle during these seconds. None of them loses anything: every call is in the journal before it is sent.
    """
    from reconciler.cli.progress_line import ERASE, can_erase
    from reconciler.model import Cause, error

    received: list[int] = []
    erase = ERASE if can_erase(sys.stderr) else "\n"

    def on_interrupt(number: int, frame: object) -> None:
        again = number in received or (number == signal.SIGINT and bool(received))
        received.append(number)
        if stop.reason is not None and not again:
            return
        if stop.reason is not None:
            _say_at_once("Aborted. The next apply checks the requests in flight before it sends anything.", erase)
            os._exit(130)
        stop.request(error(Cause.INTERRUPTED, "not sent: the run was interrupted", hint="apply again to go on"))
        _say_at_once("Finishing requests in flight; press Ctrl-C again to abort.", erase)

    before = {number: signal.signal(number, on_interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say_at_once(line: str, erase: str) -> None:
    """Write in a signal handler, where a stream may be in use; on a terminal in place of the progress and of ``^C``."""
    with suppress(OSError):
        os.write(2, f"{erase}{line}\n".encode())
