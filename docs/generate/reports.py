"""``reports.md``: the formats, each by the first sentence of its module."""

from importlib import import_module

from markdown import page, sentence

from reconciler.reports import FORMATS


def pages() -> dict[str, str]:
    parts = []
    for name in FORMATS:
        module = import_module(FORMATS[name].__module__)
        parts.append(f"## `{name}`\n\n{sentence((module.__doc__ or '').split(chr(10) * 2)[0])}")
    return {
        "reports.md": page(
            "Reports",
            "`--format` chooses what a command prints. `--report FORMAT=FILE` writes another format to a file as well, and"
            " may be given again, so that one run serves people and programs:",
            "```sh\nreconciler plan --report markdown=comment.md --report sarif=reconciler.sarif\n```",
            "`--format json` is the fixed form for programs, of `import` and `doctor` too; its [schema](schemas.md) is published. A report in a file"
            " is written whole or not at all. Colour is used on a terminal only, and not if `NO_COLOR` is set.",
            *parts,
        )
    }
