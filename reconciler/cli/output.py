"""Output of a command: streams that never raise, in an encoding that any terminal can show.

If the reader goes away or the disk is full, the rest of the output is lost, but work that was begun is finished.
Characters that the encoding lacks are spelt with others.
"""

import codecs
import errno
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOBase
from typing import TextIO

READABLE = "reconciler-readable"
SPELT = {
    "…": "...",
    "→": "->",
    "←": "<-",
    "×": "x",
    "·": "-",
    "–": "-",
    "—": "-",
    "−": "-",
    "±": "+/-",
    "≤": "<=",
    "≥": ">=",
    "≈": "~",
    "✓": "ok",
    "✗": "x",
    "•": "*",
    "§": "section ",
    "─": "-",
    "├": "|",
    "└": "`",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "\u00a0": " ",
    "\u202f": " ",
    "\ufffd": "?",
}
JSON_FORMS = frozenset({"json", "json-stream", "sarif", "codequality", "gitlab"})
MARKUP_FORMS = frozenset({"html", "junit"})
GONE = frozenset({errno.EPIPE, errno.ECONNRESET, errno.ESHUTDOWN})


class Output(TextIOBase):
    """A stream that never raises. Thread-safe. It has no ``buffer``, so that all output passes through it."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._lock = threading.RLock()
        self.trouble: OSError | None = None
        """Error by which the output, or the rest of it, was lost."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Encoding of the underlying stream."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        """Error handling of the encoding; unused, since unencodable characters are replaced before."""
        return "strict"

    @property
    def has_reader(self) -> bool:
        """True if everything printed so far has arrived."""
        return self.trouble is None

    @property
    def is_lost(self) -> bool:
        """True if a part is lost that a reader still expects; one that closed the pipe does not."""
        return self.trouble is not None and self.trouble.errno not in GONE

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        with self._lock, self._keep_error():
            self._stream.write(readable(text, self.encoding))
        return len(text)

    def flush(self) -> None:
        with self._lock, self._keep_error():
            self._stream.flush()

    @contextmanager
    def _keep_error(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as trouble:  # a ValueError means that the stream is closed
            if self.trouble is None:
                self.trouble = trouble if isinstance(trouble, OSError) else OSError(errno.EPIPE, str(trouble))
            self._drain()

    def release(self, nowhere: TextIO) -> None:
        """Let go of the stream: Click keeps every stream that it has seen, and with it all that was printed."""
        self._stream = nowhere

    def _drain(self) -> None:
        """Discard what is still buffered, so that the exit of the process does not raise the error again."""
        with suppress(OSError, ValueError):
            target = self._stream.fileno()  # raises for a closed stream: nothing is to be opened then
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, target)
            os.close(nowhere)
            self._stream.flush()


@contextmanager
def guard_streams() -> Iterator[None]:
    """Replace stdout and stderr by guard_streams streams, also if a stream is closed."""
    before = sys.stdout, sys.stderr
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        sys.stdout, sys.stderr = (Output(stream or nowhere) for stream in before)
        try:
            yield
        finally:
            for guarded in (sys.stdout, sys.stderr):
                guarded.flush()
                if isinstance(guarded, Output):
                    guarded.release(nowhere)
            sys.stdout, sys.stderr = before


def has_reader() -> bool:
    """Return True if everything printed so far has arrived."""
    return not isinstance(sys.stdout, Output) or sys.stdout.has_reader


def is_lost() -> bool:
    """Return True if an expected report is lost, by a full disk for example; print the reason on stderr."""
    if not isinstance(sys.stdout, Output) or not sys.stdout.is_lost:
        return False
    trouble = sys.stdout.trouble
    sys.stderr.write(f"What was printed is not complete: {trouble.strerror or trouble}\n" if trouble else "")
    return True


def readable(text: str, encoding: str) -> str:
    """Return a text in which characters that the encoding lacks are spelt with others."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode(encoding, READABLE).decode(encoding)
    return text


def escape_report(text: str, form: str, encoding: str) -> str:
    """Return a report for programs with characters escaped, so that it is valid in any encoding."""
    if codecs.lookup(encoding).name == "utf-8" or text.isascii():
        return text
    if form in JSON_FORMS:
        return re.sub(r"[^\x00-\x7f]", _json_escape, text)
    if form in MARKUP_FORMS:
        return text.encode("ascii", "xmlcharrefreplace").decode("ascii")
    return text


def _json_escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _spell(trouble: UnicodeError) -> tuple[str, int]:
    assert isinstance(trouble, UnicodeEncodeError)
    outside = trouble.object[trouble.start : trouble.end]
    spelt = "".join(SPELT.get(each) or each.encode("ascii", "backslashreplace").decode("ascii") for each in outside)
    return spelt, trouble.end


codecs.register_error(READABLE, _spell)
