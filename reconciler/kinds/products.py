"""Products of the API, and the scopes by which a project names its accounts, as tables.

A kind names its product and its scope; names, paths and credentials are defined here only.
"""

from collections.abc import Mapping

from msgspec import Struct

from reconciler.kinds.read_methods import Paging


class Product(Struct, frozen=True):
    """One product of the API.

    ``service`` is its name in ``/me``, letters only (contract §14, 28); ``segment`` its part of a path; ``credentials``
    the prefix of its environment variables; ``permission`` the required domains, as the developer portal names them.
    """

    name: str
    title: str
    service: str
    segment: str
    credentials: str
    permission: str


class Scope(Struct, frozen=True):
    """One list of ids under ``scope`` in the project file.

    ``noun`` names a member, ``holder`` is the field with such an id, ``portfolio`` the list of permitted members,
    ``label`` the attribute with a member's name; ``option`` is the word of the command line. ``directory`` is the
    family and path of a list with currencies and time zones.
    """

    name: str
    noun: str
    holder: str
    product: str
    portfolio: str
    paging: Paging
    label: str
    option: str
    sample: str
    doc: str
    directory: tuple[str, str] | None = None


PRODUCTS: Mapping[str, Product] = {
    each.name: each
    for each in (
        Product(
            name="marketingSolutions",
            title="Marketing Solutions",
            service="marketingsolutions",
            segment="marketing-solutions",
            credentials="CRITEO_MS",
            permission="Campaign",
        ),
        Product(
            name="retailMedia",
            title="Retail Media",
            service="retailmedia",
            segment="retail-media",
            credentials="CRITEO_RM",
            permission="Balance and Campaign",
        ),
    )
}
SCOPES: Mapping[str, Scope] = {
    each.name: each
    for each in (
        Scope(
            name="advertiserIds",
            noun="advertiser",
            holder="advertiserId",
            product="marketingSolutions",
            portfolio="{root}/advertisers/me",
            paging=Paging.NONE,
            label="advertiserName",
            option="advertisers",
            sample="1352",
            doc="Advertisers of Marketing Solutions.",
            directory=("sellers", "{root}/advertisers"),
        ),
        Scope(
            name="retailMediaAccountIds",
            noun="account",
            holder="accountId",
            product="retailMedia",
            portfolio="{root}/retail-media/accounts",
            paging=Paging.INDEX,
            label="name",
            option="accounts",
            sample="",
            doc="Accounts of Retail Media.",
        ),
    )
}
DEFAULT_PRODUCT = next(iter(PRODUCTS))


def credential_hint() -> str:
    """Return a hint with the variables of each product's credentials."""
    pairs = [f"{each.credentials}_CLIENT_ID and _SECRET take one of {each.title}" for each in PRODUCTS.values()]
    return f"an application belongs to one product: {', '.join(pairs)}"
