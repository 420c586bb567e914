"""Unified diff of two long texts that differ in many places, in linear time.

``difflib`` alone compares every line with every line that is like it, and files of one tool consist of lines that are
alike: a thousand edits in one file take it 20 seconds. Lines that each text holds once divide the work here, so that
``difflib`` sees only the few lines between two of them.
"""

import difflib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

Block = tuple[int, int, int]
"""Offset in the text before, offset in the text after, and number of equal lines."""
FEW = 250_000
"""Pairs of lines up to which a stretch without a line of its own is compared; a longer one is replaced."""


def unified_diff(before: Sequence[str], after: Sequence[str], old: str, new: str) -> Iterator[str]:
    """Yield the lines of a unified diff between two texts of these names; nothing if they are equal."""
    matcher = _Matcher(None, before, after, autojunk=False)
    for number, hunk in enumerate(matcher.get_grouped_opcodes(3)):
        if not number:
            yield f"--- {old}\n"
            yield f"+++ {new}\n"
        (_, first, _, start, _), (_, _, last, _, end) = hunk[0], hunk[-1]
        yield f"@@ -{_range(first, last)} +{_range(start, end)} @@\n"
        for tag, i, to_i, j, to_j in hunk:
            if tag == "equal":
                yield from (f" {line}" for line in before[i:to_i])
                continue
            yield from (f"-{line}" for line in before[i:to_i])
            yield from (f"+{line}" for line in after[j:to_j])


def _range(start: int, end: int) -> str:
    count = end - start
    return str(start + 1) if count == 1 else f"{start + (count > 0)},{count}"


class _Matcher(difflib.SequenceMatcher[str]):
    """Matcher of ``difflib`` whose equal stretches are found between lines that occur once."""

    a: Sequence[str]
    b: Sequence[str]

    def get_matching_blocks(self) -> list[difflib.Match]:
        """Return the equal stretches of both texts, and an empty one at their end."""
        size = len(self.a), len(self.b)
        blocks, i, j = list[Block](), 0, 0
        for to_i, to_j in (*_anchors(self.a, self.b), size):
            blocks += ((i + di, j + dj, count) for di, dj, count in _match_between(self.a[i:to_i], self.b[j:to_j]))
            blocks.append((to_i, to_j, 1))
            i, j = to_i + 1, to_j + 1
        blocks.pop()
        return [*(difflib.Match(*each) for each in _join_blocks(blocks)), difflib.Match(*size, 0)]


def _anchors(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """Return the offsets of lines that both texts hold once: the longest sequence that both have in one order."""
    once, twice = Counter(before), Counter(after)
    places = {line: place for place, line in enumerate(before) if once[line] == 1}
    lowest: list[int] = []  # lowest offset before at which a sequence of this length ends
    ends: list[int] = []  # the pair that ends it
    pairs: list[tuple[int, int, int]] = []  # with the pair before it
    for place, line in enumerate(after):
        found = places.get(line) if twice[line] == 1 else None
        if found is not None:
            length = bisect_left(lowest, found)
            pairs.append((found, place, ends[length - 1] if length else -1))
            lowest[length : length + 1], ends[length : length + 1] = [found], [len(pairs) - 1]
    chain: list[tuple[int, int]] = []
    last = ends[-1] if ends else -1
    while last >= 0:
        found, place, last = pairs[last]
        chain.append((found, place))
    return chain[::-1]


def _match_between(before: Sequence[str], after: Sequence[str]) -> Iterator[Block]:
    """Yield the equal stretches of a few lines."""
    most = min(len(before), len(after))
    head = next((at for at in range(most) if before[at] != after[at]), most)
    tail = next((at for at in range(most - head) if before[-1 - at] != after[-1 - at]), most - head)
    if head:
        yield 0, 0, head
    middle, other = before[head : len(before) - tail], after[head : len(after) - tail]
    if middle and other and len(middle) * len(other) <= FEW:
        for block in difflib.SequenceMatcher(None, middle, other, autojunk=False).get_matching_blocks():
            if block.size:
                yield head + block.a, head + block.b, block.size
    if tail:
        yield len(before) - tail, len(after) - tail, tail


def _join_blocks(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the stretches with those joined that touch in both texts."""
    joined: list[Block] = []
    for i, j, count in blocks:
        if joined and (joined[-1][0] + joined[-1][2], joined[-1][1] + joined[-1][2]) == (i, j):
            joined[-1] = (*joined[-1][:2], joined[-1][2] + count)
        else:
            joined.append((i, j, count))
    yield from joined
