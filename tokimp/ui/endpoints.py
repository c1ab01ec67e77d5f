"""What programs may ask: the HTTP API and the MCP server, with exactly the endpoints of `register`."""

from __future__ import annotations

import importlib.metadata
import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import gradio as gr
from gradio.context import Context

from tokimp.internals.looks.seen import Seen
from tokimp.models.device import gpu
from tokimp.types import Output, Precision, Prediction, Task
from tokimp.ui import arguments
from tokimp.ui.answering import Json, link_to, streamed
from tokimp.ui.comparing.endpoints import compare, evaluate
from tokimp.ui.desk import Desk
from tokimp.ui.fair_share import visitor_of
from tokimp.ui.generating.endpoints import generate
from tokimp.ui.state import Asked, Result
from tokimp.ui.trouble import report_without_words


def register(desk: Desk) -> None:
    """Adds the endpoints to the page; to be called while it is being laid out."""
    for endpoint in (_explain(desk), _predict(desk), _inspect(desk), compare(desk), evaluate(desk), generate(desk)):
        _add(endpoint)


def mcp_here() -> bool:
    """Whether the page can be an MCP server too: the package is here, in the version that Gradio works with."""
    try:
        return int(importlib.metadata.version("mcp").partition(".")[0]) < 2
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return False


def _explain(desk: Desk) -> Callable[..., Iterator[Json]]:
    def explain(  # noqa: PLR0913, PLR0917 - the public API: each is one word of the question
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
        """Which tokens of a text made a language model say what it says: one score for each token.

        Scores are in the unit of the output: positive ones push towards the target and away from the contrast.

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
            The explanation: tokens, attribution.scores (one a token), target, output, probability, request, versions;
            link opens it in a page; finished is false where the page's limit ended the work, as attribution.notes say.
        """
        given = {name: value for name, value in locals().items() if name in arguments.CHECKS}
        asked, visitor = arguments.asked_with(given), visitor_of(request)
        for result in streamed(lambda report: desk.answer(asked, report, "api", visitor)):
            yield result if isinstance(result, dict) else _explained(result, request)

    return explain


def _predict(desk: Desk) -> Callable[..., Iterator[Json]]:
    def predict(
        text: str,
        request: gr.Request,
        model: str | None = None,
        task: Task | None = None,
        mask: int = 0,
        count: int = 10,
    ) -> Iterator[Json]:
        """What a language model says about a text: its likeliest classes, next tokens or fills for a mask.

        Args:
            text: The text that the model reads, of at most 20,000 characters; with [MASK] in it for masked-lm.
            model: A model of the page's list, such as gpt2, distilbert-sst2 or minilm-mlm; null: the task's usual one.
            task: classification, next-token or masked-lm; null is what the model is made for, or else next-token.
            mask: Which [MASK] is asked for, counted from 0.
            count: How many answers, from 1 to 100.

        Returns:
            candidates from likely to unlikely (index, label, prob, logit), tokens, model, task, entropy in nats.
        """
        given = {name: value for name, value in locals().items() if name in arguments.CHECKS}
        asked, visitor = arguments.asked_with(given), visitor_of(request)
        for answer in streamed(lambda report: desk.predict(asked, count, report, visitor)):
            yield answer if isinstance(answer, dict) else _predicted(answer, asked)

    return predict


def _inspect(desk: Desk) -> Callable[..., Iterator[Json]]:
    def inspect(  # noqa: PLR0913, PLR0917 - the public API: each is one word of the question
        text: str,
        request: gr.Request,
        view: str = "attention",
        model: str | None = None,
        task: Task | None = None,
        target: str | int | None = None,
        contrast: str | int | None = None,
        output: Output = "logit",
        mask: int = 0,
        seed: int = 0,
        precision: Precision = "fp32",
        options: dict[str, Any] | None = None,
        generated: list[int] | None = None,
    ) -> Iterator[Json]:
        """What happens inside a language model while it reads a text: one view of it, as numbers.

        Args:
            text: The text that the model reads, of at most 20,000 characters; with [MASK] in it for masked-lm.
            view: attention, token_probabilities, logit_lens, layers, hidden_states, network or inside_outside.
            model: A model of the page's list, such as gpt2, distilbert-sst2 or minilm-mlm; null: the task's usual one.
            task: classification, next-token, masked-lm or seq2seq; null: what the model is made for, or next-token.
            target: Of layers, logit_lens and inside_outside, the class, word or id to follow; null is the own answer.
            contrast: What to hold it against, as a class, a word or an id; null is nothing.
            output: What scores are shares of, as logit, log_prob or prob of the target.
            mask: Which [MASK] is asked for, counted from 0.
            seed: Where random draws of an attribution begin.
            precision: What the network computes in, fp32 or bf16.
            options: The view's own options by name, such as {"layer": 3, "head": 0}; null leaves them as usual.
            generated: The answer behind the text as ids, of a model that writes; null: a seq2seq model writes it first.

        Returns:
            tokens, arrays by name (shape and values, or base64 of little-endian numbers where they are many),
            facts, notes, request, versions; link opens the view in a page.
        """
        given = {name: value for name, value in locals().items() if name in arguments.CHECKS}
        asked, visitor = arguments.asked_with(given), visitor_of(request)
        for seen in streamed(lambda report: desk.look(asked, report, "api", visitor)):
            yield seen if isinstance(seen, dict) else _seen(seen, request)

    return inspect


def _add(endpoint: Callable[..., Any]) -> None:
    """In the page's one queue for models; arguments are checked before they join it."""
    names = [name for name in inspect.signature(endpoint).parameters if name != "request"]
    endpoint.__annotations__["return"] = Json  # Gradio documents the type only where it is no string

    def validate(*values: Any) -> list[Any]:
        try:
            wrong = arguments.problems(dict(zip(names, values, strict=True)))
        except Exception as error:  # Gradio would print its message, which may hold the text
            report_without_words(error)
            wrong = {"text": "This could not be read."}
        return [gr.validate(name not in wrong, wrong.get(name, "")) for name in names]

    added = gr.api(gpu(endpoint), api_name=endpoint.__name__, concurrency_id="model", concurrency_limit=1)
    Context.root_block.fns[added["id"]].validator = validate


def _explained(result: Result, request: gr.Request) -> Json:
    whole: Json = json.loads(result.explanation.to_json())
    return whole | {"link": link_to(result.explanation.request, request), "finished": result.finished}


def _seen(seen: Seen, request: gr.Request) -> Json:
    whole: Json = json.loads(seen.to_json())
    return whole | {"link": link_to(seen.request, request)}


def _predicted(answer: Prediction, asked: Asked) -> Json:
    return {"model": asked.model, "task": asked.task} | asdict(answer)
