"""A few hostile inputs for every target, the same in each run; benchmarks/fuzz.py draws thousands of others."""

from __future__ import annotations

import pytest

from tests.fuzz.drawing import draw
from tests.fuzz.targets import TARGETS

FEW = {"links": 300, "results": 40, "routes": 80}


@pytest.mark.parametrize("name", TARGETS)
def test_hostile_inputs(name: str) -> None:
    draw(TARGETS[name].holds, TARGETS[name].strategies, FEW[name])
