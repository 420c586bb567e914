"""A session with yaml-language-server as an editor has it: JSON-RPC over the server's own streams."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

SERVER = Path(__file__).with_name("node_modules") / "yaml-language-server" / "bin" / "yaml-language-server"
PATIENCE = 60.0
CAPABILITIES = {
    "textDocument": {
        "completion": {"completionItem": {"snippetSupport": False, "documentationFormat": ["markdown"]}},
        "hover": {"contentFormat": ["markdown"]},
        "publishDiagnostics": {},
    },
    "workspace": {"configuration": False},
}
SETTINGS = {"yaml": {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}}


class Session:
    """One server, and the files that are open in it."""

    def __init__(self, node: str, folder: Path) -> None:
        pipe = subprocess.PIPE
        self._server = subprocess.Popen(
            [node, str(SERVER), "--stdio"], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, cwd=folder
        )
        self._answers: dict[int, queue.Queue[Any]] = {}
        self._diagnostics: queue.Queue[dict[str, Any]] = queue.Queue()
        self._count = 0
        threading.Thread(target=self._listen, daemon=True).start()
        root = {"processId": None, "rootUri": folder.as_uri(), "capabilities": CAPABILITIES}
        self._ask("initialize", root)
        self._tell("initialized", {})
        self._tell("workspace/didChangeConfiguration", {"settings": SETTINGS})

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._server.kill()
        self._server.communicate()

    def open(self, file: Path) -> list[dict[str, Any]]:
        """Show a file to the server; what it finds wrong in it."""
        document = {"uri": file.as_uri(), "languageId": "yaml", "version": 1, "text": file.read_text(encoding="utf-8")}
        self._tell("textDocument/didOpen", {"textDocument": document})
        while True:
            told = self._diagnostics.get(timeout=PATIENCE)
            if told["uri"] == file.as_uri():
                found: list[dict[str, Any]] = told["diagnostics"]
                return found

    def hover(self, file: Path, line: int, column: int) -> str:
        """What is shown for a word, by its 1-based place."""
        said = self._ask("textDocument/hover", _place(file, line, column))
        return str(said["contents"]["value"]) if said else ""

    def complete(self, file: Path, line: int, column: int) -> dict[str, str]:
        """What is offered at a place: labels with their words of explanation."""
        said = self._ask("textDocument/completion", _place(file, line, column))
        items = said["items"] if isinstance(said, dict) else said
        return {item["label"]: _words(item.get("documentation")) for item in items}

    def _ask(self, method: str, params: Any) -> Any:
        self._count += 1
        answer = self._answers[self._count] = queue.Queue()
        self._send({"id": self._count, "method": method, "params": params})
        said = answer.get(timeout=PATIENCE)
        assert "error" not in said, said
        return said["result"]

    def _tell(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._server.stdin is not None
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._server.stdin.flush()

    def _listen(self) -> None:
        stream = self._server.stdout
        assert stream is not None
        while header := stream.readline():
            length = int(header.partition(b":")[2])
            while stream.readline().strip():
                pass
            message = json.loads(stream.read(length))
            if message.get("method") == "textDocument/publishDiagnostics":
                self._diagnostics.put(message["params"])
            elif "method" in message and "id" in message:  # a question of the server's own: nothing to add
                self._send({"id": message["id"], "result": None})
            elif "id" in message:
                self._answers[message["id"]].put(message)


def _place(file: Path, line: int, column: int) -> dict[str, Any]:
    return {"textDocument": {"uri": file.as_uri()}, "position": {"line": line - 1, "character": column - 1}}


def _words(documentation: Any) -> str:
    return str(documentation["value"] if isinstance(documentation, dict) else documentation or "")
