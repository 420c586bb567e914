"""Warn about a decision that was committed together with the change that it excuses.

Git knows the commit of a line. Without git history (no repository, a shallow checkout) there is no warning.
"""

import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from reconciler.model import Excuse, Problem, Run, Span, warning

CODE = "allowed-in-same-commit"
UNCOMMITTED = "0" * 40
LOOKED_AT = 20
"""Maximum number of excused changes looked up per decision; each costs a call of git."""


def find(run: Run) -> Iterator[Problem]:
    """Yield a warning for each decision in the same commit as a change that it excuses."""
    for judgement in run.judgements:
        for excuse in judgement.excuses:
            commit = _commit_of(excuse.at)
            excused = next((each for each in _spans(excuse) if commit and _commit_of(each) == commit), None)
            if excused is not None:
                where = "is not committed yet" if commit == UNCOMMITTED else f"was added by commit {str(commit)[:12]}"
                beside = "no more than" if commit == UNCOMMITTED else "and so was"
                message = f"this decision to allow {judgement.rule} {where}, {beside} the change at {excused}"
                yield warning(CODE, message, at=excuse.at, hint="review it as a decision of its own")


def _spans(excuse: Excuse) -> list[Span]:
    return [each.span for each in excuse.problems[:LOOKED_AT] if each.span is not None and each.span != excuse.at]


@lru_cache(maxsize=1024)
def _commit_of(at: Span) -> str | None:
    """Return the commit of a line, zeros if it is not committed, or None if git does not know it."""
    file = Path(at.file)
    try:
        blame = subprocess.run(
            ["git", "-C", str(file.parent), "blame", "--porcelain", "-L", f"{at.line},{at.line}", "--", file.name],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = blame.stdout.splitlines()
    if blame.returncode or not lines or "boundary" in lines:
        return None
    return lines[0].split(" ", 1)[0]
