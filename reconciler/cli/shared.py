"""Shared by the commands: options, sessions, and what is refused."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
from msgspec import Struct, convert
from msgspec.structs import replace

from reconciler.cli.terminal import Command, end, progress

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.commands.session import Session
    from reconciler.reports import RenderOptions
    from reconciler.reports.common import Checkout

Options = TypeVar("Options", bound=Struct)


def complete_from(what: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Return a completion function whose candidates are imported on use."""

    def complete(context: click.Context, parameter: click.Parameter, begun: str) -> list[str]:
        from reconciler.cli import completion as completing

        found: list[str] = getattr(completing, what)(context, begun)
        return found

    return complete


def number_within(least: float, most: float) -> Callable[[click.Context, click.Parameter, float], float]:
    """Return an option callback that refuses a number outside the bounds."""

    def check_bounds(context: click.Context, parameter: click.Parameter, value: float) -> float:
        if not least <= value <= most:
            raise click.BadParameter(f"{value:g} is not between {least:g} and {most:,.0f}", context, parameter)
        return value

    return check_bounds


PATHS = click.argument("paths", nargs=-1, type=click.Path())
TARGET = click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="GLOB",
    help="Only addresses that match; may be given again.",
    shell_complete=complete_from("addresses"),
)
BODIES = click.option("--show-bodies", "bodies", is_flag=True, help="Print each request body as it is sent.")
FULL = click.option("--full", is_flag=True, help="List every change, call and problem, also what is alike and many.")
FORM = click.option(
    "--format",
    "form",
    default="text",
    show_default=True,
    type=click.Choice(["text", "json"]),
    help="text for people, json for programs.",
)
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
    "--allow",
    multiple=True,
    metavar="RULE",
    help="Override a guardrail by its name; needs --because.",
    shell_complete=complete_from("guardrails"),
)
BECAUSE = click.option("--because", multiple=True, metavar="TEXT", help="Why: one for each --allow, or one for all.")


class Reaching(Struct, frozen=True, kw_only=True):
    """Options of commands that reach an account."""

    sandbox: str | None
    api_url: str | None


class Overriding(Reaching, frozen=True, kw_only=True):
    """Options of commands whose plan is judged by guardrails: the allowed ones, with reasons."""

    allow: tuple[str, ...]
    because: tuple[str, ...]


def account_options(command: Command) -> Command:
    """Add the options of :class:`Reaching`."""
    return SANDBOX(API_URL(command))


def guardrail_options(command: Command) -> Command:
    """Add the options of :class:`Overriding`."""
    return ALLOW(BECAUSE(command))


def taking(options: type[Options]) -> Callable[[Callable[[Options], None]], Callable[..., None]]:
    """Return a decorator that passes all parameters of a command as one object."""

    def decorate(command: Callable[[Options], None]) -> Callable[..., None]:
        @wraps(command)
        def call_command(**given: object) -> None:
            command(convert(given, options))

        return call_command

    return decorate


def parse_at(text: str | None) -> "datetime | None":
    """Return the time of ``--at``."""
    from reconciler.config.project_schema import InvalidMoment, parse_moment

    try:
        at = None if text is None else parse_moment(text, "UTC")
    except InvalidMoment as why:
        raise click.UsageError(f"--at: {why}") from None
    if at is not None and not 2000 <= at.year < 2200:
        raise click.UsageError(f"--at: {text} is no time that a plan could be made for")
    return at


def allowances(rules: Sequence[str], reasons: Sequence[str]) -> dict[str, str]:
    """Return the reasons by rule. Raise UsageError for an unknown rule or a missing reason."""
    from reconciler import guardrails
    from reconciler.config.schema_errors import closest_word
    from reconciler.model.text import is_reason

    if (stranger := guardrails.unknown(rules)) is not None:
        raise click.UsageError(
            f"--allow {stranger}: there is no such guardrail;"
            f" {closest_word(stranger, list(guardrails.RULES)) or 'there are ' + ', '.join(guardrails.RULES)}"
        )
    if len(reasons) not in ((1, len(rules)) if rules else (0,)) or not all(map(is_reason, reasons)):
        raise click.UsageError("say why: --allow RULE --because TEXT, one --because for each or one for all")
    whys = tuple(reasons) if len(reasons) == len(rules) else tuple(reasons) * len(rules)
    return dict(zip(rules, whys, strict=True))


def local_time() -> "datetime":
    """Return the time by the clock of this machine."""
    from datetime import UTC, datetime

    return datetime.now(UTC)


@contextmanager
def report_refusal(form: str) -> Iterator[None]:
    """Report a refused command like any other run, in the given format."""
    from reconciler.commands.connection import CommandRefused

    try:
        yield
    except CommandRefused as unusable:
        run, asked = unusable.run, click.get_current_context().command.name
        end(replace(run, command=asked) if asked in ("plan", "apply", "drift") else run, form, render_options())


def split_sandbox_argument(paths: Sequence[str], sandbox: str | None) -> tuple[Sequence[str], str | None]:
    """Return paths and sandbox for ``--sandbox shop``, whose value is a path of the project and no state file."""
    if sandbox and (Path(sandbox).is_dir() or Path(sandbox).suffix in (".yaml", ".yml")):
        return (sandbox, *paths), ""
    return paths, sandbox


@contextmanager
def open_session_for(paths: Sequence[str], account: Reaching, form: str, *, ahead: bool = False) -> "Iterator[Session]":
    """Open the loaded project with its API. A refusal is reported in this format."""
    from reconciler.commands import session

    paths, sandbox = split_sandbox_argument(paths, account.sandbox)
    with (
        report_refusal(form),
        session.open_session(paths, sandbox=sandbox, api_url=account.api_url, tell=progress, ahead=ahead) as opened,
    ):
        yield opened


def render_options(
    *, full: bool = False, bodies: bool = False, detailed: bool = False, digest: str | None = None
) -> "RenderOptions":
    """Return the options of the command's reports; pipeline formats look for the repository of its paths."""
    from reconciler.reports import RenderOptions

    given = click.get_current_context().params.get("paths", ())

    def find_checkout() -> "Checkout":
        import os

        from reconciler.commands.checkout import checkout

        return checkout(given, os.environ)

    return RenderOptions(full=full, bodies=bodies, detailed=detailed, digest=digest, find_checkout=find_checkout)
