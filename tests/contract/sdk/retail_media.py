"""Balances through the official SDK for Retail Media: python retail_media.py URL."""

import json
import sys
from functools import partial
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from criteo_api_retailmedia_v2027_01 import ApiClientBuilder, models
from criteo_api_retailmedia_v2027_01.api.accounts_api import AccountsApi
from criteo_api_retailmedia_v2027_01.api.balance_api import BalanceApi
from criteo_api_retailmedia_v2027_01.api.campaign_api import CampaignApi
from criteo_api_retailmedia_v2027_01.api.gateway_api import GatewayApi
from criteo_api_retailmedia_v2027_01.exceptions import ApiException
from refusals import refused_by

ACCOUNT = "18446744073709551616"
url = sys.argv[1]
client = ApiClientBuilder.WithClientCredentials("sandbox-rm", "sandbox", host=url)
api = BalanceApi(client)
refused = partial(refused_by, ApiException)


def title(error):
    return json.loads(error.body)["errors"][0]["title"]


assert GatewayApi(client).get_current_application().data.attributes.criteo_service == "RetailMedia"
accounts = AccountsApi(client).get_accounts().data
assert [(one.id, one.attributes.currency) for one in accounts] == [(ACCOUNT, "EUR")], accounts

# --- listed, by offset: all that this SDK knows ---
page = api.get_page_of_balances_v1(ACCOUNT, offset=0, limit=2)
assert (len(page.data), page.metadata.count) == (2, 3), page
rest = api.get_page_of_balances_v1(ACCOUNT, offset=2, limit=500).data
ids = [one.id for one in [*page.data, *rest]]
assert len(set(ids)) == 3, ids
assert [one.id for one in api.get_page_of_balances_v1(ACCOUNT, limit_to_id=[ids[1]]).data] == [ids[1]]

# --- created ---
body = models.CreateBalanceV3Request(
    data=models.ResourceOfCreateBalanceV3(
        type="CreateBalanceV3",
        attributes=models.CreateBalanceV3(
            name="Q1", start_date="2027-01-01", deposited=5000.0, spend_type="Onsite", retailer_po_number="PO 1"
        ),
    )
)
made = api.create_balance_by_account_id(ACCOUNT, body).data
assert (made.attributes.deposited, str(made.attributes.spend_type)) == (5000, "Onsite"), made
error = refused(lambda: api.create_balance_by_account_id(ACCOUNT, body))
assert (error.status, title(error)) == (400, "Invalid name"), error

# --- read in its three shapes ---
new = api.get_balance_v1(made.id).data.attributes
assert (new.retailer_po_number, str(new.spend_type), new.retailer_id) == ("PO 1", "onsite", None), new
old = api.get_balance_by_account_and_balance_id(ACCOUNT, made.id).data.attributes
assert (old.po_number, str(old.spend_type)) == ("PO 1", "Onsite"), old

# --- patched: dates in a box, and cleared in it ---
for value in ("2027-03-31", None):
    changes = models.UpdateBalanceModelV1(
        name="Q1 extended", memo="extended", end_date=models.NillableOfNullableOfDateOnly(value=value)
    )
    patch = models.ValueResourceInputOfUpdateBalanceModelV1(
        data=models.ValueResourceOfUpdateBalanceModelV1(type="UpdateBalanceModelV1", attributes=changes)
    )
    after = api.update_balance_v1(ACCOUNT, made.id, patch).data.attributes
    assert (after.name, after.end_date, after.memo) == ("Q1 extended", value, "extended"), after


# --- funded, up and down, and not below zero ---
def fund(delta: float, memo: str) -> float:
    attributes = models.AddFundsToBalanceV3(delta_amount=delta, memo=memo)
    data = models.ResourceOfAddFundsToBalanceV3(type="AddFundsToBalanceV3", attributes=attributes)
    request = models.AddFundsToBalanceV3Request(data=data)
    return api.add_funds_by_account_and_balance_id(ACCOUNT, made.id, request).data.attributes.deposited


assert [fund(250.5, "run 7f3a"), fund(-50.5, "run 7f3b")] == [5250.5, 5200]
assert title(refused(lambda: fund(-5200.01, "too much"))) == "Invalid deltaamount"

dates = models.ChangeDatesOfBalanceV2Request(
    data=models.ResourceOfChangeDatesOfBalanceV2(
        type="ChangeDatesOfBalanceV2",
        attributes=models.ChangeDatesOfBalanceV2(start_date="2027-01-02", end_date="2027-04-30", memo="moved"),
    )
)
assert api.change_dates_by_account_and_balance_id(ACCOUNT, made.id, dates).data.attributes.end_date == "2027-04-30"

# --- campaigns appended and deleted ---
campaigns = CampaignApi(client)
append = models.ValueResourceInputAppendCampaignsRequestV1(
    data=models.ValueResourceAppendCampaignsRequestV1(
        type="AppendCampaignsRequestV1", attributes=models.AppendCampaignsRequestV1(ids=["72", "71"])
    )
)
body = {"value_resource_input_append_campaigns_request_v1": append}
assert campaigns.append_campaigns_to_balance_v1(made.id, **body).data.attributes.ids == ["71", "72"]
delete = models.ValueResourceInputDeleteCampaignsRequestV1(
    data=models.ValueResourceDeleteCampaignsRequestV1(
        type="DeleteCampaignsRequestV1", attributes=models.DeleteCampaignsRequestV1(ids=["72"])
    )
)
body = {"value_resource_input_delete_campaigns_request_v1": delete}
assert campaigns.delete_campaigns_from_balance_v1(made.id, **body).data.attributes.ids == ["71"]

# --- campaigns listed, by page index ---
attached = api.get_campaigns_by_balance_id(made.id, page_index=0, page_size=100)
assert ([one.id for one in attached.data], attached.metadata.total_pages) == (["71"], 1), attached

# --- history read ---
history = api.get_balance_history_v1(made.id, offset=0, limit=500)
told = [(str(one.attributes.change_type), one.attributes.memo) for one in history.data]
assert told[-1] == ("balanceCreated", None), told
assert ("balanceAdded", "run 7f3a") in told, told
assert {one.attributes.modified_by_user for one in history.data} == {"cfg-as-code"}
funds = api.get_balance_history_v1(made.id, limit_to_change_types="balanceAdded,balanceRemoved")
assert [one.attributes.change_details.change_value for one in funds.data] == ["-50.5", "250.5"], funds

# --- listed by page index, which this SDK no longer knows: a raw request of an older version ---
form = urlencode({"grant_type": "client_credentials", "client_id": "sandbox-rm", "client_secret": "sandbox"})
with urlopen(url + "/oauth2/token", form.encode()) as answer:
    token = "Bearer " + json.load(answer)["access_token"]
target = f"{url}/2026-01/retail-media/accounts/{ACCOUNT}/balances?pageSize=3"
seen = []
while target is not None:
    with urlopen(Request(target, headers={"Authorization": token})) as answer:
        page = json.load(answer)
    seen += [one["id"] for one in page["data"]]
    target = page["metadata"]["nextPage"]
assert seen == [*ids, made.id], seen
