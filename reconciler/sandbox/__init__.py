"""A second opinion of the API: a simulator written from the contract, importing nothing of the rest of the program.

`World` answers requests; `serve` puts one on a port; `Request` and `Response` are what goes in and comes out.
"""

from __future__ import annotations

from .message import Request, Response
from .options import Options
from .world import World

__all__ = ["Options", "Request", "Response", "World"]
