"""What the page of a ledger in a bucket adds to the pipelines fits them: its jobs exist, and keep what they run."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/how-to/ledger-in-a-bucket.md").read_text(encoding="utf-8")
TEMPLATE = (ROOT / "templates/reconciler.yml").read_text(encoding="utf-8").replace("$[[ inputs.name ]]", "shop")
_, JOBS = yaml.safe_load_all(TEMPLATE)
INPUTS, _ = yaml.safe_load_all(TEMPLATE)


def added() -> dict[str, Any]:
    (snippet,) = re.findall(r"```yaml\n# \.gitlab-ci\.yml\n(.*?)```", PAGE, re.DOTALL)
    jobs: dict[str, Any] = yaml.safe_load(snippet)
    return jobs


def test_every_job_that_opens_the_ledger_takes_a_role_and_loses_nothing() -> None:
    jobs = added()
    assert set(jobs) == set(JOBS) - {".shop", "shop:validate"}
    for name, job in jobs.items():
        assert set(job) == {"id_tokens", "variables"}  # a before_script would take the place of the installation
        assert set(job["variables"]).isdisjoint(JOBS[name].get("variables", {}))
        assert list(job["id_tokens"]) == ["AWS_TOKEN"]


@pytest.mark.parametrize("token", ["a token", ""])
def test_the_token_is_put_where_the_library_reads_it_and_is_for_its_user_only(token: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    (line,) = [each for each in JOBS[".shop"]["before_script"] if "AWS_TOKEN" in each]
    variables = {"AWS_TOKEN": token, "AWS_WEB_IDENTITY_TOKEN_FILE": str(file)} if token else {}
    subprocess.run(["sh", "-eu", "-c", line], env=variables, check=True)
    assert file.exists() == bool(token)
    if token:
        assert file.read_text() == token
        assert file.stat().st_mode & 0o077 == 0


def test_both_pipelines_install_what_a_ledger_in_a_bucket_needs() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    for extras in (action["inputs"]["extras"], INPUTS["spec"]["inputs"]["extras"]):
        assert "objectstore" in extras["default"].split(",")
