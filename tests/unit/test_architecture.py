"""The arrows between the modules, and what a start costs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ..support.commands import project

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "reconciler"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
CLOCKS = ("datetime", "date", "time", "outside", "self.outside", "self.api")
HEAVY = ("httpx", "deepdiff", "jsonschema", "yaml", "starlette", "uvicorn", "sqlite3", "ruamel", "psycopg")


def loaded_by(code: str, at: Path) -> set[str]:
    """The heavy packages that a fresh interpreter has imported after this code."""
    tail = f"\nimport sys; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code + tail], cwd=at, capture_output=True, text=True, timeout=60, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


def test_the_arrows_between_modules_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")

    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout


def test_every_room_has_a_floor_and_a_contract_of_its_own_or_is_a_room_of_equals() -> None:
    """A new folder has no place on a floor, and fails; a room of steps has its order written down."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    rooms = {each.name for each in PACKAGE.iterdir() if (each / "__init__.py").is_file()}
    layers = {each["containers"][0]: each for each in contracts if each["type"] == "layers"}
    floors = {room for floor in layers["reconciler"]["layers"] for room in floor.split(" | ")}
    inside = {name.removeprefix("reconciler.") for name, each in layers.items() if each.get("exhaustive")}

    assert floors == rooms - {"sandbox"}
    assert rooms - inside == {"cli", "reports", "guardrails", "kinds"}  # one file is like the other there


def test_no_module_stands_alone_at_the_top() -> None:
    assert {each.name for each in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py"}


def test_a_class_name_means_one_thing() -> None:
    """The sandbox shares no code with the rest, so it may use the same words."""
    found: dict[str, list[str]] = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        if "sandbox" not in file.relative_to(PACKAGE).parts[:1]:
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    found.setdefault(node.name, []).append(str(file.relative_to(PACKAGE)))

    assert {name: files for name, files in found.items() if len(files) > 1} == {}


def test_what_is_long_says_why() -> None:
    """Nothing over 300 lines, and no function over 40, without a reason in its own words beside it."""
    silent = []
    for file in sorted((ROOT / "reconciler").rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        tree = ast.parse(text)
        parts = [
            (node, node.end_lineno - node.lineno + 1, 40) for node in ast.walk(tree) if isinstance(node, FUNCTIONS)
        ]
        for node, lines, most in [(tree, text.count("\n"), 300), *parts]:
            if lines > most and not re.search(r"\blong\b", ast.get_docstring(node) or "", re.IGNORECASE):
                silent.append(f"{file.relative_to(ROOT)}: {getattr(node, 'name', 'module')}, {lines} lines")

    assert silent == []


@pytest.mark.unmeasured
def test_the_command_line_starts_without_any_heavy_library(tmp_path: Path) -> None:
    assert loaded_by("import reconciler.cli", tmp_path) == set()


@pytest.mark.unmeasured
@pytest.mark.parametrize("command", [["--help"], ["--version"], ["plan", "--help"], ["sandbox", "serve", "--help"]])
def test_help_needs_no_heavy_library(tmp_path: Path, command: list[str]) -> None:
    code = f"from reconciler.cli import main\ntry: main({command})\nexcept SystemExit: pass"

    assert loaded_by(code, tmp_path) == set()


IMPORTED = """
import sys
from importlib.metadata import packages_distributions
from reconciler.cli import main
try:
    main({command})
except SystemExit:
    pass
tops = {{name.partition(".")[0] for name in sys.modules}}
print("imported:", *sorted(tops & packages_distributions().keys()))
"""
DIRECT = {"click", "deepdiff", "filelock", "httpx", "jsonschema", "jsonschema_rs", "msgspec", "orjson", "psycopg"}
DIRECT |= {"starlette", "tenacity", "uvicorn", "yaml"}
ALWAYS = {"click", "jsonschema_rs", "msgspec", "yaml"}
ONLINE = ALWAYS | {"httpx", "orjson"}
BID = 'adSets: {fr: {name: FR prospecting, campaignId: "358313", bidding: {bidAmount: 1.10}}}'
COUNTRIES = BID.replace(
    "bidding: {bidAmount: 1.10}", "targeting: {geoLocation: {countries: {operand: in, values: [FR, NO]}}}"
)
WRONG = BID.replace("bidding", "bid")


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    ("command", "ads", "libraries"),
    [
        pytest.param("validate", BID, ALWAYS, id="validate"),
        pytest.param("validate", WRONG, ALWAYS | {"jsonschema"}, id="validate a file with a mistake"),
        pytest.param("plan", BID, ONLINE, id="plan a bid"),
        pytest.param("plan", COUNTRIES, ONLINE | {"deepdiff"}, id="plan a set that moves"),
    ],
)
def test_a_library_is_imported_only_where_it_works(tmp_path: Path, command: str, ads: str, libraries: set[str]) -> None:
    """The whole list of our dependencies that a command imports; those of a dependency are its own matter."""
    project(tmp_path, {"ads.yaml": ads})
    args = [command, "--sandbox", "demo"] if command == "plan" else [command]
    code = IMPORTED.format(command=args)

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )

    first, *words = done.stdout.splitlines()[-1].split()
    assert first == "imported:", done.stdout + done.stderr
    assert {*words} & DIRECT == libraries, done.stdout


def test_nothing_that_judges_asks_a_clock() -> None:
    """An instant is a value, handed down from the commands: only durations and stamps may ask what time it is."""
    pure = ("planning", "guardrails", "kinds", "drift", "planfile", "importer", "config", "model")
    files = [file for name in pure for file in (PACKAGE / name).rglob("*.py")]
    files += [PACKAGE / "engine" / f"{name}.py" for name in ("plan", "validate", "assess", "refresh")]
    files.append(PACKAGE / "provider" / "scope.py")
    assert {file.relative_to(PACKAGE).parts[0] for file in files} == {*pure, "engine", "provider"}
    asked = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in {"clock", "monotonic", "localtime", "gmtime"}
        or (node.func.attr in {"now", "utcnow", "today", "time"} and ast.unparse(node.func.value) in CLOCKS)
    ]

    assert asked == []


def test_a_command_with_more_than_three_options_takes_them_as_one_typed_object() -> None:
    """So that mypy sees what a command passes on: ``cli`` knows no Any."""
    loose, untyped = [], []
    for file in sorted((PACKAGE / "cli").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Name) and node.id == "Any":
                untyped.append(f"{file.name}:{node.lineno}")
            if isinstance(node, FUNCTIONS) and any(".command(" in ast.unparse(each) for each in node.decorator_list):
                given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                loose += [f"{file.name}:{node.lineno} {node.name}"] if len(given) > 3 else []

    assert loose == []
    assert untyped == []
