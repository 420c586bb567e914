"""octoDNS beside us: as many records as we have ad sets, from YAML to YAML, in an environment of its own."""

import subprocess
import sys
import venv
from pathlib import Path

from measure import say

ENVIRONMENT = ".venv-octodns"
CONFIG = """\
providers:
  wanted: {{class: octodns.provider.yaml.YamlProvider, directory: {folder}/wanted, default_ttl: 3600}}
  there: {{class: octodns.provider.yaml.YamlProvider, directory: {folder}/there, default_ttl: 3600}}
zones:
  example.com.: {{sources: [wanted], targets: [there]}}
"""


def octodns(root: Path) -> Path:
    """octoDNS's own command, installed once from the registry."""
    home = root / ENVIRONMENT
    if not (home / "bin" / "octodns-sync").exists():
        say("installing octoDNS")
        venv.create(home, with_pip=True)
        subprocess.run([home / "bin" / "python", "-m", "pip", "install", "--quiet", "octodns"], check=True)
    return home / "bin" / "octodns-sync"


def zone(folder: Path, records: int, changed: float = 0.01) -> Path:
    """A zone with so many records in both places, a share of them with another address; its configuration."""
    config = folder / f"octodns-{records}.yaml"
    if not config.exists():
        every = round(1 / changed)
        for side in ("wanted", "there"):
            (folder / side).mkdir(parents=True, exist_ok=True)
            lines = (
                f"r{n:06}:\n  ttl: 300\n  type: A\n  value: 10.{n // 65536}.{n // 256 % 256}."
                f"{n % 256 if side == 'wanted' or n % every else (n + 1) % 256}\n"
                for n in range(records)
            )
            (folder / side / "example.com.yaml").write_text("---\n" + "".join(lines))
        config.write_text(CONFIG.format(folder=folder))
    return config


def version(root: Path) -> str:
    """Which octoDNS it is."""
    python = root / ENVIRONMENT / "bin" / "python"
    code = "from importlib.metadata import version; print(version('octodns'))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def clean(root: Path, home: Path) -> Path:
    """Our command as a user installs it, without anything else; no file there runs code when Python starts."""
    command = home / "bin" / "reconciler"
    if not command.exists():
        say("installing this tool into an environment of its own")
        venv.create(home, with_pip=True)
        python = home / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", str(root)], check=True)
        subprocess.run([python, "-m", "pip", "uninstall", "--quiet", "--yes", "setuptools"], check=False)
        subprocess.run([python, "-m", "compileall", "-q", str(home / "lib")], check=False, stdout=sys.stderr)
    return command


def executable_pth(home: Path) -> list[str]:
    """Files that run code at every start of Python in this environment; there should be none."""
    return [
        file.name
        for file in home.glob("lib/python*/site-packages/*.pth")
        if any(line.startswith(("import ", "import\t")) for line in file.read_text().splitlines())
    ]
