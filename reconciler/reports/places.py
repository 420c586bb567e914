"""Where a problem stands, and by what it is known again when lines move.

A fingerprint holds the rule, the file, the resource and the words, and never the line.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from urllib.parse import quote

from reconciler.model import Problem
from reconciler.reports.words import plain

PROJECT_FILE = "reconciler.yaml"
"""Where a problem without a place is shown, in formats that need one."""


def fingerprinted(problems: Iterable[Problem]) -> Iterator[tuple[Problem, str]]:
    """Each problem with its fingerprint; of equal ones, the second is another than the first."""
    met: dict[str, int] = {}
    for problem in problems:
        file = problem.span.file if problem.span else ""
        words = "\0".join([problem.code, file, str(problem.address or ""), problem.message])
        met[words] = met.get(words, 0) + 1
        yield problem, hashlib.sha256(f"{words}\0{met[words]}".encode("utf-8", "replace")).hexdigest()[:32]


def uri(file: str) -> str:
    """A relative URI for a relative path; an absolute path becomes a file URI."""
    path = PurePath(file)
    encoded = quote(path.as_posix().encode("utf-8", "surrogatepass"), safe="/")
    return f"file://{encoded}" if path.is_absolute() else encoded


def path(problem: Problem) -> str:
    """The file as a path from the folder in which the command ran."""
    return plain(PurePath(problem.span.file).as_posix()) if problem.span else PROJECT_FILE


def line(problem: Problem) -> int:
    """Its line; the first where none is known."""
    return problem.span.line if problem.span else 1
