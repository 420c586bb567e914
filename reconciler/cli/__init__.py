"""Command line: flags to the engine, a run to reports, and an exit code. The only package that prints."""

import atexit
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module

import click

from reconciler.cli import output
from reconciler.cli.group import COMMANDS, COMPLETION, cli
from reconciler.cli.terminal import CommandEnded, progress


def main(args: Sequence[str] | None = None) -> None:
    """Run the console script. A usage error exits with 1, since 2 means that there are changes."""
    if os.environ.get(COMPLETION):  # Click writes bytes, for which a guarded stream has no method, and exits
        cli.main(prog_name="reconciler")
    with _without_collection(), output.guard_streams():
        code = _main(args)
        if args is None:
            _leave(code)
    sys.exit(code)


def _main(args: Sequence[str] | None) -> int:
    try:
        code, applied = _run(args), False
    except CommandEnded as ended:
        code, applied = ended.code, ended.applied
    progress("")
    sys.stdout.flush()
    # The exit code reports what happened to the account, whatever happened to the report.
    return 1 if output.is_lost() and code in (0, 2) and not applied else code


def _run(args: Sequence[str] | None) -> int:
    try:
        cli.main(args=None if args is None else list(args), prog_name="reconciler", standalone_mode=False)
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.ClickException as misuse:
        progress("")
        misuse.show(sys.stderr)
        return 1
    except (click.Abort, KeyboardInterrupt):
        progress("")
        click.echo("Interrupted.", err=True)
        return 130
    return 0


def full_cli() -> click.Group:
    """Return the group with all its commands imported, for generated documentation."""
    for module in COMMANDS:
        import_module(f"{__name__}.{module}")
    return cli


@contextmanager
def _without_collection() -> Iterator[None]:
    """Disable garbage collection: searching a large account for its few cycles takes as long as a plan."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.unfreeze()  # `apply` froze what it loaded, which a process that goes on would keep for ever
            gc.enable()


def _leave(code: int) -> None:
    """Exit without garbage collection, since freeing a large account takes seconds.

    If the output cannot be flushed, the process ends as usual.
    """
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
        atexit._run_exitfuncs()
        os._exit(code)
