"""Command ``validate``: checks the files alone."""

from reconciler.cli.shared import PATHS, cli, render_options
from reconciler.cli.terminal import end, report_options


@cli.command()
@PATHS
@report_options
def validate(paths: tuple[str, ...], form: str) -> None:
    """Check files without network or credentials.

    \b
    Example: reconciler validate ads/
    """
    from datetime import UTC, datetime

    from reconciler.config import loader
    from reconciler.engine import validate as validation

    end(validation.validate(loader.load(paths), datetime.now(UTC)), form, render_options())
