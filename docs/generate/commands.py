"""``commands.md``: every command and option, as the command line itself knows them."""

import inspect
from collections.abc import Iterator

import click
from markdown import page

from reconciler.cli import full_cli


def pages() -> dict[str, str]:
    parts = [
        "What a command is given on the command line wins over the environment. Every command takes `--help`."
        " How a command ended is its [exit code](exit-codes.md); what it prints is a [report](reports.md).",
        "Credentials come from the environment only: `CRITEO_MS_CLIENT_ID` and `CRITEO_MS_CLIENT_SECRET` for Marketing"
        " Solutions, `CRITEO_RM_CLIENT_ID` and `CRITEO_RM_CLIENT_SECRET` for Retail Media.",
        *_group(full_cli(), ()),
    ]
    return {"commands.md": page("Commands", *parts)}


def _group(group: click.Group, path: tuple[str, ...]) -> Iterator[str]:
    for name, command in sorted(group.commands.items()):
        if command.hidden:
            continue
        if isinstance(command, click.Group):
            yield from _group(command, (*path, name))
        else:
            yield from _command(command, (*path, name))


def _command(command: click.Command, path: tuple[str, ...]) -> Iterator[str]:
    words, _, example = (_text(command.help)).partition("Example")
    context = click.Context(command, info_name=" ".join(("reconciler", *path)))
    usage = " ".join((context.command_path, *command.collect_usage_pieces(context)))
    yield f"## reconciler {' '.join(path)}"
    yield words
    yield f"```text\n{usage}\n```"
    if example:
        lines = [line.strip().removeprefix("s:").removeprefix(":").strip() for line in example.splitlines()]
        yield "```sh\n" + "\n".join(line for line in lines if line).replace("\\\n", "\\\n  ") + "\n```"
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            yield _option(option, path)


def _option(option: click.Option, path: tuple[str, ...]) -> str:
    names = ", ".join([*option.opts, *option.secondary_opts])
    shown = f" {option.metavar or option.type.name.upper()}" if not (option.is_flag or option.count) else ""
    facts = [
        f"Default: `{option.default}`." if option.show_default and option.default is not None else "",
        f"Environment: `{option.envvar}`." if option.envvar else "",
        "May be given again." if option.multiple and "again" not in (option.help or "") else "",
        "Required." if option.required else "",
    ]
    said = " ".join([option.help or "", *(fact for fact in facts if fact)])
    return f"### `{path[-1]} {names}{shown}`\n\n{said}"


def _text(help: str | None) -> str:
    return inspect.cleandoc(help or "").replace("\b\n", "").replace("\f", "")
