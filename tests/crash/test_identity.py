"""Who is meant: near names, twins of what is managed, exchanged keys, objects of two blocks."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from reconciler.kinds import versions
from reconciler.model import Address, Desired, Live, Origin, Pair, Severity, Values
from reconciler.planning import identity

from ..unit.executor.test_evidence import HERE
from .conftest import Open
from .scenarios import NEW_AD_SET

AD_SETS = versions.find_version("marketingSolutions", "2026-07").kinds["adSets"]


def block(key: str, name: str, id: str | None = None, parent: str = "7") -> Desired:
    return Desired(Address("adSets", key), id, {"campaignId": parent, "name": name}, Origin(HERE))


def live(id: str, name: str, parent: str = "7", **more: object) -> Live:
    values: Values = {"campaignId": parent, "name": name, **more}  # type: ignore[dict-item]
    return Live("adSets", id, values)


def codes(pairs: Sequence[Pair], rows: Sequence[Live], **options: bool) -> list[str]:
    return [problem.code for problem in identity.find_questions(AD_SETS, pairs, rows, **options)]


@pytest.mark.parametrize("name", ["summer", "Summer ", "Sum\u200bmer", "\uff33ummer", "SUMMER"])
def test_a_new_object_that_looks_like_a_live_one_is_questioned(name: str) -> None:
    rows = [live("1", name)]
    assert codes([(block("a", "Summer"), None)], rows) == ["near-name"]
    assert codes([(block("a", "Summer"), None)], rows, near_is_same=False) == []
    assert codes([(block("a", "Summer"), None)], [live("1", name, parent="8")]) == []
    archived = {"schedule.deliveryStatus": "archived"}
    assert codes([(block("a", "Summer"), None)], [live("1", name, **archived)]) == []


def test_a_new_object_that_looks_like_a_managed_one_is_questioned_beside_other_blocks() -> None:
    mine = live("1", "summer")
    assert codes([(block("a", "summer"), mine), (block("b", "Summer"), None)], [mine]) == ["near-name"]


def test_objects_of_a_kind_that_are_never_archived_are_compared_too() -> None:
    balances = versions.find_version("retailMedia", "2026-07").kinds["balances"]
    wanted = Desired(Address("balances", "a"), None, {"accountId": "7", "name": "Summer"}, Origin(HERE))
    there = Live("balances", "1", {"accountId": "7", "name": "summer"})
    assert [each.code for each in identity.find_questions(balances, [(wanted, None)], [there])] == ["near-name"]


def test_a_twin_of_what_is_managed_is_named_and_changes_nothing() -> None:
    mine, other = live("1", "Summer"), live("2", "Summer")
    (problem,) = identity.find_questions(AD_SETS, [(block("a", "Summer"), mine)], [mine, other])
    assert (problem.code, problem.severity) == ("twin", Severity.WARNING)
    assert "2 is a twin of 1" in problem.message
    both = [(block("a", "Summer"), mine), (block("b", "Summer", id="2"), other)]
    assert codes(both, [mine, other]) == []


def test_exchanged_keys_are_asked_about_unless_ids_say_what_is_meant() -> None:
    one, two = live("1", "Summer"), live("2", "Winter")
    swapped = [(block("a", "Winter"), one), (block("b", "Summer"), two)]
    assert codes(swapped, [one, two]) == ["exchanged-keys", "exchanged-keys"]
    stated = [(block("a", "Winter", id="1"), one), (block("b", "Summer", id="2"), two)]
    assert codes(stated, [one, two]) == []
    half = [(block("a", "Winter", id="1"), one), (block("b", "Summer"), two)]
    assert codes(half, [one, two]) == []
    beside = [(block("new", "Autumn"), None), *swapped]
    assert codes(beside, [one, two]) == ["exchanged-keys", "exchanged-keys"]
    renamed = [(block("a", "Spring"), one), (block("b", "Winter"), two)]
    assert codes(renamed, [one, two]) == []


def test_an_object_that_the_ledger_links_to_another_block_is_not_claimed() -> None:
    a, b = Address("adSets", "a"), Address("adSets", "b")
    pairs = [(block("a", "Summer"), live("1", "Summer"))]

    def found(known: set[Address], *, whole: bool) -> list[str]:
        return [
            each.code
            for each in identity.find_claims("adSets", pairs, lambda kind, ids: {"1": (a, b)}, known, whole=whole)
        ]

    assert found({a}, whole=False) == ["duplicate-claim"]  # the other file is not read
    assert found({a, b}, whole=True) == ["duplicate-claim"]  # another target
    assert found({a}, whole=True) == []  # it was renamed


def test_names_with_what_cannot_be_seen_are_refused_at_their_line(desk: Open) -> None:
    text = "adSets:\n" + NEW_AD_SET.format(n=1, status="off")
    here = desk(text.replace("name: New 1", 'name: "New 1 "'))
    ended = here.plan()
    assert (ended.code, "invisible-name" in ended.codes) == (1, True)
    (problem,) = [each for each in ended.report["diagnostics"] if each["code"] == "invisible-name"]
    assert "a space at its beginning or end" in problem["message"]


def test_a_live_name_in_other_letters_makes_no_second_object(desk: Open) -> None:
    here = desk("adSets:\n" + NEW_AD_SET.format(n=1, status="off"))
    assert here.apply().code == 0
    id = max(here.world.state.all("adSets"), key=int)
    here.world.edit("adSets", id, {"name": "NEW  1"})
    here.ledger.unlink()

    ended = here.apply()

    assert (ended.code, "near-name" in ended.codes) == (1, True)
    assert max(here.world.state.all("adSets"), key=int) == id
