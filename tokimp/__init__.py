"""Which input tokens matter for what a language model says, and can the explanation be trusted?"""

from importlib.metadata import PackageNotFoundError, version

from tokimp.api import ask, catalog, explain, load, methods, predict, tasks
from tokimp.types import Attribution, Candidate, Explanation, Prediction, Request, Target, Token

__all__ = [
    "Attribution",
    "Candidate",
    "Explanation",
    "Prediction",
    "Request",
    "Target",
    "Token",
    "ask",
    "catalog",
    "explain",
    "load",
    "methods",
    "predict",
    "tasks",
]

try:
    __version__ = version("tokimp")
except PackageNotFoundError:  # a clone that runs without being installed
    __version__ = "0.1.0"
