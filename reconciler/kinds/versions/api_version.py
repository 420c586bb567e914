"""API version: one version of one family of endpoints, as a base path and its kinds."""

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from reconciler.kinds.kind import Kind


class ApiVersion(Struct, frozen=True):
    """One version of a family of endpoints.

    ``root`` is the prefix of every path; ``ends`` the day its support ends; ``listed`` is true if it can list the
    accounts of the application.
    """

    version: str
    family: str
    root: str
    kinds: Mapping[str, Kind]
    ends: date | None = None
    listed: bool = True
