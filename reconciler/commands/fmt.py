"""Write resource files in canonical form, all files or none, without changing their meaning."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.commands import atomic_files
from reconciler.config import loader
from reconciler.config.canonical_form import format_text
from reconciler.config.loader import LoadResult
from reconciler.engine.validate import validate
from reconciler.model import Problem, Run, error


class FormatResult(Struct, frozen=True):
    """Files that are not in canonical form, with their new texts."""

    run: Run
    texts: Mapping[str, bytes] = field(default_factory=dict)
    written: bool = False


def plan_format(loaded: LoadResult, paths: Sequence[str], now: datetime) -> FormatResult:
    """Return the changes of the files. Files with validation errors are unchanged."""
    before = validate(loaded, now)
    if loaded.project is None or before.failed:
        return FormatResult(before)
    texts: dict[str, bytes] = {}
    for file, document in loaded.documents.items():
        text = document.text.decode("utf-8")
        mark = "\ufeff" if text.startswith("\ufeff") else ""
        formatted = (mark + format_text(text.removeprefix(mark), loaded.project.kinds)).encode()
        if formatted != document.text:
            texts[file] = formatted
    run = Run("validate", loaded.project.name)
    after = loader.load(paths, texts) if texts else loaded
    if after.failed or after.desired != loaded.desired:
        return FormatResult(replace(run, problems=(_unequal(loaded, after),)))
    return FormatResult(run, texts)


def write(loaded: LoadResult, planned: FormatResult) -> FormatResult:
    """Write all files or none; a problem that prevents it is in the result."""
    contents = {Path(file): text for file, text in planned.texts.items()}
    before = {Path(file): loaded.documents[file].text for file in planned.texts}
    trouble = atomic_files.write_together(contents, before)
    if trouble is None:
        return replace(planned, written=True)
    return replace(planned, run=replace(planned.run, problems=(*planned.run.problems, trouble)))


def _unequal(before: LoadResult, after: LoadResult) -> Problem:
    """Return an error with the first resource whose meaning would change."""
    known = {each.address: each for each in before.desired}
    changed = next((each for each in after.desired if known.get(each.address) != each), None)
    hint = "no file was changed; please report this with the file"
    message = "the canonical form of a file would mean something else"
    return error("not-edited", message, address=changed.address if changed else None, hint=hint)
