"""Where a command runs in its repository, by the environment of its pipeline and by the folders above."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from reconciler.config.project import PROJECT_FILE, home_of
from reconciler.reports.common import Checkout

ROOTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""Variables in which a pipeline names the folder of its checkout."""


def checkout(paths: Sequence[str], environment: Mapping[str, str]) -> Checkout:
    """The folder of the repository, the folder in which the command runs, and the project's file as a path from it.

    A folder that the environment names counts only if the command runs in it: an image may see it elsewhere.
    """
    here = Path.cwd().resolve()
    named = [Path(environment[name]).resolve() for name in ROOTS if environment.get(name)]
    root = next((each for each in named if here.is_relative_to(each)), None) or repository(here) or here
    folder = next((found for path in paths or (".",) if (found := home_of(Path(path))) is not None), here)
    return Checkout(str(root), str(here), os.path.relpath(folder / PROJECT_FILE, here))


def repository(folder: Path) -> Path | None:
    """The root of the git repository that a folder lies in, if any."""
    here = folder.resolve()
    return next((up for up in (here, *here.parents) if (up / ".git").exists()), None)
