"""What programs may ask about several explanations, or about how far one can be trusted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import gradio as gr

from tokimp.types import Output, Precision, Task
from tokimp.ui import arguments, judging, work
from tokimp.ui.answering import Json, link_to, streamed
from tokimp.ui.desk import Desk
from tokimp.ui.fair_share import visitor_of
from tokimp.ui.state import Asked, Result
from tokimp.ui.studies.answering import answered


def compare(desk: Desk) -> Callable[..., Iterator[Json]]:
    """The endpoint that compares methods."""

    def compare(  # noqa: PLR0913, PLR0917 - the public API: each is one word of the question
        text: str,
        request: gr.Request,
        model: str | None = None,
        task: Task | None = None,
        methods: list[str] | None = None,
        target: str | int | None = None,
        contrast: str | int | None = None,
        output: Output = "logit",
        mask: int = 0,
        seed: int = 0,
        precision: Precision = "fp32",
        evaluate: bool = True,
    ) -> Iterator[Json]:
        """How several methods explain the same answer of a language model, and how far they agree.

        Args:
            text: The text that the model reads, of at most 20,000 characters; with [MASK] in it for masked-lm.
            model: A model of the page's list, such as gpt2, distilbert-sst2 or minilm-mlm; null: the task's usual one.
            task: classification, next-token or masked-lm; null is what the model is made for, or else next-token.
            methods: At most 12 methods, such as ["occlusion", "attention"]; null is a usual choice.
            target: What to explain, as a class, a word or an id; null is the model's own answer.
            contrast: What to hold it against, as a class, a word or an id; null is nothing.
            output: What scores are shares of, as logit, log_prob or prob of the target.
            mask: Which [MASK] is asked for, counted from 0.
            seed: Where random draws begin; the same seed gives the same scores.
            precision: What the network computes in, fp32 or bf16.
            evaluate: Whether each method is measured against random scores, which takes as long again.

        Returns:
            explanations (one a method), agreement (spearman, kendall, overlap as matrices), consensus and spread
            (one a token), at_odds, scores by method, failed by method; link opens it in a page; finished is false
            where the page's limit ended the work, as stopped says.
        """
        given = {name: value for name, value in locals().items() if name in arguments.CHECKS}
        yield from answered(desk, arguments.asked_with(given), request)

    return compare


def evaluate(desk: Desk) -> Callable[..., Iterator[Json]]:
    """The endpoint that measures one explanation."""

    def evaluate(  # noqa: PLR0913, PLR0917 - the public API: each is one word of the question
        text: str,
        request: gr.Request,
        model: str | None = None,
        task: Task | None = None,
        method: str = "integrated_gradients",
        target: str | int | None = None,
        contrast: str | int | None = None,
        output: Output = "logit",
        mask: int = 0,
        seed: int = 0,
        precision: Precision = "fp32",
        options: dict[str, Any] | None = None,
        generated: list[int] | None = None,
        roles: list[list[Any]] | None = None,
    ) -> Iterator[Json]:
        """Whether the scores of an explanation can be trusted: each metric's number beside that of random scores.

        Args:
            text: The text that the model reads, of at most 20,000 characters; with [MASK] in it for masked-lm.
            model: A model of the page's list, such as gpt2, distilbert-sst2 or minilm-mlm; null: the task's usual one.
            task: classification, next-token or masked-lm; null is what the model is made for, or else next-token.
            method: How scores are found, such as integrated_gradients, occlusion, lime, shapley_sampling or attention.
            target: What to explain, as a class, a word or an id; null is the model's own answer.
            contrast: What to hold it against, as a class, a word or an id; null is nothing.
            output: What scores are shares of, as logit, log_prob or prob of the target.
            mask: Which [MASK] is asked for, counted from 0.
            seed: Where random draws begin; the same seed gives the same scores.
            precision: What the network computes in, fp32 or bf16.
            options: The method's own options by name, such as {"steps": 64}; null leaves them as usual.
            generated: Ids behind the text that the model wrote itself: they are scored with it; null is none.
            roles: Ranges of characters, such as [[0, 4, "pinned"]]: what is pinned or template is never taken away.

        Returns:
            scores: metric, title, value, unit, higher_is_better, chance (low, mean, high of 95 % of random scores),
            removal, curve, better_than_chance (null: inside the band); explanation as `explain` gives it; link.
        """
        given = {name: value for name, value in locals().items() if name in arguments.CHECKS}
        asked, visitor = arguments.asked_with(given), visitor_of(request)
        for found in streamed(lambda report: _measured(desk, asked, report, visitor)):
            yield found if isinstance(found, dict) else _evaluated(found, request)

    return evaluate


def _measured(desk: Desk, asked: Asked, report: work.Report[Result], visitor: str) -> Result:
    """The result with its metrics; without them where a limit ended the method itself."""
    result = desk.answer(asked, report, "api", visitor)
    return judging.judged(desk, result, report, visitor) if result.finished else result


def _evaluated(result: Result, request: gr.Request) -> Json:
    scores = [asdict(score) | {"better_than_chance": score.better_than_chance} for score in result.trust]
    explanation = json.loads(result.explanation.to_json())
    link = link_to(result.explanation.request, request)
    return {"scores": scores, "explanation": explanation, "link": link, "finished": result.finished}
