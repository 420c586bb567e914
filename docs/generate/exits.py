"""``exit-codes.md``: how a command ends, as one number."""

from markdown import capped, page

from reconciler.model.exit_codes import BY_CAUSE, ExitCode


def pages() -> dict[str, str]:
    parts = [f"## {int(code)}\n\n{capped(code.meaning)}.{_problems(code)}" for code in ExitCode]
    return {
        "exit-codes.md": page(
            "Exit codes",
            "A pipeline can act on the number alone. What is worst to overlook comes first: a run in which one item is"
            " unknown and another was rejected ends with 6.",
            *parts,
        )
    }


def _problems(code: ExitCode) -> str:
    named = [f"[`{cause.value}`](problems.md#{cause.value})" for cause, exit in BY_CAUSE.items() if exit is code]
    return f" Reported as {', '.join(named)}." if named else ""
