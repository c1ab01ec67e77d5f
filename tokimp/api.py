"""The way in: from a text to a prediction and an explanation."""

from __future__ import annotations

from collections.abc import Sequence

from tokimp.methods.base import METHODS, MethodInfo, usual_method
from tokimp.models.catalog import CATALOG, CatalogEntry
from tokimp.models.chat import Chat, Message
from tokimp.models.chat import chat as in_template
from tokimp.models.loading import load
from tokimp.models.scoring import memory_watched
from tokimp.models.targets import answer_logits, prediction, reading_position
from tokimp.models.text_model import TextModel
from tokimp.question import Asked, Question, ask
from tokimp.types import (
    TASKS,
    Explanation,
    Output,
    Precision,
    Prediction,
    Progress,
    Role,
    Task,
    Value,
)

__all__ = ["Question", "ask", "catalog", "chat", "explain", "load", "methods", "predict", "tasks"]


@memory_watched()
def predict(model: TextModel | str, text: str, mask: int = 0, count: int = 10) -> Prediction:
    """What the model says: its `count` likeliest classes, next tokens or fills. Cost: one forward pass.

    Raises:
        EmptyTextError, TextTooLongError, NoMaskError, OutOfMemoryError.
    """
    loaded = load(model) if isinstance(model, str) else model
    inputs = loaded.encode(text)
    loaded = loaded.reading(inputs)
    position = reading_position(loaded, inputs, mask)
    return prediction(loaded, inputs, position, answer_logits(loaded, inputs, position), count)


def explain(  # noqa: PLR0913 - the frozen public signature; each is one word of the question
    model: TextModel | str,
    text: str,
    method: str | None = None,
    *,
    target: Asked = None,
    contrast: Asked = None,
    output: Output = "logit",
    mask: int = 0,
    seed: int = 0,
    precision: Precision = "fp32",
    roles: Sequence[Role] = (),
    watch: Progress | None = None,
    **options: Value,
) -> Explanation:
    """Which tokens of the text made the model say that.

    `method` None is integrated gradients, or occlusion where a model lets no gradients be taken.
    `target` and `contrast` are a class or word, an id, or None for the model's own prediction and
    no contrast. `mask` counts the masks of a fill-mask text from 0. `watch(fraction, partial)` is
    called after every batch, and stops the work by raising. `options` are the method's own.
    `roles` say what stands where in the text, as `chat` does; what is "template" or "pinned" stays.
    `precision="bf16"` computes in half as many bits: faster where the machine is made for it,
    slower elsewhere, with scores that rank nearly but not quite the same.

    Returns:
        One score for every token of the input, in the unit of `output`: positive pushes towards
        the target (and away from the contrast), negative pushes away; unsigned methods say how much.

    Raises:
        InputError, ModelError, OutOfMemoryError: each says what to do next.
    """
    loaded = load(model) if isinstance(model, str) else model
    question = ask(loaded.computing_in(precision), text, target, contrast, output, mask, roles=roles)
    return question.explain(method or usual_method(question.model), options, seed, watch)


def chat(
    model: TextModel | str,
    messages: str | Sequence[Message],
    system: str | None = None,
    generation_prompt: bool = True,
) -> Chat:
    """Messages as the model's own chat template writes them, and who said what: `text` and `roles` for `explain`.

    A text alone is one message of the user; `system` goes in front. With `generation_prompt` the text ends
    where the answer begins.

    Raises:
        UnsupportedModelError: the tokenizer has no chat template. InputError: it does not take these messages.
    """
    return in_template(load(model) if isinstance(model, str) else model, messages, system, generation_prompt)


def methods() -> dict[str, MethodInfo]:
    """The methods' facts by key, in the order of the page."""
    return {key: method.info for key, method in METHODS.items()}


def tasks() -> tuple[Task, ...]:
    """What a model may be asked."""
    return TASKS


def catalog() -> dict[str, CatalogEntry]:
    """The models that the app offers, by key; any other hub id or folder can be loaded too."""
    return dict(CATALOG)
