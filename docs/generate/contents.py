"""``index.md``: what the reference holds."""

from markdown import page

LISTED = {
    "commands": "every command and option",
    "kinds/index": "every field of every kind, by version",
    "project-file": "what may stand in `reconciler.yaml`",
    "guardrails": "rules on money and on mass changes",
    "exit-codes": "how a command ends, as one number",
    "problems": "every error and warning, with its cause and cure",
    "reports": "formats for people and programs",
    "sandbox": "the simulator's faults, control calls and options",
    "schemas": "JSON Schemas, and how an editor finds them",
}


def pages() -> dict[str, str]:
    listed = "\n".join(
        f"- [{name.partition('/')[0].replace('-', ' ').capitalize()}]({name}.md): {what}"
        for name, what in LISTED.items()
    )
    toctree = "```{toctree}\n:hidden:\n\n" + "\n".join(LISTED) + "\n```"
    said = "Written by `make reference` from the code, so that it says what the code does. A test fails when it is not current."
    return {"index.md": page("Reference", said, listed, toctree)}
