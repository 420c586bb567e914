"""What a refusal of the first call says: whose it was, what stood in it, and what to check."""

import pytest

from reconciler.model import Answer, Call, Delivery, WriteEffect
from reconciler.provider.scope import refusal_of

CALL = Call("who", "", "", WriteEffect.READ, "GET", "/2026-01/marketing-solutions/me", product="marketingSolutions")


@pytest.mark.parametrize("status", [401, 403])
def test_the_token_endpoint_is_named_when_it_refuses(status: int) -> None:
    said = "the token endpoint of api.criteo.com refused the credentials of the-id: invalid_client"
    problem = refusal_of(CALL, Answer(Delivery.ANSWERED, status, {"error": "invalid_client"}, said))
    assert problem is not None
    assert (problem.code, problem.message) == ("not-allowed", said)
    assert "CRITEO_MS_CLIENT_SECRET" in (problem.hint or "")


@pytest.mark.parametrize("page", ["<html>Blocked by the firewall of Example & Sons</html>", "go away"])
def test_a_page_that_refuses_is_shown_and_consent_is_not_blamed(page: str) -> None:
    problem = refusal_of(CALL, Answer(Delivery.ANSWERED, 403, page))
    assert problem is not None
    assert problem.message == f"GET {CALL.path} was refused (403): {page}"
    assert "proxy" in (problem.hint or "")
    assert "consent" not in (problem.hint or "")


def test_a_refusal_by_the_api_is_final() -> None:
    body = {"errors": [{"code": "forbidden", "title": "No"}]}
    problem = refusal_of(CALL, Answer(Delivery.ANSWERED, 403, body))
    assert problem is not None
    assert "which every application of marketingSolutions may read" in problem.message


@pytest.mark.parametrize(
    ("permanent", "hint"), [(True, "nothing was written"), (False, "nothing was written; try again")]
)
def test_what_stays_is_not_advised_to_be_tried_again(permanent: bool, hint: str) -> None:
    problem = refusal_of(CALL, Answer(Delivery.NOT_SENT, reason="no token: HTTPS_PROXY …", permanent=permanent))
    assert problem is not None
    assert problem.hint == hint


@pytest.mark.parametrize("around", [" {} ", "{}\n", "\t{}\r\n", "{}"])
def test_white_space_around_secrets_is_no_part_of_them(around: str) -> None:
    from reconciler.commands.connection import _credentials

    found = _credentials(
        "marketingSolutions",
        {"CRITEO_MS_CLIENT_ID": around.format("the-id"), "CRITEO_MS_CLIENT_SECRET": around.format("the secret")},
    )
    assert found is not None
    assert (found.client_id, found.secret) == ("the-id", "the secret")


def test_a_secret_of_white_space_is_none() -> None:
    from reconciler.commands.connection import _credentials

    assert _credentials("retailMedia", {"CRITEO_RM_CLIENT_ID": "x", "CRITEO_RM_CLIENT_SECRET": " \n"}) is None
