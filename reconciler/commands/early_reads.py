"""Begin to read what is live while the files are parsed.

Only what is certain without them is used: the scope of the project file, and which kinds the files seem to hold. An
error in the files ends the run as always, and the answers are dropped.
"""

from collections.abc import Sequence
from pathlib import Path

from reconciler.commands import connection
from reconciler.commands.connection import CommandRefused
from reconciler.config import project_files
from reconciler.config.project import Project
from reconciler.engine.progress import Tell
from reconciler.engine.scope_reads import first_reads
from reconciler.provider.http import Api, Clock


class EarlyReads:
    """A client that reads ahead of the plan, if the whole project is to be planned."""

    def __init__(self, api_url: str | None, tell: Tell, clock: Clock | None) -> None:
        self._api_url, self._tell, self._clock = api_url, tell, clock
        self._api: Api | None = None
        self._products: frozenset[str] = frozenset()

    def begin(self, project: Project, files: Sequence[Path]) -> None:
        """Begin the reads of a project; none for a part of it: only its files say what it needs."""
        if not project.whole:
            return
        kinds = [project.kinds[name] for name in project_files.find_sections(files, tuple(project.kinds))]
        kinds = [kind for kind in kinds if project.scope.get(kind.scope)]
        products = frozenset(kind.product for kind in kinds)
        try:
            api = connection.connect_api(self._api_url, set(products), self._tell, clock=self._clock)
        except CommandRefused:
            return  # said once the files are in order
        self._api, self._products = api, products
        api.read_ahead(first_reads(project, kinds))

    def api_of(self, products: set[str]) -> Api | None:
        """Return the client if it is of these products; otherwise it is closed."""
        if self._api is not None and self._products == products:
            return self._api
        self.close()
        return None

    def close(self) -> None:
        """Drop what was read."""
        if self._api is not None:
            self._api.close()
            self._api = None
