"""A whole answer, as a study: written or given, then explained a token at a time, and as one sum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tokimp.errors import InputError, OptionError
from tokimp.generating import explaining, settings_of
from tokimp.generation import GenerationExplanation
from tokimp.methods.base import build
from tokimp.models.text_model import TextModel
from tokimp.types import Request, Task
from tokimp.ui import work
from tokimp.ui.long_texts import LONG
from tokimp.ui.studies.base import STUDIES, Ahead, Studied
from tokimp.ui.studies.rows import MANY, estimate_of_answer, work_of_answer
from tokimp.views.generation.page import generation_body, generation_title
from tokimp.watch import Watch

KEY = "generation"
MOST_NEW_TOKENS = 128
"""A page's visitor waits for each of them."""

WRITING: tuple[Task, ...] = ("next-token", "seq2seq")
WRITERS = "Choose a next-token or a seq2seq model."

MOST_TOKENS = 512
"""Of a prompt to a model of a task that has no tab of its own."""


@dataclass(frozen=True)
class ExplainAnswer:
    """The tab Generation."""

    title: str = "Explain an answer"

    def check(self, request: Request) -> None:
        work.check_length(request.text)
        if request.task not in WRITING:
            raise InputError(f"{request.model} is made for {request.task}: it writes no text.", WRITERS)
        settings, rest = settings_of(request)
        if settings.max_new_tokens > MOST_NEW_TOKENS:
            raise OptionError(f"At most {MOST_NEW_TOKENS} tokens are written here.", "Ask for fewer.")
        if len(request.generated) > MOST_TOKENS:
            raise OptionError(f"The answer has more than {MOST_TOKENS} tokens.", "Shorten it.")
        build(request.method, rest, request.seed)
        if request.target is not None or request.contrast is not None:
            raise OptionError("An answer is explained as it stands.", "Leave target and contrast out.")

    def run(self, model: TextModel, request: Request, watch: Watch) -> Iterator[GenerationExplanation | Ahead]:
        model.encode(request.text, work.MOST_TOKENS.get(request.task, MOST_TOKENS), (), request.roles)
        known = len(request.generated)
        for found in explaining(model, request, watch):
            yield found
            if not found.rows and len(found.log_probs) == known:  # all of the answer was read
                yield from _ahead(model, found.request)
            known = len(found.log_probs)

    def heading(self, studied: Studied) -> str:
        return generation_title(studied.value)

    def body(self, studied: Studied) -> str:
        return generation_body(studied.value)


def _ahead(model: TextModel, request: Request) -> Iterator[Ahead]:
    """What the rows will take, where that is long."""
    expected = work_of_answer(model, request)
    if expected.passes >= MANY and (found := estimate_of_answer(model, request, expected)).seconds >= LONG:
        yield Ahead(f"This takes {found}.")


STUDIES.add(KEY, ExplainAnswer())
