"""What the README shows is what the tool prints. ``pytest --update`` rewrites it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from ..support.commands import project, reconciler

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
BEGIN, END = "<!-- plan -->\n", "<!-- /plan -->"


def test_the_plan_in_the_readme_is_the_plan_of_the_quickstart(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    shutil.copytree(ROOT / "examples" / "quickstart", tmp_path / "quickstart", ignore=shutil.ignore_patterns(".*"))
    before, rest = README.read_text(encoding="utf-8").split(BEGIN)
    shown, after = rest.split(END)

    plan = reconciler("plan", "quickstart", "--sandbox", at=tmp_path)

    block = f"```console\n$ reconciler plan quickstart --sandbox\n{plan.out}```\n"
    if pytestconfig.getoption("--update"):
        README.write_text(f"{before}{BEGIN}{block}{END}{after}", encoding="utf-8")
        shown = block
    assert plan.code == 0
    assert shown == block


def test_what_the_readme_writes_is_valid(tmp_path: Path) -> None:
    (written,) = re.findall(r"^```yaml\n(.*?)^```", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    scope = 'scope: {advertiserIds: ["1352"], retailMediaAccountIds: ["18446744073709551616"]}'
    project(tmp_path, {"all.yaml": written}, head=f"version: 1\n{scope}\n")

    assert reconciler("validate", at=tmp_path).out == "Valid: 4 resources.\n"


def test_the_readme_shows_the_two_commands() -> None:
    text = README.read_text(encoding="utf-8")

    assert "$ make demo\n" in text
    assert "$ make test\n" in text


def test_every_exit_code_is_in_the_readme() -> None:
    from reconciler.model.exit_codes import ExitCode

    text = README.read_text(encoding="utf-8")

    assert [code for code in ExitCode if f"| {int(code)} |" not in text] == []


def test_every_link_of_the_readme_leads_somewhere() -> None:
    text = README.read_text(encoding="utf-8")

    targets = re.findall(r"\]\(([^)#]+)", text)
    assert [target for target in targets if "://" not in target and not (ROOT / target).exists()] == []


def test_no_page_and_no_report_calls_budgets_the_worst_case() -> None:
    """The API promises no maximum for them: they are what is asked for."""
    pages = [README, *ROOT.glob("docs/**/*.md"), *ROOT.glob("docs/static/*.svg"), *ROOT.glob("tests/cases/*.md")]
    pages += [*ROOT.glob("tests/**/*.ambr"), *ROOT.glob("reconciler/reports/*.py"), *ROOT.glob("schemas/*.json")]

    assert [page for page in pages if "at the worst" in page.read_text(encoding="utf-8").lower()] == []


def test_none_of_the_kinds_can_be_deleted_through_the_api() -> None:
    """The README says so; what is called `delete` there takes campaigns off a balance."""
    specs = sorted((ROOT / "tests" / "contract" / "openapi").glob("*.json"))
    paths = {path: verbs for spec in specs for path, verbs in json.loads(spec.read_text("utf-8"))["paths"].items()}
    kinds = ("/marketing-solutions/campaigns", "/ad-sets", "/seller-campaigns", "/budgets", "/balances")

    assert specs
    assert [path for path, verbs in paths.items() if "delete" in verbs and any(kind in path for kind in kinds)] == []
    named = {path.partition("/retail-media")[2] for path in paths if path.endswith("/delete")}
    assert named == {"/balances/{balanceId}/campaigns/delete"}
    assert "What it manages cannot be deleted through the API" in README.read_text(encoding="utf-8")
