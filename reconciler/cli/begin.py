"""Commands for setting up: init, doctor, version, completion."""

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from reconciler.cli.group import COMPLETION, cli
from reconciler.cli.shared import FORM, PATHS, Reaching, account_options, report_refusal, split_sandbox_argument, taking
from reconciler.cli.terminal import CommandEnded, progress, put

if TYPE_CHECKING:
    from reconciler.commands.init import InitResult


class InitOptions(Struct, frozen=True, kw_only=True):
    """Options of ``init``."""

    folder: str
    advertisers: tuple[str, ...]
    accounts: tuple[str, ...]
    ci: str
    source: str | None


class DoctorOptions(Reaching, frozen=True, kw_only=True):
    """Options of ``doctor``."""

    paths: tuple[str, ...]
    form: str


@cli.command()
@click.argument("folder", default=".", type=click.Path(), metavar="[DIR]")
@click.option("--advertiser", "advertisers", multiple=True, metavar="ID", help="Put this advertiser into the scope.")
@click.option("--account", "accounts", multiple=True, metavar="ID", help="Put this Retail Media account into it.")
@click.option(
    "--ci",
    default="github",
    show_default=True,
    type=click.Choice(["github", "gitlab", "none"]),
    help="Whose pipelines to write.",
)
@click.option("--source", metavar="URL@COMMIT", help="Repository and commit from which pipelines install the tool.")
@taking(InitOptions)
def init(given: InitOptions) -> None:
    """Begin a project: its file, schemas, .gitignore, pipelines. Overwrites nothing.

    Without an advertiser or account it is one of the sandbox, with a first resource. In a repository the pipelines are
    written at its root, and run every project in it. They install the tool from where this one was installed.

    \b
    Example: reconciler init shop --advertiser 1352
    """
    from reconciler.commands import init as init_command
    from reconciler.commands.init.tool_source import parse_source
    from reconciler.kinds.products import SCOPES

    folder, source = given.folder, given.source
    for id in (*given.advertisers, *given.accounts):
        if not (id.isascii() and id.isdigit()):
            raise click.UsageError(f"{id!r} is no id: an id is digits only")
    found = parse_source(source) if source is not None else None
    if source is not None and found is None:
        raise click.UsageError(f"--source {source}: write https://HOST/OWNER/NAME@COMMIT, with the whole commit")
    if Path(folder).is_symlink() and not Path(folder).exists():
        raise click.UsageError(f"{folder} is a link that leads nowhere")
    ids = {"advertisers": given.advertisers, "accounts": given.accounts}
    scope = {each.name: ids[each.option] for each in SCOPES.values()}
    with report_refusal("text"):
        begun = init_command.begin(Path(folder), scope, () if given.ci == "none" else (given.ci,), found)
        put("".join(f"{line}\n" for line in _describe_begun(begun, folder)))


def _describe_begun(begun: "InitResult", folder: str) -> Iterator[str]:
    """Yield the files that were written, and the next steps."""
    yield from (f"  + {_near(path, folder)}" for path in begun.written)
    yield from (f"  = {_near(path, folder)}  (was there, and is as it was)" for path in begun.kept)
    yield from (f"  ~ {_near(path, folder)}" for path in begun.changed)
    if begun.unlisted:
        yield f"\nAdd .reconciler/ to {begun.folder / '.gitignore'}: it holds the ledger, which git must not keep."
    if begun.entry is not None:
        yield "\nThe GitLab pipeline at the root of the repository is another one: add this under `include`."
        yield begun.entry.rstrip("\n")
    if begun.placeholder is not None:
        yield f"\nThe pipelines install the tool from {begun.placeholder}, which is a placeholder: put its repository"
        yield "and a commit that you reviewed in its place, or remove them and use --source URL@COMMIT."
    from reconciler.kinds.products import PRODUCTS

    here = "" if folder == "." else f" {shlex.quote(folder)}"
    steps = dict[str, str]()
    yield "\nNext:" if begun.written else "\nThere is a project already. Next:"
    if begun.sandboxed:
        steps[f"reconciler plan{here} --sandbox"] = "what would change, on the built-in simulator"
        steps[f"edit {begun.folder / 'reconciler.yaml'}"] = "your advertiser's id under scope"
    first, *others = PRODUCTS.values()
    pair = f"export {first.credentials}_CLIENT_ID=… {first.credentials}_CLIENT_SECRET=…"
    steps[pair] = ", ".join(f"{each.credentials}_… for {each.title}" for each in others)
    steps[f"reconciler doctor{here}"] = "whether the account can be read, and what is allowed"
    steps[f"reconciler import{here}"] = "write what is live into files"
    if not begun.sandboxed:
        steps[f"reconciler plan{here}"] = "no changes yet: what is live is what the files say"
    width = max(map(len, steps))
    yield from (f"  {step:<{width}}  # {what}" for step, what in steps.items())


def _near(path: Path, folder: str) -> str:
    """Return the path relative to the working directory, or absolute if the folder was given so."""
    return os.path.relpath(path) if path.is_absolute() and not Path(folder).is_absolute() else str(path)


@cli.command()
@PATHS
@FORM
@account_options
@taking(DoctorOptions)
def doctor(given: DoctorOptions) -> None:
    """Check account, files and ledger by reading alone: credentials, permissions, scope, versions, limits.

    Without a project it checks whose credentials are set. Each warning and error says what to do.

    \b
    Example: reconciler doctor shop
             reconciler doctor --sandbox --format json
    """
    from reconciler.commands import doctor as doctors
    from reconciler.model import exit_codes
    from reconciler.reports import doctor_report

    paths, sandbox = split_sandbox_argument(given.paths, given.sandbox)
    done = doctors.examine(paths, sandbox=sandbox, api_url=given.api_url, tell=progress)
    progress("")
    put(doctor_report.FORMATS[given.form](done), given.form)
    raise CommandEnded(int(exit_codes.exit_code(done.run)))


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def version(as_json: bool) -> None:
    """Show versions: of this tool, Python, the API, the schemas, the optional parts.

    \b
    Example: reconciler version --json
    """
    from reconciler.commands import versions

    put(versions.as_json() if as_json else versions.as_text(), "json" if as_json else "text")


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what a shell needs to complete commands, options and addresses of the files here.

    \b
    Example: eval "$(reconciler completion bash)"  # in ~/.bashrc
             eval "$(reconciler completion zsh)"   # in ~/.zshrc, after compinit
             reconciler completion fish | source   # in config.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(cli, {}, "reconciler", COMPLETION).source()
    sys.stdout.write(f"{script}\n")
