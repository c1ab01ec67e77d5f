"""The README's example of a black box does what the README says."""

from __future__ import annotations

import re
from pathlib import Path

from scripts.readme import own_model

README = (Path(__file__).resolve().parent.parent.parent / "README.md").read_text(encoding="utf-8")


def test_it_prints_what_the_readme_shows() -> None:
    shown = own_model()
    assert shown in README
    scores = dict(re.findall(r"^ *([+-]\d\.\d\d)  ?(\w+)", shown, re.MULTILINE))
    assert {word: float(score) for score, word in scores.items()} == {
        "Not": -1.5,
        "dull": -2.0,
        "but": 0.0,
        "good": 2.0,
    }
