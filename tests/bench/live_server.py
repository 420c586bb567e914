"""A server without latency: it answers each path with bytes that were prepared before, and counts the writes.

It stands for the API where only our own time is measured, so it simulates nothing. Its own processor
time is another process's, and is not ours.
"""

import json
import sys
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TOKEN = json.dumps({"access_token": "bench", "token_type": "Bearer", "expires_in": 900}).encode()


class Handler(BaseHTTPRequestHandler):
    """``GET /calls`` tells how many calls each method had."""

    protocol_version = "HTTP/1.1"
    answers: dict[str, bytes]
    calls: Counter[str]

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/calls":
            self._answer(json.dumps(self.calls).encode())
        else:
            self._known(f"GET {path}")

    def do_POST(self) -> None:
        path = self.path.partition("?")[0]
        self.rfile.read(int(self.headers.get("content-length") or 0))
        if path == "/oauth2/token":
            self._answer(TOKEN)
        else:
            self._known(f"POST {path}")

    def _known(self, name: str) -> None:
        self.calls[name.partition(" ")[0]] += 1
        body = self.answers.get(name)
        self._answer(body if body is not None else b'{"errors":[]}', 200 if body is not None else 404)

    def _answer(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None: ...


def main() -> None:
    """Serve the folder of prepared answers; the port is the first line on stdout."""
    folder = Path(sys.argv[1])
    index = json.loads((folder / "index.json").read_text())
    Handler.answers = {name: (folder / file).read_bytes() for name, file in index.items()}
    Handler.calls = Counter()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
