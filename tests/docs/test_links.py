"""No link of the documentation is dead: files, folders and headings. What is elsewhere is not fetched."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md"))
    if not any(part.startswith(".") for part in page.relative_to(ROOT).parts)
)


@cache
def anchors(page: Path) -> frozenset[str]:
    """What headings are called in a link: lower case, dashes for spaces, no marks."""
    tokens = MarkdownIt().parse(page.read_text(encoding="utf-8"))
    titles = [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]
    return frozenset(re.sub(r"[^\w\- ]", "", title.replace("`", "").lower()).replace(" ", "-") for title in titles)


def targets(page: Path) -> list[str]:
    tokens = MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8"))
    spans = [child for token in tokens for child in token.children or ()]
    found = [span.attrGet("href") or span.attrGet("src") for span in spans if span.type in ("link_open", "image")]
    return [str(each) for each in found if each and "://" not in str(each) and not str(each).startswith("mailto:")]


@pytest.mark.parametrize("folder", ["how-to", "explanation"])
def test_every_page_is_in_the_list_of_its_folder(folder: str) -> None:
    index = ROOT / "docs" / folder / "index.md"
    listed = targets(index)

    assert [page.name for page in index.parent.glob("*.md") if page != index and page.name not in listed] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = []
    for target in targets(page):
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            dead.append(target)

    assert dead == []
