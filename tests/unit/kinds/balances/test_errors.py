"""What a balance cannot be made to be: caught at its place, or shown as the API says it (§5.5, §8.7)."""

from __future__ import annotations

from typing import Any

import pytest

from ....support.bench import ACCOUNT, bench
from ....support.readings import errors, fates, marked, reasons, warnings

NEW = "name: Q1, spendType: onsite, startDate: 2027-01-01, deposited: 5000.00"


def balance(text: str) -> str:
    return f"balances:\n  b: {{accountId: {ACCOUNT}, {text}}}\n"


def at_its_key(text: str) -> str:
    return balance(text).replace("  b:", "  ▶b:")


CAUGHT = {
    "no name and no id": (at_its_key("deposited: 10.00"), "unidentified"),
    "a name that is too long": (balance(f"name: ▶{'x' * 256}, deposited: 10.00"), "text-too-long"),
    "a purchase order number that is too long": (balance(f"name: Q4, poNumber: ▶{'x' * 33}"), "text-too-long"),
    "a day that there is not": (balance("name: Q4, startDate: ▶2027-02-30"), "bad-date"),
    "an end on the start": (balance("name: Q4, startDate: 2027-01-01, endDate: ▶2027-01-01"), "end-before-start"),
    "an end before the live start": (balance("name: Q4, endDate: ▶2026-10-01"), "end-before-start"),
    "a word that is none": (balance("name: Q4, spendType: ▶On-site"), "bad-choice"),
    "funds below zero": (balance("name: Q4, deposited: ▶-1"), "out-of-range"),
    "a third decimal": (balance("name: Q4, deposited: ▶5000.001"), "too-many-decimals"),
    "funds below what is spent": (balance("name: Q4, deposited: ▶1204.55"), "deposit-below-spent"),
    "a cap on an uncapped one": (balance("name: Always on, deposited: ▶100.00"), "capped-uncapped"),
    "no cap on a capped one": (balance("name: Q4, deposited: ▶null"), "null-not-allowed"),
    "another spend type": (balance("name: Q4, spendType: ▶offsite"), "fixed-field"),
    "what only the API computes": (balance("name: Q4, ▶remaining: 5"), "unknown-key"),
    "a name that is taken": (balance("id: 18446744073709551617, name: ▶Always on"), "name-taken"),
    "two of one name in the files": (
        f"balances:\n  a: {{accountId: {ACCOUNT}, {NEW}}}\n"
        f"  b: {{accountId: {ACCOUNT}, {NEW.replace('name: ', 'name: ▶')}}}\n",
        "name-taken",
    ),
    "one that another bills": (at_its_key("name: Criteo credit, deposited: 900.00"), "foreign-billing"),
    "the memo of one that another bills": (at_its_key("name: Criteo credit, memo: ours"), "foreign-billing"),
    "the campaigns of one that another bills": (
        at_its_key("name: Criteo credit, campaignIds: [71]"),
        "foreign-billing",
    ),
    "one that is not there": (balance("id: ▶999, name: Q1"), "not-found"),
    "one that says too little to be created": (at_its_key("name: Q9, deposited: 10.00"), "missing-field"),
    "an account outside the scope": (f"balances:\n  b: {{accountId: ▶5, {NEW}}}\n", "out-of-scope"),
}


@pytest.mark.parametrize("mistake", CAUGHT)
def test_is_caught_at_its_place_before_any_call(mistake: str) -> None:
    text, code = CAUGHT[mistake]
    yaml, places = marked(text)
    with bench(family="retailMedia") as desk:
        desk.write({"a.yaml": yaml})

        run = desk.apply()

        assert errors(run) == [(places[0], code)]
        assert desk.writes == []


def test_an_account_that_is_not_ours_is_caught_before_any_list() -> None:
    with bench(family="retailMedia") as desk:
        desk.write({"a.yaml": balance(NEW)})
        file = desk.folder / "reconciler.yaml"
        file.write_text(file.read_text().replace(f'"{ACCOUNT}"', f'"{ACCOUNT}", "5"'))

        run = desk.apply()

        assert [code for _, code in errors(run)] == ["out-of-portfolio"]
        assert not any("balances" in each["path"] for each in desk.world.log)


def test_a_foreign_balance_as_it_is_needs_no_change_and_no_word() -> None:
    with bench(family="retailMedia") as desk:
        desk.write({"a.yaml": balance("name: Criteo credit, deposited: 800.00")})

        run = desk.plan()

        assert (run.changes, run.problems) == ((), ())


WARNED = {
    "the start of one that has started": (balance("name: Q4, startDate: ▶2026-10-02"), "balance-started"),
    "all funds of one that has spent none": (balance("name: Q4, deposited: ▶0"), "deposit-zero"),
}


@pytest.mark.parametrize("doubt", WARNED)
def test_is_told_and_not_refused(doubt: str) -> None:
    text, code = WARNED[doubt]
    yaml, places = marked(text)
    with bench(family="retailMedia") as desk:
        desk.world.edit("balances", "18446744073709551617", {"spent": 0})
        desk.write({"a.yaml": yaml})

        run = desk.apply()

        assert warnings(run) == [(places[0], code)]
        assert set(fates(run).values()) == {"applied"}


# --- What only the API can say ------------------------------------------------------------------------------

UNIQUE = "Balance name should be unique. There exists balance with the specified name."
GUIDE: dict[str, tuple[str, str, int, dict[str, Any]]] = {
    "the value of a field": (
        balance("name: Q4, memo: ▶autumn"),
        "PATCH",
        400,
        {"title": "Invalid field", "detail": "Review the value of field memo provided in the request"},
    ),
    "a name that is taken, at creation": (
        balance(NEW.replace("Q1", "▶Q1")),
        "POST",
        400,
        {"title": "Invalid name", "detail": UNIQUE},
    ),
    "a name that is taken, at a rename": (
        balance("id: 18446744073709551617, name: ▶Q5, memo: autumn"),
        "PATCH",
        400,
        {"title": "Invalid name", "detail": UNIQUE},
    ),
    "funds below zero": (
        balance("name: Q4, deposited: ▶4000.00"),
        "POST",
        400,
        {"title": "Invalid deltaamount", "detail": "Can not decrease funds to less than zero"},
    ),
    "a field of a foreign balance": (
        balance("name: Q4, memo: ▶autumn"),
        "PATCH",
        400,
        {"title": "Invalid operation", "detail": "Can only change the field memo of a balance not billed by retailer."},
    ),
    "the funds of a foreign balance": (
        balance("name: Q4, deposited: ▶5100.00"),
        "POST",
        400,
        {"title": "Invalid operation", "detail": "Can not add funds to a balance not billed by retailer."},
    ),
    "no permission": (
        balance("name: Q4, deposited: ▶5100.00"),
        "POST",
        403,
        {"title": "Authorization error", "detail": "Resource access forbidden: does not have permissions"},
    ),
}


@pytest.mark.parametrize("error", GUIDE)
def test_an_error_of_the_guide_is_shown_at_its_line_in_its_own_words(error: str) -> None:
    text, method, status, said = GUIDE[error]
    yaml, places = marked(text)
    with bench(family="retailMedia") as desk:
        desk.write({"a.yaml": yaml})
        fault = {"kind": "status", "method": method, "path": "*/balances*", "status": status}
        desk.world.inject({**fault, "body": {"errors": [said]}})

        run = desk.apply()

        assert set(fates(run).values()) == {"rejected"}
        assert [place for place, _ in reasons(run, "b")] == [places[0]]
        assert f"{said['title']}: {said['detail']}" in desk.report(run, "text")
        assert len(desk.writes) == 1


def test_an_unknown_campaign_is_refused_before_any_call_at_the_list_that_names_it() -> None:
    yaml, places = marked(balance("name: Q4, campaignIds: ▶[73, 99]"))
    with bench(family="retailMedia") as desk:
        desk.write({"a.yaml": yaml})

        run = desk.apply()

        assert errors(run) == [(places[0], "unknown-campaign")]
        assert desk.writes == []


# --- What a version does not have (§8.7) -----------------------------------------------------------------------


@pytest.mark.parametrize("version", ["preview", "experimental"])
@pytest.mark.parametrize("field", ["deposited: 5250.00", "campaignIds: [71]"])
def test_preview_has_no_funds_and_no_attachments(version: str, field: str) -> None:
    yaml, places = marked(balance(f"name: Q4, ▶{field}"))
    with bench(family="retailMedia", version=version) as desk:
        desk.write({"a.yaml": yaml})

        run = desk.apply()

        assert errors(run) == [(places[0], "not-in-version")]
        assert desk.writes == []


def test_preview_creates_no_balance() -> None:
    yaml, places = marked(at_its_key("name: Q1, spendType: onsite, startDate: 2027-01-01"))
    with bench(family="retailMedia", version="preview") as desk:
        desk.write({"a.yaml": yaml})

        run = desk.apply()

        assert errors(run) == [(places[0], "not-creatable")]


def test_preview_changes_what_describes_a_balance_and_says_what_it_cannot_check() -> None:
    with bench(family="retailMedia", version="preview") as desk:
        desk.write({"a.yaml": balance("name: Q4, poNumber: PO 7, endDate: null")})

        run = desk.apply()

        assert fates(run) == {"b settings": "applied"}
        assert [code for _, code in warnings(run)] == ["portfolio-unchecked"]
        assert desk.plan().changes == ()
