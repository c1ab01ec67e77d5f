"""A whole answer, as a study: written or given, then explained a token at a time, and as one sum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tokimp.errors import OptionError
from tokimp.generating import explaining, settings_of
from tokimp.generation import GenerationExplanation
from tokimp.methods.base import build
from tokimp.models.text_model import TextModel
from tokimp.types import Request
from tokimp.ui import work
from tokimp.ui.studies.base import STUDIES, Studied
from tokimp.views.generation.page import generation_body, generation_title
from tokimp.watch import Watch

KEY = "generation"
MOST_NEW_TOKENS = 128
"""A page's visitor waits for each of them."""

MOST_TOKENS = 512
"""Of a prompt to a model of a task that has no tab of its own."""


@dataclass(frozen=True)
class ExplainAnswer:
    """The tab Generation."""

    title: str = "Explain an answer"

    def check(self, request: Request) -> None:
        work.check_length(request.text)
        settings, rest = settings_of(request)
        if settings.max_new_tokens > MOST_NEW_TOKENS:
            raise OptionError(f"At most {MOST_NEW_TOKENS} tokens are written here.", "Ask for fewer.")
        if len(request.generated) > MOST_TOKENS:
            raise OptionError(f"The answer has more than {MOST_TOKENS} tokens.", "Shorten it.")
        build(request.method, rest, request.seed)
        if request.target is not None or request.contrast is not None:
            raise OptionError("An answer is explained as it stands.", "Leave target and contrast out.")

    def run(self, model: TextModel, request: Request, watch: Watch) -> Iterator[GenerationExplanation]:
        model.encode(request.text, work.MOST_TOKENS.get(request.task, MOST_TOKENS), (), request.roles)
        return explaining(model, request, watch)

    def heading(self, studied: Studied) -> str:
        return generation_title(studied.value)

    def body(self, studied: Studied) -> str:
        return generation_body(studied.value)


STUDIES.add(KEY, ExplainAnswer())
