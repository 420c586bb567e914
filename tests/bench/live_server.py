"""A server that answers each path with bytes that were prepared before, and counts the calls; it may take its time.

``python live_server.py FOLDER [LATENCY [SLOW [PORT]]]``: seconds of every answer, and of each search. A search for some
advertisers has the answer of that search, if there is one. Once ad sets were patched, it has the answer of a second
folder, FOLDER/after, if there is one: what was sent is in force then. It stands for the API where only our own time is
measured, so it simulates nothing. Its own processor time is another process's, and is not ours.
"""

import json
import sys
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TOKEN = json.dumps({"access_token": "bench", "token_type": "Bearer", "expires_in": 900}).encode()


class Handler(BaseHTTPRequestHandler):
    """``GET /calls`` tells how many calls each method had."""

    protocol_version = "HTTP/1.1"
    answers: dict[str, bytes]
    calls: Counter[str]
    after: dict[str, bytes]
    latency = slow = 0.0

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/calls":
            self._answer(json.dumps(self.calls).encode())
        else:
            self._known(f"GET {path}")

    def do_POST(self) -> None:
        path = self.path.partition("?")[0]
        asked = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        if path == "/oauth2/token":
            time.sleep(self.latency)
            self._answer(TOKEN)
        else:
            self._known(f"POST {path}", asked)

    def do_PATCH(self) -> None:
        rows = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)))["data"]
        self.calls["PATCH"] += 1
        time.sleep(self.latency)
        self._answer(json.dumps({"data": [{"id": row["id"]} for row in rows], "errors": []}).encode())

    def _known(self, name: str, asked: str = "") -> None:
        self.calls[name.partition(" ")[0]] += 1
        time.sleep(self.slow if name.endswith("/search") else self.latency)
        answers = self.after if self.after and self.calls["PATCH"] else self.answers
        body = answers.get(f"{name} {asked}", answers.get(name))
        self._answer(body if body is not None else b'{"errors":[]}', 200 if body is not None else 404)

    def _answer(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None: ...


def _prepared(folder: Path) -> dict[str, bytes]:
    index = folder / "index.json"
    names = json.loads(index.read_text()) if index.exists() else {}
    return {name: (folder / file).read_bytes() for name, file in names.items()}


def main() -> None:
    """Serve the folder of prepared answers; the port is the first line on stdout."""
    folder, *seconds = sys.argv[1:]
    Handler.latency = Handler.slow = float(seconds[0]) if seconds else 0.0
    Handler.slow = float(seconds[1]) if len(seconds) > 1 else Handler.latency
    Handler.answers, Handler.after = _prepared(Path(folder)), _prepared(Path(folder, "after"))
    Handler.calls = Counter()
    server = ThreadingHTTPServer(("127.0.0.1", int(seconds[2]) if len(seconds) > 2 else 0), Handler)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
