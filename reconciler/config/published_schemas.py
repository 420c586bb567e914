"""Published JSON Schemas, the same files that editors use."""

from functools import lru_cache
from pathlib import Path

RESOURCES = "resources.schema.json"
PROJECT = "project.schema.json"


@lru_cache
def read_schema(name: str) -> str:
    """Return a schema as JSON text, from the installed package or the checkout."""
    package = Path(__file__).parents[1]
    homes = (package / "schemas", package.parent / "schemas")
    return next(home / name for home in homes if home.is_dir()).read_text(encoding="utf-8")
