"""The products of the API and the scopes by which a project names its accounts, as tables.

A kind names its product and its scope; the words, paths and credentials of each stand here and nowhere else.
"""

from collections.abc import Mapping

from msgspec import Struct

from reconciler.kinds.read_methods import Paging


class Product(Struct, frozen=True):
    """One product of the API.

    ``service`` is what ``/me`` calls it, in letters only (contract §14, 28); ``segment`` its part of a path;
    ``credentials`` what the environment variables of its application begin with; ``permission`` the domains that
    an application needs, as the developer portal calls them.
    """

    name: str
    title: str
    service: str
    segment: str
    credentials: str
    permission: str


class Scope(Struct, frozen=True):
    """One list of ids under ``scope`` in the project file.

    ``noun`` is one of its members, ``holder`` the field that holds such an id, ``portfolio`` the list of those that
    the application may touch, ``label`` the attribute of that list that names a member; ``option`` is the word of
    the command line. ``directory`` is the family and the path of a list that tells currencies and time zones.
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
    """Return which variables take the credentials of which product."""
    pairs = [f"{each.credentials}_CLIENT_ID and _SECRET take one of {each.title}" for each in PRODUCTS.values()]
    return f"an application has one product for good: {', '.join(pairs)}"
