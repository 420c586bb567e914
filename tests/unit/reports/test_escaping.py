"""Whatever a name says, it stays a name: in no format does text from outside do anything."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.model.text import sanitize
from reconciler.reports import FORMATS, RenderOptions
from reconciler.reports.markdown_page import block, cell, code, slug

from .runs import HOSTILE, drifting, hostile

LAW = settings(max_examples=30, deadline=None)

NASTY = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=8)), max_size=4).map("".join)
"""Hostile fragments, whole and glued to each other and to any letters."""
ALL = " ".join(HOSTILE)


def command(line: str) -> tuple[str, dict[str, str], str] | None:
    """A copy of the runner's rules: ``::name key=value::data`` at the beginning, or ``##[name]data`` anywhere."""
    trimmed = line.lstrip()
    if trimmed.startswith("::") and "::" in trimmed[2:]:
        head, _, data = trimmed[2:].partition("::")
        name, _, words = head.partition(" ")
        return name, dict(word.split("=", 1) for word in words.split(",") if "=" in word), data
    old = re.search(r"##\[([^\] ]+)[^\]]*\]", line)
    return (old[1], {}, "") if old else None


@pytest.mark.parametrize("form", FORMATS)
@LAW
@given(text=NASTY)
@example(text=ALL)
def test_nothing_hides_and_nothing_moves_the_cursor(form, text):
    told = FORMATS[form](hostile(text), RenderOptions()) + FORMATS[form](drifting(text), RenderOptions())
    assert all(letter == "\n" or letter.isprintable() for letter in told)
    told.encode()


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "github"])
@LAW
@given(text=NASTY)
@example(text=ALL)
def test_no_format_says_a_word_to_the_runner(form, text):
    told = FORMATS[form](hostile(text), RenderOptions()) + FORMATS[form](drifting(text), RenderOptions())
    assert [line for line in told.splitlines() if command(line)] == []


@LAW
@given(text=NASTY)
@example(text=ALL)
def test_github_hears_our_commands_only(text):
    heard, stopped = [], None
    for line in FORMATS["github"](hostile(text), RenderOptions()).split("\n"):
        found = command(line)
        if stopped:
            stopped = None if found and found[0] == stopped else stopped
        elif found and found[0] == "stop-commands":
            stopped = found[2]
        elif found:
            heard.append(found)
    assert stopped is None
    assert {name for name, _, _ in heard} == {"error"}
    _, words, data = heard[0]
    assert set(words) == {"title", "file", "line", "col", "endLine", "endColumn"}
    undone = words["file"].replace("%2C", ",").replace("%3A", ":").replace("%25", "%")
    assert undone == sanitize(f"ads/{text}.yaml")
    said = data.replace("%0A", "\n").replace("%25", "%")
    assert said.startswith("adSets.")
    assert sanitize(f"the API said: {text}")[:500] in said


@LAW
@given(text=NASTY)
@example(text=ALL)
def test_json_gives_back_every_letter(text):
    shape = json.loads(FORMATS["json"](hostile(text), RenderOptions()))
    assert shape["project"] == text
    assert shape["resource_changes"][0]["fields"][0]["before"] == text


class Page(HTMLParser):
    """All tags, all their attributes, and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.said = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.said += data


TAGS = set(Page(FORMATS["html"](hostile("x"), RenderOptions())).tags)
LOOK = Page(FORMATS["html"](drifting("x"), RenderOptions()))
ATTRIBUTES = set(Page(FORMATS["html"](hostile("x"), RenderOptions())).attributes)


@LAW
@given(text=NASTY)
@example(text=ALL)
def test_html_holds_the_same_tags_whatever_is_said_in_it(text):
    page = Page(FORMATS["html"](hostile(text), RenderOptions()))
    assert page.tags == TAGS
    assert page.attributes == ATTRIBUTES
    assert not {"script", "img", "link", "iframe", "object", "a", "base", "form"} & page.tags
    assert not {"src", "href", "onload", "onclick", "srcset", "style"} & page.attributes
    assert sanitize(f"the API said: {text}") in page.said
    look = Page(FORMATS["html"](drifting(text), RenderOptions()))
    assert look.tags | look.attributes == LOOK.tags | LOOK.attributes
    assert look.tags | look.attributes <= page.tags | page.attributes


@LAW
@given(text=NASTY)
@example(text=ALL)
def test_xml_and_sarif_are_whole(text):
    suite = ElementTree.fromstring(FORMATS["junit"](hostile(text), RenderOptions()))
    assert {case.get("name") for case in suite.iter("testcase")} >= {sanitize(f"adSets.{text or 'empty'}")}
    result = json.loads(FORMATS["sarif"](hostile(text), RenderOptions()))["runs"][0]["results"][0]
    assert "](" not in result["message"]["text"]
    assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])


OURS = r"<!-- reconciler:apply project=[\w.-]* -->|</?(details|summary)>.*"

# --- Markdown ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("run", "width"), [(hostile, {4, 5}), (drifting, {3, 7})], ids=["apply", "drift"])
@LAW
@given(text=NASTY)
@example(text=ALL)
def test_markdown_holds_code_and_our_own_words_only(run, width, text):
    """No link, image, tag or mention but our own, and every row has as many cells as its head."""
    markdown_it = pytest.importorskip("markdown_it")
    renderer = markdown_it.MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    report = FORMATS["markdown"](run(text), RenderOptions())
    cells = []
    for token in renderer.parse(report):
        if token.type == "html_block":
            assert re.fullmatch(
                r"<!-- reconciler:(apply|drift) project=[\w.-]* -->\n?|</?(details|summary)>.*",
                token.content.strip(),
                re.S,
            )
        if token.type == "tr_open":
            cells.append(0)
        if token.type in ("td_open", "th_open"):
            cells[-1] += 1
        for part in token.children or ():
            assert part.type in ("text", "code_inline", "softbreak", "strong_open", "strong_close", "html_inline"), part
            if part.type == "html_inline":
                assert part.content == "<br>"
            if part.type == "text":
                assert not re.search(r"[@#]\w|https?:|evil|script|mask", part.content), part
    assert set(cells) <= width


@LAW
@given(text=NASTY)
def test_a_code_span_shows_exactly_the_text(text):
    markdown_it = pytest.importorskip("markdown_it")
    renderer = markdown_it.MarkdownIt("commonmark").enable("table")
    shown = renderer.parse(f"- {code(text, 400)}")[3].children
    assert [part.type for part in shown] == ["code_inline"]
    if sanitize(text).strip():
        assert shown[0].content in (sanitize(text)[:400], sanitize(text)[1:-1], sanitize(text)[:399] + "…")
    table = renderer.parse(f"| a | b |\n|---|---|\n| {cell(text, 400)} | x |")
    assert sum(token.type == "td_open" for token in table) == 2


@LAW
@given(names=st.lists(NASTY, max_size=3, unique=True))
def test_a_tag_cannot_be_closed_and_tells_projects_apart(names):
    tags = [slug(name) for name in names]
    assert all(re.fullmatch(r"[\w.]*(-[\w.]+)*", tag, re.A) for tag in tags)
    assert len(set(tags)) == len(tags)


@LAW
@given(lines=st.lists(NASTY.map(sanitize)))
def test_a_code_block_ends_where_it_should(lines):
    markdown_it = pytest.importorskip("markdown_it")
    fence, held, end = block(lines)
    tokens = markdown_it.MarkdownIt("commonmark").parse("\n".join([fence, *held, end, "", "after"]))
    assert [token.type for token in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]
