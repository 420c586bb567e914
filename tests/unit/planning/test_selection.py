"""Targets select the addresses that a glob of each would, at the cost of a lookup where they are exact."""

from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st

from reconciler.planning.selection import select

KEYS = st.text("ab-1", min_size=1, max_size=4)
ADDRESSES = st.lists(st.builds("adSets.{}".format, KEYS), max_size=12)
TARGETS = st.lists(st.one_of(st.builds("adSets.{}".format, st.text("ab-1*?", max_size=4)), st.just("*")), max_size=6)


@given(ADDRESSES, TARGETS)
def test_targets_select_what_a_glob_of_each_matches(addresses: list[str], targets: list[str]) -> None:
    chosen, unmatched = select(addresses, targets)
    assert chosen == {each for each in addresses if any(fnmatchcase(each, target) for target in targets)}
    assert list(unmatched) == [each for each in targets if not any(fnmatchcase(one, each) for one in addresses)]


def test_exact_targets_read_the_addresses_once() -> None:
    reads = 0

    def addresses() -> object:
        nonlocal reads
        for number in range(500):
            reads += 1
            yield f"adSets.a-{number}"

    chosen, unmatched = select(addresses(), [f"adSets.a-{number}" for number in range(1000)])  # type: ignore[arg-type]
    assert (len(chosen), len(unmatched), reads) == (500, 500, 500)
