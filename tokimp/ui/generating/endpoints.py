"""What programs may ask about a whole answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from tokimp.types import Precision
from tokimp.ui import arguments
from tokimp.ui.answering import Json
from tokimp.ui.desk import Desk
from tokimp.ui.generating.drafts import draft_of
from tokimp.ui.studies.answering import answered


def generate(desk: Desk) -> Callable[..., Iterator[Json]]:
    """The endpoint that writes an answer, or takes one, and explains it."""

    def generate(  # noqa: PLR0913, PLR0917 - the public API: each is one word of the question
        text: str,
        request: gr.Request,
        model: str | None = None,
        method: str = "attn_lrp",
        answer: str | None = None,
        system: str | None = None,
        chat: bool = False,
        seed: int = 0,
        precision: Precision = "fp32",
        options: dict[str, Any] | None = None,
    ) -> Iterator[Json]:
        """What each token of a language model's answer owes to the prompt and to what was written before it.

        Scores are in nats of the log-probability of the answer's tokens: positive ones push towards the token.

        Args:
            text: The prompt that the model reads, of at most 20,000 characters.
            model: A model of the page's list that writes, such as gpt2 or smollm2-135m; null is the page's usual one.
            method: How scores are found, such as attn_lrp, integrated_gradients, occlusion or attention.
            answer: The answer to be explained, as it stands behind the prompt; null lets the model write one.
            system: What a chat begins with, the message of the system; null is none.
            chat: Whether the prompt is put in the words of the model's own chat template, as a user's message.
            seed: Where random draws begin; the same seed gives the same answer and the same scores.
            precision: What the network computes in, fp32 or bf16.
            options: max_new_tokens, temperature (0: the likeliest), top_p, first and end (the answer's tokens that are
                explained), earlier, and the method's own, by name, such as {"max_new_tokens": 16}; null: as usual.

        Returns:
            tokens, log_probs (one a token of the answer), span, rows (one explanation a token), total (null where the
            work ended early), request, link, which opens it in a page; finished and stopped as of the other endpoints.
        """
        given = {name: value for name, value in locals().items() if name in arguments.CHECKS}
        yield from answered(desk, draft_of(given), request)

    return generate
