"""The receiver of a webhook, on the loopback."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

SECRET = "T0123456/B0123456/abcdefghijklmnop"


class Chat:
    """A receiver on the loopback, with the answer that it gives."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.status, self.headers = 200, dict[str, str]()
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                chat.heard.append((self.path, json.loads(body)))
                self.send_response(chat.status)
                for name, value in chat.headers.items():
                    self.send_header(name, value)
                said = f"invalid token {SECRET}".encode()
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *words: object) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/services/{SECRET}?sig=a%2Fb%3D%3D&v=1"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
