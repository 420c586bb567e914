"""Scripted faults as data: each fault selects the calls to which it applies (contract §11, rules 77 to 85).

A fault is a record `{"kind": …}`. It selects its calls by these keys, all optional: `method`, `path` (a glob over the
path), `nth` (the first matching call to which it applies, from 1), `every` (2: from there on each second matching call;
default 1), `count` (how many calls, default 1; null: all), `since` (an instant before which no call counts). By kind:

| kind | keys | what happens |
|---|---|---|
| `lost_request` | | the connection drops before any effect |
| `lost_answer` | `status`, `page` | the effect stays; the connection drops, or that status (502) is answered |
| `status` | `status`, `headers`, `body`, `page`, `applied`, `reset_in` | that answer, without the effect or with it |
| `redirect` | `status`, `location`, `applied` | a redirect (307), by default to the login page of a gateway |
| `late` | `seconds`, `drop`, `status`, `headers`, `body`, `page` | the effect lands so long after the call, see below |
| `delay` | `seconds` | a slow answer |
| `silence` | | the effect stays; no answer ever comes |
| `reset_in_body` | `after` | the connection is reset after so many bytes of the body (default half) |
| `truncated` | `keep` | the body ends after that share (default 0.5), with a length that agrees |
| `html`, `empty` | | an error page in a 200, no body at all |
| `content_type` | `value` | the right body under a wrong name |
| `gzip_bomb` | `size` | a small body that unpacks to so many bytes |
| `date` | `seconds` | the answer's date is so far from the world's time; null: it has no date |
| `item_errors` | `code`, `indices`, `instances`, `data` | those items of a bulk write fail, see below |
| `old_id` | `id`, `applied` | a creation is answered with this id, with (default) or without its effect |
| `normalise` | `forms` | names are stored otherwise than sent: `trim`, `fold` (the default), `nfkc`, `lower` |
| `lag` | `reads` or `seconds` | what this write changed stays invisible for so long |
| `stale` | `seconds`, `only` | this read shows the world of so long ago, see below |
| `short_list` | `form`, `rows`, `shift` | a list that is not whole, see below |
| `edit` | `collection`, `id`, `set`, `by` | a change by another user, made just before the call |
| `revoke_consent` | `client_id` | the portfolio is empty from this call on |
| `advance` | `seconds` | time passes just before the call |
| `noise` | `forms` | the same answer in another spelling, see noise.py |

A `late` effect lands when the world's clock gets to its instant (`seconds` null: never), so a test that turns the
clock waits for nothing. `drop`: `reset` (the connection drops) or `silence` (no answer ever comes); with neither
`drop` nor `status` the answer is the one that the effect would have had. `page`: the body is the HTML of a gateway.

`stale` is of everything, or of the records that `only` names (globs over `collection/key`). With `every: 2` it plays
two replicas, of which one is behind. The world remembers what changed from the moment that such a fault is scripted.

`short_list.form`: `cut` (only the first `rows`, while the totals count all), `uncounted` (the same, and every total is
null), `first_page` (each page is the first one), `small_pages` (pages of `rows`, whatever size was asked), `shift`
(between two pages `shift` rows before them were removed; a negative number: added).

`item_errors.instances`: `as_is`, `permuted`, `repeated`, `out_of_range`, `absent`, `text`. `item_errors.data`: `as_is`,
`with_failed` (failed ids are listed as done too), `without_done`, `with_strangers`. Spend drift (rule 85) is the option
`spend_per_hour`.
"""

from __future__ import annotations

from .answers import dated, disturbed, instead
from .edits import DEFAULT_USER, edit
from .effects import handled, wrapped
from .kinds import KINDS
from .late import due, land
from .script import add, clear, fired, load

__all__ = [
    "DEFAULT_USER",
    "KINDS",
    "add",
    "clear",
    "dated",
    "disturbed",
    "due",
    "edit",
    "fired",
    "handled",
    "instead",
    "land",
    "load",
    "wrapped",
]
