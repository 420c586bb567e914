"""A kind that the API does not have, as one file: what a newcomer would write to add one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from reconciler.kinds.cells import FacetRole, FileLayout
from reconciler.kinds.kind import Field, Kind
from reconciler.kinds.read_methods import Search
from reconciler.kinds.value_types import BoolType, IdType, MoneyType, TextType
from reconciler.kinds.write_methods import Create, Envelope, PatchFields, Stage
from reconciler.model import Values
from reconciler.model.money import Limit, Period

ROOT = "{root}/marketing-solutions/vouchers"
PATCH = PatchFields(ROOT, Envelope(type="Voucher"), Stage.SET, chunk=10)


def limits(each: Sequence[Values], now: datetime) -> list[Limit | None]:
    """Each voucher is worth what it says, once."""
    worth = [values.get("worth") for values in each]
    return [Limit(Period.TOTAL, amount if isinstance(amount, Decimal) else None) for amount in worth]


VOUCHER = Kind(
    name="vouchers",
    singular="voucher",
    family="marketingSolutions",
    product="marketingSolutions",
    scope="advertiserIds",
    fields=(
        Field("advertiserId", IdType(), patch=None, required=True, doc="Advertiser. Fixed when created."),
        Field("title", TextType(maximum=50), required=True, doc="Title of the voucher."),
        Field("worth", MoneyType(by_currency=True), facet="worths", required=True, doc="What it is worth."),
        Field("open", BoolType(), read="isOpen", create="isOpen", patch="isOpen", doc="Whether it can be redeemed."),
    ),
    read=Search(f"{ROOT}/search", parents="advertiserIds"),
    create=Create(ROOT, Envelope(many=False, type="Voucher", id=None), Stage.CREATE),
    writes={"settings": PATCH, "worths": PATCH},
    natural_keys=(("advertiserId", "title"),),
    title="title",
    facet_roles={"worths": FacetRole.BUDGET},
    layout=FileLayout("vouchers", None, ("title",)),
    stop_values={"open": False},
    limits=limits,
    cost_fields=("worth",),
    doc="Vouchers of an advertiser.",
)
