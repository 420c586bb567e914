"""Seller campaigns: the bid of a seller in a marketplace campaign (contract §4)."""

from decimal import Decimal

from reconciler.kinds.cells import FacetRole, FileLayout, Probe
from reconciler.kinds.kind import NOT_IN_BODY, Field, Kind
from reconciler.kinds.read_methods import Listing, Reference
from reconciler.kinds.value_types import IdType, MoneyType
from reconciler.kinds.write_methods import Create, Envelope, PatchFields, Stage

CHUNK = 2000  # contract §7: undocumented for bids; the value of budgets in the same family
CAMPAIGN_ID = IdType(as_number=True, maximum=2**31 - 1)
SELLERS = Reference("sellerId", "{root}/sellers", "seller", query=(("advertiserId", "{scope}"),), label="sellerName")
CAMPAIGNS = "{root}/advertisers/{scope}/campaigns"
FLAT = Envelope(many=False, data=False, attributes=False, id=None)

FIELDS = (
    Field("sellerId", IdType(), create=NOT_IN_BODY, patch=None, required=True, doc="Seller, by Criteo's own id."),
    Field("campaignId", CAMPAIGN_ID, patch=None, required=True, doc="Campaign in which the seller takes part."),
    Field(
        "bid",
        MoneyType(),
        facet="bids",
        required=True,
        doc="Bid per click in the campaign's currency, 4 decimals at most. 0 stops the seller in this campaign.",
    ),
)

SELLER_CAMPAIGN = Kind(
    name="sellerCampaigns",
    singular="seller campaign",
    family="sellers",
    product="marketingSolutions",
    scope="advertiserIds",
    fields=FIELDS,
    read=Listing("{root}/advertisers/{scope}/seller-campaigns"),
    create=Create("{root}/sellers/{sellerId}/seller-campaigns", FLAT, Stage.SELLER_CAMPAIGNS, keyed=True),
    writes={
        "bids": PatchFields(
            "{root}/seller-campaigns",
            Envelope(data=False, attributes=False),
            Stage.SELLER_BIDS,
            CHUNK,
            atomic=True,
        )
    },
    natural_keys=(("sellerId", "campaignId"),),
    campaign="campaignId",
    facet_roles={"bids": FacetRole.BID},
    layout=FileLayout("sellers", "sellerId", ("sellerId", "campaignId")),
    probes=(
        Probe(
            "Campaign",
            "GET",
            "{root}/advertisers",
            "plan, drift and import of sellerCampaigns, sellerBudgets",
            "apply of sellerCampaigns, sellerBudgets",
        ),
    ),
    stop_values={"bid": Decimal("0.0000")},
    references=(SELLERS, Reference("campaignId", CAMPAIGNS, "campaign")),
    doc="Sellers in campaigns of the marketplace, with their bids.",
)
