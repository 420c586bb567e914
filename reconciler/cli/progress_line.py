"""Progress on stderr: one line of a terminal, redrawn and removed at the end, or a line in a log now and then."""

import os
import threading
import time
from collections.abc import Callable
from typing import TextIO

from reconciler.engine.progress import Activity, Line, LongWait
from reconciler.model.text import sanitize

LOG_EVERY = 30.0
"""Seconds between two lines about the same work in a log."""
DRAW_EVERY = 0.1
"""Seconds between two drawings."""
PATIENCE = 0.3
"""Seconds of work before the first drawing: what is quick shows nothing, and does not import rich."""
BAR = 24
ERASE = "\r\x1b[K"


class ProgressLine:
    """Progress on one stream. Thread-safe."""

    def __init__(
        self, stream: TextIO, *, terminal: bool | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.stream = stream
        self._now = now
        self._lock = threading.RLock()
        self._begun = now()
        self._told = self._begun
        self._last: Activity | None = None
        self.is_drawn = False
        # A dumb terminal cannot erase a line.
        self.is_terminal = can_erase(stream) if terminal is None else terminal

    def show(self, line: Line) -> None:
        """Show a line: of an activity the newest state, at most so often; of a long wait each."""
        with self._lock:
            if not self.is_terminal:
                self._log(line)
            elif isinstance(line, LongWait) or self._is_due(line):
                self._draw(line)

    def clear(self) -> None:
        """Remove the line. The time of the next work is counted from its start."""
        with self._lock:
            if self.is_drawn:
                self.stream.write(ERASE)
                self.stream.flush()
            self.is_drawn, self._last, self._begun = False, None, self._now()
            if self.is_terminal:
                self._told = self._begun

    def _log(self, line: Line) -> None:
        now = self._now()
        if isinstance(line, LongWait) or (isinstance(line, Activity) and now - self._told >= LOG_EVERY):
            self._told = now
            self.stream.write(f"{sanitize(line)}\n")
            self.stream.flush()

    def _is_due(self, line: Line) -> bool:
        now, last = self._now(), self._last
        if not self.is_drawn and now - self._begun < PATIENCE:
            return False
        other = not isinstance(line, Activity) or last is None or line.what != last.what or line.is_complete
        return other or now - self._told >= DRAW_EVERY

    def _draw(self, line: Line) -> None:
        self._told = self._now()
        self._last = line if isinstance(line, Activity) else None
        self.stream.write(f"{ERASE}{_format_line(line, self.stream)}")
        self.stream.flush()
        self.is_drawn = True


def can_erase(stream: TextIO) -> bool:
    """Return True if the stream is a terminal that understands how to erase a line."""
    return stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb", "unknown")


def _format_line(line: Line, stream: TextIO) -> str:
    """Return one line, no wider than the terminal, with a bar if it is known how much there is to do.

    Texts are no markup, and what cannot be printed is escaped.
    """
    from rich.console import Console
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    console = Console(file=stream, force_terminal=True, markup=False, highlight=False, emoji=False)
    console.width = max(console.width - 1, 1)  # a letter in the last column would wrap
    row = Table.grid(padding=(0, 1))
    if isinstance(line, Activity):
        bar = [ProgressBar(line.total, line.done, BAR)] if line.total and console.width > 3 * BAR else []
        facts = ", ".join(line.facts)
        row.add_row(Text(sanitize(line.what)), *bar, Text(sanitize(facts), no_wrap=True, overflow="ellipsis"))
    else:
        row.add_row(Text(sanitize(line), no_wrap=True, overflow="ellipsis"))
    with console.capture() as drawn:
        console.print(row, no_wrap=True, overflow="ellipsis", crop=True)
    return drawn.get().split("\n")[0].rstrip(" ")
