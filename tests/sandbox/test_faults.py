"""What goes wrong on purpose, and what others change meanwhile (contract rules 77 to 84)."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from reconciler.sandbox import Request, faults
from reconciler.sandbox.encoding import decode

PATH = "/2026-07/marketing-solutions/ad-sets"


def raw(demo, method="POST", path=PATH + "/search", body=b"{}"):
    headers = {"authorization": "Bearer token", "content-type": "application/json"}
    return demo.world.handle(Request.of(method, path, headers, body))


def stopped(demo):
    return demo.world.state.get("adSets", "123467")["schedule"]["activationStatus"] == "off"


def stop(demo):
    return raw(demo, path=PATH + "/stop", body=b'{"data": [{"id": "123467"}]}')


# --- selection ---


def test_a_fault_befalls_the_calls_it_selects_and_no_other(demo):
    demo.world.inject({"kind": "status", "status": 503, "method": "POST", "path": "*/search", "nth": 2, "count": 2})
    assert [raw(demo).status for _ in range(5)] == [200, 503, 503, 200, 200]


def test_a_fault_without_a_count_stays(demo):
    demo.world.inject({"kind": "status", "status": 500, "nth": 2, "count": None})
    assert [demo.get("/me").status for _ in range(4)] == [200, 500, 500, 500]
    demo.world.repair()
    assert demo.get("/me").status == 200


def test_a_fault_waits_for_its_time(demo):
    demo.world.inject({"kind": "status", "status": 500, "since": "2026-11-21T10:00:00Z"})
    seen = [demo.get("/me").status]
    demo.world.advance(3600)
    assert [*seen, demo.get("/me").status] == [200, 500]


def test_a_fault_that_there_is_not_is_refused(demo):
    with pytest.raises(ValueError, match="earthquake"):
        demo.world.inject({"kind": "earthquake"})


@pytest.mark.parametrize("name", ["faults.json", "faults.yaml"])
def test_faults_are_data_in_a_file(tmp_path, name):
    path = tmp_path / name
    path.write_text(json.dumps([{"kind": "delay", "seconds": 0.5}]))
    assert faults.load(path)[0]["kind"] == "delay"


def test_every_kind_of_fault_is_documented():
    table = {
        kind
        for line in faults.__doc__.splitlines()
        for kind in re.findall(r"`(\w+)`", line.split("|")[1:2][0] if line.startswith("|") else "")
    }
    assert table == faults.KINDS


def test_the_faults_of_the_guide_can_be_scripted(demo, tmp_path):
    guide = Path(__file__).parents[2] / "docs" / "how-to" / "play-a-hostile-api.md"
    (tmp_path / "hostile.yaml").write_text(guide.read_text(encoding="utf-8").split("```")[1].removeprefix("yaml"))
    scripted = faults.load(tmp_path / "hostile.yaml")
    demo.world.inject(*scripted)
    assert len(demo.world.state.all("faults")) == len(scripted) == 5


# --- rule 77: lost answers and lost requests ---


def test_a_lost_answer_leaves_its_effect(demo):
    demo.world.inject({"kind": "lost_answer"})
    answer = stop(demo)
    assert answer.aborted
    assert stopped(demo)
    assert (demo.world.log[-1]["status"], demo.world.log[-1]["faults"]) == (None, ["lost_answer"])


def test_a_lost_answer_may_be_an_error_of_a_gateway(demo):
    demo.world.inject({"kind": "lost_answer", "status": 502})
    assert stop(demo).status == 502
    assert stopped(demo)


def test_a_lost_request_has_no_effect(demo):
    demo.world.inject({"kind": "lost_request"})
    assert stop(demo).aborted
    assert not stopped(demo)


# --- rule 78: other answers ---


@pytest.mark.parametrize("status", [401, 403, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("applied", [True, False])
def test_a_status_comes_with_the_effect_or_without(demo, status, applied):
    demo.world.inject({"kind": "status", "status": status, "applied": applied})
    assert stop(demo).status == status
    assert stopped(demo) is applied


def test_a_refusal_by_quota_may_tell_when_or_nonsense_or_nothing(demo):
    demo.world.inject(
        {"kind": "status", "status": 429, "reset_in": 7},
        {"kind": "status", "status": 429, "headers": {"x-ratelimit-reset": "soon"}, "nth": 2},
        {"kind": "status", "status": 429, "nth": 3},
    )
    resets = [raw(demo).header("x-ratelimit-reset") for _ in range(3)]
    assert resets == [str(int(demo.world.now.timestamp()) + 7), "soon", None]


def test_an_answer_may_be_slow_cut_short_or_something_else(demo):
    me = ("GET", "/2026-07/marketing-solutions/me")
    whole = raw(demo, *me).body
    for kind, keys in (
        ("delay", {"seconds": 2}),
        ("reset_in_body", {"after": 10}),
        ("truncated", {}),
        ("empty", {}),
        ("html", {}),
        ("content_type", {"value": "text/csv"}),
        ("gzip_bomb", {"size": 1_000_000}),
    ):
        demo.world.repair()
        demo.world.inject({"kind": kind, **keys})
        answer = raw(demo, *me)
        seen = {
            "delay": answer.delay == 2 and answer.body == whole,
            "reset_in_body": answer.cut == 10 and answer.body == whole,
            "truncated": len(answer.body) == len(whole) // 2,
            "empty": answer.body == b"",
            "html": answer.body.startswith(b"<!DOCTYPE html>") and answer.header("content-type") == "text/html",
            "content_type": answer.header("content-type") == "text/csv" and answer.body == whole,
            "gzip_bomb": len(answer.body) < 10_000 and answer.header("content-encoding") == "gzip",
        }
        assert seen[kind], kind
    assert len(gzip.decompress(answer.body)) > 1_000_000


# --- rule 79: others ---


def test_an_edit_comes_before_the_chosen_call(demo):
    demo.world.inject(
        {"kind": "edit", "collection": "adSets", "id": "123467", "set": {"bidding.bidAmount": 7}, "nth": 2}
    )
    seen = [demo.get("/ad-sets/123467").body["data"]["attributes"]["bidding"]["bidAmount"] for _ in range(2)]
    assert [str(one) for one in seen] == ["0.9", "7"]


def test_an_edit_of_nothing_is_an_error(demo):
    with pytest.raises(KeyError):
        demo.world.edit("adSets", "1", {"name": "x"})


def test_time_passes_before_the_chosen_call(demo):
    demo.world.inject({"kind": "advance", "seconds": 86400 * 20})
    assert demo.get("/ad-sets/123474").body["data"]["attributes"]["schedule"]["deliveryStatus"] == "live"


# --- rule 80: lag ---


def bid_of(demo):
    return str(demo.get("/ad-sets/123467").body["data"]["attributes"]["bidding"]["bidAmount"])


def test_a_write_stays_invisible_for_some_reads(demo, patched):
    demo.world.inject({"kind": "lag", "method": "PATCH", "reads": 2})
    patched(demo, "123467", {"bidding": {"bidAmount": {"value": 5}}})
    assert [bid_of(demo) for _ in range(4)] == ["0.9", "0.9", "5", "5"]


def test_a_write_stays_invisible_for_some_time(demo, patched):
    demo.world.inject({"kind": "lag", "method": "PATCH", "seconds": 30})
    patched(demo, "123467", {"bidding": {"bidAmount": {"value": 5}}})
    seen = [bid_of(demo)]
    demo.world.advance(30)
    assert [*seen, bid_of(demo)] == ["0.9", "5"]


def test_a_new_ad_set_is_not_there_yet(demo, drafted):
    demo.world.inject({"kind": "lag", "method": "POST", "path": "*/ad-sets", "reads": 1})
    key = demo.post("/ad-sets", drafted()).body["data"]["id"]
    assert [demo.get(f"/ad-sets/{key}").status for _ in range(2)] == [404, 200]


def test_a_write_sees_what_reads_do_not_yet(demo, patched):
    demo.world.inject({"kind": "lag", "method": "PATCH", "reads": 9})
    patched(demo, "123467", {"budget": {"budgetStrategy": "uncapped"}})
    assert patched(demo, "123467", {"budget": {"budgetAmount": {"value": 5}}}).codes != []


# --- rule 81: items ---


def stop_three(demo):
    return demo.post("/ad-sets/stop", {"data": [{"id": key} for key in ("123467", "1", "123470")]})


def test_chosen_items_fail_and_the_others_are_done(demo):
    demo.world.inject({"kind": "item_errors", "code": "x", "indices": [0]})
    answer = stop_three(demo)
    assert [one["id"] for one in answer.body["data"]] == ["123470"]
    assert list(zip(answer.codes, answer.instances, strict=True)) == [
        ("x", "@data/0"),
        ("campaign--ad-set-start-check--not-found", "@data/1"),
    ]
    assert not stopped(demo)


@pytest.mark.parametrize(
    ("form", "instances"),
    [
        ("as_is", ["@data/0", "@data/1"]),
        ("permuted", ["@data/1", "@data/0"]),
        ("repeated", ["@data/0", "@data/0", "@data/1", "@data/1"]),
        ("out_of_range", ["@data/3", "@data/4"]),
        ("absent", [None, None]),
        ("text", ["@data/first", "@data/first"]),
    ],
)
def test_errors_may_name_their_items_badly(demo, form, instances):
    demo.world.inject({"kind": "item_errors", "indices": [0], "instances": form})
    assert [one.get("instance") for one in stop_three(demo).body["errors"]] == instances


@pytest.mark.parametrize(
    ("form", "ids"),
    [
        ("as_is", ["123470"]),
        ("with_failed", ["123470", "123467"]),
        ("without_done", []),
        ("with_strangers", ["123470", "999999999"]),
    ],
)
def test_the_list_of_what_is_done_may_be_wrong(demo, form, ids):
    demo.world.inject({"kind": "item_errors", "indices": [0], "data": form})
    assert [one["id"] for one in stop_three(demo).body["data"]] == ids


# --- rule 82: noise ---


def test_noise_changes_the_spelling_and_not_the_meaning(demo):
    demo.world.edit("adSets", "123467", {"targeting.geoLocation.countries.values": ["FR", "BE"]})
    demo.world.inject({"kind": "noise"})
    text = raw(demo, "GET", PATH + "/123467").body
    attributes = decode(text)["data"]["attributes"]
    assert attributes["schedule"]["startDate"]["value"] == "2026-09-01T02:00:00.0000000+02:00"
    assert b'"bidAmount":0.90,' in text
    assert attributes["targeting"]["geoLocation"]["countries"]["value"]["values"] == ["BE", "FR"]
    assert (decode(text)["errors"], attributes["schedule"]["deliveryStatus"]) == (None, "learning")
    assert "xAddedLater" in attributes


def test_noise_comes_in_chosen_forms(demo):
    demo.world.inject({"kind": "noise", "forms": ["null_errors"]})
    noisy, plain = (decode(raw(demo, "GET", PATH + "/123467").body) for _ in range(2))
    assert noisy == {**plain, "errors": None, "warnings": None}


# --- rule 83: consent ---


def test_a_consent_is_revoked_in_mid_run(demo):
    demo.world.inject({"kind": "revoke_consent", "nth": 2})
    assert [len(demo.post("/ad-sets/search", {}).body["data"]) for _ in range(3)] == [7, 0, 0]
    assert demo.get("/ad-sets/123467").status == 403


# --- rule 84: the log ---


def test_every_call_is_logged_with_what_it_said_and_got(demo):
    demo.call("PATCH", "/ad-sets", {"data": [{"id": "1"}]}, {"x": "1"})
    assert demo.world.log == [
        {
            "method": "PATCH",
            "path": PATH,
            "query": [["x", "1"]],
            "body": {"data": [{"id": "1"}]},
            "status": 200,
            "time": "2026-11-21T09:00:00Z",
            "client_id": "sandbox-ms",
        }
    ]


def test_no_secret_is_logged(demo):
    form = {"content-type": "application/x-www-form-urlencoded"}
    body = b"grant_type=client_credentials&client_id=sandbox-ms&client_secret=sandbox"
    for fault in ({"kind": "delay", "seconds": 0}, {"kind": "lost_request"}):
        demo.world.inject({**fault, "path": "/oauth2/token"})
        demo.world.handle(Request.of("POST", "/oauth2/token", form, body))
    assert [entry["body"] for entry in demo.world.log] == [None, None]
