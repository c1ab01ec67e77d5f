"""What several tests of the page need."""

from __future__ import annotations

import pytest

from tokimp.models.text_model import TextModel
from tokimp.ui import revisions, work
from tokimp.ui.desk import Desk


@pytest.fixture
def desk(decoder: TextModel, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk of its own, where every question goes to one tiny decoder."""
    monkeypatch.setattr(work, "model_for", lambda _asked: decoder)
    monkeypatch.setattr(work, "check_model", lambda _name: None)
    monkeypatch.setattr(revisions, "held", lambda _name, _task: decoder)
    return Desk()
