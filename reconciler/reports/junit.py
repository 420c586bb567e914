"""A run as JUnit XML: one test case per resource, so that a pipeline shows the history of each.

A rejected item or an error fails its case, an unknown outcome is an error, an item that was not sent is skipped. With
``--detailed-exitcode`` a planned change fails as drift, since files and account differ; so does each value that
``drift`` found changed outside. Paths are relative to the root of the repository.
"""

from collections.abc import Iterable, Iterator, Mapping
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from reconciler.model import Action, Address, FieldChange, ItemOutcome, ItemStatus, Problem, Run, Severity, Span
from reconciler.model.exit_codes import ExitCode, exit_code
from reconciler.model.text import count_noun, format_value, sanitize
from reconciler.reports import cost, drift_report, places
from reconciler.reports.common import (
    ARROW,
    VERBS,
    RenderOptions,
    count_by_status,
    format_problem,
    objects,
    sentence_with_address,
    summary,
)

TAGS = {ItemStatus.REJECTED: "failure", ItemStatus.UNKNOWN: "error", ItemStatus.NOT_SENT: "skipped"}


class Case:
    """One test case: a resource, or the run itself, with the reasons of its failure."""

    def __init__(self, name: str, span: Span | None = None) -> None:
        self.name = name
        self.span = span
        self.reasons: list[tuple[str, str, str]] = []
        self.said: list[str] = []


def report(run: Run, manner: RenderOptions) -> str:
    """Return one test suite of all resources in the run, with one case for the run itself."""
    cases = [*_cases(run, manner).values(), _whole(run, manner)]
    tallies = {tag: sum(_verdict(case) == tag for case in cases) for tag in ("failure", "error", "skipped")}
    counts = {"tests": len(cases), "failures": tallies["failure"], "errors": tallies["error"]}
    numbers = {name: str(count) for name, count in (counts | {"skipped": tallies["skipped"]}).items()}
    root = Element("testsuites", {"name": "reconciler", **numbers})
    suite = SubElement(
        root, "testsuite", {"name": f"reconciler {run.command} {sanitize(run.project)}".strip(), **numbers}
    )
    for case in cases:
        _write(suite, case, places.path(case.span.file, manner.checkout) if case.span else None)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _cases(run: Run, manner: RenderOptions) -> Mapping[Address, Case]:
    """Return a case for each resource; problems of no resource belong to the run."""
    cases: dict[Address, Case] = {}
    known = objects(run)
    drift = exit_code(run, detailed=manner.detailed) is ExitCode.CHANGES
    for change in run.changes:
        case = cases.setdefault(change.address, Case(str(change.address), change.place.span))
        moves = [_move(move, change.action) for move in change.fields]
        if drift:
            case.reasons.append(("failure", "drift", f"to {VERBS[change.action]}: {'; '.join(moves)}"))
        case.said += moves
    for problem in run.problems:
        if problem.address is not None:
            case = cases.setdefault(problem.address, Case(str(problem.address), problem.span))
            _blame(
                case,
                problem,
                sentence_with_address(problem, known),
                drift and run.command == "drift" and problem.code in drift_report.MOVED,
            )
    for outcome in run.outcomes:
        _end(cases.setdefault(outcome.item.address, Case(str(outcome.item.address), None)), outcome)
    return cases


def _move(move: FieldChange, action: Action) -> str:
    before = "" if action is Action.CREATE else f"{format_value(move.before)} {ARROW} "
    return f"{move.field}: {before}{format_value(move.after)}"


def _blame(case: Case, problem: Problem, said: str, fails: bool = False) -> None:
    text = _with_hint(format_problem(problem, said), problem)
    if fails or problem.severity is Severity.ERROR:
        case.reasons.append(("failure", problem.code, text))
    else:
        case.said.append(text)


def _with_hint(text: str, problem: Problem) -> str:
    return f"{text} ({problem.hint})" if problem.hint else text


def _end(case: Case, outcome: ItemOutcome) -> None:
    if outcome.status in TAGS:
        said = "; ".join(_with_hint(format_problem(problem), problem) for problem in outcome.problems)
        text = f"{outcome.call} {outcome.status.value}{': ' if said else ''}{said}"
        case.reasons.append((TAGS[outcome.status], outcome.status.value, text))


def _whole(run: Run, manner: RenderOptions) -> Case:
    """Return the case of the run itself: errors of no resource, and the summary."""
    case = Case(f"{run.command} {run.project}".strip())
    for problem in run.problems:
        if problem.address is None:
            _blame(case, problem, sanitize(problem.message))
    case.said.append(summary(run) if run.command != "validate" else f"{count_noun(run.unchanged, 'resource')} read")
    case.said += [cost.format_judgement(each) for each in cost.objections(run) if each.excuses]
    case.said += [f"{count} {ending}" for ending, count in count_by_status(run).items()]
    code = exit_code(run, detailed=manner.detailed)
    case.said.append(f"exit code {int(code)}: {code.meaning}")
    return case


def _verdict(case: Case) -> str:
    """Return the most severe of the reasons, since a case is counted once."""
    tags = {tag for tag, _, _ in case.reasons}
    return next((tag for tag in ("error", "failure", "skipped") if tag in tags), "")


def _write(suite: Element, case: Case, file: str | None) -> None:
    place = {"file": sanitize(file), "line": str(case.span.line)} if file is not None and case.span else {}
    classname = place.get("file", "reconciler")
    element = SubElement(suite, "testcase", {"classname": classname, "name": sanitize(case.name), **place})
    verdict = _verdict(case)
    if verdict:
        reasons = [reason for reason in case.reasons if reason[0] == verdict]
        others = [reason for reason in case.reasons if reason[0] != verdict]
        SubElement(
            element, verdict, {"type": sanitize(reasons[0][1]), "message": sanitize(reasons[0][2])}
        ).text = "\n".join(_lines([*reasons, *others]))
    if case.said:
        SubElement(element, "system-out").text = "\n".join(sanitize(line) for line in case.said)


def _lines(reasons: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    yield from (sanitize(text) for _, _, text in reasons)
