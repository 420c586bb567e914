"""The digest of a saved plan as a person writes it: in full, or its first twelve characters at least."""

import re

SCHEME = "sha256:"
WRITTEN = re.compile(rf"(?:{SCHEME})?[0-9a-f]{{12,64}}")
"""Twelve characters are 48 bits: no other plan of a review has them by chance."""


def is_digest(text: str) -> bool:
    """Whether the text can name a plan: ``sha256:`` may be left out, and so may the end."""
    return WRITTEN.fullmatch(text) is not None


def is_of(text: str, digest: str) -> bool:
    """Whether the text names the plan with this digest."""
    return is_digest(text) and digest.removeprefix(SCHEME).startswith(text.removeprefix(SCHEME))
