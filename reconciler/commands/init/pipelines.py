"""Pipelines at the root of the repository, where the service reads them, limited to the project's folder."""

import re
from collections.abc import Iterator
from pathlib import Path

RECIPES = Path(__file__).parent / "recipes"
"""Pipeline templates that the how-to guides explain, by service."""
GITHUB, GITLAB = "github", "gitlab"
HOMES = {GITHUB: Path(".github", "workflows"), GITLAB: Path()}
"""Folder of each service's pipelines, from the root of a repository."""
PIPELINE = ".gitlab-ci.yml"
PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*")
"""Folder names that need no quotes in YAML, in a glob and in a shell."""
FILES = r"(?:plan|apply|drift|validate|widget|codequality)\.(?:json|html|xml|sarif)"


def place_pipelines(service: str, folder: Path, root: Path | None) -> Iterator[tuple[Path, str]]:
    """Yield path and text of every pipeline of a project.

    Below the root of a repository the folder is filled in; an existing file of another folder is kept, and the new
    file's name is then prefixed with the name of the folder.
    """
    home = _below(folder, root)
    for recipe in sorted((RECIPES / service).iterdir()):
        text = recipe.read_text(encoding="utf-8")
        if home is None or root is None:
            yield folder / HOMES[service] / recipe.name, text
        elif service == GITHUB:
            yield _workflow(root / HOMES[service], recipe.name, text, home)
        else:
            path = root / recipe.name
            yield (path if _is_for(path, home) else folder / recipe.name), _pipeline(text, home)


def is_filled_in(folder: Path, root: Path | None) -> bool:
    """Return True if the pipelines of a folder can be placed at the root of its repository."""
    return root is None or folder.resolve() == root or _below(folder, root) is not None


def _below(folder: Path, root: Path | None) -> str | None:
    """Return the folder relative to the root, or None if it is the root or its name needs quotes."""
    if root is None or folder.resolve() == root:
        return None
    name = folder.resolve().relative_to(root).as_posix()
    return name if PLAIN.fullmatch(name) else None


def _is_for(path: Path, home: str) -> bool:
    """Return True if the pipeline can be written there: no file exists, or it is the folder's own."""
    if not path.exists():
        return True
    text = path.read_text(encoding="utf-8", errors="replace")
    return bool(re.search(rf"^ *(?:working-directory:|- cd) {re.escape(home)}$", text, re.MULTILINE))


def _workflow(at: Path, name: str, text: str, home: str) -> tuple[Path, str]:
    """Return a workflow that runs in the folder, and only if something in it changes.

    Its name and concurrency groups are unique, so that projects neither wait for nor cancel each other.
    """
    slug = home.replace("/", "-")
    path = at / name if _is_for(at / name, home) else at / f"{slug}-{name}"
    paths = f'    paths:\n      - "{home}/**"\n      - "{HOMES[GITHUB].as_posix()}/{path.name}"\n'
    text = re.sub(r"^name: (.*)$", rf"name: \1 {home}", text, count=1, flags=re.MULTILINE)
    text = re.sub(r"^(  pull_request:\n|  push:\n    branches: \[main\]\n)", lambda on: on[1] + paths, text, flags=re.M)
    text = re.sub(r"^(  group: [a-z]+(?:-production)?)", rf"\1-{slug}", text, flags=re.MULTILINE)
    text = text.replace("\njobs:\n", f"\ndefaults:\n  run:\n    working-directory: {home}\n\njobs:\n", 1)
    text = re.sub(rf"^( +(?:path|sarif_file): )({FILES})$", rf"\1{home}/\2", text, flags=re.MULTILINE)
    text = re.sub(rf"^( +)({FILES})$", rf"\1{home}/\2", text, flags=re.MULTILINE)
    text = re.sub(rf"hashFiles\('({FILES})'\)", rf"hashFiles('{home}/\1')", text)
    text = text.replace("category: reconciler-drift", f"category: reconciler-drift-{slug}")
    download = r"(uses: actions/download-artifact@.*\n        with:\n          name: plan\n)"
    return path, re.sub(download, rf"\1          path: {home}\n", text)


def _pipeline(text: str, home: str) -> str:
    """Return a GitLab pipeline that runs in the folder, and only if something in it changes."""
    slug = home.replace("/", "-")
    text = text.replace("  before_script:\n", f"  before_script:\n    - cd {home}\n")
    text = text.replace("resource_group: criteo-production", f"resource_group: criteo-production-{slug}")
    text = re.sub(rf"^( +(?:codequality|junit|terraform): )({FILES})$", rf"\1{home}/\2", text, flags=re.MULTILINE)
    text = text.replace("dotenv: plan.env", f"dotenv: {home}/plan.env")
    text = re.sub(
        r"^( +paths: \[)(.*)\]$",
        lambda line: f"{line[1]}{', '.join(f'{home}/{each}' for each in line[2].split(', '))}]",
        text,
        flags=re.MULTILINE,
    )
    changes = f'      changes: ["{home}/**/*", .gitlab-ci.yml]\n'
    rule = r"^(    - if: [^\n]*(?:merge_request_event|CI_DEFAULT_BRANCH)[^\n]*\n)"
    return re.sub(rule, lambda line: line[1] + changes, text, flags=re.MULTILINE)
