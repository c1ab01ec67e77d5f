"""Plausible tokens come from a tiny model, whether or not a real one is installed."""

from __future__ import annotations

import pytest

from tests.models import shared
from tokimp.models import proposals


@pytest.fixture(autouse=True)
def tiny_helper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposals, "_helper", lambda: shared("bert", "masked-lm"))
