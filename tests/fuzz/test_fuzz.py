"""A few hostile inputs for every target, the same in each run; benchmarks/fuzz.py draws thousands of others."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.targets import TARGETS

EXAMPLES = {"links": 600, "results": 60, "routes": 100}


@pytest.mark.parametrize("name", TARGETS)
def test_hostile_inputs(name: str) -> None:
    target = TARGETS[name]
    drawn = given(**target.strategies)(target.holds)
    calm = [HealthCheck.too_slow, HealthCheck.data_too_large]
    settings(
        max_examples=EXAMPLES[name],
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=calm,
    )(drawn)()
