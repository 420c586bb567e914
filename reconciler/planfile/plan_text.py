"""Text and digest of a plan file, entry by entry, so that a large plan is held in memory only once."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from reconciler.planfile.digest import SCHEME, digest_of

Shape = dict[str, Any]


def write(head: Shape, lists: Mapping[str, Sequence[Any]], shape_of: Any) -> tuple[list[bytes], str]:
    """Return the parts of the text, indented by two spaces, and the digest of the content.

    ``head`` is the content with these lists empty; ``shape_of`` returns an entry of them as JSON.
    """
    try:
        return _write(head, lists, shape_of)
    except TypeError:  # an integer of more than 64 bits, or a lone surrogate
        whole = {name: [shape_of(each) for each in lists[name]] if name in lists else head[name] for name in head}
        digest = digest_of(whole)
        return [json.dumps({"digest": digest, **whole}, indent=2).encode() + b"\n"], digest


def _write(head: Shape, lists: Mapping[str, Sequence[Any]], shape_of: Any) -> tuple[list[bytes], str]:
    hashed = hashlib.sha256()
    texts: dict[str, list[bytes]] = {}
    for number, name in enumerate(sorted(head)):
        hashed.update(b"%b%b:" % (b"," if number else b"{", orjson.dumps(name)))
        if name in lists:
            texts[name] = _entries((shape_of(each) for each in lists[name]), hashed)
        else:
            hashed.update(orjson.dumps(head[name], option=orjson.OPT_SORT_KEYS))
            texts[name] = [_indent(head[name], b"\n  ")]
    hashed.update(b"}")
    digest = f"{SCHEME}{hashed.hexdigest()}"
    parts = [b'{\n  "digest": %b' % orjson.dumps(digest)]
    for name in head:
        parts += (b",\n  %b: " % orjson.dumps(name), *texts[name])
    return [*parts, b"\n}\n"], digest


def _entries(shapes: Iterable[Any], hashed: Any) -> list[bytes]:
    """Return the text of a list, and add its compact form to a hash."""
    texts = [b"["]
    hashed.update(b"[")
    for number, each in enumerate(shapes):
        hashed.update(b"%b%b" % (b"," if number else b"", orjson.dumps(each, option=orjson.OPT_SORT_KEYS)))
        texts.append(b"%b\n    %b" % (b"," if number else b"", _indent(each, b"\n    ")))
    hashed.update(b"]")
    return [*texts, b"\n  ]" if len(texts) > 1 else b"]"]


def _indent(shape: Any, line: bytes) -> bytes:
    return orjson.dumps(shape, option=orjson.OPT_INDENT_2).replace(b"\n", line)  # no text holds a line end as such
