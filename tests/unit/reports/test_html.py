"""The page needs nothing but itself, and a browser shows it without asking for anything."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from reconciler.reports import FORMATS, RenderOptions
from reconciler.reports.html_style import CSS

from .runs import TELLING

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
)
OUTSIDE = ("src", "href", "srcset", "action", "data", "style")


class Outline(HTMLParser):
    """What refers to something outside, and whether every tag that opens closes."""

    VOID = ("meta", "br", "wbr", "rect")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[tuple[str, str]] = []
        self.policy = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)
        self.outside += [
            (tag, name) for name, _ in attrs if name in ("src", "href", "srcset", "action", "data", "style")
        ]
        if tag in ("script", "link", "img", "iframe", "object", "embed", "base", "form"):
            self.outside.append((tag, ""))
        if dict(attrs).get("http-equiv") == "Content-Security-Policy":
            self.policy = str(dict(attrs)["content"])

    def handle_startendtag(self, tag, attrs):
        assert tag in self.VOID

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", TELLING)
def test_the_page_is_whole_and_refers_to_nothing(name):
    page = FORMATS["html"](TELLING[name], RenderOptions())
    outline = Outline(page)
    assert outline.open == []
    assert outline.outside == []
    assert "url(" not in page
    assert "@import" not in page


def test_its_policy_allows_its_own_style_and_nothing_else():
    page = FORMATS["html"](TELLING["small"], RenderOptions())
    policy = dict(part.strip().split(" ", 1) for part in Outline(page).policy.split(";"))
    digest = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
    assert policy.pop("style-src") == f"'sha256-{digest}'"
    assert set(policy) == {"default-src", "base-uri", "form-action"}
    assert set(policy.values()) == {"'none'"}
    assert re.findall(r"<style>(.*?)</style>", page, re.S) == [CSS]


def test_light_and_dark_paper_and_phone_are_thought_of():
    for query in ("prefers-color-scheme:dark", "max-width:40rem", "print"):
        assert f"@media {query}" in CSS or f"@media ({query})" in CSS


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize(("name", "size"), [("refused", "1200,1600"), ("hostile", "390,844")])
def test_a_browser_shows_it_and_asks_for_nothing(name, size, tmp_path):
    page, picture, log = (tmp_path / part for part in ("page.html", "page.png", "net.json"))
    page.write_text(FORMATS["html"](TELLING[name], RenderOptions()), encoding="utf-8")
    words = [f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={size}", f"--screenshot={picture}"]
    command = [str(CHROMIUM), *FLAGS, *words, f"--log-net-log={log}", page.as_uri()]
    subprocess.run(command, capture_output=True, timeout=120, check=True)
    assert picture.stat().st_size > 10_000
    events = json.loads(log.read_text(encoding="utf-8"))["events"]
    asked = {str(event["params"]["url"]) for event in events if "url" in event.get("params", {})}
    assert not {url for url in asked if "evil.example" in url or (url.startswith("file:") and url != page.as_uri())}
