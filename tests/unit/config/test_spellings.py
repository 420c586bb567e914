"""The API's own spellings of a word (``Onsite``, ``CPC``) mean the canonical one, and are written back as it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.config import published_schemas, schema_builder, schema_errors
from reconciler.kinds import versions
from reconciler.kinds.nested_types import ObjectType, SetType
from reconciler.kinds.value_types import EnumType, InvalidValue, ValueType

from ..drift.nights import ADS, night, states


def choices(form: ValueType, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], EnumType]]:
    """Every choice in a value, with the schema path of its text."""
    match form:
        case EnumType():
            yield path, form
        case SetType():
            yield from choices(form.each, (*path, "items"))
        case ObjectType():
            for name, part in form.of.items():
                yield from choices(part, (*path, "properties", name))


def rows() -> Iterator[Any]:
    for name in versions.kind_names():
        for dialect in versions.all_versions():
            for row in dialect.kinds[name].fields if name in dialect.kinds else ():
                start = tuple(
                    step
                    for part in row.name.split(".")
                    for step in (("additionalProperties",) if part == "*" else ("properties", part))
                )
                for path, choice in choices(row.type, start) if row.writable else ():
                    yield pytest.param(name, path, choice, id=f"{dialect.family}-{dialect.version}-{row.name}")


ROWS = list(rows())


def variants(word: str) -> set[str]:
    """The spellings of one word that the API, its guide and its user interface print."""
    return {word, word.lower(), word.upper(), word[:1].upper() + word[1:]}


def accepts(kind: str, path: tuple[str, ...], value: Any) -> bool:
    """Whether the published schema accepts a value at that place, by the validator that judges a file."""
    import jsonschema_rs

    definitions = json.loads(published_schemas.read_schema(published_schemas.RESOURCES))["$defs"]
    place: Any = definitions[kind]
    for step in path:
        place = place[step]
    return bool(jsonschema_rs.is_valid(place, value))


@pytest.mark.parametrize(("kind", "path", "choice"), ROWS)
def test_each_word_is_accepted_in_any_case_and_means_the_canonical_word(
    kind: str, path: tuple[str, ...], choice: EnumType
) -> None:
    names = {**{word: word for word in choice.words}, **choice.aliases}
    for name, word in names.items():
        for written in variants(name):
            if word in choice.words:
                assert accepts(kind, path, written), written
                assert choice.parse(written) == word == choice.read(written)


@pytest.mark.parametrize(("kind", "path", "choice"), ROWS)
def test_nothing_else_is_accepted(kind: str, path: tuple[str, ...], choice: EnumType) -> None:
    word = choice.words[0]
    strangers = [f" {word}", f"{word} ", f"{word}\n", f"x{word}", f"{word}x", "", f"{word}|{word}", "ſtandard", 1, True]
    for stranger in [*strangers, *(each for each in choice.reads if each not in choice.words)]:
        assert not accepts(kind, path, stranger), stranger
        with pytest.raises(InvalidValue):
            choice.parse(stranger)


def test_the_schema_offers_editors_the_canonical_words_only() -> None:
    spend = schema_builder.build_resource_schema()["$defs"]["balances"]["properties"]["spendType"]

    assert spend["anyOf"][0] == {"enum": ["onsite", "offsite", "offsiteAwareness"]}


def test_a_wrong_word_is_refused_with_the_canonical_words() -> None:
    text = '{"balances": {"q": {"spendType": "On site"}}}'

    class Nowhere:
        def has(self, path: Any) -> bool:
            return False

        def span(self, path: Any, *, key: bool = False) -> None:
            return None

    ((_, problem),) = schema_errors.problems(json.loads(text), published_schemas.RESOURCES, Nowhere())  # type: ignore[arg-type]

    assert (problem.code, problem.hint) == ("bad-choice", "did you mean 'onsite'?")


# --- In files ---------------------------------------------------------------------------------------------------

FOREIGN = (
    ADS.replace("devices: [mobile, desktop]", "devices: [Mobile, DESKTOP]")
    .replace("frequency: daily", "frequency: Daily")
    .replace("operand: in", "operand: In")
    .replace("budgetStrategy: capped, budgetRenewal: weekly", "budgetStrategy: Capped, budgetRenewal: Weekly")
    .replace("activationStatus: on", "activationStatus: On")
    .replace("{bidAmount: 1.10}", "{costController: MaxCPC, bidAmount: 1.10}")
)
"""The same ad set in the API's own spellings."""


def test_a_file_in_the_spellings_of_the_api_converges() -> None:
    with night({"ads.yaml": FOREIGN}) as here:
        assert here.plan().changes == ()
        assert states(here.look()) == {}


def test_what_drift_accepts_is_written_in_the_canonical_form_at_its_place() -> None:
    with night({"ads.yaml": FOREIGN}) as here:
        here.edit("adSets", "123474", targeting__deliveryLimitations__devices=["desktop", "mobile", "tablet"])
        here.edit("adSets", "123474", targeting__frequencyCapping={"frequency": "Hourly", "maximumImpressions": 3})

        here.accept_live()

        text = here.text("ads.yaml")
        assert "devices: [mobile, desktop, tablet]" in text
        assert "frequency: hourly" in text
        assert "operand: In" in text, "what did not move stays as it is written"
        assert here.plan().changes == ()
