"""The how-to guides can be followed to the letter: their files, and their commands in that order, on the sandbox."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from reconciler import cli

GUIDES = Path(__file__).resolve().parents[2] / "docs" / "how-to"
FILE = re.compile(r"```yaml\n# (\S+\.yaml)\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"^\$ reconciler (.*)$", re.MULTILINE)


@pytest.mark.parametrize(
    "name",
    [
        "seller-bids-and-budgets",
        "balances",
        "spend-limits",
        "retail-media",
        "drift-every-night",
        "bidding-algorithm-owns-bids",
        "black-friday-override",
        "change-in-bulk",
        "format-files",
        "roll-back",
        "share-settings",
    ],
)
def test_a_guide_can_be_followed_to_the_letter(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = (GUIDES / f"{name}.md").read_text(encoding="utf-8")
    files, commands = FILE.findall(guide), COMMAND.findall(guide)
    for file, text in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    ends = {}
    for command in commands:
        with pytest.raises(SystemExit) as ended:
            cli.main(shlex.split(command))
        ends[command] = ended.value.code

    assert len(files) >= 2
    assert len(commands) >= 3
    assert set(ends.values()) == {0}
