"""Why one token got its score, as a study: the question of an explanation, with the token that is asked about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tokimp.errors import OptionError
from tokimp.methods.base import build
from tokimp.metrics.part import Part
from tokimp.models.text_model import TextModel
from tokimp.question import ask_again
from tokimp.reasons import Reasons
from tokimp.types import Explanation, Request
from tokimp.ui import work
from tokimp.ui.studies.base import STUDIES, Studied, one_line
from tokimp.views.why.drawer import reasons_html
from tokimp.watch import Watch
from tokimp.why import reasons

KEY = "why"
TOKEN = "token"  # noqa: S105 - a name among a request's options
EXPLAINING = 0.3
"""Share of the whole work that is told while the explanation is computed anew."""


def asked_about(request: Request, token: int) -> Request:
    """The question why the token of that explanation got its score."""
    return replace(request, view=KEY, options={**request.options, TOKEN: token})


def explained_by(request: Request) -> tuple[Request, int]:
    """The explanation that is asked about, and which token.

    Raises:
        OptionError: no token is named.
    """
    token = request.options.get(TOKEN)
    if not isinstance(token, int) or isinstance(token, bool) or token < 0:
        raise OptionError("No token is asked about.", "Click one on the page.")
    options = {name: value for name, value in request.options.items() if name != TOKEN}
    return replace(request, view="", options=options), token


@dataclass(frozen=True)
class WhyThisToken:
    """The drawer of a result."""

    title: str = "Why this token?"

    def check(self, request: Request) -> None:
        work.check_length(request.text)
        plain, _ = explained_by(request)
        build(plain.method, plain.options, plain.seed)

    def run(self, model: TextModel, request: Request, watch: Watch) -> Iterator[Reasons]:
        plain, token = explained_by(request)
        question = ask_again(model, plain, work.MOST_TOKENS[model.task])
        watch.count(question.evaluations)
        counter = Part(whole=watch, end=EXPLAINING)
        explanation = question.explain(plain.method, plain.options, plain.seed, None, counter)
        yield from reasons_of(model, explanation, token, Part(whole=watch, start=EXPLAINING))

    def heading(self, studied: Studied) -> str:
        return f"Why “{one_line(studied.value.text, 24)}”? {one_line(studied.request.text)}"

    def body(self, studied: Studied) -> str:
        return reasons_html(studied.value)


def reasons_of(model: TextModel, explanation: Explanation, token: int, watch: Watch) -> Iterator[Reasons]:
    """Reasons as they come, their evaluations counted."""
    counted = 0
    for found in reasons(model, explanation, token, watch):
        watch.count(found.evaluations - counted)
        counted = found.evaluations
        yield found


STUDIES.add(KEY, WhyThisToken())
