"""The schemas as they are published, so that an editor and this tool judge a file by the very same text."""

from functools import lru_cache
from pathlib import Path

RESOURCES = "resources.schema.json"
PROJECT = "project.schema.json"


@lru_cache
def read_schema(name: str) -> str:
    """A schema, as JSON: in the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    homes = (package / "schemas", package.parent / "schemas")
    return next(home / name for home in homes if home.is_dir()).read_text(encoding="utf-8")
