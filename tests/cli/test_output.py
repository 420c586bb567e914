"""The output of every command: in any encoding, on a full disk, and with a reader that goes away."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from msgspec import json as fast_json

from reconciler.cli import main, terminal
from reconciler.cli.output import JSON_FORMS, SPELT, Output, escape_report, readable
from reconciler.reports import FORMATS

from ..support.commands import reconciler

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart"
ENCODINGS = (
    "cp1252",
    "ascii",
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("utf-8", "cp850", "latin-1")),
)
NAME = "Été – 夏 😀 „x“ →"
FULL = Path("/dev/full")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The quickstart, with a name that few encodings have."""
    folder = tmp_path / "shop"
    shutil.copytree(QUICKSTART, folder, ignore=shutil.ignore_patterns(".reconciler"))
    ads = folder / "ads" / "prospecting.yaml"
    ads.write_text(ads.read_text(encoding="utf-8").replace("DE prospecting", NAME), encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


class Full(io.RawIOBase):
    """A device without room, or with a reader that has gone, after so many bytes."""

    def __init__(self, room: int, trouble: type[OSError] | OSError) -> None:
        super().__init__()
        self.room, self.trouble = room, trouble

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        size = len(bytes(data))  # type: ignore[call-overload]
        self.room -= size
        if self.room < 0:
            raise self.trouble
        return size


def run(*words: str, encoding: str = "utf-8", raw: io.RawIOBase | None = None) -> tuple[int, bytes, bytes]:
    """The exit code and the bytes of a command, of which stdout and stderr have this encoding."""
    outs = [raw or io.BytesIO(), io.BytesIO()]
    streams = [io.TextIOWrapper(each, encoding=encoding, write_through=True) for each in outs]  # type: ignore[type-var]
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = streams
    try:
        main(words)
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        sys.stdout, sys.stderr = before
    printed = [each.getvalue() if isinstance(each, io.BytesIO) else b"" for each in outs]
    for stream in streams:
        with pytest.MonkeyPatch.context():
            stream.detach()
    return code, *printed  # type: ignore[return-value]


REPORTS = (
    ("validate",),
    ("plan", "--sandbox"),
    ("drift", "--sandbox"),
    ("apply", "--sandbox", "--auto-approve"),
    ("rollback", "last", "--sandbox"),
    ("plan", "--sandbox", "--target", "nothing.*"),
)
OTHERS = (
    ("import", "--sandbox", "--format", "text", "--out", "imported"),
    ("import", "--sandbox", "--format", "json", "--out", "imported"),
    ("doctor", "--sandbox", "--format", "text"),
    ("doctor", "--sandbox", "--format", "json"),
    ("ledger", "runs", "--sandbox"),
    ("ledger", "resources", "--sandbox"),
    ("explain", "fixed-field"),
    ("version",),
    ("version", "--json"),
    ("completion", "bash"),
    ("init", "new→"),
    ("schema", "--out", "schémas→"),
    ("--help",),
    ("plan", "--help"),
    ("plan", "--sandbx"),
    ("nothing→",),
)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("form", FORMATS)
def test_every_report_is_readable_in_every_encoding(encoding: str, form: str, shop: Path) -> None:
    for words in REPORTS:
        code, out, err = run(*words, "--format", form, encoding=encoding)
        shown = out.decode(encoding)
        assert code in (0, 1, 2, 3), words  # 3: the rollback would start an ad set without a cap, which is refused
        assert "Traceback" not in shown + err.decode(encoding)
        if form == "json-stream":
            assert all(json.loads(line) for line in shown.splitlines())
        elif form in JSON_FORMS:
            json.loads(shown)
        elif form == "junit":
            ElementTree.fromstring(out)
        if form in JSON_FORMS | {"html", "junit"} and encoding != "utf-8":
            assert out.isascii()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_other_command_is_readable_in_every_encoding(encoding: str, shop: Path) -> None:
    run("apply", "--sandbox", "--auto-approve")
    for words in OTHERS:
        code, out, err = run(*words, encoding=encoding)
        assert code in (0, 1, 2), words
        assert "Traceback" not in out.decode(encoding) + err.decode(encoding), words


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_means_the_same_in_every_encoding(encoding: str, shop: Path) -> None:
    _, expected, _ = run("plan", "--sandbox", "--format", "json")
    _, out, _ = run("plan", "--sandbox", "--format", "json", encoding=encoding)
    assert fast_json.decode(out) == fast_json.decode(expected)
    assert NAME in fast_json.decode(out).__repr__()


def test_what_an_encoding_does_not_have_is_spelt() -> None:
    assert readable("0.90 → 1.10 …", "ascii") == "0.90 -> 1.10 ..."
    assert readable("Été → 夏", "latin-1") == "Été -> \\u590f"
    assert readable("Été → 夏", "utf-8") == "Été → 夏"
    assert escape_report('{"a": "é😀"}', "json", "cp1252") == '{"a": "\\u00e9\\ud83d\\ude00"}'
    assert escape_report("<a>é😀</a>", "html", "ascii") == "<a>&#233;&#128512;</a>"


def test_every_character_of_our_own_has_a_spelling() -> None:
    """In the code of commands, reports and messages."""
    used = {
        letter
        for file in (Path(__file__).parents[2] / "reconciler").rglob("*.py")
        if "sandbox" not in file.parts
        for letter in file.read_text(encoding="utf-8")
        if not letter.isascii() and not unicodedata.category(letter).startswith("L")
    }
    assert used - SPELT.keys() == set()


# --- A reader that goes away, a full device ------------------------------------------------------------------


@pytest.mark.parametrize("room", [0, 300, 2000])
@pytest.mark.parametrize("form", ["text", "json", "json-stream"])
@pytest.mark.parametrize(
    ("trouble", "told"), [(BrokenPipeError(32, "Broken pipe"), False), (OSError(28, "No space left on device"), True)]
)
def test_an_apply_is_finished_and_its_code_tells_of_the_account(
    form: str, room: int, trouble: OSError, told: bool, shop: Path
) -> None:
    code, _, err = run("apply", "--sandbox", "--auto-approve", "--format", form, raw=Full(room, trouble))
    assert code == 0
    assert (b"No space left on device" in err) is told
    _, runs, _ = run("ledger", "runs", "--sandbox")
    assert b"exit code 0  7 calls" in runs
    assert b"not finished" not in runs
    assert run("plan", "--sandbox", "--detailed-exitcode")[0] == 0


@pytest.mark.parametrize(("trouble", "code"), [(BrokenPipeError(32, "x"), 2), (OSError(28, "No space left"), 1)])
def test_a_plan_that_is_lost_is_an_error_and_one_whose_reader_left_is_not(
    trouble: OSError, code: int, shop: Path
) -> None:
    assert run("plan", "--sandbox", "--detailed-exitcode", raw=Full(10, trouble))[0] == code


def test_a_plan_that_could_not_be_shown_is_not_approved(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = io.StringIO("yes\n")
    answers.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdin", answers)
    code, _, err = run("apply", "--sandbox", raw=Full(10, BrokenPipeError(32, "x")))
    assert code == 1
    assert b"Nothing was sent: the plan could not be shown." in err


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", [("--version",), ("--help",), ("validate",), ("completion", "bash"), ("version",)])
def test_a_full_device_is_said_by_the_code_and_one_line(words: tuple[str, ...], shop: Path) -> None:
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "reconciler", *words], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert done.stderr.count(b"\n") <= 1


def test_a_closed_output_ends_no_command(shop: Path) -> None:
    command = f"{sys.executable} -m reconciler validate >&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_closed_input_asks_nobody_and_is_no_approval(shop: Path) -> None:
    command = f"{sys.executable} -m reconciler apply --sandbox world.json <&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Error: no terminal to ask for approval: "), done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--out", "-"), "Invalid value for '--out': '-' is not a file: name one"),
        (("--report", "json=-"), "Invalid value for '--report': '-' is not a file: name one"),
        (("--out", "p.json", "--report", "json=./p.json"), "'./p.json' is named twice"),
        (("--report", "json=a.json", "--report", "html=a.json"), "'a.json' is named twice"),
    ],
)
def test_a_file_is_written_once_and_is_not_called_dash(words: tuple[str, ...], said: str, shop: Path) -> None:
    ended = reconciler("plan", "--sandbox", "world.json", *words, at=shop)

    assert (ended.code, ended.out) == (1, ""), ended.said
    assert said in ended.err
    assert not (shop / "world.json").exists()


@pytest.mark.parametrize(
    ("file", "cure"),
    [
        ("nowhere/plan.json", "make its folder first, or correct the path"),
        ("reconciler.yaml/plan.json", "a part of the path is a file: correct it"),
        ("/dev/full", "make room on the device, or name a file on another one"),
    ],
)
def test_a_file_that_cannot_be_written_says_what_cures_that(file: str, cure: str, shop: Path) -> None:
    if file.startswith("/dev") and not Path(file).exists():
        pytest.skip("there is no such device here")
    ended = reconciler("plan", "--sandbox", "world.json", "--out", file, at=shop)

    assert ended.code == 1
    assert f"hint: {cure}\n" in ended.out, ended.said


def test_threads_may_print_at_once_and_nothing_goes_past_the_guard() -> None:
    guard = Output(io.TextIOWrapper(Full(0, BrokenPipeError(32, "x")), encoding="utf-8"))  # type: ignore[type-var]
    assert not hasattr(guard, "buffer")
    for _ in range(3):
        guard.write("x" * 100_000)
        guard.flush()
    assert not guard.has_reader
    assert not guard.is_lost


# --- Colour and width ----------------------------------------------------------------------------------------


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": ""}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
    ],
)
def test_colour_is_asked_for_and_forbidden(
    environment: dict[str, str], coloured: bool, shop: Path, plain: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        plain.setenv(name, value)
    _, out, _ = run("plan", "--sandbox")
    assert (b"\x1b[" in out) is coloured
    _, out, _ = run("plan", "--sandbox", "--format", "json")
    assert b"\x1b[" not in out


@pytest.mark.parametrize(
    ("line", "colour"),
    [
        ("  + adSets.a", "green"),
        ("  ~ adSets.a", "yellow"),
        ("  - adSets.a", "red"),
        ("a.yaml:1:2: error[x]: no", "red"),
        ("error[x]: no", "red"),
        ("a.yaml:1:2: warning[x]: no", "yellow"),
        ("warning[x]: no", "yellow"),
        ("note[x]: no", None),
        ("  refused: decimalSlip (…), 1 problem", "red"),
        ("  passed: decimalSlip", None),
        ("  EUR per day  123.45 → 225.00  +101.55 (+82.3 %)", "yellow"),
        ("  EUR per day  225.00 → 123.45  -101.55", None),
        ("  EUR per week  700.00 → 700.00  unchanged", None),
        ("    plus without a cap  1 → 2  +1", "yellow"),
        ("    plus without a cap  2 → 1  -1", None),
    ],
)
def test_what_a_line_is_gives_its_colour(line: str, colour: str | None) -> None:
    assert terminal.colour_of(line) == colour


@pytest.mark.parametrize("columns", [40, 60, 80, 120, 200])
def test_help_and_plan_at_any_width(columns: int, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    code, out, _ = run("--help")
    assert code == 0
    own = [line for line in out.decode().splitlines() if not line.startswith("      ")]
    assert max(map(len, own)) <= max(columns, 50)  # the least that click takes
    assert run("plan", "--sandbox")[1] == run("plan", "--sandbox")[1]


def test_the_ledger_of_an_apply_into_head_is_complete(shop: Path) -> None:
    """The same with processes and a pipe."""
    command = f"{sys.executable} -m reconciler apply --sandbox --auto-approve --json-stream | head -1"
    subprocess.run(["sh", "-c", command], capture_output=True, check=True, env=os.environ)
    assert b"exit code 0  7 calls" in run("ledger", "runs", "--sandbox")[1]


# --- Windows -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["reconciler.__main__", "reconciler.cli.__main__"])
@pytest.mark.parametrize("words", [(), ("validate",), ("plan", "--sandbox"), ("--help",)])
def test_windows_is_refused_in_one_sentence(module: str, words: tuple[str, ...]) -> None:
    run_it = f"sys.argv[1:] = {list(words)}; runpy.run_module({module!r}, run_name='__main__')"
    code = f"import os, runpy, sys; os.name = 'nt'; {run_it}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    said = "reconciler runs on Linux and macOS; on Windows run it in WSL or a container.\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


def test_a_drift_of_files_that_are_wrong_says_that_nothing_was_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(QUICKSTART, tmp_path / "shop")
    monkeypatch.chdir(tmp_path / "shop")
    shutil.copytree("ads", "ads-again")

    with pytest.raises(SystemExit) as ended:
        main(["drift", "--sandbox"])

    assert ended.value.code == 1
    told = capsys.readouterr().out
    assert "error[duplicate-address]" in told
    assert told.endswith("Nothing was compared.\n")
    assert "as in the files" not in told


@pytest.mark.parametrize("words", [("ledger", "show", "last"), ("rollback", "last")])
def test_the_last_run_of_an_empty_ledger_is_not_called_a_name(words: tuple[str, ...], shop: Path) -> None:
    ended = reconciler(*words, "--sandbox", "world.json", at=shop)

    assert ended.code == 1
    assert ended.out.startswith("error[no-such-run]: the ledger has no run yet\n"), ended.said
