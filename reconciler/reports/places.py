"""Where a problem stands, from the root of its repository, and by what it is known again when lines move.

A fingerprint holds the rule, the file, the resource and the words, and never the line.
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
"""The project's file, where it is not known from which folder the command ran."""


def with_fingerprints(problems: Iterable[Problem]) -> Iterator[tuple[Problem, str]]:
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


def path(file: str, checkout: Checkout | None) -> str:
    """A file as a path from the root of the repository; an absolute one if it lies outside of it."""
    if checkout is None:
        return PurePath(file).as_posix()
    root, here, own = (PurePath(each).as_posix() for each in (checkout.root, checkout.here, file))
    whole = posixpath.normpath(posixpath.join(here, own))
    within = PurePath(whole).is_relative_to(root)
    return PurePath(whole).relative_to(root).as_posix() if within else whole


def place_from_root(problem: Problem, checkout: Checkout | None) -> Problem:
    """The problem at its place from the root of the repository; without a place it stands where it stood."""
    if problem.span is None or checkout is None:
        return problem
    return replace(problem, span=replace(problem.span, file=path(problem.span.file, checkout)))


def place(problem: Problem, checkout: Checkout | None) -> Span:
    """Return where a problem stands; the first line of the project's file where it has no place."""
    return problem.span or Span(path(checkout.project if checkout else PROJECT_FILE, checkout), 1, 1)
