"""A run as SARIF 2.1.0, for code scanning: each problem at its place, with a fingerprint that lines do not change.

Every result has a location, and every path is relative to the root of the repository: code scanning refuses a whole
file for one result without a location, and shows nothing at an unknown path.
"""

from collections.abc import Mapping

import orjson

from reconciler.model import Address, Problem, Run, Severity, Span
from reconciler.model.exit_codes import exit_code
from reconciler.model.text import sanitize
from reconciler.reports.common import RenderOptions, findings, objects, sentence_with_address
from reconciler.reports.json import Shape, dump_report
from reconciler.reports.places import place, place_from_root, uri, with_fingerprints
from reconciler.reports.problem_catalogue import find_entry

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST = 25_000
"""Maximum number of results that code scanning accepts in one run; errors come first."""
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def report(run: Run, manner: RenderOptions) -> str:
    """Return one SARIF log with one run."""
    problems = [place_from_root(each, manner.checkout) for each in findings(run)[:MOST]]
    known = objects(run)
    codes = {code: index for index, code in enumerate(sorted({problem.code for problem in problems}))}
    code = exit_code(run, detailed=manner.detailed)
    shape = {
        "tool": {"driver": {"name": "reconciler", "rules": [_rule(code) for code in codes]}},
        "automationDetails": {"id": f"reconciler/{run.command}/{_slug(run.project)}/"},
        "invocations": [{"executionSuccessful": int(code) in (0, 2), "exitCode": int(code)}],
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(problem, mark, codes[problem.code], place(problem, manner.checkout), known)
            for problem, mark in with_fingerprints(problems)
        ],
    }
    return dump_report({"$schema": SCHEMA, "version": "2.1.0", "runs": [shape]}, orjson.OPT_INDENT_2)


def _rule(code: str) -> Shape:
    known = find_entry(code)
    if known is None:
        return {
            "id": sanitize(code),
            "shortDescription": {"text": sanitize(code).replace("-", " ").capitalize() or "Problem"},
        }
    said = known.plain
    help = {"text": f"Cause: {said.cause}\nCure: {said.cure}"}
    return {"id": sanitize(code), "shortDescription": {"text": said.means}, "help": help}


def _result(problem: Problem, fingerprint: str, rule: int, at: Span, known: Mapping[Address, str]) -> Shape:
    hint = f" Hint: {problem.hint}" if problem.hint else ""
    region = {"startLine": at.line, "startColumn": at.column}
    region |= {"endLine": at.line, "endColumn": at.column + at.width}
    location: Shape = {"physicalLocation": {"artifactLocation": {"uri": uri(at.file)}, "region": region}}
    if problem.address is not None:
        location["logicalLocations"] = [{"fullyQualifiedName": sanitize(problem.address)}]
    return {
        "ruleId": sanitize(problem.code),
        "ruleIndex": rule,
        "level": LEVELS[problem.severity],
        "message": {"text": _escape_links(f"{sentence_with_address(problem, known)}{hint}")},
        "locations": [location],
        "partialFingerprints": {"reconciler/v1": fingerprint},
    }


def _escape_links(message: str) -> str:
    """Return a message without links: in SARIF ``[text](target)`` is one."""
    return sanitize(message).replace("](", "] (")


def _slug(name: str) -> str:
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name) or "project"
