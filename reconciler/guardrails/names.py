"""Check names in guardrail settings: a misspelt name would never match."""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from msgspec import Struct

from reconciler.model import Address, FieldPath, Severity

CODES = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY
COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR
IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR
MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD
SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG
XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(CODES.split())
"""ISO 4217 codes in use."""
GLOB = frozenset("*?[")


class Names(Struct, frozen=True):
    """Names that a rule may use.

    ``amounts`` holds, by kind, the facets and fields with amounts that can be written, entries of a map as ``name.*``;
    ``facets`` those of them that are facets; ``others`` the facets and fields without amounts; ``currencies`` the codes
    that the project states, including additions to ISO 4217. ``addresses`` are those of the files, None unless all
    files are read.
    """

    amounts: Mapping[str, frozenset[str]]
    facets: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    currencies: frozenset[str] = frozenset()
    addresses: frozenset[Address] | None = None


class Mistake(Struct, frozen=True):
    """An error at a path of a rule. ``word`` is the text there, ``known`` the possible corrections."""

    path: FieldPath
    why: str
    word: str = ""
    known: tuple[str, ...] = ()
    key: bool = False
    severity: Severity = Severity.ERROR


def amounts(written: Iterable[str], names: Names) -> Iterator[Mistake]:
    """Yield an error for each key that is no facet or field with an amount, or of no kind in the files."""
    every = frozenset[str]().union(*names.amounts.values())
    for name in written:
        if name in names.others and name not in every:
            why = f"{name} holds no amount, so the rule would never look at anything"
            yield Mistake((name,), why, name, _list_written(every), key=True)
        elif not _has(every, name):
            yield Mistake((name,), f"there is no facet or field {name!r}", name, _list_written(every), key=True)
        elif names.addresses is not None and name not in names.facets:
            yield from _suggest_field(name, names, {each.kind for each in names.addresses})


def _suggest_field(name: str, names: Names, kinds: set[str]) -> Iterator[Mistake]:
    """Yield an error for a field of undeclared kinds if a declared kind has a field with a similar name."""
    held = frozenset[str]().union(*(names.amounts.get(kind, frozenset()) for kind in kinds))
    if not _has(held, name):
        owners = ", ".join(kind for kind, each in names.amounts.items() if _has(each, name))
        why = f"{name} is a field of {owners}, of which the files hold none"
        yield Mistake((name,), why, name, tuple(each for each in _list_written(held) if _is_near(name, each)), key=True)


def _is_near(name: str, other: str) -> bool:
    import difflib  # imported here: needed only for an unknown name

    return bool(difflib.get_close_matches(name.casefold(), [other.casefold()], 1, 0.6))


def _has(known: frozenset[str], name: str) -> bool:
    return not name.endswith(".*") and (name in known or f"{name.partition('.')[0]}.*" in known)


def _list_written(known: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in known if not name.endswith(".*")))


def currencies(written: Iterable[str], names: Names) -> Iterator[Mistake]:
    """Yield an error for each key that is no currency."""
    known = CURRENCIES | names.currencies
    for code in written:
        if code not in known:
            likely = tuple(sorted(names.currencies)) or tuple(sorted(CURRENCIES))
            yield Mistake((code,), f"there is no currency {code!r}", code, likely, key=True)


def addresses(globs: Iterable[str], names: Names) -> Iterator[Mistake]:
    """Yield an error for each glob that cannot match an address, or matches none in the files."""
    for index, glob in enumerate(globs):
        kind, dot, key = glob.partition(".")
        if not GLOB & set(kind) and (not dot or kind not in names.amounts):
            meant = tuple(f"{each}.{key or '*'}" for each in names.amounts)
            yield Mistake((index,), f"{glob!r} can match no address, which is KIND.NAME", glob, meant)
        elif names.addresses is not None and not any(fnmatchcase(str(each), glob) for each in names.addresses):
            known = tuple(sorted(map(str, names.addresses)))
            yield Mistake(
                (index,), f"no resource of the files matches {glob!r}", glob, known, severity=Severity.WARNING
            )


def kinds(written: Iterable[str], names: Names) -> Iterator[Mistake]:
    """Yield an error for each key that is no kind."""
    for kind in written:
        if kind not in names.amounts:
            yield Mistake((kind,), f"there is no kind {kind!r}", kind, tuple(names.amounts), key=True)
