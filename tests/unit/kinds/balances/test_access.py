"""An application belongs to one product: two pairs of credentials, each asked for only when the files need it."""

from __future__ import annotations

import pytest

from reconciler import cli

from ....support.bench import ACCOUNT, CREDENTIALS, bench
from ....support.readings import errors

PROJECT = f'version: 1\nscope: {{advertiserIds: ["1352"], retailMediaAccountIds: ["{ACCOUNT}"]}}\n'
SELLER = "sellerCampaigns: {a: {sellerId: 1, campaignId: 10001, bid: 0.35}}\n"
BALANCE = f"balances: {{b: {{accountId: {ACCOUNT}, name: Q4, memo: autumn}}}}\n"
NAMES = ("CRITEO_MS_CLIENT_ID", "CRITEO_MS_CLIENT_SECRET", "CRITEO_RM_CLIENT_ID", "CRITEO_RM_CLIENT_SECRET")


@pytest.mark.parametrize(
    ("files", "asked"),
    [(SELLER, ["CRITEO_MS"]), (BALANCE, ["CRITEO_RM"]), (SELLER + BALANCE, ["CRITEO_MS", "CRITEO_RM"])],
)
def test_only_the_credentials_that_the_files_need_are_asked_for(
    files: str, asked: list[str], tmp_path, monkeypatch, capsys
) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "reconciler.yaml").write_text(PROJECT)
    (tmp_path / "a.yaml").write_text(files)

    with pytest.raises(SystemExit) as ended:
        cli.main(["plan", str(tmp_path)])

    said = capsys.readouterr().out
    assert ended.value.code == 1
    assert [prefix for prefix in ("CRITEO_MS", "CRITEO_RM") if prefix in said] == asked
    assert said.count("no-credentials") == len(asked)


@pytest.mark.parametrize(
    ("files", "product", "path"),
    [
        (SELLER, "marketingSolutions", "/2026-07/marketing-solutions/me"),
        (BALANCE, "retailMedia", "/2026-07/retail-media/me"),
    ],
)
def test_an_application_of_the_other_product_is_told_from_one_without_consent(
    files: str, product: str, path: str
) -> None:
    other = next(each for each in CREDENTIALS if each != product)
    with bench() as desk:
        desk.api._credentials[product] = CREDENTIALS[other]
        desk.write({"a.yaml": files})

        run = desk.apply()

        (problem,) = run.problems
        assert problem.code == "not-allowed"
        assert path in problem.message
        assert "other product" in str(problem.hint)
        assert [each["path"] for each in desk.world.log] == ["/oauth2/token", path]


def test_an_application_that_says_that_it_is_of_the_other_product_is_refused() -> None:
    body = {"data": {"type": "Application", "attributes": {"name": "ours", "criteoService": "RetailMedia"}}}
    with bench() as desk:
        desk.world.inject({"kind": "status", "path": "*/marketing-solutions/me", "status": 200, "body": body})
        desk.write({"a.yaml": SELLER})

        run = desk.apply()

        assert [code for _, code in errors(run)] == ["wrong-product"]
        assert desk.writes == []


def test_a_missing_permission_says_which_domains_to_ask_for() -> None:
    with bench() as desk:
        application = desk.world.state.all("applications")["sandbox-rm"]
        desk.world.state.put("applications", "sandbox-rm", {**application, "permissions": {"Accounts": "manage"}})
        desk.write({"a.yaml": BALANCE})

        run = desk.apply()

        (problem,) = run.problems
        assert problem.code == "not-allowed"
        assert "Balance and Campaign" in str(problem.hint)


def test_a_consent_that_is_gone_is_never_an_empty_account() -> None:
    with bench() as desk:
        desk.world.inject({"kind": "revoke_consent", "path": "*/accounts"})
        desk.write({"a.yaml": BALANCE})

        run = desk.apply()

        assert [code for _, code in errors(run)] == ["out-of-portfolio"]
        assert desk.writes == []
