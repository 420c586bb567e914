"""Output of a command: one report on stdout, others in files, and the exit code.

A report in a file is written atomically. Everything else goes to stderr.
"""

import os
import re
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn, TextIO, TypeVar

import click

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.cli.progress_line import ProgressLine
    from reconciler.engine.progress import Line
    from reconciler.model import Call, ItemOutcome, Run
    from reconciler.reports import RenderOptions

Command = TypeVar("Command", bound=Callable[..., object])
STREAM = "json-stream"
FOLLOWED = ("text", STREAM)
"""Formats that show the plan before it is applied."""
NAMES = "text, json, json-stream, markdown, html, github, gitlab, codequality, sarif, junit"
COLOURS = {"  + ": "green", "  ~ ": "yellow", "  - ": "red"}
SEVERITY = r"(?:\S.*: )?(error|warning)\["
REFUSED = "  refused"
RISE = r"^  (?:[A-Z]{3} |  plus without a cap ).* \+[0-9]"
FILES, STREAMED, NAMED = "reconciler.reports", "reconciler.stream", "reconciler.named"


class CommandEnded(Exception):
    """Raised to end a command with an exit code; ``applied`` is True if it reports calls that were sent."""

    def __init__(self, code: int, *, applied: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.applied = applied


# --- Options ------------------------------------------------------------------------------------------------


def _check_format(context: click.Context, option: click.Parameter, value: str) -> str:
    from reconciler.reports import FORMATS

    if value not in FORMATS:
        raise click.BadParameter(f"{value!r} is not one of: {', '.join(FORMATS)}", context, option)
    return STREAM if context.meta.get(STREAMED) else value


class NewFile(click.Path):
    """A file to write: not ``-``, which would become a file of that name, and not a file of another option."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False)

    def convert(self, value: "str | os.PathLike[str]", param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the path; fail if another option writes it too."""
        if os.fspath(value) == "-":
            self.fail("'-' is not a file: name one", param, ctx)
        path = str(super().convert(value, param, ctx))
        if ctx is not None and (os.path.isfile(path) or not os.path.exists(path)):  # a device may be named twice
            named = ctx.meta.setdefault(NAMED, set())
            if os.path.realpath(path) in named:
                self.fail(f"{path!r} is named twice, and holds one of the two", param, ctx)
            named.add(os.path.realpath(path))
        return path


def _files(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> None:
    """Check before the run that the report files can be written."""
    from pathlib import Path

    files = []
    for value in values:
        name, _, file = value.partition("=")
        if not file:
            raise click.BadParameter(f"{value!r} is not FORMAT=FILE", context, option)
        NewFile().convert(file, option, context)
        if not Path(file).parent.is_dir() or Path(file).is_dir():
            raise click.BadParameter(f"{file!r} cannot be written", context, option)
        files.append((_check_format(context, option, name), Path(file)))
    context.meta[FILES] = tuple(files)


def _stream(context: click.Context, option: click.Parameter, value: bool) -> None:
    context.meta[STREAMED] = value


def report_options(command: Command) -> Command:
    """Add the options of a command with reports: the format on stdout, and files with other formats."""
    wanted = click.option(
        "--format",
        "form",
        default="text",
        show_default=True,
        metavar="FORMAT",
        callback=_check_format,
        help=f"{NAMES}.",
        shell_complete=lambda context, option, begun: [name for name in NAMES.split(", ") if name.startswith(begun)],
    )
    files = click.option(
        "--report",
        multiple=True,
        metavar="FORMAT=FILE",
        expose_value=False,
        callback=_files,
        help="Write another format to a file as well; may be given again.",
    )
    stream = click.option(
        "--json-stream",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_stream,
        help="One JSON event a line, as it happens.",
    )
    return wanted(files(stream(command)))


# --- Output -------------------------------------------------------------------------------------------------


_LINES: "list[ProgressLine]" = []
"""The progress line of the current stderr, once there is any progress."""


def progress(line: "Line") -> None:
    """Show progress on stderr; an empty text removes it, so that something else can be printed."""
    if not _LINES and not line:
        return
    if not _LINES or _LINES[0].stream is not sys.stderr:
        from reconciler.cli.progress_line import ProgressLine

        _LINES[:] = [ProgressLine(sys.stderr)]
    if line:
        _LINES[0].show(line)
    else:
        _LINES[0].clear()


def show(run: "Run", form: str, manner: "RenderOptions") -> None:
    """Print a run on stdout, in one format."""
    from msgspec.structs import replace

    from reconciler.reports import FORMATS

    text = FORMATS[form](run, replace(manner, sources=_sources(run) if sys.stdout.isatty() else None))
    put(text, form)


def put(text: str, form: str = "text") -> None:
    """Print a report of any format: text is wrapped on a terminal, and coloured if colours are wanted."""
    from reconciler.cli.output import escape_report

    progress("")
    colour = wants_colour()
    if form == "text":
        click.echo(_laid_out(text, sys.stdout, colour), nl=False, color=colour)
    else:
        click.echo(escape_report(text, form, getattr(sys.stdout, "encoding", None) or "utf-8"), nl=False)


def notify(text: str) -> None:
    """Print a sentence on stderr, wrapped on a terminal."""
    click.echo(_laid_out(text, sys.stderr), err=True)


def wants_colour() -> bool:
    """Return True if output is coloured: NO_COLOR forbids it, FORCE_COLOR requires it without a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def announce(run: "Run", form: str, manner: "RenderOptions") -> "RenderOptions":
    """Print the plan before it is applied, in formats that show it; return the options for the rest."""
    from msgspec.structs import replace

    from reconciler.reports import stream

    if form not in FOLLOWED:
        return manner
    if form == STREAM:
        put("".join(stream.opening_events(replace(run, command="apply"))), form)
    else:
        show(run, form, manner)
    return replace(manner, already_shown=run.problems)


def follower(form: str, now: "Callable[[], datetime]") -> "Callable[[Call, Sequence[ItemOutcome] | None], None]":
    """Return a function that prints each call when it is sent and when it ends, in the stream format; thread-safe."""
    from reconciler.reports import stream

    lock = threading.Lock()

    def tell(call: "Call", ended: "Sequence[ItemOutcome] | None") -> None:
        with lock:
            put(stream.call_event(call, ended, now()), form)

    return tell if form == STREAM else lambda call, ended: None


def end(run: "Run", form: str, manner: "RenderOptions") -> NoReturn:
    """Report a run everywhere, and end the command with its exit code."""
    from msgspec.structs import replace

    from reconciler.model import exit_codes

    show(run, form, manner)
    code = int(exit_codes.exit_code(run, detailed=manner.detailed))
    written = _write(run, replace(manner, already_shown=None))
    raise CommandEnded(code if written or run.applied or code not in (0, 2) else 1, applied=run.applied)


def _write(run: "Run", manner: "RenderOptions") -> bool:
    from reconciler.reports import FORMATS

    context = click.get_current_context(silent=True)
    complete = True
    for form, file in context.meta.get(FILES, ()) if context else ():
        from reconciler.commands import atomic_files

        try:
            atomic_files.write_atomically(file, FORMATS[form](run, manner).encode(), rights=atomic_files.OWNER)
        except OSError as trouble:
            click.echo(f"The report {file} was not written: {trouble.strerror or trouble}", err=True)
            complete = False
    return complete


def _laid_out(text: str, stream: TextIO, colour: bool = False) -> str:
    """Return the text with lines wrapped at the width of a terminal, each coloured by its beginning.

    Without a terminal no line is wrapped: a log is searched by line, and its viewer wraps it.
    """
    if not colour and not stream.isatty():
        return text
    from shutil import get_terminal_size

    from reconciler.reports.wrapping import wrap_line

    width = get_terminal_size().columns
    lines = []
    for line in text.split("\n"):
        parts = wrap_line(line, width) if stream.isatty() else [line]
        hue = colour_of(line) if colour else None
        lines += [click.style(part, fg=hue) for part in parts] if hue else parts
    return "\n".join(lines)


def colour_of(line: str) -> str | None:
    """Return the colour of a line: by action, severity, a guardrail's refusal, or rising money."""
    if found := re.match(SEVERITY, line):
        return "red" if found[1] == "error" else "yellow"
    if line.startswith(REFUSED):
        return "red"
    if re.search(RISE, line):
        return "yellow"
    return COLOURS.get(line[:4]) if line[4:5].isalpha() else None  # the calls' lines begin with a number


def _sources(run: "Run") -> dict[str, tuple[str, ...]]:
    """Return the lines of the readable files in which there are problems."""
    from pathlib import Path

    sources: dict[str, tuple[str, ...]] = {}
    for name in {problem.span.file for problem in run.problems if problem.span}:
        path = Path(name)
        if path.is_file() and path.stat().st_size < 10 * 2**20:
            sources[name] = tuple(path.read_text(encoding="utf-8", errors="replace").splitlines())
    return sources
