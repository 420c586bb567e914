"""Paths of problems from the root of the repository, and fingerprints that do not change when lines move.

A fingerprint holds the code, the file, the resource and the message, never the line.
"""

import hashlib
import posixpath
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from urllib.parse import quote

from msgspec.structs import replace

from reconciler.model import Problem, Span
from reconciler.reports.common import Checkout

PROJECT_FILE = "reconciler.yaml"
"""The project file, if the folder of the command is not known."""


def with_fingerprints(problems: Iterable[Problem]) -> Iterator[tuple[Problem, str]]:
    """Yield each problem with its fingerprint; equal problems get different ones."""
    met: dict[str, int] = {}
    for problem in problems:
        file = problem.span.file if problem.span else ""
        words = "\0".join([problem.code, file, str(problem.address or ""), problem.message])
        met[words] = met.get(words, 0) + 1
        yield problem, hashlib.sha256(f"{words}\0{met[words]}".encode("utf-8", "replace")).hexdigest()[:32]


def uri(file: str) -> str:
    """Return a relative URI for a relative path, a file URI for an absolute one."""
    path = PurePath(file)
    encoded = quote(path.as_posix().encode("utf-8", "surrogatepass"), safe="/")
    return f"file://{encoded}" if path.is_absolute() else encoded


def path(file: str, checkout: Checkout | None) -> str:
    """Return a file as a path from the root of the repository, or as an absolute path if it is outside."""
    if checkout is None:
        return PurePath(file).as_posix()
    root, here, own = (PurePath(each).as_posix() for each in (checkout.root, checkout.here, file))
    whole = posixpath.normpath(posixpath.join(here, own))
    within = PurePath(whole).is_relative_to(root)
    return PurePath(whole).relative_to(root).as_posix() if within else whole


def place_from_root(problem: Problem, checkout: Checkout | None) -> Problem:
    """Return the problem with its path from the root of the repository; unchanged without a place."""
    if problem.span is None or checkout is None:
        return problem
    return replace(problem, span=replace(problem.span, file=path(problem.span.file, checkout)))


def place(problem: Problem, checkout: Checkout | None) -> Span:
    """Return the span of a problem; the first line of the project file if it has none."""
    return problem.span or Span(path(checkout.project if checkout else PROJECT_FILE, checkout), 1, 1)
