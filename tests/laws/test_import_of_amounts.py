"""An import never rounds: an amount that its currency cannot have is left out, and that is said."""

from __future__ import annotations

import pytest

from reconciler.sandbox.message import Request, Response

from ..support.bench import bench
from .portfolios import Spoken
from .test_import_is_quiet import cases, imported, refused, texts

(AD_SETS,) = [each for each in cases() if repr(each) == "adSets-2026-07"]


@pytest.mark.parametrize(("currency", "kept"), [("EUR", False), ("JPY", False), ("KWD", True)])
def test_what_a_currency_cannot_have_is_left_out_and_said(currency: str, kept: bool) -> None:
    case: Spoken = AD_SETS
    with bench() as desk:
        desk.write({})
        project = desk.folder / "reconciler.yaml"
        project.write_text(f"{project.read_text()}currencies: {{'1352': {currency}}}\n")

        def served(request: Request) -> Response:
            answer = desk.world.handle(request)
            if not request.path.endswith("/ad-sets/search"):
                return answer
            headers = tuple(each for each in answer.headers if each[0] != "content-length")
            return Response(answer.status, headers, answer.body.replace(b"123.45", b"1234.567"))

        desk.handle = served
        desk.begin()
        done = imported(desk, case)
        written = b"".join(texts(desk.folder).values())
        said = [each.reason for each in done.left if each.field == "budget.budgetAmount" and "1234.567" in each.reason]

        assert refused(desk) == []
        assert (b"1234.567" in written) is kept
        assert bool(said) is not kept
        assert b"1234.57" not in written
