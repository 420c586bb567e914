"""Meaning, cause and cure of each code of the API, from a data file that is read when something is refused."""

import re
from collections.abc import Mapping
from functools import cache

from msgspec import Struct

LINK, EMPHASIS = re.compile(r"\[([^]]*)]\([^)]*\)"), re.compile(r"\*(\w+)\*")


class CodeEntry(Struct, frozen=True):
    """Reference entry of one code; the sentences are Markdown, with links relative to ``docs/reference/``.

    ``also`` are other codes of the API for the same refusal.
    """

    code: str
    chapter: str
    means: str
    cause: str
    cure: str
    also: tuple[str, ...] = ()

    @property
    def plain(self) -> "CodeEntry":
        """The entry without links and marks of Markdown, for a terminal."""
        means, cause, cure = (
            EMPHASIS.sub(r"\1", LINK.sub(r"\1", each)).replace("`", "") for each in (self.means, self.cause, self.cure)
        )
        return CodeEntry(self.code, self.chapter, means, cause, cure, self.also)


@cache
def api_table() -> Mapping[str, CodeEntry]:
    """Return the entries by code, as the API spells it."""
    return {entry.code: entry for entry in read_entries("reconciler.provider", "api_codes.toml")}


def read_entries(package: str, name: str) -> list[CodeEntry]:
    """Return the entries of a data file: a table for each chapter, in it one for each code."""
    import tomllib
    from importlib.resources import files

    chapters = tomllib.loads(files(package).joinpath(name).read_text(encoding="utf-8")).values()
    return [
        CodeEntry(code, chapter["title"], **{**said, "also": tuple(said.get("also", ()))})
        for chapter in chapters
        for code, said in chapter.items()
        if code != "title"
    ]


def find_api_code(spelled: str) -> CodeEntry | None:
    """Return the entry of a code in any case, with or without the prefix of its call; None if there is none."""
    known = _by_spelling()
    return known.get(_spelling(spelled)) or known.get(_spelling(spelled.rpartition("--")[2]))


def find_cure(spelled: str, title: str = "", status: int = 0) -> str | None:
    """Return what cures a refusal, as a hint: by its code, else by its title, else by the status of the answer.

    A 400 alone says nothing that the message does not say.
    """
    known_by = (spelled, title, "" if status in (0, 400) else f"http-{status}")
    entry = next((found for each in known_by if each and (found := find_api_code(each))), None)
    return None if entry is None else _as_hint(entry.plain.cure)


def _as_hint(sentence: str) -> str:
    """Return a sentence as hints are written: without capital and full stop."""
    return sentence[0].lower() + sentence[1:].removesuffix(".")


@cache
def _by_spelling() -> Mapping[str, CodeEntry]:
    """Return the entries by each code, and by each code without its prefix where the first one has it."""
    known: dict[str, CodeEntry] = {}
    spelled = [(code, entry) for entry in api_table().values() for code in (entry.code, *entry.also)]
    for code, entry in spelled:
        known[_spelling(code)] = entry
    for code, entry in spelled:
        known.setdefault(_spelling(code.rpartition("--")[2]), entry)
    return known


def _spelling(code: str) -> str:
    """Return a code without case, dashes, underscores and spaces."""
    return re.sub(r"[-_\s]", "", code).casefold()
