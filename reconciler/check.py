"""Everything that can be known without the API: what the files say, and what the rules say of all of it together."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from reconciler.files import project as projects
from reconciler.files.project import Project
from reconciler.files.source import Loaded
from reconciler.kinds.kind import Kind, Scene
from reconciler.model import Desired, Problem, Run
from reconciler.planning import overrides, ownership, renames


def validate(loaded: Loaded, now: datetime) -> Run:
    """The problems of the files, as they are to be understood at that moment."""
    loaded = overrides.effective(loaded, now)
    problems = list(loaded.problems)
    if loaded.project is not None and not loaded.failed:
        problems += projects.guardrail_mistakes(loaded.project, loaded.desired) if loaded.project.whole else ()
        for terms in (ownership, renames):
            problems += terms.mistakes(loaded.project, loaded.desired)
        for kind, wanted in by_kind(loaded.project, loaded.desired):
            scene = Scene(tuple((each, None) for each in wanted), now, assumptions=loaded.project.assumptions)
            problems += (problem for rule in kind.scene_rules for problem in rule(scene))
    name = loaded.project.name if loaded.project else ""
    return Run("validate", name, problems=unique(problems), unchanged=len(loaded.desired))


def by_kind(project: Project, desired: Sequence[Desired]) -> list[tuple[Kind, tuple[Desired, ...]]]:
    """The blocks of each kind that the files hold, in the order of the kinds."""
    named: dict[str, list[Desired]] = {}
    for each in desired:
        named.setdefault(each.address.kind, []).append(each)
    return [(kind, tuple(named[name])) for name, kind in project.kinds.items() if name in named]


def unique(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each problem once."""
    return tuple(dict.fromkeys(problems))
