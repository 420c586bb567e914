"""The reads with which every plan of a scope begins, so that they can be sent at once and ahead of the plan.

They are made by the functions that the plan itself uses; one that it does not ask for is dropped, and one that is
missing here is sent when it is asked for.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from reconciler.kinds.kind import Kind
from reconciler.kinds.products import SCOPES
from reconciler.kinds.versions import ApiVersion
from reconciler.model import Call
from reconciler.provider import reader, scope


def list_first_reads(
    kinds: Sequence[Kind],
    dialect: Callable[[str], ApiVersion],
    ids: Mapping[str, Sequence[str]],
    unstated: Iterable[str],
    parents: Mapping[str, Sequence[str]],
) -> Iterator[Call]:
    """Yield the first reads for some kinds, the small ones first.

    ``dialect`` returns the version of a product or a family, ``ids`` the scope, ``unstated`` the scopes with a currency
    that the project does not state, ``parents`` those of a kind of which only their objects are read.
    """
    for product in dict.fromkeys(kind.product for kind in kinds):
        yield scope.first_call(product, dialect(product).root)
    for kind in {kind.product: kind for kind in kinds}.values():
        if dialect(kind.product).listed:
            yield scope.portfolio_call(SCOPES[kind.scope], dialect(kind.product).root)
    for name in dict.fromkeys(kind.scope for kind in kinds):
        table = SCOPES[name]
        if table.directory is not None and name in unstated:
            yield scope.directory_call(table, dialect(table.directory[0]).root)
    for kind in kinds:
        yield from reader.first_calls(kind, dialect(kind.family).root, ids.get(kind.scope, ()), parents.get(kind.name))
