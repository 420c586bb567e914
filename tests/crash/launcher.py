"""The real command line in a process that kills itself: ``launcher.py NUMBER NOTE COMMAND… [--then COMMAND…]``.

At the boundary of that number, counted from 1, it writes where it is to the file NOTE and dies by SIGKILL; number 0
never comes, and the file then holds how many there were, and how each command ended. Pauses between two looks are cut.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from reconciler import cli
from reconciler.engine import apply
from reconciler.executor import evidence
from tests.crash import boundaries


def main(number: int, note: Path, commands: list[list[str]]) -> None:
    met, turn = 0, threading.Lock()

    def point(boundary: str, operation: str) -> None:
        nonlocal met
        with turn:
            met += 1
            if met == number:
                note.write_text(f"{boundary}\t{operation}")
                os.kill(os.getpid(), signal.SIGKILL)

    boundaries.install(point, waits=True)
    evidence.list_pauses = lambda look_for: iter((0.0, 0.02, 0.02))  # type: ignore[assignment]
    apply.LOOKS = tuple(0.02 * bool(pause) for pause in apply.LOOKS)
    codes = []
    for command in commands:
        try:
            cli.main(command)
        except SystemExit as ended:
            codes.append(str(ended.code))
    note.write_text(f"{met}\t{' '.join(codes)}")
    sys.exit(int(codes[0]))


if __name__ == "__main__":
    words = sys.argv[3:]
    cut = words.index("--then") if "--then" in words else len(words)
    main(int(sys.argv[1]), Path(sys.argv[2]), [part for part in (words[:cut], words[cut + 1 :]) if part])
