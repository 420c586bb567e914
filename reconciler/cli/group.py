"""The command group: what commands there are. It imports Click alone, so that ``--help`` starts fast."""

from importlib import import_module

import click

from reconciler import __version__

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
COMPLETION = "_RECONCILER_COMPLETE"
"""Environment variable by which a shell asks Click for completions."""
COMMANDS = {
    "begin": {
        "init": "Begin a project. Overwrites nothing.",
        "doctor": "Check account, files and ledger, by reading alone.",
        "version": "Show versions: of this tool, of the API, of the schemas.",
        "completion": "Print what a shell needs to complete commands and addresses.",
    },
    "files": {
        "validate": "Check files without network or credentials.",
        "fmt": "Write files in their canonical form, comments kept.",
    },
    "set_": {"set": "Change values of many resources in the files at once."},
    "sheets": {"export": "Write what the files state as a table for a spreadsheet."},
    "runs": {
        "plan": "Show what would change and the calls that would be sent.",
        "show": "Show a saved plan as it was reviewed.",
        "apply": "Plan, ask for approval, apply, verify.",
    },
    "live": {
        "drift": "Detect changes made outside of these files.",
        "rollback": "Plan how to undo a run, and change the files with it.",
        "import": "Write what is live into files.",
    },
    "pipelines": {
        "projects": "List the projects of a repository, or those that changed.",
        "notify": "Send the summary of runs to a webhook.",
    },
    "tools": {
        "schema": "Write the JSON Schemas that editors check files with.",
        "explain": "Say what a problem code or a field means.",
        "resolve": "Record the outcome of a call that could not be verified.",
        "ledger": "What is remembered: ids, values, and the journal of all runs.",
        "sandbox": "A simulator of the API, to try things without an account.",
    },
}
"""Modules of this package, with the commands that each adds to the group and what each of these does, in a sentence."""

SUMMARIES = {name: summary for summaries in COMMANDS.values() for name, summary in summaries.items()}


class Guessing(click.Group):
    """A group that suggests the nearest command name."""

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve a command; for an unknown name, suggest the nearest one."""
        try:
            return super().resolve_command(context, args)
        except click.UsageError as misuse:
            from reconciler.config.schema_errors import closest_word

            hint = closest_word(args[0], self.list_commands(context))
            raise click.UsageError(f"{misuse.message} {hint}" if hint else misuse.message, context) from None


class Commands(Guessing):
    """A group whose commands are imported when they are called, for a fast start."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return sorted(SUMMARIES)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return the command of that name, or None."""
        for module, summaries in COMMANDS.items():
            if name in summaries:
                import_module(f"reconciler.cli.{module}")
        return super().get_command(context, name)

    def add_command(self, command: click.Command, name: str | None = None) -> None:
        """Add a command, with the sentence that help and completion show of it."""
        super().add_command(command, name)
        command.short_help = SUMMARIES[name or str(command.name)]

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands, none of which is imported."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(SUMMARIES.items()))


@click.group(cls=Commands, context_settings=CONTEXT)
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """Make a Criteo account match YAML files: campaigns, ad sets, sellers, Retail Media.

    \b
    Example, without an account:
      reconciler init shop
      reconciler plan shop --sandbox
      reconciler apply shop --sandbox

    PATHS are files and folders of a project; without any, it is the folder you are in.
    """
