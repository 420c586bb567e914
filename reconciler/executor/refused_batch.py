"""Whether a refused batch is sent again in parts, and in which: ``--bisect``, and a batch that is too large."""

from collections.abc import Sequence

from reconciler.executor.outcomes import REFUSED
from reconciler.model import Answer, Call, Delivery, ItemOutcome

TOO_LARGE = 413
NEVER_SPLIT = (401, 403, 429)
"""Refusals of the caller: the parts would be refused as well."""


def is_to_split(call: Call, answer: Answer, bisect: bool) -> bool:
    """Return True if parts of a batch may be sent: it is too large, or a refusal is proven by rule 5."""
    if not call.atomic or len(call.items) < 2 or answer.fate is not Delivery.ANSWERED:
        return False
    refused = 400 <= answer.status < 500 and answer.status not in NEVER_SPLIT
    return answer.status == TOO_LARGE or (bisect and refused)


def list_parts(call: Call, ended: Sequence[ItemOutcome]) -> list[Sequence[int]]:
    """Return the parts of a refused batch to send again, by index: the items not at fault, or else two halves."""
    indices = range(len(call.items))
    spared = [index for index in indices if [problem.code for problem in ended[index].problems] == [REFUSED]]
    half = len(call.items) // 2
    return [spared] if 0 < len(spared) < len(call.items) else [indices[:half], indices[half:]]
