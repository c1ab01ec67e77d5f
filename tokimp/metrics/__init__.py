"""All metrics, registered by being imported, in the order of the tables."""

from tokimp.metrics import (  # noqa: I001 - the order is that of the tables
    faithfulness,
    soft,
    answers,
)
from tokimp.metrics.base import METRICS, MetricInfo, Setting
from tokimp.metrics.evaluating import default_randoms, evaluating

__all__ = ["METRICS", "MetricInfo", "Setting", "answers", "default_randoms", "evaluating", "faithfulness", "soft"]
