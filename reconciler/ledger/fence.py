"""Fencing: each lock has a generation that its holder raises, and a session with an old one cannot write intents.

If the lock was taken away (a removed lock file, a pooler that reassigned the session, an expired lease), the next
holder has raised the generation, which the transaction of the next intent detects. It is raised by a random step: a row
that was deleted or put back to an older state, while the lock was gone as well, does not lead to the same one again.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from reconciler.ledger import codec
from reconciler.ledger.checked_rows import Database
from reconciler.ledger.errors import LockLost

STEP = 2**32
"""Upper bound of a step: two are equal once in four thousand million times, and a BIGINT holds as many steps."""
ANOTHER = "apply again: it looks first for what this run may have left open"


class Fence:
    """Scopes locked by this session, each with the generation that it set."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: dict[str, int] = {}

    @contextmanager
    def hold(self, scopes: Sequence[str]) -> Iterator[None]:
        """Raise the generation of each scope, whose lock must be held already."""
        names = [codec.of_name(scope) for scope in sorted(set(scopes))]
        with self._database.transaction():
            known = self._generations()
            taken = {name: known.get(name, 0) + 1 + secrets.randbelow(STEP) for name in names}
            self._database.executemany(
                "INSERT INTO holders (scope, holder, generation) VALUES (?, '', ?)"
                " ON CONFLICT (scope) DO UPDATE SET generation = excluded.generation",
                list(taken.items()),
            )
        self._held |= taken
        try:
            yield
        finally:
            for name in names:
                self._held.pop(name, None)

    def check(self) -> None:
        """Raise ``LockLost`` if another session has taken one of the scopes since."""
        if not self._held:
            return
        known = self._generations()
        for name, generation in self._held.items():
            if known.get(name) != generation:
                scope = codec.to_name(name)
                since = f"its lock is gone: another run has locked {scope} since"
                older = f"the row of {scope} in the table holders was deleted or put back to an older state"
                what = since if known.get(name, 0) > generation else older
                raise LockLost(self._database.where, what, ANOTHER)

    def _generations(self) -> Mapping[str, int]:
        rows = self._database.execute("SELECT scope, generation FROM holders")
        return {str(scope): int(str(generation)) for scope, generation in rows}
