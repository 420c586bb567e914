"""Each request of the guide on ad sets, sent as it stands there, is answered as the guide shows.

Its sample of a creation breaks two rules that the guide itself states (an empty list of zip codes, no tracking code):
it is refused with the guide's own codes, and with these two put right it is answered as shown.
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest

from reconciler.sandbox import Request, World
from reconciler.sandbox.encoding import decode, encode

GUIDE = decode((Path(__file__).parent / "guide" / "ad_sets.json").read_bytes())
BASE = "/preview/marketing-solutions/ad-sets"
CHECK = "campaign--ad-set-creation-check--"


@pytest.fixture
def send():
    """Send a call to a world that has what the guide talks about."""
    world = World.guide()
    world.state.put("tokens", "token", {"clientId": "sandbox-ms", "expiresAt": "2999-01-01T00:00:00Z"})

    def answer(method, path, body=None):
        headers = {"authorization": "Bearer token", "content-type": "application/json"}
        response = world.handle(Request.of(method, path, headers, b"" if body is None else encode(body)))
        return response.status, decode(response.body)

    answer.world = world
    return answer


def corrected():
    body = deepcopy(GUIDE["create"]["body"])
    attributes = body["data"]["attributes"]
    attributes["trackingCode"] = "utm_source=criteo&utm_medium=display&utm_campaign=mycampaign"
    del attributes["targeting"]["geoLocation"]["zipCodes"]
    return body


def test_an_ad_set_is_read_in_the_form_of_the_guide(send):
    status, answer = send("GET", f"{BASE}/123467")
    assert (status, answer["data"]) == (200, GUIDE["resource"])


@pytest.mark.parametrize("sample", GUIDE["requests"], ids=lambda sample: sample["name"])
def test_a_request_is_answered_as_shown(send, sample):
    status, answer = send(sample["method"], sample["path"], sample["body"])
    assert (status, answer["errors"]) == (200, [])
    if "ids" in sample:
        assert [(one["type"], one["id"]) for one in answer["data"]] == [("ReadAdSet", key) for key in sample["ids"]]
    else:
        assert answer["data"] == sample["data"]


def test_what_was_patched_is_read(send):
    patch = next(sample for sample in GUIDE["requests"] if sample["name"] == "patch")
    send(patch["method"], patch["path"], patch["body"])
    attributes = send("GET", f"{BASE}/12345")[1]["data"]["attributes"]
    assert attributes["name"] == "Updated Ad Set Name"
    assert attributes["schedule"]["startDate"] == "2021-01-19T10:18:28.632Z"
    assert attributes["targeting"]["frequencyCapping"] == {"frequency": "hourly", "maximumImpressions": 12}


def test_a_partial_failure_is_told_as_shown(send):
    sample = GUIDE["partial"]
    status, answer = send("PATCH", sample["path"], sample["body"])
    assert (status, answer["data"], len(answer["errors"])) == (200, sample["data"], 1)
    assert sample["error"].items() <= answer["errors"][0].items()
    assert set(answer["errors"][0]) == {"traceIdentifier", "type", "code", "instance", "title", "detail"}


def test_the_sample_of_a_creation_breaks_the_rules_of_its_own_page(send):
    status, answer = send("POST", GUIDE["create"]["path"], GUIDE["create"]["body"])
    assert status == 400
    assert {one["code"].removeprefix(CHECK) for one in answer["errors"]} == {"invalid-geolocation", "invalid-data"}


def test_a_creation_that_keeps_the_rules_is_answered_as_shown(send):
    status, answer = send("POST", GUIDE["create"]["path"], corrected())
    assert (status, answer["data"]) == (201, GUIDE["create"]["created"])


def test_a_created_ad_set_reads_back_in_the_guides_words(send):
    send("POST", GUIDE["create"]["path"], corrected())
    attributes = send("GET", f"{BASE}/987634")[1]["data"]["attributes"]
    assert attributes["targeting"]["deliveryLimitations"]["operatingSystems"] == ["ios"]
    assert attributes["targeting"]["geoLocation"]["countries"] == {"operand": "in", "values": ["FR"]}
    assert attributes["budget"]["budgetDeliveryWeek"] == "mondayToSunday"
    assert str(attributes["budget"]["budgetAmount"]["value"]) == "123.5"


@pytest.mark.parametrize(
    "name", ["name", "campaignId", "objective", "datasetId", "targeting", "budget", "schedule", "bidding"]
)
def test_what_the_guide_calls_required_is_required(send, name):
    body = corrected()
    del body["data"]["attributes"][name]
    status, answer = send("POST", GUIDE["create"]["path"], body)
    assert (status, {one["code"] for one in answer["errors"]}) == (400, {CHECK + "invalid-data"})


def test_a_missing_audience_is_told_as_shown(send):
    body = {"data": {"id": "1001", "type": "AdSetAudience", "attributes": {"audienceId": "1"}}}
    status, answer = send("PUT", GUIDE["notFound"]["path"], body)
    assert status == 404
    assert GUIDE["notFound"]["error"].items() <= answer["errors"][0].items()


def test_a_budget_is_read_only(send):
    body = {"data": [{"id": "12345", "attributes": {"budget": {"budgetAmount": {"value": 5}}}}]}
    assert send("PATCH", BASE, body)[1]["errors"] == []
    assert str(send("GET", f"{BASE}/12345")[1]["data"]["attributes"]["budget"]["budgetAmount"]["value"]) == "123.45"


def test_the_amount_is_what_remains(send):
    send.world.edit("adSets", "123467", {"spent": "23.45"})
    assert send("GET", f"{BASE}/123467")[1]["data"]["attributes"]["budget"]["budgetAmount"]["value"] == 100


def test_only_preview_speaks_the_guides_form(send):
    attributes = send("GET", "/2026-07/marketing-solutions/ad-sets/123467")[1]["data"]["attributes"]
    assert attributes["mediaType"] == "display"
    assert attributes["schedule"]["startDate"] == {"value": "2018-07-04T00:00:00Z"}
