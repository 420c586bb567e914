"""Digest of a plan file's content, and its written form (in full, or its first twelve characters)."""

import hashlib
import json
import re
from typing import Any

import orjson

SCHEME = "sha256:"
WRITTEN = re.compile(rf"(?:{SCHEME})?[0-9a-f]{{12,64}}")
"""Written form of a digest. Twelve characters are 48 bits, enough to identify a plan."""


def digest_of(content: dict[str, Any]) -> str:
    """Return the SHA-256 of the content as compact UTF-8 JSON with sorted keys."""
    try:
        canonical = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer of more than 64 bits, or a lone surrogate
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        canonical = text.encode(errors="surrogatepass")
    return f"{SCHEME}{hashlib.sha256(canonical).hexdigest()}"


def is_digest(text: str) -> bool:
    """Return True if the text has the form of a digest, with or without ``sha256:``, possibly truncated."""
    return WRITTEN.fullmatch(text) is not None


def is_of(text: str, digest: str) -> bool:
    """Return True if the text identifies the plan with this digest."""
    return is_digest(text) and digest.removeprefix(SCHEME).startswith(text.removeprefix(SCHEME))
