"""Which input tokens matter for what a language model says, and can the explanation be trusted?"""

import sys as _sys
from types import ModuleType as _Module
from typing import TYPE_CHECKING as _TYPE_CHECKING

from tokimp.types import Attribution, Candidate, Explanation, Prediction, Request, Target, Token
from tokimp.version import __version__

if _TYPE_CHECKING:
    from tokimp.api import ask, catalog, explain, load, methods, predict, tasks

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


class _Package(_Module):
    """Takes seconds for torch only once a model is asked: what works with results alone starts at once."""

    def __getattr__(self, name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"tokimp has no {name!r}.")
        from tokimp import api

        for each in set(__all__) & set(api.__all__):
            setattr(self, each, getattr(api, each))
        return self.__dict__[name]

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *__all__})

    def __setattr__(self, name: str, value: object) -> None:
        """Keeps `methods` the function: importing the package of that name would put it in its place."""
        if not (name == "methods" and isinstance(value, _Module)):
            super().__setattr__(name, value)


_sys.modules[__name__].__class__ = _Package
