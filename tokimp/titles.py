"""What methods are called where they are shown."""

from __future__ import annotations

TITLES: dict[str, str] = {}
"""By a method's key: filled as methods register themselves, so that views need not load them."""
