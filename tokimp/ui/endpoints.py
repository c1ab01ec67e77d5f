"""What programs may ask: the HTTP API and the MCP server, with exactly `explain` and `predict`."""

from __future__ import annotations

import importlib.util

from tokimp.ui.desk import Desk


def register(desk: Desk) -> None:
    """Adds the endpoints to the page; to be called while it is being laid out."""


def mcp_here() -> bool:
    """Whether the page can also be an MCP server: the package is installed."""
    return importlib.util.find_spec("mcp") is not None
