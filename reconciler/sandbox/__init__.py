"""Simulator of the Criteo API, written from the contract as a second opinion; it imports nothing of the program.

`World` answers requests; `serve` listens on a port; `Request` and `Response` are the messages.
"""

from __future__ import annotations

from .message import Request, Response
from .options import Options
from .world import World

__all__ = ["Options", "Request", "Response", "World"]
