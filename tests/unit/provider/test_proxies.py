"""Proxies as machines have them, on real sockets of this machine: which way a call takes, and what its troubles say."""

import base64
import json
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trustme

from reconciler.cli import main
from reconciler.model import Answer, Call, Delivery, WriteEffect
from reconciler.provider.http import Api, Credentials, Settings
from reconciler.provider.http.proxies import EXCEPTIONS, VARIABLES, Proxy, ProxyTrouble, find_proxy
from reconciler.provider.http.trust import VARIABLES as TRUST

from ...support.commands import project

PASSWORD = "qxj#zvk@wqz/jx:kq?"
HOST = "api.criteo.test"
ADS = 'adSets:\n  one:\n    id: "123467"\n'


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, *EXCEPTIONS, *TRUST):
        monkeypatch.delenv(name, raising=False)


# --- Which proxy ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "url", "login"),
    [
        ("http://proxy:3128", "http://proxy:3128", None),
        ("proxy:3128", "http://proxy:3128", None),
        ("  proxy.corp.test:3128\r\n", "http://proxy.corp.test:3128", None),
        ("HTTP://proxy/", "http://proxy", None),
        ("https://proxy:443/", "https://proxy:443", None),
        ("http://[fd00::1]:3128", "http://[fd00::1]:3128", None),
        ("http://10.0.0.1:3128", "http://10.0.0.1:3128", None),
        ("socks5://proxy:1080", "socks5://proxy:1080", None),
        ("socks5h://me:you@proxy", "socks5h://proxy", ("me", "you")),
        ("http://me:you@proxy:3128", "http://proxy:3128", ("me", "you")),
        ("me:you@proxy:3128", "http://proxy:3128", ("me", "you")),
        ("http://me@proxy:3128", "http://proxy:3128", ("me", "")),
        (r"http://corp\me:you@proxy:3128", "http://proxy:3128", (r"corp\me", "you")),
        ("http://me:p%23ss%40w%3ard%25@proxy:3128", "http://proxy:3128", ("me", "p#ss@w:rd%")),
        ("http://me:p#ss@proxy:3128", "http://proxy:3128", ("me", "p#ss")),
        ("http://me:p@ss@proxy:3128", "http://proxy:3128", ("me", "p@ss")),
        ("http://me:p/s?s@proxy:3128", "http://proxy:3128", ("me", "p/s?s")),
        ("http://me:50%@proxy:3128", "http://proxy:3128", ("me", "50%")),
        ("http://me:größe@proxy:3128", "http://proxy:3128", ("me", "größe")),
    ],
)
def test_what_a_variable_names(value: str, url: str, login: tuple[str, str] | None) -> None:
    assert find_proxy(HOST, 443, {"HTTPS_PROXY": value}) == Proxy("HTTPS_PROXY", url, login)


@pytest.mark.parametrize(
    ("environment", "variable"),
    [
        ({}, None),
        ({"HTTP_PROXY": "http://p:1"}, None),  # the API is https
        ({"ALL_PROXY": "http://p:1"}, "ALL_PROXY"),
        ({"ALL_PROXY": "http://p:1", "HTTPS_PROXY": "http://p:2"}, "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "http://p:1", "https_proxy": "http://p:2"}, "https_proxy"),
        ({"HTTPS_PROXY": "http://p:1", "https_proxy": ""}, None),
        ({"HTTPS_PROXY": " \n"}, None),
    ],
)
def test_which_variable_counts(environment: dict[str, str], variable: str | None) -> None:
    found = find_proxy(HOST, 443, environment)
    assert (found and found.variable) == variable


@pytest.mark.parametrize(
    ("exceptions", "host", "direct"),
    [
        ("*", HOST, True),
        ("criteo.test", HOST, True),
        (".criteo.test", HOST, True),
        ("*.criteo.test", HOST, True),
        ("API.Criteo.Test.", HOST, True),
        ("riteo.test", HOST, False),
        ("api.criteo.test:443", HOST, True),
        ("api.criteo.test:8443", HOST, False),
        ("other.test, criteo.test", HOST, True),
        ("other.test criteo.test", HOST, True),
        ("https://api.criteo.test", HOST, True),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3:443", "10.1.2.3", True),
        ("::1", "fd00::1", False),
        ("fd00::/8", "fd00::1", True),
        ("[fd00::1]", "fd00::1", True),
        ("[fd00::1]:443", "fd00::1", True),
        ("[fd00::1]:444", "fd00::1", False),
        ("[fd00::]/8", "fd00::1", True),
        ("10.0.0.0/99,[::1,]:,:,//,[,#,http://,.", HOST, False),
        ("", HOST, False),
    ],
)
def test_what_needs_no_proxy(exceptions: str, host: str, direct: bool) -> None:
    environment = {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": exceptions}
    assert (find_proxy(host, 443, environment) is None) is direct


def test_an_exception_wins_over_a_proxy_that_cannot_be_read() -> None:
    assert find_proxy(HOST, 443, {"HTTPS_PROXY": "gopher://x", "no_proxy": HOST}) is None


def test_a_proxy_is_shown_without_its_login() -> None:
    assert "qxj" not in repr(find_proxy(HOST, 443, {"HTTPS_PROXY": f"http://me:{PASSWORD}@proxy:1"}))


# --- Thirty environments -------------------------------------------------------------------------------

UNUSABLE = [
    f"gopher://me:{PASSWORD}@proxy:1",
    f"socks4://me:{PASSWORD}@proxy:1",
    f"qxj://{PASSWORD}",
    f"http://me:{PASSWORD}@",
    f"http://me:{PASSWORD}",
    f"http://me:{PASSWORD}@proxy:99999",
    f"http://me:{PASSWORD}@proxy:0",
    f"http://me:{PASSWORD}@proxy:port",
    f"http://me:{PASSWORD}@[::1",
    f"http://me:{PASSWORD}@::1:3128",
    f"http://me:{PASSWORD}@two words:1",
    f"http://me:{PASSWORD}\x07@proxy:1",
    f"http://me:{PASSWORD}\nqxj@proxy:1",
    f"http://me:{PASSWORD}@pro%zzxy:1",
    f"http://me:{PASSWORD}@proxy..{'x' * 70}.test:1",
    f"http://me:{PASSWORD}@proxy:1/proxy.pac",
    "http://",
    "http:///",
    "#",
]
UNREACHED = [
    f"http://me:{PASSWORD}@127.0.0.1:{{port}}",
    f"me:{PASSWORD}@127.0.0.1:{{port}}",
    f"https://me:{PASSWORD}@127.0.0.1:{{port}}/",
    f"socks5://me:{PASSWORD}@127.0.0.1:{{port}}",
    f"socks5h://me:{PASSWORD}@127.0.0.1:{{port}}",
    f"http://me:{PASSWORD}@[::1]:{{port}}",
    f" http://me:{PASSWORD}@127.0.0.1:{{port}}\n",
    "127.0.0.1:{port}",
]


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "all_proxy"])
@pytest.mark.parametrize("value", UNUSABLE + UNREACHED)
def test_a_trouble_is_one_sentence_that_names_the_variable_and_never_its_value(
    value: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv(variable, value.replace("{port}", str(port)))
    answer = send()
    assert answer.fate is Delivery.NOT_SENT
    assert answer.reason.count(variable) >= 1
    assert answer.reason.isprintable()
    assert_is_hidden(repr(answer))


@pytest.mark.parametrize("value", UNUSABLE)
def test_a_command_says_it_in_json_and_ends(
    value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)
    monkeypatch.setenv("CRITEO_MS_CLIENT_ID", "the-id")
    monkeypatch.setenv("CRITEO_MS_CLIENT_SECRET", "the-secret")
    project(tmp_path, {})
    (tmp_path / "ads.yaml").write_text(ADS, encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["plan", str(tmp_path), "--api-url", f"https://{HOST}", "--format", "json"])
    out, err = capsys.readouterr()
    problems = json.loads(out)["diagnostics"]
    assert [each["code"] for each in problems] == ["unreachable"]
    assert "HTTPS_PROXY" in problems[0]["message"]
    assert_is_hidden(out + err)


def test_without_the_extra_a_socks_proxy_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", f"socks5://me:{PASSWORD}@127.0.0.1:1080")
    monkeypatch.setattr("reconciler.provider.http.proxied.find_spec", lambda name: None)
    needed = "ALL_PROXY names a SOCKS proxy, which needs the extra `socks`: pip install 'httpx[socks]'"
    assert send().reason == f"no token: {needed}"


# --- Through one ---------------------------------------------------------------------------------------


def test_through_a_proxy_the_login_goes_to_it_and_the_secret_to_the_api(tunnel: "Tunnel") -> None:
    answer = send()
    assert (answer.fate, answer.status) == (Delivery.ANSWERED, 200)
    login = base64.b64encode(f"me:{PASSWORD}".encode())
    assert tunnel.heard[0].startswith(b"CONNECT api.criteo.test:443 ")
    assert b"Proxy-Authorization: Basic " + login in tunnel.heard[0]
    assert b"the-secret" not in tunnel.heard[0]


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR"])
def test_an_authority_of_the_users_own(
    variable: str, tunnel: "Tunnel", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = Path(os.environ["SSL_CERT_FILE"])
    monkeypatch.delenv("SSL_CERT_FILE")
    if variable == "SSL_CERT_DIR":
        folder = tmp_path / "certificates"
        folder.mkdir()
        asked = ["openssl", "x509", "-hash", "-noout", "-in", str(trusted)]
        name = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
        (folder / f"{name}.0").write_bytes(trusted.read_bytes())
        monkeypatch.setenv(variable, str(folder))
    else:
        monkeypatch.setenv(variable, f"{trusted}\n")
    assert send().status == 200


@pytest.mark.parametrize("variable", TRUST)
@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_certificates_that_cannot_be_read(
    variable: str, content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "canary.pem"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    monkeypatch.setenv(variable, str(path))
    answer = send()
    assert answer.fate is Delivery.NOT_SENT
    assert f"the trusted certificates that {variable} names cannot be read" in answer.reason


def test_an_authority_that_is_not_trusted(tunnel: "Tunnel", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    answer = send()
    assert "through the proxy of HTTPS_PROXY is not accepted" in answer.reason
    assert "SSL_CERT_FILE" in answer.reason
    assert len(tunnel.heard) == 1  # it does not get better within a minute


@pytest.mark.parametrize(
    ("status", "attempts", "said"),
    [
        (407, 1, "the proxy of HTTPS_PROXY does not accept the login (407): check user and password in HTTPS_PROXY"),
        (403, 1, f"the proxy of HTTPS_PROXY gives no way to {HOST} (status 403): check HTTPS_PROXY and NO_PROXY"),
        (502, 5, f"the proxy of HTTPS_PROXY gives no way to {HOST} (status 502): check HTTPS_PROXY and NO_PROXY"),
    ],
)
def test_a_proxy_that_refuses(status: int, attempts: int, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 {status} {PASSWORD}\r\ncontent-length: 0\r\n\r\n".encode())

    with listening(refuse) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:{PASSWORD}@127.0.0.1:{proxy.port}")
        answer = send()
    assert (answer.fate, len(proxy.heard)) == (Delivery.NOT_SENT, attempts)
    assert answer.reason == f"no token: {said}" + (f" ({attempts} attempts)" if attempts > 1 else "")


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (b"\x05\xff", "does not accept the login"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak SOCKS 5"),
        (b"\x05", "does not speak SOCKS 5"),
    ],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # httpcore leaves the socket to the end
def test_a_socks_proxy_that_refuses(first: bytes, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(lambda connection: connection.sendall(first)) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"socks5://me:{PASSWORD}@127.0.0.1:{proxy.port}")
        answer = send()
    assert (answer.fate, len(proxy.heard)) == (Delivery.NOT_SENT, 1)
    assert "the proxy of ALL_PROXY" in answer.reason
    assert said in answer.reason


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_socks_proxy_hangs_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(lambda connection: None) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"socks5h://127.0.0.1:{proxy.port}")
        answer = send()
    assert "the proxy of ALL_PROXY" in answer.reason


# --- The stage -----------------------------------------------------------------------------------------


class Hurried:
    """Real time, except that a pause takes none."""

    from time import monotonic, time

    monotonic, time = staticmethod(monotonic), staticmethod(time)

    def sleep(self, seconds: float, /) -> None: ...


def send() -> Answer:
    api = Api(
        {"marketingSolutions": Credentials("the-id", "the-secret")},
        Settings(base_url=f"https://{HOST}"),
        clock=Hurried(),
    )
    try:
        read = Call("the call", "adSets", "settings", WriteEffect.READ, "GET", "/x", None, product="marketingSolutions")
        return api.send(read)
    finally:
        api.close()


def assert_is_hidden(text: str) -> None:
    """No three characters of the password that stand nowhere else."""
    pieces = {PASSWORD[at : at + 3] for at in range(len(PASSWORD) - 2)}
    assert {piece for piece in pieces if piece in text} == set()


class Tunnel:
    """A listening socket, and the first bytes that each connection said."""

    def __init__(self, talk: Callable[[socket.socket], None]) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.heard: list[bytes] = []
        self.talk = talk

    def run(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            self.heard.append(connection.recv(65536))
            self.talk(connection)


@contextmanager
def listening(talk: Callable[[socket.socket], None]) -> Iterator[Tunnel]:
    tunnel = Tunnel(talk)
    thread = threading.Thread(target=tunnel.run, daemon=True)
    thread.start()
    try:
        yield tunnel
    finally:
        tunnel.listener.shutdown(socket.SHUT_RDWR)
        tunnel.listener.close()
        thread.join()


@pytest.fixture
def tunnel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tunnel]:
    """A proxy behind which the API answers, with a certificate of an authority that SSL_CERT_FILE names."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)

    def talk(raw: socket.socket) -> None:
        raw.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with context.wrap_socket(raw, server_side=True) as connection:
            while asked := connection.recv(65536):
                body = b'{"access_token": "the-token", "expires_in": 900}' if b"oauth2" in asked else b"{}"
                head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
                connection.sendall(head.encode() + body)

    with listening(talk) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:{PASSWORD}@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        yield proxy


def test_the_thirty_environments_are_thirty() -> None:
    assert len(UNUSABLE + UNREACHED) * 2 >= 30
    with pytest.raises(ProxyTrouble):
        find_proxy(HOST, 443, {"HTTPS_PROXY": UNUSABLE[0]})
