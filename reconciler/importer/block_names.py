"""What a live object is called, and in which file it stands: readable, distinct, and the same every time."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from reconciler.config.yaml_writer import make_visible
from reconciler.kinds.cells import FileLayout
from reconciler.kinds.kind import Kind
from reconciler.model import Live

Names: TypeAlias = Mapping[tuple[str, str], str]
"""What the API calls an id, by the field that holds it: ``("sellerId", "1")`` is ``Acme``."""
Labels: TypeAlias = Mapping[tuple[str, str], str]
"""The same as one word each, no two of a field alike: ``acme``."""
LONGEST = 60


def layout_of(kind: Kind) -> FileLayout:
    """Return that of the kind; a kind without one is written by its owner and called by its name."""
    return kind.layout or FileLayout(kind.name, None, kind.natural_keys[0] if kind.title is None else (kind.title,))


# --- What to call it -------------------------------------------------------------------------------------------


def slug(name: str) -> str:
    """A name as one readable word: small letters and digits with dashes, without accents; empty if none is left."""
    words = "".join(_letter(each) for each in unicodedata.normalize("NFKC", name).casefold()).split("-")
    text = "-".join(filter(None, words))
    return text if len(text) <= LONGEST else text[: LONGEST + 1].rpartition("-")[0][:LONGEST] or text[:LONGEST]


def _letter(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0]
    if base.isascii():
        return base if base.isalnum() else "-"
    rightward = unicodedata.bidirectional(letter) not in ("R", "AL", "AN")
    return letter if rightward and (letter.isalnum() or unicodedata.category(letter) in ("Mn", "Mc")) else "-"


def choose_labels(names: Names) -> Labels:
    """A readable name for every id, different from all others of its field."""
    slugs = {each: slug(name) for each, name in names.items()}
    often = Counter((each[0], text) for each, text in slugs.items())
    return {
        each: text if text and often[each[0], text] == 1 else f"{text or _noun(each[0])}-{each[1]}"
        for each, text in slugs.items()
    }


def choose_keys(kind: Kind, live: Sequence[Live], taken: Iterable[str], known: Labels) -> dict[str, str]:
    """A key for each id: by its name, and with its id where several would have the same."""
    plain = {each.id: _key(kind, each, known) for each in live}
    often = Counter(plain.values())
    used, found = set(taken), dict[str, str]()
    for each in sorted(live, key=lambda each: (len(each.id), each.id)):
        key = plain[each.id]
        if often[key] > 1:
            key = f"{key}-{each.id}"
        while key in used or (key in often and key != plain[each.id]):
            key = f"{key}-{each.id}"
        used.add(key)
        found[each.id] = key
    return found


def _key(kind: Kind, live: Live, known: Labels) -> str:
    fields = layout_of(kind).key
    parts = [known.get((name, str(live.values.get(name)))) or slug(str(live.values.get(name) or "")) for name in fields]
    if len(fields) > 1 and (fields[0], str(live.values.get(fields[0]))) not in known:
        parts[0] = f"{_noun(fields[0])}-{parts[0]}"
    return "-".join(filter(None, parts)) or f"{kind.singular.replace(' ', '-')}-{live.id}"


def _noun(name: str) -> str:
    """``seller`` of ``sellerId``."""
    return name.removesuffix("Id")


# --- Which file ------------------------------------------------------------------------------------------------


class FileGroup(Struct, frozen=True, order=True):
    """What stands in one file, as long as there is room: a campaign, a seller, an account."""

    folder: str
    owner: str
    member: str = ""
    owner_field: str = ""
    member_field: str = ""

    def file(self, known: Labels, number: int = 1) -> str:
        """Its path in the project; with a number where one file does not hold it all."""
        owner = known.get((self.owner_field, self.owner)) or f"{_noun(self.owner_field)}-{self.owner}"
        own = known.get((self.member_field, self.member)) or f"{_noun(self.member_field)}-{self.member}"
        path = f"{self.folder}/{owner}" + (f"/{own}" if self.member else "")
        return f"{path}{f'-{number}' if number > 1 else ''}.yaml"

    def heading(self, names: Names) -> str:
        """A comment that says whose resources these are."""
        parts = [(self.owner_field, self.owner), *([(self.member_field, self.member)] if self.member else [])]
        said = (f"{_noun(name)} {id}" + (f" ({make_visible(names[name, id])})" if (name, id) in names else "")
                for name, id in parts)  # fmt: skip
        return ", ".join(said)


def group_of(kind: Kind, live: Live) -> FileGroup:
    """Where an object belongs."""
    own = layout_of(kind)
    owner = kind.owner_of(live.values) or live.owner or ""
    if own.group is None:
        return FileGroup(own.folder, owner, "", kind.holder)
    return FileGroup(own.folder, owner, str(live.values.get(own.group) or ""), kind.holder, own.group)
