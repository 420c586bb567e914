"""The first hour with an account of one's own, as it is recorded: init, import, plan end in "No changes".

``pytest --update`` records it again.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox.world import World

from ..support.commands import Ended, reconciler, serving

RECORDING = Path(__file__).parent / "recordings" / "first-hour.txt"
OTHERS = {
    "18446744073709551616": "2209",
    "1352": "70021",
    "Shop A": "Boutique Nord",
    "Maison Brio": "Atelier Sud",
    "FR prospecting": "Lyon, new customers",
    "358313": "410007",
    "123.45": "310.5",
}
"""What is another than in the demo: ids, names and an amount of the account."""
SOURCE = f"https://github.com/our-org/reconciler@{'a1' * 20}"
CREDENTIALS = {
    f"CRITEO_{product}_CLIENT_{part}": value
    for product in ("MS", "RM")
    for part, value in (("ID", f"sandbox-{product.lower()}"), ("SECRET", "sandbox"))
}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an account that is not the demo's, served over HTTP."""
    folder = tmp_path_factory.mktemp("account")
    World.demo().save(folder / "demo.json")
    text = (folder / "demo.json").read_text(encoding="utf-8")
    for ours, other in OTHERS.items():
        assert ours in text
        text = text.replace(ours, other)
    (folder / "seed.json").write_text(text, encoding="utf-8")
    with serving(("sandbox", "serve", "--port", "0", "--seed", "seed.json"), folder) as url:
        yield url


def test_init_import_and_plan_end_in_no_changes(account: str, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    (tmp_path / ".git").mkdir()
    env = CREDENTIALS | {"RECONCILER_API_URL": account}
    said = ""
    for line in (
        f"reconciler init shop --advertiser 70021 --account 2209 --source {SOURCE}",
        "reconciler import shop",
        "reconciler plan shop --detailed-exitcode",
    ):
        done: Ended = reconciler(*line.split()[1:], at=tmp_path, env=env)
        said += f"$ {line}\n{done.said}[exit code {done.code}]\n\n"
        assert done.code == 0, done.said

    if pytestconfig.getoption("--update"):
        RECORDING.write_text(said, encoding="utf-8")
    assert said == RECORDING.read_text(encoding="utf-8")
    assert "No changes. What is live matches the files." in said
    assert "123467" not in (tmp_path / "shop" / "reconciler.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("ignored", [None, ".gitignore", "shop/.gitignore"])
def test_import_keeps_the_ledger_out_of_git_where_nothing_does(
    account: str, tmp_path: Path, ignored: str | None
) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / "shop").mkdir()
    if ignored:
        (tmp_path / ignored).write_text(".reconciler/\n", encoding="utf-8")

    done = reconciler(
        "import", "shop", "--advertiser", "70021", at=tmp_path, env={**CREDENTIALS, "RECONCILER_API_URL": account}
    )

    assert done.code == 0, done.said
    assert (tmp_path / "shop" / ".gitignore").exists() is (ignored != ".gitignore")
    if ignored:
        assert (tmp_path / ignored).read_text(encoding="utf-8") == ".reconciler/\n"
    asked = subprocess.run(["git", "check-ignore", "-q", "shop/.reconciler/ledger.db"], cwd=tmp_path, check=False)
    assert asked.returncode == 0
