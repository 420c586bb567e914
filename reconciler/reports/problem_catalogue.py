"""What each problem code means, what causes it and what cures it: data beside the code, read when somebody asks."""

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
    """One code of the reference; the sentences are Markdown, their links those of ``docs/reference/``."""

    code: str
    chapter: str
    means: str
    cause: str
    cure: str

    @property
    def plain(self) -> "ProblemEntry":
        """The same without links and code marks, for a terminal."""
        means, cause, cure = (LINK.sub(r"\1", each).replace("`", "") for each in (self.means, self.cause, self.cure))
        return ProblemEntry(self.code, self.chapter, means, cause, cure)


@cache
def problem_table() -> Mapping[str, ProblemEntry]:
    """Every code of ours, chapter by chapter. Codes that the API gives to its own errors are not among them."""
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
