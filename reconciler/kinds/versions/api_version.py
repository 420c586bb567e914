"""A dialect: one version of one family of endpoints, as a base path and the kinds it has."""

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from reconciler.kinds.kind import Kind


class ApiVersion(Struct, frozen=True):
    """``root`` is what every path of the version begins with; ``ends`` the day its support ends;
    ``listed`` whether the version can list the accounts that the application may touch."""

    version: str
    family: str
    root: str
    kinds: Mapping[str, Kind]
    ends: date | None = None
    listed: bool = True
