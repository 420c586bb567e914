"""Every code of the API that is published has a cause and a cure, in any spelling; and a refusal is shown with it."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from reconciler.cli import full_cli
from reconciler.model import Answer, Call, Delivery, ItemStatus, WriteEffect
from reconciler.provider.api_codes import api_table, find_api_code, find_cure
from reconciler.provider.read_errors import read_error
from reconciler.reports import FORMATS
from reconciler.reports.problem_catalogue import find_entry, problem_table

from ...support.bench import bench

READ = Call("list", "", "", WriteEffect.READ, "GET", "/x", product="marketingSolutions")


PUBLISHED = """
cannot-expose-specific-adsets
campaign--ad-set-creation-check--invalid-data
campaign--ad-set-creation-check--invalid-geolocation
campaign--ad-set-creation-check--invalid-os-env-configuration
campaign--ad-set-creation-check--start-date-not-valid
campaign--ad-set-creation-check--end-date-not-valid
campaign--ad-set-creation-check--invalid-bid-amount
campaign--ad-set-creation-check--frequency-cappings-not-valid
campaign--ad-set-creation-check--invalid-dataset-id
campaign--ad-set-creation-check--invalid-audience-configuration
campaign--ad-set-creation-check--no-audience-config
campaign--ad-set-creation-check--multiple-audience-configs
campaign--ad-set-creation-check--invalid-audience-id
campaign--ad-set-creation-check--invalid-spend-strategy
campaign--ad-set-creation-check--invalid-bidding-configuration
campaign--ad-set-update-check--ad-set-invalid-geolocation
campaign--ad-set-update-check--ad-set-invalid-os-env-configuration
campaign--ad-set-update-check--ad-set-is-archived
campaign--ad-set-update-check--ad-set-not-activable
campaign--ad-set-update-check--name-is-null
campaign--ad-set-update-check--start-date-is-null
campaign--ad-set-update-check--start-date-not-valid
campaign--ad-set-update-check--end-date-not-valid
campaign--ad-set-update-check--invalid-bid-amount
campaign--ad-set-update-check--frequency-cappings-not-valid
campaign--ad-set-update-check--too-many-entities
campaign--ad-set-start-check--cannot-activate-archived-ad-set
campaign--ad-set-start-check--active-ad-sets-limit-reached
campaign--ad-set-start-check--ad-set-with-custom-settings
campaign--ad-set-start-check--data-set-is-in-creative-ab-test
campaign--ad-set-start-check--ad-set-is-in-ab-test
campaign--ad-set-start-check--ad-set-with-revenue-optimizer
campaign--ad-set-start-check--payment-billing-status-declined
campaign--ad-set-start-check--payment-billing-status-no-details
campaign--ad-set-start-check--ad-set-requiring-data-sharing
campaign--ad-set-start-check--payment-billing-status-no-payment-method
campaign--ad-set-start-check--advertiser-financial-statuses-not-ok
campaign--ad-set-start-check--terms-and-conditions-not-accepted
campaign--ad-set-start-check--ad-set-has-no-remaining-budget
campaign--ad-set-start-check--no-inventory-placements-for-ad-set
campaign--ad-set-start-check--not-enough-transaction-tag-hits
campaign--ad-set-start-check--no-active-catalog-feed
campaign--ad-set-start-check--no-design-set-found-for-banner-types
campaign--ad-set-start-check--cannot-activate-ad-set-without-revenue
campaign--ad-set-start-check--context-zero-no-geoloc-filter
campaign--ad-set-start-check--context-zero-wrong-configuration
campaign--ad-set-start-check--desktop-device-not-supported-for-app-install
campaign--ad-set-start-check--data-set-logo-required-for-app-install
campaign--ad-set-start-check--parallel-click-tracking-incorrectly-set-up
campaign--ad-set-start-check--ad-set-has-missing-attribution-url
campaign--ad-set-start-check--crp-ad-set-should-not-have-smoothing-budget
campaign--ad-set-start-check--misconfigured-ad-set
campaign--ad-set-start-check--ad-set-requiring-an-audience
audience-not-found
campaign--display-multiplier-update-check--category-not-enabled
campaign--display-multiplier-update-check--invalid-display-multiplier
campaign-not-found
exceeded-ids-cap
WithInvalidAdvertiserId
WithInvalidPartnerId
WithInvalidSellerId
WithInvalidBudgetId
WithInvalidCampaignId
WithInvalidSellerCampaignId
WithInvalidOperationForTargetBudgetCampaign
WithInvalidTypeForAmount
WithInvalidBidValue
WithInvalidDate
WithInvalidEndDate
WithInvalidSellerName
WithInvalidHeight
WithInvalidWidth
Invalid name
Invalid deltaamount
Invalid operation
"""
"""The catalogue of the API's contract (§8), and the three titles by which errors of balances go."""
GENERIC = """
internal-error required-field invalid invalid-date-format invalid-range invalid-ranged invalid-timespan deprecated-field
endpoint-deprecated permission-denied campaign-not-found exceeded-ids-cap authorization-token-missing
authorization-token-expired authorization-token-invalid authorization-issuer-invalid authorization-unknown
authorization-error insufficient-advertiser-permissions insufficient-advertisers-permissions invalid_client
http-400 http-401 http-403 http-404 http-410 http-413 http-415 http-429 http-500 http-502 http-503 http-504
"""
"""What any call may be answered with (§2.1 to §2.7)."""
CODES = PUBLISHED.strip().splitlines()


def test_the_catalogue_has_75_codes() -> None:
    assert len(CODES) == len(set(CODES)) == 75


@pytest.mark.parametrize("code", [*CODES, *GENERIC.split()])
def test_a_code_is_known_in_every_spelling(code: str) -> None:
    entry = find_entry(code)

    assert entry is not None
    assert code in (entry.code, *entry.also)
    assert [find_entry(each) for each in (code.upper(), code.lower(), code.title())] == [entry] * 3
    tail = find_entry(code.rpartition("--")[2])
    assert tail is not None
    assert (tail.means, tail.cure) == (entry.means, entry.cure) or tail.code in problem_table()


@pytest.mark.parametrize(
    "code", ["WithInvalidEndDate", "CAMPAIGN--AD-SET-START-CHECK--AD-SET-IS-IN-AB-TEST", "Invalid name"]
)
def test_explain_takes_the_code_as_the_api_spells_it(code: str) -> None:
    done = CliRunner().invoke(full_cli(), ["explain", code])

    assert done.exit_code == 0
    assert done.output.startswith(f"{code}: ")
    assert "\n\nCause: " in done.output
    assert "\nFix:   " in done.output


def test_a_code_that_is_not_published_is_said_to_be_so() -> None:
    done = CliRunner().invoke(full_cli(), ["explain", "zzz-qqq-xxx"])

    assert done.exit_code == 1 or done.exit_code == 2
    assert "not published" in done.output


def test_every_entry_is_of_whole_sentences_and_no_code_is_ours_as_well() -> None:
    entries = api_table().values()
    texts = [text for each in entries for text in (each.means, each.cause, each.cure)]
    spelled = [code for each in entries for code in (each.code, *each.also)]

    assert [text for text in texts if not (text[:1].isupper() or text[:1] == "`") or not text.endswith(".")] == []
    assert len(spelled) == len(set(spelled))
    assert set(spelled) & problem_table().keys() == set()


@pytest.mark.parametrize(
    ("code", "title", "status", "hint"),
    [
        ("campaign--ad-set-update-check--name-is-null", "", 200, "write a name"),
        ("api-error", "Invalid name", 400, "write another name, or the id of the balance that has it"),
        ("campaign--ad-set-start-check--of-a-later-version", "", 200, None),
        ("of-a-later-version", "", 400, None),
        ("of-a-later-version", "", 413, "apply fewer objects at once with --target"),
    ],
)
def test_the_cure_goes_by_the_code_then_the_title_then_the_status(
    code: str, title: str, status: int, hint: str | None
) -> None:
    assert find_cure(code, title, status) == hint


@pytest.mark.parametrize("code", ["with-invalid-end-date", "WITHINVALIDENDDATE", "With_Invalid_End_Date"])
def test_dashes_and_case_do_not_matter(code: str) -> None:
    assert find_api_code(code) is api_table()["WithInvalidEndDate"]


def test_a_rejection_is_shown_with_its_cure_in_every_report() -> None:
    with bench(guarded=False) as here:
        here.world.edit("adSets", "123468", {"startError": "no-active-catalog-feed"})
        here.write({"a.yaml": 'adSets:\n  fr: {id: "123468", schedule: {activationStatus: on}}\n'})
        run = here.apply()

        assert [each.status for each in run.outcomes] == [ItemStatus.REJECTED]
        cure = "repair the product feed at Criteo, then apply again; trace "
        without = [form for form in FORMATS if cure not in here.report(run, form)]
        assert without == ["gitlab"]  # which has numbers only


def test_a_refused_read_is_shown_with_its_cure() -> None:
    told = {"errors": [{"code": "WithInvalidAdvertiserId", "title": "Bad request"}]}
    problem = read_error(READ, Answer(Delivery.ANSWERED, 400, told))

    assert problem is not None
    assert problem.hint == "correct scope.advertiserIds, and check the consent with reconciler doctor"
