"""Pipelines at the root of the repository, where the service reads them, for all projects in it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import yaml
from msgspec import Struct

from reconciler.commands.init.tool_source import PLACEHOLDER, ToolSource
from reconciler.commands.projects import slug_of
from reconciler.config import extended
from reconciler.config.project_files import PROJECT_FILE, read_document

RECIPES = Path(__file__).parent / "recipes" / "github"
"""Workflows that the how-to guide explains."""
GITHUB, GITLAB = "github", "gitlab"
WORKFLOWS = Path(".github", "workflows")
PIPELINE = ".gitlab-ci.yml"
TEMPLATE = Path(".gitlab", "reconciler.yml")
"""Copy of the template of GitLab, in the user's repository."""
OURS = "# Pipelines of the reconciler: one entry for each project."


class PipelineFile(Struct, frozen=True):
    """A file to write: new, or with ``before``, the bytes that it replaces."""

    path: Path
    text: str
    before: bytes | None = None


def read_template() -> str:
    """Return the template of GitLab, from the installed package or the checkout."""
    package = Path(__file__).parents[2]
    homes = (package / "templates", package.parent / "templates")
    return next(home / "reconciler.yml" for home in homes if home.is_dir()).read_text(encoding="utf-8")


def place_pipelines(service: str, folder: Path, root: Path | None, source: ToolSource | None) -> Iterator[PipelineFile]:
    """Yield the files of a service for a project. Without a repository they are placed in the project's folder."""
    home = root or folder
    if service == GITHUB:
        for recipe in sorted(RECIPES.iterdir()):
            text = recipe.read_text(encoding="utf-8").replace(PLACEHOLDER.action, (source or PLACEHOLDER).action)
            yield PipelineFile(_workflow_path(home, recipe.name), text)
        return
    yield PipelineFile(home / TEMPLATE, read_template())
    yield _pipeline(home, folder, source or PLACEHOLDER)


def include_entry(home: Path, folder: Path, source: ToolSource) -> str:
    """Return the entry of a project under ``include``."""
    project = Path(os.path.relpath(folder.resolve(), home.resolve())).as_posix()
    below = "" if project == "." else f"{project}/"
    changes = [f"{below}**/*.yaml", f"{below}**/*.yml", *_find_shared(home, folder), PIPELINE, TEMPLATE.as_posix()]
    lines = {"project": project, "name": slug_of(project), "source": source.requirement, "changes": changes}
    inputs = "".join(f"      {key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in lines.items())
    return f"  - local: {TEMPLATE.as_posix()}\n    inputs:\n{inputs}"


def has_entry(pipeline: Path, home: Path, folder: Path) -> bool:
    """Return True if the pipeline at the root runs the project."""
    project = Path(os.path.relpath(folder.resolve(), home.resolve())).as_posix()
    return any(each.get("project") == project for each in _inputs(pipeline.read_text("utf-8", "replace")))


def _workflow_path(home: Path, name: str) -> Path:
    """Return where a workflow belongs: under a name of its own if another tool's workflow has that name."""
    path = home / WORKFLOWS / name
    if not path.exists() or "command: projects" in path.read_text("utf-8", "replace"):
        return path
    return path.with_name(f"reconciler-{name}")


def _pipeline(home: Path, folder: Path, source: ToolSource) -> PipelineFile:
    """Return the pipeline at the root with an entry for the project; that of others is kept as it is."""
    path, entry = home / PIPELINE, include_entry(home, folder, source)
    if not path.exists():
        return PipelineFile(path, f"{OURS}\ninclude:\n{entry}")
    before = path.read_bytes()
    text = before.decode("utf-8", "replace")
    longer = text + ("" if text.endswith("\n") else "\n") + entry
    mine = text.startswith(OURS) and not has_entry(path, home, folder)
    if mine and len(_inputs(longer)) == len(_inputs(text)) + 1:
        return PipelineFile(path, longer, before)
    return PipelineFile(path, text)


def _inputs(text: str) -> list[dict[str, object]]:
    """Return the inputs of each entry that includes the template."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        return []
    entries = content.get("include") if isinstance(content, dict) else None
    found = [each.get("inputs") for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
    return [each for each in found if isinstance(each, dict)]


def _find_shared(home: Path, folder: Path) -> Iterator[str]:
    """Yield the file that the project extends, from the root of the repository."""
    parsed, _ = read_document(folder / PROJECT_FILE) if (folder / PROJECT_FILE).is_file() else (None, ())
    shared = parsed.value.get(extended.KEY) if parsed is not None and isinstance(parsed.value, dict) else None
    if isinstance(shared, str):
        yield Path(os.path.relpath((folder / shared).resolve(), home.resolve())).as_posix()
