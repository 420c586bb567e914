"""A secret is found in every form that another program may have written it in."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest

from reconciler.provider.http.redaction import ESCAPES, Redaction, _escapes

SECRET = "q&x<j>\"z'v/k\\w=ü€ 😀+%"
FORMS = {
    "as it is": SECRET,
    "HTML": html.escape(SECRET),
    "HTML, numbered": "".join(f"&#{ord(each)};" for each in SECRET),
    "HTML, in hexadecimal": "".join(f"&#x{ord(each):X};" for each in SECRET),
    "XML": html.escape(SECRET).replace("&#x27;", "&apos;"),
    "HTML, named": html.escape(SECRET).replace("ü", "&uuml;").replace("€", "&euro;"),
    "JSON": json.dumps(SECRET)[1:-1],
    "JSON, not ASCII": json.dumps(SECRET, ensure_ascii=False)[1:-1],
    "JSON with slashes escaped": json.dumps(SECRET)[1:-1].replace("/", "\\/"),
    "URL": quote(SECRET),
    "URL, all of it": quote(SECRET, safe=""),
    "form": quote_plus(SECRET),
    "URL, twice": quote(quote(SECRET, safe=""), safe=""),
    "URL in HTML": html.escape(quote(SECRET)),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_secret_is_found_in_any_form(form: str) -> None:
    redaction = Redaction()
    redaction.hide(SECRET)
    assert redaction.text(f"before {form} after") == "before *** after"
    assert redaction.json({form: [form, 1, None]}) == {"***": ["***", 1, None]}


def test_what_is_no_secret_stays() -> None:
    redaction = Redaction()
    redaction.hide("sandbox")
    redaction.hide("long-enough")
    assert redaction.text("the sandbox is long enough") == "the sandbox is long enough"
    assert redaction.json({"amount": 1, "name": "x"}) == {"amount": 1, "name": "x"}


def test_a_text_without_an_escape_is_searched_for_the_plain_forms() -> None:
    redaction = Redaction()
    redaction.hide("canary-of-4711")
    coded = base64.b64encode(b"canary-of-4711").decode().rstrip("=")
    assert redaction.text("sent: canary-of-4711.") == "sent: ***."
    assert redaction.text(f"Basic {coded}=") == "Basic ***="
    assert redaction.text("canary-of-4712") == "canary-of-4712"


def test_each_escaped_form_begins_with_a_known_escape() -> None:
    for character in [*map(chr, range(32, 0x250)), "€", "😀"]:
        *escaped, _ = _escapes(character)
        assert all(form.startswith(ESCAPES) for form in escaped)
