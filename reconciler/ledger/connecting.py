"""Connect to PostgreSQL; errors never contain a password."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reconciler.ledger.errors import LedgerError, LockLost

if TYPE_CHECKING:
    import psycopg

CLIENT: Mapping[str, Any] = {
    "application_name": "reconciler",
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""Connection defaults: timeouts of a silent network. The URL may override them."""


def connect(url: str) -> tuple["psycopg.Connection[Any]", str]:
    """Return a connection, and its URL without secrets. Raise ``LedgerError``, without any secret in it."""
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        raise LedgerError("postgresql://…", "psycopg is missing", "pip install 'psycopg[binary]'") from None
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error:  # the error's text repeats the URL with its password
        raise LedgerError("postgresql://…", "the URL cannot be read", "write postgresql://user@host/database") from None
    where = _hide_secrets(given)
    try:
        connection = psycopg.connect(**{**CLIENT, **given}, autocommit=True, prepare_threshold=None)
    except psycopg.Error as trouble:
        raise LockLost(where, f"there is no connection: {_scrub(str(trouble), given)}", NO_CONNECTION) from None
    return connection, where


NO_CONNECTION = "see that the server runs, and that the URL, PGPASSWORD or ~/.pgpass are right"


def _hide_secrets(given: Mapping[str, Any]) -> str:
    user = f"{given['user']}@" if given.get("user") else ""
    port = f":{given['port']}" if given.get("port") else ""
    return f"postgresql://{user}{given.get('host') or ''}{port}/{given.get('dbname') or ''}"


def _scrub(said: str, given: Mapping[str, Any]) -> str:
    """Return an error text on one line, with the password replaced if a library repeats it."""
    for secret in (given.get("password"), given.get("sslpassword"), os.environ.get("PGPASSWORD")):
        said = said.replace(str(secret), "***") if secret else said
    return "; ".join(" ".join(line.split()) for line in said.splitlines() if line.strip())
