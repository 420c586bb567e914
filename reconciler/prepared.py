"""A plan with all that led to it: what plan hands to apply."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from reconciler.files.project import Project
from reconciler.lazily import dataclass
from reconciler.model import Live, Pair, Run
from reconciler.planning.exposure import Ground
from reconciler.planning.parts import Target


@dataclass(frozen=True)
class Prepared:
    """A plan with all that led to it, so that it can be shown and then carried out as it is."""

    run: Run
    targets: Mapping[str, Target]
    pairs: Mapping[str, tuple[Pair, ...]]
    live: Mapping[str, tuple[Live, ...]]
    project: Project
    ground: Ground | None = None
    currencies: Mapping[tuple[str, str], str] = field(default_factory=dict)
    looked: datetime | None = None
    """When the reads of it were begun: a create or a top-up leaves only after a look that is not older than 60 s."""
