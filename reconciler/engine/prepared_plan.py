"""A plan with its inputs, passed from plan to apply."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from reconciler.config.project import Project
from reconciler.model import Live, Pair, Run
from reconciler.planning.call_parts import BoundType
from reconciler.planning.exposure import ExposureContext


class PreparedPlan(Struct, frozen=True):
    """A plan with its inputs, which can be shown and then applied unchanged."""

    run: Run
    targets: Mapping[str, BoundType]
    pairs: Mapping[str, tuple[Pair, ...]]
    live: Mapping[str, tuple[Live, ...]]
    project: Project
    ground: ExposureContext | None = None
    currencies: Mapping[tuple[str, str], str] = field(default_factory=dict)
    looked: datetime | None = None
    """Start of its reads: a create or a top-up needs a look at most 60 s old."""
    zones: Mapping[tuple[str, str], str] = field(default_factory=dict)
    parents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Parents whose objects were read, for each kind that was read in part only."""
