"""All metrics, registered by being imported, in the order of the tables."""

from tokimp.metrics import faithfulness, soft
from tokimp.metrics.base import METRICS, MetricInfo, Setting
from tokimp.metrics.evaluating import default_randoms, evaluating

__all__ = ["METRICS", "MetricInfo", "Setting", "default_randoms", "evaluating", "faithfulness", "soft"]
