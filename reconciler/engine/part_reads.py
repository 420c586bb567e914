"""Parts of a scope: of which kinds only the objects of some parents are read, and whether these are enough.

Parents are read whole, so that a twin of an object is seen.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from reconciler.config.project import Project
from reconciler.engine.environment import StateSnapshot
from reconciler.kinds.kind import Kind
from reconciler.kinds.read_methods import Search, is_by_parent
from reconciler.kinds.versions import kind_named
from reconciler.model import Address, Desired, Live, Problem, Severity
from reconciler.model.text import count_noun
from reconciler.planning import likeness, match

PARTLY = "partly-read"
MOST = 200
"""Parents of a kind, and objects without a stated one, up to which these are read alone."""


class PartialRead(Struct, frozen=True):
    """Parents of which the objects are to be read, and ids of objects whose parents must be found first."""

    parents: frozenset[str]
    ids: tuple[str, ...] = ()


def find_parts(
    project: Project, kinds: Mapping[Kind, Sequence[Desired]], memory: StateSnapshot
) -> dict[str, PartialRead]:
    """Return what is to be read of each kind of which that may be enough.

    It is not enough for a rule on the whole scope, for a parent without a known id, and for a kind whose parents are
    the owners in the scope. A parent of which the files hold the block counts too: its limit is shared by its objects.
    """
    if project.careful or any(rule.of_scope for rule, _, _ in project.guardrails.active()):
        return {}
    stated = {each.address: each.id for blocks in kinds.values() for each in blocks if each.id is not None}
    known = {**memory.ids, **stated}
    blocks_of = {kind.name: blocks for kind, blocks in kinds.items()}
    found: dict[str, PartialRead] = {}
    for kind, blocks in kinds.items():
        name = likeness.parent_of(kind)
        if kind.holder == name or not is_by_parent(kind.read):
            continue
        parent_kind = kind.address_fields.get(name, "")
        loose = {known.get(each.address) for each in blocks if name not in each.values}
        parents = {_find_parent(parent_kind, each.values[name], known) for each in blocks if name in each.values}
        parents |= {known.get(each.address) for each in blocks_of.get(parent_kind, ())}
        can_search = isinstance(kind.read, Search) or not loose
        if can_search and None not in loose | parents and len(loose | parents) <= MOST:
            found[kind.name] = PartialRead(frozenset(filter(None, parents)), tuple(sorted(filter(None, loose))))
    return found


def add_parents(part: PartialRead, kind: Kind, live: Sequence[Live]) -> tuple[str, ...] | None:
    """Return all parents of a part, given the objects with its ids; None if an object is missing or has no parent."""
    found = {str(each.values.get(likeness.parent_of(kind)) or "") for each in live}
    if "" in found or {each.id for each in live} != set(part.ids):
        return None
    return tuple(sorted(part.parents | found))


def is_complete(kind: Kind, blocks: Sequence[Desired], live: Sequence[Live], memory: StateSnapshot) -> bool:
    """Return True if every block is one of the objects: what is created is judged by all objects of the scope."""
    pairs, problems = match.match(kind, blocks, live, memory.ids)
    return not problems and all(found is not None for _, found in pairs)


def describe_part(project: Project, parents: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    """Yield a note for each kind that is read in part only: what was not looked at."""
    for name, ids in parents.items():
        kind = project.kinds[name]
        parent = kind_named(kind.address_fields.get(likeness.parent_of(kind), ""))
        noun = parent.singular if parent is not None else "parent"
        whose = f"{noun} {ids[0]}" if len(ids) == 1 else count_noun(len(ids), noun)
        message = f"of the {kind.singular}s of the scope, only those of {whose} were read"
        hint = "no other was compared or counted in a sum; plan the whole project to see them"
        yield Problem(Severity.NOTE, PARTLY, message, hint=hint)


def _find_parent(kind: str, value: object, known: Mapping[Address, str]) -> str | None:
    """Return the id of a parent by its id or its address, or None if it is not known."""
    if not isinstance(value, str):
        return None
    return value if value.isdecimal() else known.get(Address(kind, value.removeprefix(f"{kind}.")))
