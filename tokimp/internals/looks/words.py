"""Words that a look shows, and a second text that is held beside the first."""

from __future__ import annotations

from typing import Any

import numpy as np

from tokimp.methods.base import option
from tokimp.models.targets import label_of
from tokimp.models.text_model import TextModel

LONGEST_OTHER = 500
"""Characters of a second text, which travels in links as an option."""


def words_of(model: TextModel, *ids: np.ndarray) -> dict[str, str]:
    """By id, as JSON's names are, the word as it would stand in the text."""
    found = sorted({int(each) for array in ids for each in np.unique(array)})
    return {str(each): label_of(model, (each,)) for each in found}


def other_option(help: str) -> Any:
    """A second text, to be held beside the first; "" is none."""
    return option("", "Second text", help, kind=str, high=LONGEST_OTHER)
