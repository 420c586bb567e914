"""Names inside a rule are checked against what a project can hold: a misspelt one would guard nothing."""

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
"""The codes of ISO 4217 that are in use."""
GLOB = frozenset("*?[")


class Names(Struct, frozen=True):
    """What a rule may name.

    ``amounts`` holds, by kind, the facets and fields with amounts that can be written, entries of a map as ``name.*``;
    ``facets`` those of them that are facets; ``others`` the facets and fields without amounts; ``currencies`` the
    codes that the project states, those that it adds to ISO 4217 included. ``addresses`` are those of the files,
    None as long as not all of them are read.
    """

    amounts: Mapping[str, frozenset[str]]
    facets: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    currencies: frozenset[str] = frozenset()
    addresses: frozenset[Address] | None = None


class Mistake(Struct, frozen=True):
    """What is wrong at a path of a rule. ``word`` is what is written there, ``known`` what could have been meant."""

    path: FieldPath
    why: str
    word: str = ""
    known: tuple[str, ...] = ()
    key: bool = False
    severity: Severity = Severity.ERROR


def amounts(written: Iterable[str], names: Names) -> Iterator[Mistake]:
    """Return the keys that are no facet and no field with an amount, or none of the kinds that the files hold."""
    every = frozenset[str]().union(*names.amounts.values())
    for name in written:
        if name in names.others and name not in every:
            why = f"{name} holds no amount, so the rule would never look at anything"
            yield Mistake((name,), why, name, _written(every), key=True)
        elif not _has(every, name):
            yield Mistake((name,), f"there is no facet or field {name!r}", name, _written(every), key=True)
        elif names.addresses is not None and name not in names.facets:
            yield from _elsewhere(name, names, {each.kind for each in names.addresses})


def _elsewhere(name: str, names: Names, kinds: set[str]) -> Iterator[Mistake]:
    """A field of kinds that the files do not hold, where one that they do hold is nearly called so."""
    held = frozenset[str]().union(*(names.amounts.get(kind, frozenset()) for kind in kinds))
    if not _has(held, name):
        owners = ", ".join(kind for kind, each in names.amounts.items() if _has(each, name))
        why = f"{name} is a field of {owners}, of which the files hold none"
        yield Mistake((name,), why, name, tuple(each for each in _written(held) if _is_near(name, each)), key=True)


def _is_near(name: str, other: str) -> bool:
    import difflib  # only where a name is in doubt

    return bool(difflib.get_close_matches(name.casefold(), [other.casefold()], 1, 0.6))


def _has(known: frozenset[str], name: str) -> bool:
    return not name.endswith(".*") and (name in known or f"{name.partition('.')[0]}.*" in known)


def _written(known: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in known if not name.endswith(".*")))


def currencies(written: Iterable[str], names: Names) -> Iterator[Mistake]:
    """Return the keys that are no currency."""
    known = CURRENCIES | names.currencies
    for code in written:
        if code not in known:
            likely = tuple(sorted(names.currencies)) or tuple(sorted(CURRENCIES))
            yield Mistake((code,), f"there is no currency {code!r}", code, likely, key=True)


def addresses(globs: Iterable[str], names: Names) -> Iterator[Mistake]:
    """Return the globs that can match no address, and those that match none of the files'."""
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
    """Return the keys that are no kind."""
    for kind in written:
        if kind not in names.amounts:
            yield Mistake((kind,), f"there is no kind {kind!r}", kind, tuple(names.amounts), key=True)
