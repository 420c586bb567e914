"""A saved plan is applied as it was reviewed, or refused before any write."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from ..support.commands import Ended, project, reconciler

HEAD = (
    "version: 1\n"
    'scope: {advertiserIds: ["1352"], retailMediaAccountIds: ["18446744073709551616"]}\n'
    "guardrails: {levels: {decimalSlip: advisory, removedCap: advisory}}\n"
)
AD_SET, BALANCE = "123467", "18446744073709551617"
STALE, REFUSED = 4, 3

# What the files want (beside the id), the field that the plan then moves, and an edit of it by somebody else.
MOVED = {
    "name": ("adSets", "{name: Renamed}", "name", "Theirs"),
    "start": ("adSets", "{schedule: {startDate: 2026-10-01}}", "schedule.startDate", "2026-09-15T00:00:00Z"),
    "end": ("adSets", "{schedule: {endDate: 2027-01-01}}", "schedule.endDate", "2027-05-01T00:00:00Z"),
    "stop": ("adSets", "{schedule: {activationStatus: off}}", "schedule.activationStatus", "off"),
    "bid": ("adSets", "{bidding: {bidAmount: 1.00}}", "bidding.bidAmount", Decimal("0.95")),
    "devices": (
        "adSets",
        "{targeting: {deliveryLimitations: {devices: [mobile]}}}",
        "targeting.deliveryLimitations.devices",
        ["desktop"],
    ),
    "environments": (
        "adSets",
        "{targeting: {deliveryLimitations: {environments: [web]}}}",
        "targeting.deliveryLimitations.environments",
        ["inApp"],
    ),
    "systems": (
        "adSets",
        "{targeting: {deliveryLimitations: {operatingSystems: [ios]}}}",
        "targeting.deliveryLimitations.operatingSystems",
        ["android"],
    ),
    "capping": (
        "adSets",
        "{targeting: {frequencyCapping: {frequency: daily, maximumImpressions: 5}}}",
        "targeting.frequencyCapping",
        {"frequency": "hourly", "maximumImpressions": 1},
    ),
    "countries": (
        "adSets",
        "{targeting: {geoLocation: {countries: {operand: in, values: [NO]}}}}",
        "targeting.geoLocation.countries",
        {"operand": "in", "values": ["DE"]},
    ),
    "subdivisions": (
        "adSets",
        "{targeting: {geoLocation: {subdivisions: {operand: in, values: [FR-38]}}}}",
        "targeting.geoLocation.subdivisions",
        {"operand": "in", "values": ["FR-01"]},
    ),
    "zip codes": (
        "adSets",
        '{targeting: {geoLocation: {zipCodes: {operand: in, values: ["75001"]}}}}',
        "targeting.geoLocation.zipCodes",
        {"operand": "in", "values": ["75002"]},
    ),
    "strategy": ("adSets", "{budget: {budgetStrategy: uncapped}}", "budget.budgetStrategy", "uncapped"),
    "amount": ("adSets", "{budget: {budgetAmount: 130.00}}", "budget.budgetAmount", Decimal("125")),
    "renewal": ("adSets", "{budget: {budgetRenewal: monthly}}", "budget.budgetRenewal", "lifetime"),
    "smoothing": (
        "adSets",
        "{budget: {budgetDeliverySmoothing: accelerated}}",
        "budget.budgetDeliverySmoothing",
        "accelerated",
    ),
    "attribution": (
        "adSets",
        "{attributionConfiguration: {attributionMethod: lastClick}}",
        "attributionConfiguration.attributionMethod",
        "postClick",
    ),
    "category bid": ("adSets", '{categoryBids: {"5545|2": 1.30}}', "categoryBids", {"5545|2": Decimal("1.25")}),
    "multiplier": ("adSets", '{displayMultipliers: {"5544": 1.10}}', "displayMultipliers", {"5544": Decimal("1.2")}),
    "seller bid": ("sellerCampaigns", "{bid: 0.30}", "bid", Decimal("0.26")),
    "seller amount": ("sellerBudgets", "{amount: 550}", "amount", Decimal("510")),
    "seller end": ("sellerBudgets", "{endDate: 2026-12-10}", "endDate", "2026-12-01"),
    "suspended": ("sellerBudgets", "{suspended: true}", "isSuspended", True),
    "balance name": ("balances", "{name: Q4 ext}", "name", "Theirs"),
    "balance end": ("balances", "{endDate: 2027-02-01}", "endDate", "2027-03-01"),
    "PO number": ("balances", "{poNumber: PO 2}", "poNumber", "PO 3"),
    "memo": ("balances", "{memo: ours}", "memo", "theirs"),
    "funds": ("balances", "{deposited: 5250.00}", "deposited", Decimal("5100")),
}
IDS = {"adSets": AD_SET, "sellerCampaigns": "1.10001", "sellerBudgets": "101", "balances": BALANCE}
OWNER = {"balances": 'accountId: "18446744073709551616", '}


def files(kind: str, block: str) -> dict[str, str]:
    return {"it.yaml": f'{kind}:\n  it: {{id: "{IDS[kind]}", {OWNER.get(kind, "")}{block[1:]}\n'}


def saved(folder: Path, kind: str, block: str) -> Path:
    """A project with one resource, and a plan of it that was reviewed."""
    at = project(folder, files(kind, block), HEAD)
    done = reconciler("plan", "--sandbox", "--out", "plan.json", at=at)
    assert done.code == 0, done.said
    return at


def edit(at: Path, collection: str, key: str, path: str, value: object) -> None:
    """Somebody else changes the account between the plan and the apply."""
    from reconciler.sandbox.world import World

    World.open(at / ".reconciler" / "sandbox.json").edit(collection, key, {path: value})


def writes(at: Path) -> list[str]:
    from reconciler.sandbox.world import World

    log = World.load(at / ".reconciler" / "sandbox.json").log
    asks = ("/search", "/token")
    return [each["path"] for each in log if each["method"] != "GET" and not each["path"].endswith(asks)]


def applied(at: Path, *more: str) -> Ended:
    return reconciler("apply", "plan.json", "--sandbox", *more, at=at)


@pytest.mark.parametrize("case", MOVED)
def test_a_planned_field_that_moved_since_refuses_the_plan(case: str, tmp_path: Path) -> None:
    kind, block, path, theirs = MOVED[case]
    at = saved(tmp_path, kind, block)
    edit(at, kind, IDS[kind], path, theirs)

    done = applied(at)

    assert done.code == STALE, done.said
    assert "it.yaml:" in done.out
    assert "when planned" in done.out
    assert writes(at) == []


@pytest.mark.parametrize("case", MOVED)
def test_a_plan_of_which_nothing_moved_is_applied_and_leaves_nothing_to_do(case: str, tmp_path: Path) -> None:
    kind, block, _, _ = MOVED[case]
    at = saved(tmp_path, kind, block)

    done = applied(at)

    assert done.code == 0, done.said
    assert reconciler("plan", "--sandbox", "--detailed-exitcode", at=at).code == 0


@pytest.mark.parametrize("case", [case for case in MOVED if MOVED[case][2] != "bidding.bidAmount"])
def test_a_field_that_is_not_planned_may_move(case: str, tmp_path: Path) -> None:
    kind, _, path, theirs = MOVED[case]
    wish = {
        "adSets": "{bidding: {bidAmount: 1.00}}",
        "sellerCampaigns": "{bid: 0.30}",
        "sellerBudgets": "{amount: 550}",
        "balances": "{poNumber: PO 9}",
    }[kind]
    if MOVED[case][2] in wish.replace(": ", " ") or path in ("bid", "amount", "poNumber"):
        pytest.skip("that is the planned field")
    at = saved(tmp_path, kind, wish)
    edit(at, kind, IDS[kind], path, theirs)

    done = applied(at)

    assert done.code == 0, done.said


def test_what_moved_outside_counts_for_the_guardrails_as_it_is_now(tmp_path: Path) -> None:
    """Reviewed, the raise of a suspended budget spent nothing; resumed since, it would spend 50 more than allowed."""
    head = HEAD.replace("guardrails: {", "guardrails: {maxTotalIncrease: {EUR: 49}, ")
    at = project(tmp_path, files("sellerBudgets", "{amount: 550}"), head)
    assert reconciler("plan", "--sandbox", at=at).code == REFUSED
    edit(at, "sellerBudgets", IDS["sellerBudgets"], "isSuspended", True)
    done = reconciler("plan", "--sandbox", "--out", "plan.json", at=at)
    assert done.code == 0, done.said
    edit(at, "sellerBudgets", IDS["sellerBudgets"], "isSuspended", False)

    done = applied(at)

    assert done.code == REFUSED, done.said
    assert "maxTotalIncrease" in done.out
    assert writes(at) == []


def test_an_object_that_came_since_refuses_its_creation(tmp_path: Path) -> None:
    new = '{sellerId: "5", campaignIds: ["10001"], budgetType: Capped, amount: 9, startDate: 2026-12-01}'
    block = f"sellerBudgets:\n  new: {new}\n"
    at = project(tmp_path, {"it.yaml": block}, HEAD)
    assert reconciler("plan", "--sandbox", "--out", "plan.json", at=at).code == 0
    assert reconciler("apply", "--sandbox", "--auto-approve", at=at).code == 0
    before = writes(at)

    done = applied(at)

    assert done.code == STALE
    assert "exists now" in done.out
    assert writes(at) == before


def altered(text: str) -> dict[str, str]:
    """The plan with one thing changed, each time another, and its digest left or made to fit."""
    content = json.loads(text)
    variants = {
        "a path": lambda plan: plan["calls"][0].update(path="/2026-07/marketing-solutions/ad-sets/start"),
        "a body": lambda plan: plan["calls"][2].update(body=plan["calls"][2]["body"].replace("1.1", "9.1")),
        "an amount": lambda plan: plan["changes"][0]["fields"][0].update(after="9.1000"),
        "a pre-image": lambda plan: plan["changes"][0]["live"].update({"bidding.bidAmount": "0.1000"}),
        "an address": lambda plan: plan["changes"][0].update(address="adSets.other"),
        "an id": lambda plan: plan["changes"][0].update(id="123468"),
        "a call more": lambda plan: plan["calls"].append(plan["calls"][0]),
        "a call less": lambda plan: plan["calls"].pop(),
        "a change less": lambda plan: plan["changes"].pop(),
        "the scope": lambda plan: plan["scope"].update(advertiserIds=["1"]),
        "the deferred": lambda plan: plan["deferred"][0]["fields"][0].update(after="off"),
        "the expiry": lambda plan: plan.update(expires="2036-01-01T00:00:00Z"),
    }
    made = {}
    for name, change in variants.items():
        plan = json.loads(json.dumps(content))
        change(plan)
        made[f"{name}, digest left"] = json.dumps(plan)
        if name != "the expiry":  # nothing but the digest guards it, and the digest is what was approved
            made[f"{name}, digest made to fit"] = _resealed(plan)
    made["digest"] = text.replace(content["digest"][-6:], "000000")
    made["truncated"] = text[: len(text) // 2]
    made["a key twice"] = text.replace('"project":', '"project": "x", "project":', 1)
    return made


def _resealed(plan: dict[str, object]) -> str:
    from reconciler.planfile.digest import digest_of as _digest

    content = {key: value for key, value in plan.items() if key != "digest"}
    return json.dumps({"digest": _digest(content), **content})


def test_a_plan_that_was_altered_anywhere_is_refused(tmp_path: Path) -> None:
    source = Path(__file__).parents[2] / "examples" / "quickstart" / "ads" / "prospecting.yaml"
    at = project(tmp_path, {"ads.yaml": source.read_text(encoding="utf-8")}, HEAD)
    assert reconciler("plan", "--sandbox", "--out", "plan.json", at=at).code == 0
    whole = (at / "plan.json").read_text(encoding="utf-8")

    for name, text in altered(whole).items():
        (at / "plan.json").write_text(text, encoding="utf-8")
        done = applied(at)
        assert done.code == STALE, f"{name}: {done.said}"
        assert writes(at) == [], name


def test_files_that_changed_since_refuse_the_plan(tmp_path: Path) -> None:
    at = saved(tmp_path, "adSets", "{bidding: {bidAmount: 1.00}}")
    (at / "it.yaml").write_text((at / "it.yaml").read_text(encoding="utf-8").replace("1.00", "1.01"), encoding="utf-8")

    done = applied(at)

    assert done.code == STALE
    assert "files changed" in done.out


def test_an_expired_plan_is_refused(tmp_path: Path) -> None:
    at = project(tmp_path, files("adSets", "{bidding: {bidAmount: 1.00}}"), HEAD)
    assert reconciler("plan", "--sandbox", "--out", "plan.json", "--valid-for", "0", at=at).code == 0

    done = applied(at)

    assert done.code == STALE
    assert "expired" in done.out


def test_only_the_approved_plan_is_applied(tmp_path: Path) -> None:
    at = saved(tmp_path, "adSets", "{bidding: {bidAmount: 1.00}}")
    digest = json.loads((at / "plan.json").read_text(encoding="utf-8"))["digest"]

    other = applied(at, "--approve", "sha256:" + "0" * 64)
    approved = applied(at, "--approve", digest)

    assert other.code == STALE
    assert approved.code == 0, approved.said


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    at = saved(tmp_path, "adSets", "{bidding: {bidAmount: 1.00}}")
    first = (at / "plan.json").read_bytes()
    state = at / ".reconciler" / "sandbox.json"
    frozen = json.loads(state.read_text(encoding="utf-8"))

    reconciler("plan", "--sandbox", "--out", "plan.json", at=at)

    again = json.loads((at / "plan.json").read_bytes())
    once = json.loads(first)
    for plan in (again, once):
        for clock in ("created", "expires", "digest"):
            plan.pop(clock)
    assert again == once
    assert frozen


def test_no_secret_of_the_environment_is_in_a_plan(tmp_path: Path) -> None:
    at = project(tmp_path, files("adSets", "{bidding: {bidAmount: 1.00}}"), HEAD)
    canary = {"CRITEO_MS_CLIENT_SECRET": "canary-4b1d", "CRITEO_MS_CLIENT_ID": "canary-id-77", "TOKEN": "canary-tok"}

    done = reconciler("plan", "--sandbox", "--out", "plan.json", at=at, env=canary)

    assert done.code == 0
    assert "canary" not in (at / "plan.json").read_text(encoding="utf-8") + done.said
    assert (at / "plan.json").stat().st_mode & 0o077 == 0


def test_a_saved_plan_can_be_shown(tmp_path: Path) -> None:
    at = saved(tmp_path, "adSets", "{bidding: {bidAmount: 1.00}}")

    done = reconciler("show", "plan.json", at=at)

    assert done.code == 0, done.said
    assert "0.90 → 1.00" in done.out
    assert "Plan: 0 to create, 1 to update, 0 to stop." in done.out


def test_what_is_shown_of_a_saved_plan_is_what_its_review_showed(tmp_path: Path) -> None:
    at = project(
        tmp_path, files("balances", "{deposited: 9250.00}"), HEAD.replace("{levels", "{maxRaisePercent: 10, levels")
    )
    allowed = ["--allow", "maxRaisePercent", "--because", "a new quarter"]
    reviewed = reconciler("plan", "--sandbox", "--out", "plan.json", *allowed, at=at)

    done = reconciler("show", "plan.json", at=at)

    assert done.out == reviewed.out
    assert "1 problem, because a new quarter" in done.out
    assert "deposits added to balances, as far as they are spent: EUR 4,250.00" in done.out


def test_a_saved_plan_is_as_its_published_schema_says(tmp_path: Path) -> None:
    import jsonschema

    schema = json.loads((Path(__file__).parents[2] / "schemas" / "plan.schema.json").read_text(encoding="utf-8"))
    at = saved(tmp_path, "balances", "{deposited: 5250.00}")
    plan = json.loads((at / "plan.json").read_text(encoding="utf-8"))

    jsonschema.Draft202012Validator(schema).validate(plan)

    assert set(plan) == set(schema["required"])
    assert plan["money"]["funds"][0]["added"] == "250.00"


def test_a_plan_of_the_first_version_is_read() -> None:
    from reconciler.kinds import versions
    from reconciler.planfile import plan_file

    kinds = {
        name: kind
        for family in versions.FAMILIES
        for name, kind in versions.find_version(family, "2026-07").kinds.items()
    }
    plan = plan_file.load_plan((Path(__file__).parent / "golden" / "plan-1.0.json").read_text("utf-8"), kinds)

    assert plan.digest == "sha256:6596049c9a643ccecba0810af7e4e2fb46bff91cb284379073620d2eb169e0fe"
    moved = {
        (str(each.address), move.field): (move.before, move.after, str(move.place.span))
        for each in plan.changes
        for move in each.fields
    }
    assert moved["adSets.summer", "bidding.bidAmount"] == (Decimal("0.9000"), Decimal("1.1000"), "all.yaml:2:65")
    assert moved["balances.spring", "deposited"][:2] == (Decimal("5000.00"), Decimal("5250.00"))
    assert [each["method"] for each in plan.calls] == ["PATCH", "PATCH", "POST"]
    assert [(each.rule, each.looked) for each in plan.run.judgements] == [
        ("emptyScope", True),
        ("decimalSlip", True),
        ("removedCap", True),
    ]
