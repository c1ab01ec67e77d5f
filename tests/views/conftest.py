"""Golden files: `pytest tests/views --update-golden` writes them anew; read the diff before committing it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples everywhere, and no red for a machine that is busy.
settings.register_profile("views", deadline=None, derandomize=True, database=None)
settings.load_profile("views")

GOLDEN = Path(__file__).resolve().parent.parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", default=False, help="write the golden files anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with the file of that name."""
    update = request.config.getoption("--update-golden", default=False)

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if update:
            path.write_text(text + "\n", encoding="utf-8", newline="")
        with path.open(encoding="utf-8", newline="") as file:
            assert text + "\n" == file.read(), f"{name} differs: see --update-golden"

    return compare
