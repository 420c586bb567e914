"""Reports: one format per file, each a function from a run to text. Only the CLI prints.

To add a format, write its file and name it in ``FORMATS``. A format is imported when it is requested.
"""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module

from reconciler.model import Run
from reconciler.reports.common import RenderOptions

Report = Callable[[Run, RenderOptions], str]


class _Formats(Mapping[str, Report]):
    """Report functions by format; the module has the format's name unless another is given."""

    def __init__(self, *names: str, **modules: str) -> None:
        self._modules = {name: modules.get(name.replace("-", "_"), name) for name in names}

    def __getitem__(self, name: str) -> Report:
        report: Report = import_module(f"reconciler.reports.{self._modules[name]}").report
        return report

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


FORMATS: Mapping[str, Report] = _Formats(
    "text",
    "json",
    "json-stream",
    "markdown",
    "html",
    "github",
    "gitlab",
    "codequality",
    "sarif",
    "junit",
    json_stream="stream",
)

__all__ = ["FORMATS", "RenderOptions", "Report"]
