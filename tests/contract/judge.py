"""A client whose every body and answer is held against the published document of a version."""

from __future__ import annotations

import re
from typing import Any

from ..sandbox.small_worlds import Answer, Client
from . import openapi


class Judge:
    """Calls an operation and holds both its body and its answer against the document."""

    def __init__(self, client: Client, product: str, version: str) -> None:
        self.client, self.product, self.version = client.at(f"/{version}"), product, version
        self.seen: set[tuple[str, str]] = set()

    def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> Answer:
        full = f"/{self.version}{path}"
        self.seen.add((method, openapi.template(self.product, self.version, method, full)))
        assert openapi.request_faults(self.product, self.version, method, full, body) == []
        answer = self.client.call(method, path, body, query)
        told = openapi.faults(self.product, self.version, method, full, answer.status, answer.body)
        assert told == [], f"{method} {full}: {answer.body}"
        return answer

    def assert_complete(self, about: str, *left_out: str) -> None:
        """Every operation whose path matches the pattern has been called."""
        ours = [one for one in openapi.operations(self.product, self.version) if re.search(about, one[1])]
        assert {one for one in ours if not one[1].endswith(left_out)} <= self.seen
