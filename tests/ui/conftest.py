"""What several tests of the page need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ui.called import SECRET, Page
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


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page with tiny models that is called over HTTP; nothing that it was sent may stand in its log."""
    served = Page(tmp_path_factory.mktemp("page") / "log")
    yield served
    served.close()
    assert SECRET not in served.log.read_text()
    assert "Traceback" not in served.log.read_text()
