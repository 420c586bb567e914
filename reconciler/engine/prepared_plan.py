"""A plan with all that led to it: what plan hands to apply."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from reconciler.config.project import Project
from reconciler.model import Live, Pair, Run
from reconciler.planning.call_parts import BoundType
from reconciler.planning.exposure import ExposureContext


class PreparedPlan(Struct, frozen=True):
    """A plan with all that led to it, so that it can be shown and then carried out as it is."""

    run: Run
    targets: Mapping[str, BoundType]
    pairs: Mapping[str, tuple[Pair, ...]]
    live: Mapping[str, tuple[Live, ...]]
    project: Project
    ground: ExposureContext | None = None
    currencies: Mapping[tuple[str, str], str] = field(default_factory=dict)
    looked: datetime | None = None
    """When the reads of it were begun: a create or a top-up leaves only after a look that is not older than 60 s."""
    zones: Mapping[tuple[str, str], str] = field(default_factory=dict)
