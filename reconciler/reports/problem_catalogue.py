"""Meaning, cause and cure of each problem code: this tool's own from a data file, the API's from the provider."""

from collections.abc import Mapping
from functools import cache

from reconciler import guardrails
from reconciler.provider.api_codes import CodeEntry, find_api_code, read_entries

GUARDRAILS = "Guardrails"


@cache
def problem_table() -> Mapping[str, CodeEntry]:
    """Return every code of this tool, by chapter. Codes of the API are a table of their own."""
    written = {entry.code: entry for entry in read_entries("reconciler.reports", "problems.toml")}
    return written | {rule.code: _of(rule) for rule in guardrails.RULES.values()}


def find_entry(code: str) -> CodeEntry | None:
    """Return the entry of a code, of this tool or of the API in any of its spellings; None if there is none."""
    own = problem_table()
    return own.get(code) or find_api_code(code) or own.get(code.lower())


def _of(rule: guardrails.Rule) -> CodeEntry:
    return CodeEntry(
        rule.code,
        GUARDRAILS,
        f"The plan breaks the guardrail [`{rule.name}`](guardrails.md#{rule.name.lower()}).",
        f"The rule says: {rule.doc}",
        f"Change the files. If it is meant: `--allow {rule.name} --because TEXT`, unless the rule is hard.",
    )
