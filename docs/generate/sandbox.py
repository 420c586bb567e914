"""``sandbox.md``: what the simulator can be made to do, from its own words."""

import ast
import inspect

from markdown import page

from reconciler.sandbox import control, faults, options


def pages() -> dict[str, str]:
    return {
        "sandbox.md": page(
            "Sandbox",
            "The simulator of the API: `--sandbox` in process, `reconciler sandbox serve` over HTTP. It is written from the"
            " API's documents and shares no code with the rest. [How to make it misbehave](../how-to/play-a-hostile-api.md).",
            f"## Faults\n\n{_said(faults)}",
            f"## Control calls\n\n{_said(control)}",
            "## Options\n\nWhat the API's documents leave open is one named choice each; *rule* and § are of the contract from"
            f" which the simulator is written. A saved state (`--seed FILE`) holds them under `options`.\n\n{_options()}",
        )
    }


def _said(module: object) -> str:
    """The module's own text; its first line is a sentence like the others."""
    return inspect.cleandoc(inspect.getdoc(module) or "")


def _options() -> str:
    """Each option with its default, and the text below it in the source."""
    body = ast.parse(inspect.getsource(options.Options)).body[0]
    assert isinstance(body, ast.ClassDef)
    rows = [
        f"| `{one.target.id}` | `{ast.unparse(one.value)}` | {' '.join(text.value.value.split())} |"
        for one, text in zip(body.body, body.body[1:], strict=False)
        if isinstance(one, ast.AnnAssign)
        and isinstance(one.target, ast.Name)
        and one.value is not None
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    ]
    return "\n".join(["| option | default | what it decides |", "|---|---|---|", *rows])
