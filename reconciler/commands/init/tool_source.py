"""Repository and commit of this tool, from which pipelines install it; it is never looked up in a package registry."""

import json
import re
import subprocess
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

from msgspec import Struct

PACKAGE = "criteo-reconciler"
UNKNOWN_COMMIT = "0" * 40
"""Commit of no repository, so that a pipeline with it fails before anything is installed."""
_SOURCE = re.compile(r"(https://[A-Za-z0-9.-]+(?::[0-9]+)?(?:/[A-Za-z0-9._-]+){2,}?)(?:\.git)?/?@([0-9a-f]{40})")
_SSH = re.compile(r"(?:ssh://)?[A-Za-z0-9._-]+@([A-Za-z0-9.-]+)[:/](?:[0-9]+/)?([A-Za-z0-9._/-]+)")


class ToolSource(Struct, frozen=True):
    """URL of a git repository, without credentials and without ``.git``, and a commit."""

    url: str
    commit: str

    @property
    def action(self) -> str:
        """Return what a workflow of GitHub uses."""
        return f"{'/'.join(urlsplit(self.url).path.strip('/').split('/')[-2:])}@{self.commit}"

    @property
    def requirement(self) -> str:
        """Return what pip installs."""
        return f"git+{self.url}@{self.commit}"


PLACEHOLDER = ToolSource("https://YOUR_HOST/YOUR_ORG/reconciler", UNKNOWN_COMMIT)
"""Source in the recipes: an owner that GitHub's names cannot have, and no commit."""


def parse_source(text: str) -> ToolSource | None:
    """Return the source of ``https://HOST/OWNER/NAME@COMMIT``, or None if it is something else."""
    found = _SOURCE.fullmatch(text)
    return ToolSource(*found.groups()) if found else None


def find_source() -> ToolSource | None:
    """Return where this installation came from: a git URL, or a checkout with a remote. None if unknown."""
    try:
        origin = json.loads(distribution(PACKAGE).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return None
    url, commit = origin.get("url", ""), origin.get("vcs_info", {}).get("commit_id")
    if commit is None and url.startswith("file://"):
        folder = unquote(urlsplit(url).path)
        if not Path(folder, ".git").exists():
            return None
        url, commit = _git(folder, "remote", "get-url", "origin"), _git(folder, "rev-parse", "HEAD")
    return parse_source(f"{without_login(url)}@{commit}")


def without_login(url: str) -> str:
    """Return the https form of a git URL, without user and password."""
    if found := _SSH.fullmatch(url):
        url = f"https://{found[1]}/{found[2]}"
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".removesuffix("/").removesuffix(".git")


def _git(folder: str, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", folder, *words], capture_output=True, text=True, encoding="utf-8", timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
