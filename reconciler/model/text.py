"""A reason is text that a person can see."""

import unicodedata

SEEN = "LNPS"
"""Letters, numbers, punctuation and symbols; a mark, a space or a control character alone shows nothing."""
BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and a symbol by their category that are drawn as nothing: fillers of Hangul, the empty cell of Braille."""


def is_reason(text: str) -> bool:
    """Whether at least one character can be seen."""
    return any(unicodedata.category(each)[0] in SEEN and each not in BLANK for each in text)
