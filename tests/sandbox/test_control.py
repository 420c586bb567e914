"""The surface for tests and demos, and the world on a real port."""

from __future__ import annotations

import ast
import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import reconciler.sandbox
from reconciler.sandbox import Request, World
from reconciler.sandbox.app import listen, serve
from reconciler.sandbox.encoding import decode, encode

ME = "/2026-07/marketing-solutions/me"


def control(world, method, what, body=None):
    text = b"" if body is None else json.dumps(body).encode()
    response = world.handle(Request.of(method, f"/_sandbox/{what}", {}, text))
    return response.status, decode(response.body)


# --- control calls ---


def test_control_calls_are_neither_logged_nor_metered(demo):
    control(demo.world, "GET", "calls")
    control(demo.world, "GET", "state")
    assert demo.world.log == []
    assert not demo.world.state.all("windows")


def test_calls_can_be_read_and_forgotten(demo):
    demo.get("/me")
    assert [entry["path"] for entry in control(demo.world, "GET", "calls")[1]] == [ME]
    control(demo.world, "DELETE", "calls")
    assert control(demo.world, "GET", "calls") == (200, [])


def test_the_state_can_be_taken_and_put_back(demo):
    state = control(demo.world, "GET", "state")[1]
    demo.post("/ad-sets/stop", {"data": [{"id": "123467"}]})
    text = demo.world.handle(Request.of("GET", "/_sandbox/state")).body
    assert decode(text) != state
    demo.world.handle(Request.of("PUT", "/_sandbox/state", {}, encode(state)))
    assert control(demo.world, "GET", "state")[1] == state


def test_the_clock_is_advanced_and_set(demo):
    control(demo.world, "POST", "clock", {"advance": 90})
    assert control(demo.world, "GET", "clock")[1]["now"] == "2026-11-21T09:01:30Z"
    control(demo.world, "POST", "clock", {"now": "2027-01-01T00:00:00Z"})
    assert control(demo.world, "GET", "clock")[1]["now"] == "2027-01-01T00:00:00Z"


def test_faults_and_edits_are_made_from_outside(demo):
    control(demo.world, "POST", "faults", [{"kind": "status", "status": 503}])
    assert demo.get("/me").status == 503
    assert control(demo.world, "DELETE", "faults") == (200, [])
    status, record = control(demo.world, "POST", "edit", {"collection": "adSets", "id": 123467, "set": {"name": "x"}})
    assert (status, record["name"]) == (200, "x")


@pytest.mark.parametrize(
    ("method", "what", "body", "status"),
    [
        ("POST", "edit", {"collection": "adSets", "id": "1", "set": {}}, 400),
        ("POST", "faults", [{"kind": "earthquake"}], 400),
        ("POST", "clock", {}, 400),
        ("GET", "nothing", None, 404),
        ("GET", "ad-sets/1/audience", None, 404),
    ],
)
def test_a_wrong_control_call_is_told_so(demo, method, what, body, status):
    assert control(demo.world, method, what, body)[0] == status


# --- the running clock ---


def test_a_running_clock_runs_and_a_frozen_one_does_not():
    running, frozen = World.demo(), World.demo(running=False)
    first = running.now, frozen.now
    time.sleep(0.01)
    assert running.now > first[0]
    assert frozen.now == first[1]


# --- a port ---


@pytest.fixture(scope="module")
def port():
    world, ready, urls = World.demo(), threading.Event(), []

    def on_ready(url):
        urls.append(url)
        ready.set()

    threading.Thread(target=serve, args=(world,), kwargs={"on_ready": on_ready}, daemon=True).start()
    assert ready.wait(10)
    return world, int(urls[0].rpartition(":")[2])


def ask(port, method="GET", path="/_sandbox/clock", body=None):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request(method, path, body)
        response = connection.getresponse()
        return response, response.read()


def test_a_served_world_answers_with_its_own_date_and_no_name(port):
    response, body = ask(port[1], path=ME)
    assert response.status == 401
    assert response.getheader("date").startswith("Sat, 21 Nov 2026 09:")
    assert response.getheader("server") is None
    assert json.loads(body)["errors"][0]["code"] == "authorization-token-missing"


def test_an_aborted_answer_drops_the_connection(port):
    port[0].inject({"kind": "lost_answer", "path": ME})
    with pytest.raises(ConnectionError):
        ask(port[1], path=ME)
    assert ask(port[1], path=ME)[0].status == 401


def test_a_cut_answer_promises_more_than_it_sends(port):
    port[0].inject({"kind": "reset_in_body", "path": ME, "after": 10})
    with pytest.raises((ConnectionError, http.client.IncompleteRead)):
        ask(port[1], path=ME)


def test_a_slow_answer_is_slow_and_does_not_hold_up_others(port):
    port[0].inject({"kind": "delay", "path": ME, "seconds": 0.4})
    slow = threading.Thread(target=ask, args=(port[1],), kwargs={"path": ME})
    start = time.monotonic()
    slow.start()
    time.sleep(0.1)
    ask(port[1])
    assert time.monotonic() - start < 0.35
    slow.join()
    assert time.monotonic() - start >= 0.4


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_connection_sends_each_answer_at_once(host):
    """Without TCP_NODELAY an answer on a kept connection waits about 40 ms for an acknowledgement."""
    try:
        listening = listen(host, 0)
    except OSError:
        pytest.skip(f"{host} is not available here")
    with listening, socket.create_connection(listening.getsockname()[:2]), listening.accept()[0] as accepted:
        for each in (listening, accepted):
            assert each.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_a_silent_answer_never_comes_and_does_not_hold_up_others(port):
    port[0].inject({"kind": "silence", "path": ME})
    with closing(http.client.HTTPConnection("127.0.0.1", port[1], timeout=0.2)) as connection:
        connection.request("GET", ME)
        with pytest.raises(TimeoutError):
            connection.getresponse()
    assert ask(port[1], path=ME)[0].status == 401


@pytest.mark.parametrize("silent", [False, True])
def test_an_interrupted_server_ends_quietly(silent):
    script = "from reconciler.sandbox.app import *; serve(World.demo(), on_ready=lambda url: print(url, flush=True))"
    root = Path(reconciler.sandbox.__file__).parents[2]
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", script], stdout=pipe, stderr=pipe, text=True, cwd=root) as server:
        url = server.stdout.readline()
        assert url.startswith("http://127.0.0.1:")
        with closing(http.client.HTTPConnection("127.0.0.1", int(url.rpartition(":")[2]), timeout=10)) as waiting:
            if silent:
                ask(int(url.rpartition(":")[2]), "POST", "/_sandbox/faults", b'[{"kind": "silence"}]')
                waiting.request("GET", ME)
                time.sleep(0.1)
            server.send_signal(signal.SIGINT)
            server.wait(timeout=10)
        assert server.communicate(timeout=10) == ("", "")
    assert server.returncode == 0


# --- independence ---


def test_the_sandbox_imports_nothing_of_the_program_and_no_http_client():
    root = Path(reconciler.sandbox.__file__).parent
    foreign = {"reconciler", *packages_distributions()} - {"starlette", "uvicorn", "orjson", "yaml"}
    strangers = {
        (path.name, name)
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in _imported(node)
        if name.partition(".")[0] in foreign
    }
    assert strangers == set()


def _imported(node):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
