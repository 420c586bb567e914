"""Runs what depends on time at many dates and in many time zones: ``python tests/support/dates.py [--list]``.

Each line is a date and a zone, at which the tests with the marker ``dates`` run; the demo, the tutorial and the
guides run once, far ahead. The clock of each process is moved as `tests/support/clocks.py` says, and the
monotonic one is true.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[2]
CLOCK = ROOT / "tests" / "support" / "clock"
FAR = timedelta(days=400)
AT_ONCE = 2


@dataclass(frozen=True)
class Moment:
    """When, and where."""

    name: str
    at: datetime
    zone: str = "UTC"

    def __str__(self) -> str:
        local = self.at.astimezone(ZoneInfo(self.zone))
        return f"{local:%Y-%m-%d %H:%M %Z} ({self.zone}), {self.name}"


def moments(now: datetime) -> list[Moment]:
    """Return when and where to run: the days ahead, a leap day, the changes of the clock, the ends of the earth."""
    found = [Moment("now", now)]
    found += [Moment(f"in {days} days", now + timedelta(days=days)) for days in (1, 40, FAR.days)]
    found.append(Moment("a leap day", leap_day(now)))
    for zone in ("Europe/Paris", "America/New_York"):
        found += [
            Moment("ten seconds before the clock is changed", change - timedelta(seconds=10), zone)
            for change in changes(zone, now)
        ]
    return [*found, Moment("now", now, "Pacific/Pago_Pago"), Moment("now", now, "Pacific/Kiritimati")]


def leap_day(now: datetime) -> datetime:
    """Return noon of the next 29 February."""
    day = now.date() + timedelta(days=1)
    while (day.month, day.day) != (2, 29):
        day += timedelta(days=1)
    return datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=12)


def changes(zone: str, now: datetime) -> list[datetime]:
    """Return the next two instants at which the clock of a zone is changed, to the hour."""
    place, found = ZoneInfo(zone), list[datetime]()
    hour = now.replace(minute=0, second=0, microsecond=0)
    while len(found) < 2:
        after = hour + timedelta(hours=1)
        if hour.astimezone(place).utcoffset() != after.astimezone(place).utcoffset():
            found.append(after)
        hour = after
    return found


def environment(moment: Moment) -> dict[str, str]:
    """Return our environment, with the clock and the zone of that moment for each Python process."""
    ahead = moment.at.timestamp() - time.time()
    paths = [str(CLOCK), *filter(None, [os.environ.get("PYTHONPATH")])]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    moved = {"TEST_CLOCK_AHEAD": str(ahead), "PYTHONPATH": os.pathsep.join(paths), "TZ": moment.zone, "PATH": path}
    return {**os.environ, **moved}


def run_tests(moment: Moment, folder: str, files: Sequence[str], name: str = "tests", marker: str = "dates") -> bool:
    """Run the tests of the files that have the marker then and there."""
    words = ["-q", "-m", marker, "-p", "no:cacheprovider", "--no-header", f"--now={moment.at.isoformat()}"]
    command = [sys.executable, "-m", "pytest", *words, f"--basetemp={folder}", *files]
    return run(name, moment, {**os.environ, "TZ": moment.zone}, *command)


def run(name: str, moment: Moment, env: Mapping[str, str], *command: str) -> bool:
    """Run a command; show what it said if it failed."""
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    verdict = "passed" if done.returncode == 0 else "FAILED"
    sys.stdout.write(f"{verdict} in {time.monotonic() - began:3.0f} s  {name}: {moment}\n")
    if done.returncode:
        sys.stdout.write(done.stdout + done.stderr)
    sys.stdout.flush()
    return done.returncode == 0


def main() -> int:
    """Run everything, two moments at a time; 1 if anything failed."""
    now = datetime.now(UTC)
    wanted = moments(now)
    if "--list" in sys.argv:
        sys.stdout.write("".join(f"{each}\n" for each in wanted))
        return 0
    far = next(each for each in wanted if each.at == now + FAR)
    with tempfile.TemporaryDirectory() as empty, ThreadPoolExecutor(AT_ONCE) as pool:
        page = (sys.executable, "tests/support/follow.py", "docs/tutorial/index.md", str(Path(sys.executable).parent))
        files, env = marked(), environment(far)
        begun = [
            pool.submit(run, "the tutorial", far, env, *page),
            pool.submit(
                run_tests,
                far,
                f"{empty}/guides",
                ["tests/docs/test_how_to.py", "tests/docs/test_readme.py"],
                "guides",
                "",
            ),
            pool.submit(run, "make demo", far, env, "sh", "examples/quickstart/demo.sh"),
            *(pool.submit(run_tests, each, f"{empty}/{number}", files) for number, each in enumerate(wanted)),
        ]
        return int(not all(each.result() for each in begun))


def marked() -> list[str]:
    """Return the files that have tests with the marker: to collect all the others takes longer than to run these."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return [str(each.relative_to(ROOT)) for each in files if "pytest.mark.dates" in each.read_text(encoding="utf-8")]


if __name__ == "__main__":
    sys.exit(main())
