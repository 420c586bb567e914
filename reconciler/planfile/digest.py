"""The digest of a plan file: of its content, and as a person writes it (in full, or its first twelve characters)."""

import hashlib
import json
import re
from typing import Any

import orjson

SCHEME = "sha256:"
WRITTEN = re.compile(rf"(?:{SCHEME})?[0-9a-f]{{12,64}}")
"""Twelve characters are 48 bits: no other plan of a review has them by chance."""


def digest_of(content: dict[str, Any]) -> str:
    """Return the hash of the content as compact JSON in UTF-8, its keys sorted."""
    try:
        canonical = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer of more than 64 bits, or half of a pair of surrogates
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        canonical = text.encode(errors="surrogatepass")
    return f"{SCHEME}{hashlib.sha256(canonical).hexdigest()}"


def is_digest(text: str) -> bool:
    """Whether the text can name a plan: ``sha256:`` may be left out, and so may the end."""
    return WRITTEN.fullmatch(text) is not None


def is_of(text: str, digest: str) -> bool:
    """Whether the text names the plan with this digest."""
    return is_digest(text) and digest.removeprefix(SCHEME).startswith(text.removeprefix(SCHEME))
