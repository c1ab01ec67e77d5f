"""Which input tokens matter for what a language model says, and can the explanation be trusted?"""

from tokimp.api import ask, catalog, explain, load, methods, predict, tasks
from tokimp.types import Attribution, Candidate, Explanation, Prediction, Request, Target, Token
from tokimp.version import __version__

__all__ = [
    "Attribution",
    "Candidate",
    "Explanation",
    "Prediction",
    "Request",
    "Target",
    "Token",
    "__version__",
    "ask",
    "catalog",
    "explain",
    "load",
    "methods",
    "predict",
    "tasks",
]
