"""Seller campaigns: the bid of a seller in a campaign of the marketplace (contract §4)."""

from decimal import Decimal

from reconciler.kinds.kind import ASIDE, Field, Kind
from reconciler.kinds.reads import Listing, Reference
from reconciler.kinds.types import Id, Money
from reconciler.kinds.writes import Create, Envelope, Patch, Stage

CHUNK = 2000  # contract §7: undocumented for bids, taken from the budgets of the same family
CAMPAIGN_ID = Id(as_number=True, maximum=2**31 - 1)
SELLERS = Reference("sellerId", "{root}/sellers", "seller", query=(("advertiserId", "{scope}"),))
CAMPAIGNS = "{root}/advertisers/{scope}/campaigns"
FLAT = Envelope(many=False, data=False, attributes=False, id=None)

FIELDS = (
    Field("sellerId", Id(), create=ASIDE, patch=None, required=True, doc="Seller, by Criteo's own id."),
    Field("campaignId", CAMPAIGN_ID, patch=None, required=True, doc="Campaign in which the seller takes part."),
    Field(
        "bid",
        Money(),
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
        "bids": Patch(
            "{root}/seller-campaigns",
            Envelope(data=False, attributes=False),
            Stage.SELLER_BIDS,
            CHUNK,
            atomic=True,
        )
    },
    natural=(("sellerId", "campaignId"),),
    stops={"bid": Decimal("0.0000")},
    references=(SELLERS, Reference("campaignId", CAMPAIGNS, "campaign")),
    doc="Sellers in campaigns of the marketplace, with their bids.",
)
