"""Repository of a command, from the environment of its pipeline and the parent folders."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from reconciler.config.project_files import PROJECT_FILE, home_of
from reconciler.reports.common import Checkout

ROOTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""Environment variables with the folder of a pipeline's checkout."""


def checkout(paths: Sequence[str], environment: Mapping[str, str]) -> Checkout:
    """Return the repository's folder, the current folder, and the path of the project file from it.

    A folder of the environment is used only if the current folder is inside, since a container may see another path.
    """
    here = Path.cwd().resolve()
    named = [Path(environment[name]).resolve() for name in ROOTS if environment.get(name)]
    root = next((each for each in named if here.is_relative_to(each)), None) or repository(here) or here
    folder = next((found for path in paths or (".",) if (found := home_of(Path(path))) is not None), here)
    return Checkout(str(root), str(here), os.path.relpath(folder / PROJECT_FILE, here))


def repository(folder: Path) -> Path | None:
    """Return the root of the git repository that contains a folder, or None."""
    here = folder.resolve()
    return next((up for up in (here, *here.parents) if (up / ".git").exists()), None)
