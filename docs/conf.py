"""How Sphinx builds this folder: plain Markdown, no network; a warning, and so a dead link, is an error."""

import re
from pathlib import Path

from pygments.lexer import RegexLexer, bygroups
from pygments.token import Generic

import reconciler

project = "reconciler"
author = "the reconciler authors"
copyright = author
version = release = reconciler.__version__

extensions = ["myst_parser"]
exclude_patterns = ["generate"]
myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]
suppress_warnings = ["misc.highlighting_failure"]  # an excerpt of YAML or JSON need not be a whole document

html_theme = "furo"
html_title = "reconciler"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}
pygments_style = "friendly"
pygments_dark_style = "monokai"

DOCS = Path(__file__).resolve().parent
LINK = re.compile(r"\[([^]]+)]\((\.\./[^)#]+)\)")


class Console(RegexLexer):
    """What is typed after a dollar, and what is said; a line of output may begin with anything."""

    tokens = {"root": [(r"^(\$ )(.*\n)", bygroups(Generic.Prompt, Generic.Strong)), (r".*\n", Generic.Output)]}  # noqa: RUF012


def setup(app):
    app.connect("source-read", _only_named)
    app.add_lexer("console", Console)


def _only_named(app, name, source):
    """What a page links to beside ``docs/`` is in the repository and not on the site: there it is named, not linked.

    A link that leads nowhere stays one, and fails the build.
    """

    def named(link):
        target = ((DOCS / name).parent / link[2]).resolve()
        return link[1] if target.exists() and DOCS not in target.parents else link[0]

    source[0] = LINK.sub(named, source[0])
