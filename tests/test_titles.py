"""Methods are called by their titles, and views load none for it."""

from __future__ import annotations

import subprocess
import sys

from tokimp.methods import METHODS
from tokimp.titles import TITLES
from tokimp.views.compare.cells import method_name


def test_every_method_is_called_by_its_title() -> None:
    assert {key: method.info.title for key, method in METHODS.items()} == TITLES
    assert method_name("attn_lrp") == "AttnLRP"


def test_what_is_not_loaded_is_called_by_its_key() -> None:
    code = (
        "import sys; from tokimp.views.compare.cells import method_name; print(method_name('attn_lrp'), *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("attn lrp ")
    assert "torch" not in done.stdout.split()
