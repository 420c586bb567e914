"""What people and programs see: telling runs in every format, as they stand in the snapshots."""

from __future__ import annotations

import os
from time import process_time

import pytest

from reconciler.reports import FORMATS, RenderOptions

from .runs import TELLING, many

LENGTHY = ("html", "json", "json-stream", "junit")
"""Formats that tell 412 changes one by one: they are held to their schemas instead."""
HUGE = 100_000 if os.environ.get("FAULTS") == "full" else 20_000
"""Changes of a large account: all of them where the full suites run."""
SHOWN = [(form, name) for form in FORMATS for name in TELLING if name != "many" or form not in LENGTHY]


@pytest.mark.parametrize(("form", "name"), SHOWN, ids=lambda part: part)
def test_a_run_is_told_as_it_was_before(form, name, snapshot):
    assert FORMATS[form](TELLING[name], RenderOptions()) == snapshot


@pytest.mark.parametrize("form", ["text", "json"])
def test_bodies_are_shown_when_asked_for(form, snapshot):
    assert FORMATS[form](TELLING["small"], RenderOptions(bodies=True)) == snapshot


def test_what_was_told_with_the_plan_is_not_told_again():
    run = TELLING["partly"]
    text = FORMATS["text"](run, RenderOptions(already_shown=run.problems))
    assert "adSets.always-on" not in text
    assert "hidden" not in text
    assert "Apply: 3 applied, 1 rejected, 1 not sent." in text


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json-stream"])
def test_ten_thousand_changes_are_told_and_the_slip_among_them_is_named(form):
    text = FORMATS[form](many(10_000), RenderOptions())
    assert "ad-05000" in text
    assert "89.00" in text
    if form == "markdown":
        assert len(text) <= 65_000
        assert text.index("ad-05000") < 1_000
    if form == "text":
        assert text.count("\n") < 40


@pytest.fixture(scope="module")
def huge():
    return many(HUGE)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_as_many_changes_as_a_large_account_has_are_told_in_seconds(form, huge):
    """Of the processor's time, so that a busy machine is no failure; what grows with the square takes minutes."""
    before = process_time()
    assert FORMATS[form](huge, RenderOptions())
    assert process_time() - before < 15 * HUGE / 100_000
