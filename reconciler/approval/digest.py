"""The digest of a plan file's content: white space and the order of keys do not count."""

import hashlib
import json
from typing import Any

import orjson


def digest_of(content: dict[str, Any]) -> str:
    """Return the hash of the content as compact JSON in UTF-8, its keys sorted."""
    try:
        canonical = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer of more than 64 bits, or half of a pair of surrogates
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        canonical = text.encode(errors="surrogatepass")
    return f"sha256:{hashlib.sha256(canonical).hexdigest()}"
