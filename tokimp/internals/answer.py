"""The answer behind a text: what a model with an encoder writes to it, so that its decoder can be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tokimp.errors import TextTooLongError, UnknownTargetError
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.models.writing import Decoding, writing
from tokimp.types import Floats, Role
from tokimp.watch import Watch

MOST_WRITTEN = 48


def with_answer(
    model: TextModel,
    text: str,
    limit: int | None = None,
    generated: Sequence[int] = (),
    roles: Sequence[Role] = (),
    watch: Watch | None = None,
) -> Encoded:
    """The text's tokens and those of its answer, of either at most `limit`.

    The answer are the ids `generated`; without them a model with an encoder writes it: the likeliest token each
    time, up to `MOST_WRITTEN` and without the one that ends it. It may end at once: then there is none.

    Cost: one evaluation for each token that is written, and one for the end.

    Raises:
        EmptyTextError, TextTooLongError; OptionError: an id that is none, or a model that writes no text;
            whatever the watch raises.
    """
    alone = model.encode(text, limit, (), roles)
    if limit is not None and len(generated) > limit:
        raise TextTooLongError(f"The answer has {len(generated)} tokens; {limit} are the limit here.", "Shorten it.")
    answer = tuple(generated)
    if not answer and alone.source:
        answer = _written(model, alone, watch or Watch())
    return model.encode(text, None, answer, roles) if answer else alone


def _written(model: TextModel, inputs: Encoded, watch: Watch) -> tuple[int, ...]:
    try:
        return tuple(token.id for token in writing(model, inputs, Decoding(MOST_WRITTEN), 0, _Beforehand(whole=watch)))
    except UnknownTargetError:
        return ()


@dataclass
class _Beforehand(Watch):
    """Counts for the whole, of which nothing is done yet."""

    whole: Watch = field(default_factory=Watch)

    def __call__(self, _fraction: float, _partial: Floats | None = None) -> None:
        self.whole(0.0)

    def count(self, evaluations: int) -> None:
        self.whole.count(evaluations)
