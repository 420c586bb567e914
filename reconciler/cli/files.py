"""validate: the files by themselves, without anything that a plan needs."""

from reconciler.cli.shared import PATHS, cli, manner_of
from reconciler.console import end, reporting


@cli.command()
@PATHS
@reporting
def validate(paths: tuple[str, ...], form: str) -> None:
    """Check files without network or credentials.

    \b
    Example: reconciler validate ads/
    """
    from datetime import UTC, datetime

    from reconciler import check
    from reconciler.files import source

    end(check.validate(source.load(paths), datetime.now(UTC)), form, manner_of())
