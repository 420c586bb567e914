"""The guide for several teams on PostgreSQL, followed to the letter: its SQL, its files, its commands in that order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ..unit.ledger.postgres_server import Server
from . import scenarios
from .conftest import Open
from .outside import Site

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "several-teams-on-postgresql.md"
FILE = re.compile(r"```yaml\n# (\S+\.yaml)\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"^\$ reconciler (.*)$", re.MULTILINE)
SQL = re.compile(r"```sql\n(.*?)```", re.DOTALL)


@pytest.mark.postgres
def test_two_teams_work_side_by_side_as_the_guide_says(site: Site, server: Server, database: str) -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    for statements in SQL.findall(guide):
        server.sql(statements, database)
    for file, text in FILE.findall(guide):
        url = server.url(database).replace("reconciler@", r"\1@")
        path = site.folder / file
        path.parent.mkdir(exist_ok=True)
        path.write_text(re.sub(r"postgresql://(\w+)@ledger\.example/ads", url, text))

    told = {}
    for command in COMMAND.findall(guide):
        run = site.command(*command.split())
        out, err = run.communicate()
        assert run.returncode == 0, (command, out, err)
        told[command] = out.decode()
    server.sql("DROP OWNED BY shop, market; DROP ROLE shop, market", database)

    assert "Apply: 1 applied." in told["apply shop --auto-approve"]
    assert "Apply: 1 applied." in told["apply market --auto-approve"]
    assert "adSets.winter" in told["ledger list --project shop"]
    assert "sellerCampaigns" not in told["ledger list --project shop"]
    assert told["ledger runs --project market"].count("apply") == 1
    assert "No changes" in told["apply shop --auto-approve --lock-timeout 300"]


def test_a_project_without_a_name_is_told_at_its_line(desk: Open) -> None:
    here = desk("adSets: {}\n", project=scenarios.PROJECT + "ledger: postgresql://ann@localhost/ads\n")

    ended = here.plan()

    (problem,) = ended.report["diagnostics"]
    assert (ended.code, problem["code"], problem["range"]["start"]["line"]) == (1, "no-name", 4)
    assert "name: " in problem["hint"]
