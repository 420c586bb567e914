"""Meaning, cause and cure of each problem code: data beside the code, read on demand."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from msgspec import Struct

from reconciler import guardrails

LINK = re.compile(r"\[([^]]*)]\([^)]*\)")
GUARDRAILS = "Guardrails"


class ProblemEntry(Struct, frozen=True):
    """Reference entry of one code; the sentences are Markdown, with links relative to ``docs/reference/``."""

    code: str
    chapter: str
    means: str
    cause: str
    cure: str

    @property
    def plain(self) -> "ProblemEntry":
        """The entry without links and code marks, for a terminal."""
        means, cause, cure = (LINK.sub(r"\1", each).replace("`", "") for each in (self.means, self.cause, self.cure))
        return ProblemEntry(self.code, self.chapter, means, cause, cure)


@cache
def problem_table() -> Mapping[str, ProblemEntry]:
    """Return every code of this tool, by chapter. Codes of the API's own errors are not included."""
    text = files("reconciler.reports").joinpath("problems.toml").read_text(encoding="utf-8")
    chapters = tomllib.loads(text).values()
    written = {
        code: ProblemEntry(code, chapter["title"], **said)
        for chapter in chapters
        for code, said in chapter.items()
        if code != "title"
    }
    return written | {rule.code: _of(rule) for rule in guardrails.RULES.values()}


def _of(rule: guardrails.Rule) -> ProblemEntry:
    return ProblemEntry(
        rule.code,
        GUARDRAILS,
        f"The plan breaks the guardrail [`{rule.name}`](guardrails.md#{rule.name.lower()}).",
        f"The rule says: {rule.doc}",
        f"Change the files. If it is meant: `--allow {rule.name} --because TEXT`, unless the rule is hard.",
    )
