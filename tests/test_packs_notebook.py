"""The example notebook runs from its first cell to its last, and what it keeps is real and small.

`PYTHONWARNINGS="ignore:IProgress" jupyter execute --inplace assets/notebooks/inside.ipynb`, from the
root with PYTHONPATH=. or an installed tokimp, writes its outputs anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

from tests.views.markup import Markup
from tokimp import notebook

pytestmark = pytest.mark.packs

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "assets" / "notebooks" / "inside.ipynb"
MOST_BYTES = 500_000


def cells(book: Any) -> list[Any]:
    return [cell for cell in book.cells if cell.cell_type == "code"]


def pages(cell: Any) -> list[str]:
    return [output.data["text/html"] for output in cell.outputs if "text/html" in output.get("data", {})]


@pytest.fixture(scope="module")
def stored() -> Any:
    return nbformat.read(FILE, as_version=4)


def test_what_is_stored_is_valid_small_and_without_a_trace_of_its_machine(stored: Any) -> None:
    nbformat.validate(stored)
    assert FILE.stat().st_size < MOST_BYTES
    text = FILE.read_text(encoding="utf-8")
    assert str(ROOT) not in text
    assert str(Path.home()) not in text
    assert {output.output_type for cell in cells(stored) for output in cell.outputs} == {"execute_result"}
    assert [cell.execution_count for cell in cells(stored)] == list(range(1, len(cells(stored)) + 1))


def test_it_shows_every_plot(stored: Any) -> None:
    source = "\n".join(cell.source for cell in cells(stored))
    assert [name for name in notebook.__all__ if name.startswith("plot_") and f"tokimp.{name}(" not in source] == []
    for page in (page for cell in cells(stored) for page in pages(cell)):
        assert "script" not in {tag for tag, _ in Markup(page).tags}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Jupyter's own libraries
def test_it_runs_and_shows_what_it_stores(stored: Any) -> None:
    book = nbformat.read(FILE, as_version=4)
    nbclient.NotebookClient(book, timeout=300, resources={"metadata": {"path": str(ROOT)}}).execute()
    for cell, kept in zip(cells(book), cells(stored), strict=True):
        for page, before in zip(pages(cell), pages(kept), strict=True):
            new, old = Markup(page), Markup(before)
            assert [tag for tag, _ in new.tags if tag in ("section", "svg")] == [
                tag for tag, _ in old.tags if tag in ("section", "svg")
            ], cell.source
            assert new.attributes("aria-label") == old.attributes("aria-label"), cell.source
