"""A run, told: one format a file, each a function from a run to text. Only the CLI prints.

To add a format, write its file and name it in ``FORMATS``.
"""

from collections.abc import Callable, Mapping

from reconciler.model import Run
from reconciler.reports import codequality, github, gitlab, html, json, junit, markdown, sarif, stream, text
from reconciler.reports.words import Manner

Report = Callable[[Run, Manner], str]

FORMATS: Mapping[str, Report] = {
    "text": text.report,
    "json": json.report,
    "json-stream": stream.report,
    "markdown": markdown.report,
    "html": html.report,
    "github": github.report,
    "gitlab": gitlab.report,
    "codequality": codequality.report,
    "sarif": sarif.report,
    "junit": junit.report,
}

__all__ = ["FORMATS", "Manner", "Report"]
