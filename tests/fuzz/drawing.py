"""How many inputs are drawn: few in the suite and the same each time, others and as many as TOKIMP_FUZZ says else."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st


def draw(holds: Callable[..., None], strategies: Mapping[str, st.SearchStrategy[Any]], few: int) -> None:
    """Calls `holds` with drawn values; raises what it raises, and shows the values that made it."""
    many = os.environ.get("TOKIMP_FUZZ", "")
    settings(
        max_examples=int(many or few),
        derandomize=not many,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # looking for the smallest input that fails takes minutes
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )(given(**strategies)(holds))()
