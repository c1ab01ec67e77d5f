"""The way in to whole answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from tokimp.errors import EmptyTextError
from tokimp.generating.explaining import explaining
from tokimp.generating.options import VIEW, GenerationOptions
from tokimp.generation import GenerationExplanation
from tokimp.methods.base import usual_method
from tokimp.models.loading import load
from tokimp.models.targets import ids_behind
from tokimp.models.text_model import TextModel
from tokimp.types import Progress, Request, Role, Value
from tokimp.watch import Watch

USUAL = ("attn_lrp", "gradient_x_input", "occlusion")


def explain_generation(  # noqa: PLR0913 - the frozen public signature; each is one word of the question
    model: TextModel | str,
    prompt: str,
    continuation: str | Sequence[int] | None = None,
    max_new_tokens: int = 32,
    span: tuple[int, int] | None = None,
    *,
    method: str | None = None,
    temperature: float = 0.0,
    top_p: float = 1.0,
    earlier: bool = True,
    seed: int = 0,
    roles: Sequence[Role] = (),
    watch: Progress | None = None,
    **options: Value,
) -> GenerationExplanation:
    """What each token of an answer owes to the prompt and to what was written before it.

    `continuation` is the answer, as text or as ids; None lets the model write up to `max_new_tokens`,
    the likeliest ones at `temperature` 0 and drawn by `seed` above. `span` (first, end) picks a part
    of the answer. With `earlier=False` what was written is never taken away, so that methods which edit
    copies of the text need not edit them for each token anew. `method` None is the first of AttnLRP,
    gradient × input and occlusion that can explain the model. `options` are the method's own.

    Returns:
        One explanation a token of the answer, of its log-probability (nats), their matrix
        (generated, token), and the total of the span.

    Cost: that of the method for each token, of which gradient methods share the forward passes
    and occlusion its copies.

    Raises:
        InputError, ModelError, OutOfMemoryError: each says what to do next.
    """
    loaded = load(model) if isinstance(model, str) else model
    first, end = span or (0, -1)
    writing: dict[str, Value] = {"max_new_tokens": max_new_tokens, "temperature": temperature, "top_p": top_p}
    request = Request(
        model=loaded.key,
        revision=loaded.revision,
        task=loaded.task,
        text=prompt,
        method=method or usual_method(loaded, USUAL),
        output="log_prob",
        options=options | _changed(writing | {"earlier": earlier, "first": first, "end": end}),
        seed=seed,
        precision=loaded.precision,
        view=VIEW,
        generated=_ids(loaded, prompt, continuation, roles),
        roles=tuple(roles),
    )
    return deque(explaining(loaded, request, Watch(watch)), maxlen=1)[0]


def answer_ids(model: TextModel, prompt: str, answer: str, roles: Sequence[Role] = ()) -> tuple[int, ...]:
    """The ids of an answer that is typed, as they stand behind the prompt.

    Raises:
        EmptyTextError: nothing but white space.
    """
    if not answer.strip():
        raise EmptyTextError("The answer is empty.", "Paste one, or let the model write.")
    return ids_behind(model, model.encode(prompt, None, (), roles), answer)


def _ids(
    model: TextModel, prompt: str, continuation: str | Sequence[int] | None, roles: Sequence[Role]
) -> tuple[int, ...]:
    if continuation is None:
        return ()
    if isinstance(continuation, str):
        return answer_ids(model, prompt, continuation, roles)
    return tuple(int(id_) for id_ in continuation)


def _changed(settings: Mapping[str, Value]) -> dict[str, Value]:
    """Settings that are not as they are anyway, so that links stay short."""
    usual = GenerationOptions()
    return {name: value for name, value in settings.items() if value != getattr(usual, name)}
