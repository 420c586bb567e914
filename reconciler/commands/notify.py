"""Send the summary of runs to a webhook, whose address is in the environment only."""

import os
from collections.abc import Sequence
from pathlib import Path

from reconciler.commands import connection
from reconciler.commands.connection import CommandRefused
from reconciler.model import error
from reconciler.provider.http.webhook import post_json
from reconciler.reports import notice

LARGEST = 256 * 2**20


def read_reports(files: Sequence[Path]) -> list[notice.RunReport]:
    """Return the reports in the files. Raise :class:`CommandRefused` if one is not the report of a run."""
    return [_read(file) for file in files]


def _read(file: Path) -> notice.RunReport:
    try:
        if file.stat().st_size > LARGEST:
            raise notice.UnreadableReport("it is too large for a report")
        return notice.read_report(file.read_bytes())
    except OSError as trouble:
        why = str(trouble.strerror)
    except notice.UnreadableReport as trouble:
        why = str(trouble)
    hint = "write one with `--report json=FILE`"
    raise CommandRefused(connection.refused_run(error("no-report", f"{file} cannot be sent: {why}", hint=hint)))


def send(reports: Sequence[notice.RunReport], variable: str, form: str, title: str | None) -> None:
    """Send one message about all reports. Raise :class:`CommandRefused` if it is not accepted."""
    link = connection.lock_holder().ci_url
    told = [*([title] if title else []), *(line for each in reports for line in notice.lines(each))]
    refused = post_json(os.environ[variable].strip(), notice.FORMS[form](told, link))
    if refused is not None:
        message = f"the webhook in {variable} took no message: {refused}"
        hint = "the run itself is not changed by this"
        raise CommandRefused(connection.refused_run(error("not-notified", message, hint=hint)))


def is_set(variable: str) -> bool:
    """Return True if the environment holds the address."""
    return bool(os.environ.get(variable, "").strip())
