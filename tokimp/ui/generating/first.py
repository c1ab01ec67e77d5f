"""The answer that the tab shows before anything is pressed, as it was explained before."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from tokimp.assets import asset
from tokimp.generation import GenerationExplanation
from tokimp.ui.studies import Studied

DIGITS = 7
"""All that a network in single precision knows."""


@cache
def first_answer() -> Studied | None:
    """The stored one; None where none is. scripts/first_results.py writes it, with the model of the pack."""
    try:
        text = asset("first/generation.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    value = GenerationExplanation.from_json(text)
    return Studied(value.request, value, value.evaluations, value.seconds)


def stored(studied: Studied) -> str:
    """The file's text."""
    return json.dumps(_rounded(json.loads(studied.value.to_json())), ensure_ascii=False, sort_keys=True) + "\n"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value
