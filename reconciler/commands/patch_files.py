"""Changes of the files as a unified diff for ``git apply``."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from reconciler.commands import atomic_files, line_diff
from reconciler.commands.connection import CommandRefused, refused_run
from reconciler.config.yaml_document import Document

LINE = re.compile(r"[^\n]*\n|[^\n]+")


def unified_diff(documents: Mapping[str, Document], texts: Mapping[str, bytes]) -> str:
    """Return the difference between the files as they were read and these texts."""
    return "".join(_diff_lines(documents, texts))


def save(patch: str, file: Path) -> None:
    """Write a patch, atomically. Raise :class:`CommandRefused` if it cannot be written."""
    try:
        atomic_files.write_atomically(file, patch.encode())
    except OSError as trouble:
        raise CommandRefused(refused_run(atomic_files.not_written_error(file, trouble))) from None


def _diff_lines(documents: Mapping[str, Document], texts: Mapping[str, bytes]) -> Iterator[str]:
    for file, text in texts.items():
        before, after = (_lines(each) for each in (documents[file].text, text))
        name = file.lstrip("/")
        for line in line_diff.unified_diff(before, after, f"a/{name}", f"b/{name}"):
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(text: bytes) -> Sequence[str]:
    """Return the lines, split at line feeds only, as in a patch."""
    return LINE.findall(text.decode())
