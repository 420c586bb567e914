"""Key and file of an imported object: readable, distinct, and the same on every import."""

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
"""Names from the API by (field, id): ``("sellerId", "1")`` is ``Acme``."""
Labels: TypeAlias = Mapping[tuple[str, str], str]
"""Names as one word each, unique within a field: ``acme``."""
LONGEST = 60


def layout_of(kind: Kind) -> FileLayout:
    """Return the layout of the kind; by default one file per owner, with keys by title or natural key."""
    return kind.layout or FileLayout(kind.name, None, kind.natural_keys[0] if kind.title is None else (kind.title,))


# --- Keys ------------------------------------------------------------------------------------------------------


def slug(name: str) -> str:
    """Return a name as lower-case letters and digits with dashes, without accents; may be empty."""
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
    """Return a readable label for every id, unique within its field."""
    slugs = {each: slug(name) for each, name in names.items()}
    often = Counter((each[0], text) for each, text in slugs.items())
    return {
        each: text if text and often[each[0], text] == 1 else f"{text or _noun(each[0])}-{each[1]}"
        for each, text in slugs.items()
    }


def choose_keys(kind: Kind, live: Sequence[Live], taken: Iterable[str], known: Labels) -> dict[str, str]:
    """Return a key for each id: its name, with the id appended if several would be equal."""
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
    """Return the noun of a field name: ``seller`` for ``sellerId``."""
    return name.removesuffix("Id")


# --- Files -----------------------------------------------------------------------------------------------------


class FileGroup(Struct, frozen=True, order=True):
    """Resources that share a file while there is room: those of a campaign, a seller, an account."""

    folder: str
    owner: str
    member: str = ""
    owner_field: str = ""
    member_field: str = ""

    def file(self, known: Labels, number: int = 1) -> str:
        """Return the path within the project, numbered if there are several files."""
        owner = known.get((self.owner_field, self.owner)) or f"{_noun(self.owner_field)}-{self.owner}"
        own = known.get((self.member_field, self.member)) or f"{_noun(self.member_field)}-{self.member}"
        path = f"{self.folder}/{owner}" + (f"/{own}" if self.member else "")
        return f"{path}{f'-{number}' if number > 1 else ''}.yaml"

    def heading(self, names: Names) -> str:
        """Return a comment that names the owner of the resources."""
        parts = [(self.owner_field, self.owner), *([(self.member_field, self.member)] if self.member else [])]
        said = (f"{_noun(name)} {id}" + (f" ({make_visible(names[name, id])})" if (name, id) in names else "")
                for name, id in parts)  # fmt: skip
        return ", ".join(said)


def group_of(kind: Kind, live: Live) -> FileGroup:
    """Return the group of an object."""
    own = layout_of(kind)
    owner = kind.owner_of(live.values) or live.owner or ""
    if own.group is None:
        return FileGroup(own.folder, owner, "", kind.holder)
    return FileGroup(own.folder, owner, str(live.values.get(own.group) or ""), kind.holder, own.group)
