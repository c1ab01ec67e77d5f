"""Which input tokens matter for what a language model says, and can the explanation be trusted?"""

import sys as _sys
from importlib import import_module as _import_module
from types import ModuleType as _Module
from typing import TYPE_CHECKING as _TYPE_CHECKING

from tokimp.comparison import Comparison
from tokimp.generation import GenerationExplanation
from tokimp.prompt_comparison import PromptComparison
from tokimp.types import Attribution, Candidate, Explanation, Prediction, Request, Target, Token
from tokimp.version import __version__

if _TYPE_CHECKING:
    from tokimp.api import ask, catalog, chat, explain, load, methods, predict, tasks
    from tokimp.compare.methods import compare
    from tokimp.compare.prompts import compare_prompts
    from tokimp.estimating import estimate
    from tokimp.evaluation import evaluate, randomised, repeated, shifted
    from tokimp.generating.asking import explain_generation
    from tokimp.internals.inspecting import inspect
    from tokimp.internals.looks.seeing import look
    from tokimp.models.black_box import black_box
    from tokimp.models.endpoint_box import endpoint
    from tokimp.models.own_tokenizers import own_tokenizer
    from tokimp.notebook import (
        plot_agreement,
        plot_attention_grid,
        plot_attention_heatmap,
        plot_attribution,
        plot_hidden_pca,
        plot_layers,
        plot_logit_lens,
        plot_network,
        plot_similarity,
        plot_token_probabilities,
    )
    from tokimp.units import zoom
    from tokimp.why import why, without_sinks

__all__ = [
    "Attribution",
    "Candidate",
    "Comparison",
    "Explanation",
    "GenerationExplanation",
    "Prediction",
    "PromptComparison",
    "Request",
    "Target",
    "Token",
    "__version__",
    "ask",
    "black_box",
    "catalog",
    "chat",
    "compare",
    "compare_prompts",
    "endpoint",
    "estimate",
    "evaluate",
    "explain",
    "explain_generation",
    "inspect",
    "load",
    "look",
    "methods",
    "own_tokenizer",
    "plot_agreement",
    "plot_attention_grid",
    "plot_attention_heatmap",
    "plot_attribution",
    "plot_hidden_pca",
    "plot_layers",
    "plot_logit_lens",
    "plot_network",
    "plot_similarity",
    "plot_token_probabilities",
    "predict",
    "randomised",
    "repeated",
    "shifted",
    "tasks",
    "why",
    "without_sinks",
    "zoom",
]

_HOMES = {
    **dict.fromkeys(("ask", "catalog", "chat", "explain", "load", "methods", "predict", "tasks"), "tokimp.api"),
    **dict.fromkeys(("evaluate", "randomised", "repeated", "shifted"), "tokimp.evaluation"),
    "black_box": "tokimp.models.black_box",
    "endpoint": "tokimp.models.endpoint_box",
    "compare": "tokimp.compare.methods",
    "estimate": "tokimp.estimating",
    "compare_prompts": "tokimp.compare.prompts",
    "explain_generation": "tokimp.generating.asking",
    "inspect": "tokimp.internals.inspecting",
    "own_tokenizer": "tokimp.models.own_tokenizers",
    "look": "tokimp.internals.looks.seeing",
    **dict.fromkeys((name for name in __all__ if name.startswith("plot_")), "tokimp.notebook"),
    **dict.fromkeys(("why", "without_sinks"), "tokimp.why"),
    "zoom": "tokimp.units",
}
"""Where names live that are imported once they are asked for."""


class _Package(_Module):
    """Takes seconds for torch only once a model is asked: what works with results alone starts at once."""

    def __getattr__(self, name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"tokimp has no {name!r}.")
        found = getattr(_import_module(_HOMES[name]), name)
        setattr(self, name, found)
        return found

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *__all__})

    def __setattr__(self, name: str, value: object) -> None:
        """Keeps functions what they are: importing the package of such a name would put it in its place."""
        if not (name in ("methods", "compare", "why") and isinstance(value, _Module)):
            super().__setattr__(name, value)


_sys.modules[__name__].__class__ = _Package
