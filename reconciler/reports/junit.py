"""A run as JUnit XML: one test case a resource, so that a pipeline shows the history of each.

A refused item or an error fails its case, an unknown outcome is an error, an item that was not sent is
skipped. With ``--detailed-exitcode`` a planned change fails as drift: the files and the account differ;
and so does each value that ``drift`` found moved outside. Files are named from the root of the repository.
"""

from collections.abc import Iterable, Iterator, Mapping
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from reconciler.exits import Exit, of
from reconciler.model import Action, Address, FieldChange, Outcome, Problem, Run, Severity, Span, Status
from reconciler.reports import drifts, places
from reconciler.reports.words import ARROW, VERBS, Manner, counted, ended, named, objects, placed, plain, shown, summary

TAGS = {Status.REJECTED: "failure", Status.UNKNOWN: "error", Status.NOT_SENT: "skipped"}


class Case:
    """One test case: a resource, or what belongs to none; and why it is not green."""

    def __init__(self, name: str, span: Span | None = None) -> None:
        self.name = name
        self.span = span
        self.reasons: list[tuple[str, str, str]] = []
        self.said: list[str] = []


def report(run: Run, manner: Manner) -> str:
    """One test suite of all resources that the run tells of, and one case for the run itself."""
    cases = [*_cases(run, manner).values(), _whole(run, manner)]
    tallies = {tag: sum(_verdict(case) == tag for case in cases) for tag in ("failure", "error", "skipped")}
    counts = {"tests": len(cases), "failures": tallies["failure"], "errors": tallies["error"]}
    numbers = {name: str(count) for name, count in (counts | {"skipped": tallies["skipped"]}).items()}
    root = Element("testsuites", {"name": "reconciler", **numbers})
    suite = SubElement(root, "testsuite", {"name": f"reconciler {run.command} {plain(run.project)}".strip(), **numbers})
    for case in cases:
        _write(suite, case, places.path(case.span.file, manner.checkout) if case.span else None)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _cases(run: Run, manner: Manner) -> Mapping[Address, Case]:
    """A case for each resource; what is wrong with none of them is the run's own."""
    cases: dict[Address, Case] = {}
    known = objects(run)
    drift = of(run, detailed=manner.detailed) is Exit.CHANGES
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
                case, problem, named(problem, known), drift and run.command == "drift" and problem.code in drifts.MOVED
            )
    for outcome in run.outcomes:
        _end(cases.setdefault(outcome.item.address, Case(str(outcome.item.address), None)), outcome)
    return cases


def _move(move: FieldChange, action: Action) -> str:
    before = "" if action is Action.CREATE else f"{shown(move.before)} {ARROW} "
    return f"{move.field}: {before}{shown(move.after)}"


def _blame(case: Case, problem: Problem, said: str, fails: bool = False) -> None:
    if fails or problem.severity is Severity.ERROR:
        case.reasons.append(("failure", problem.code, placed(problem, said)))
    else:
        case.said.append(placed(problem, said))


def _end(case: Case, outcome: Outcome) -> None:
    if outcome.status in TAGS:
        said = "; ".join(placed(problem) for problem in outcome.problems)
        text = f"{outcome.call} {outcome.status.value}{': ' if said else ''}{said}"
        case.reasons.append((TAGS[outcome.status], outcome.status.value, text))


def _whole(run: Run, manner: Manner) -> Case:
    """The run itself: errors that belong to no resource, and what else was said of all."""
    case = Case(f"{run.command} {run.project}".strip())
    for problem in run.problems:
        if problem.address is None:
            _blame(case, problem, plain(problem.message))
    case.said.append(summary(run) if run.command != "validate" else f"{counted(run.unchanged, 'resource')} read")
    case.said += [f"{count} {ending}" for ending, count in ended(run).items()]
    code = of(run, detailed=manner.detailed)
    case.said.append(f"exit code {int(code)}: {code.meaning}")
    return case


def _verdict(case: Case) -> str:
    """The worst of the reasons: a case is counted once."""
    tags = {tag for tag, _, _ in case.reasons}
    return next((tag for tag in ("error", "failure", "skipped") if tag in tags), "")


def _write(suite: Element, case: Case, file: str | None) -> None:
    place = {"file": plain(file), "line": str(case.span.line)} if file is not None and case.span else {}
    classname = place.get("file", "reconciler")
    element = SubElement(suite, "testcase", {"classname": classname, "name": plain(case.name), **place})
    verdict = _verdict(case)
    if verdict:
        reasons = [reason for reason in case.reasons if reason[0] == verdict]
        others = [reason for reason in case.reasons if reason[0] != verdict]
        SubElement(element, verdict, {"type": plain(reasons[0][1]), "message": plain(reasons[0][2])}).text = "\n".join(
            _lines([*reasons, *others])
        )
    if case.said:
        SubElement(element, "system-out").text = "\n".join(plain(line) for line in case.said)


def _lines(reasons: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    yield from (plain(text) for _, _, text in reasons)
