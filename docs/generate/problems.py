"""``problems.md``: every problem code, by the table in ``reconciler/reports/problems.toml``."""

from collections.abc import Iterable
from itertools import groupby

from markdown import page

from reconciler.provider.api_codes import CodeEntry, api_table
from reconciler.reports.problem_catalogue import problem_table

USAGE = """## Usage errors

A command that cannot be understood has no code. It says what is wrong, names `--help`, sends nothing, and ends with
[exit code 1](exit-codes.md#1).

| what it says | cause | cure |
|---|---|---|
| No such option, No such command | a typing error | the message suggests the nearest one |
| `--at`: … is no date and time | the moment cannot be read | write `2026-12-01T00:00Z` |
| `--allow` …: there is no such guardrail | a typing error | take one of the [guardrails](guardrails.md) that it lists |
| say why: `--allow RULE --because TEXT` | a guardrail is overridden without a reason | one `--because` for each, or one for all |
| no terminal to ask for approval | `apply` without a terminal, and without `--auto-approve` | review `reconciler plan` first, then add it |
| `--approve` goes with a saved plan | the digest was given with files | `reconciler apply plan.json --approve DIGEST` |
| what a saved plan may do was reviewed with it | `--allow` with a saved plan | use `--allow` when it is made |
| a plan for another time cannot be saved | `--at` with `--out` | plan without `--at` when the time has come |
| `--accept` takes live or files | another word | choose one of the two |
| `--out` and `--allow` go with `--accept files` | they were given without it | only that makes a plan |
| say `--applied` or `--not-applied` | `resolve` without a decision | look at the account, and say what you saw |
| … is not one of: text, json, … | an unknown report format | take one of the [reports](reports.md) |
| … is not FORMAT=FILE, … cannot be written | `--report` without a file, or in a folder that is not there | `--report junit=out.xml` |
"""

API = """## Codes of the API

When the API refuses something, its own code, title and detail are shown as they came, at the line of the value they are
of, with the cure as the hint and the trace id that Criteo's support asks for. `reconciler explain` takes these codes as the
API spells them, in any case, with or without the prefix that names the call. An answer without a code is shown as `http-`
and its status. The API may add codes at any time: of those that are not listed, its message is all there is.
"""


def pages() -> dict[str, str]:
    own, foreign = (_chapters(table.values()) for table in (problem_table(), api_table()))
    return {
        "problems.md": page(
            "Problems",
            "Everything that can be wrong has a code: `error[bad-date]`. A code is stable once it is released."
            " `reconciler explain CODE` says in a terminal what stands here."
            " An error that is reported before anything was sent means that nothing will be; one of an item says how that item ended."
            " Warnings and notes never stop anything.",
            *own,
            USAGE,
            API,
            *foreign,
        )
    }


def _chapters(entries: Iterable[CodeEntry]) -> list[str]:
    return [
        "\n\n".join([f"## {title}", *(_entry(each) for each in some)])
        for title, some in groupby(entries, lambda entry: entry.chapter)
    ]


def _entry(entry: CodeEntry) -> str:
    also = f"\n- **Also:** {', '.join(f'`{code}`' for code in entry.also)}" if entry.also else ""
    return f"### `{entry.code}`\n\n{entry.means}\n\n- **Cause:** {entry.cause}\n- **Cure:** {entry.cure}{also}"
