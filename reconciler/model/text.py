"""Check that a reason given by the user is visible text."""

import unicodedata

SEEN = "LNPS"
"""Unicode categories that count as visible: letters, numbers, punctuation, symbols (marks and spaces alone do not)."""
BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and a symbol that are drawn as nothing: fillers of Hangul, the empty cell of Braille."""


def is_reason(text: str) -> bool:
    """Return True if at least one character is visible."""
    return any(unicodedata.category(each)[0] in SEEN and each not in BLANK for each in text)
