"""How far an explanation can be trusted: metrics beside chance, and sanity checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tokimp.errors import OptionError
from tokimp.methods.base import METHODS
from tokimp.metrics import Setting, evaluating
from tokimp.metrics.base import FRACTIONS
from tokimp.metrics.sanity import Explain, randomising, repeating, shifting
from tokimp.models.loading import load
from tokimp.models.scoring import memory_watched
from tokimp.models.text_model import TextModel
from tokimp.question import ask_again
from tokimp.score import Score
from tokimp.types import Attribution, Explanation, Progress, Request
from tokimp.watch import Watch


@memory_watched()
def evaluate(  # noqa: PLR0913 - the frozen public signature
    model: TextModel | str,
    e: Explanation,
    metrics: Sequence[str] | None = None,
    *,
    removal: str = "auto",
    fractions: Sequence[float] = FRACTIONS,
    randoms: int | None = None,
    seed: int = 0,
    sources: str = "auto",
    watch: Progress | None = None,
) -> list[Score]:
    """Whether the highest-scored tokens carry the answer, beside random scores on the same text.

    `removal` is how tokens are taken away: "mask", "pad", "delete", "replace" (by what could stand
    there), or "auto": masked where the model has a mask token, else deleted. `fractions` of the text's
    own tokens go, the highest-scored first. Beside each number stands the band of `randoms` random
    scorings; None is as many as take some seconds. `sources` are what "top_k_drop" and "lds" take away as one:
    "sentences", "paragraphs", "words", "tokens", or "auto". `tokimp.metrics.METRICS` has each metric's facts;
    `tokimp.metrics.evaluating` gives the same number by number.

    Returns:
        One score a metric, in the order asked for: those of removal, or any of `METRICS`.

    Cost: 2 × fractions copies of the text, and as many for every two random scorings, for all metrics
    of removal together.

    Raises:
        InputError: the explanation is of another model. OptionError, NoBaselineError,
        OutOfMemoryError; whatever `watch` raises.
    """
    loaded = load(model) if isinstance(model, str) else model
    setting = Setting(removal, tuple(fractions), randoms, seed, sources)
    return list(evaluating(loaded, e, metrics, setting, Watch(watch)))[-1]


def randomised(
    model: TextModel | str, e: Explanation, *, steps: int = 6, seed: int = 0, watch: Progress | None = None
) -> list[Score]:
    """How alike the scores stay when the model's layers lose what they learned, from the output down.

    Adebayo et al. 2018, section 3: in a copy of the network, the head and then more and more layers
    get random weights; scores that stay the same do not depend on what the model knows.

    Returns:
        "randomised": Spearman's ρ with the explanation's scores once all is random, signed, with a
        curve over the share of the network that is; "randomised_absolute": the same of absolute
        scores. The nearer to 0 the better; a ρ of a few tokens is large by chance, so the band of
        random orders stands beside it.

    Cost: the method `steps` times, on a copy of the network.

    Raises:
        InputError: the explanation is of another model. OutOfMemoryError; whatever `watch` raises.
    """
    loaded = load(model) if isinstance(model, str) else model
    with memory_watched():
        return randomising(loaded, e, _explain(e.request), steps, seed, Watch(watch))


def repeated(model: TextModel | str, e: Explanation, *, seeds: int = 5, watch: Progress | None = None) -> list[Score]:
    """How far the scores move when the method draws again, with other seeds.

    Returns:
        "repeated_ranks": mean Spearman's ρ among `seeds` runs and the explanation; "repeated_spread":
        the standard deviation of a score over them, as a share of the largest mean score (mean over
        tokens). A method that draws nothing has 1 and 0, and a note instead of the runs.

    Cost: the method `seeds` times.

    Raises:
        InputError: the explanation is of another model. OptionError: fewer than two seeds.
        OutOfMemoryError; whatever `watch` raises.
    """
    if not 2 <= seeds <= 100:
        raise OptionError(f"seeds = {seeds} will not do.", "Choose a whole number from 2 to 100.")
    loaded = load(model) if isinstance(model, str) else model
    draws = METHODS[e.request.method].info.stochastic
    with memory_watched():
        return repeating(loaded, e, _explain(e.request), seeds if draws else 0, Watch(watch))


def shifted(model: TextModel | str, e: Explanation, *, seed: int = 0, watch: Progress | None = None) -> list[Score]:
    """Whether the scores stay when all embeddings are moved by one vector and the next layer moves it back.

    Kindermans et al. 2019, section 3: the moved network computes the same as before, so scores
    should be the same. It can be moved where embeddings of positions are added to those of words, as
    in BERT and GPT-2; elsewhere the value is None and the last note says why.

    Returns:
        "shifted": the largest change of a score as a share of the largest score; 0 is best.

    Cost: the method once, on a copy of the network.

    Raises:
        InputError: the explanation is of another model. OutOfMemoryError; whatever `watch` raises.
    """
    loaded = load(model) if isinstance(model, str) else model
    with memory_watched():
        return shifting(loaded, e, _explain(e.request), seed, Watch(watch))


def _explain(request: Request) -> Explain:
    """The request's method on any model, for the target of the explanation, whatever that model would say."""

    def explain(model: TextModel, e: Explanation, seed: int, watch: Watch) -> Attribution:
        target = e.target.index if not e.target.continuation else request.target
        contrast = request.contrast if e.target.contrast_continuation else e.target.contrast
        question = ask_again(model, replace(request, target=target, contrast=contrast))
        question = replace(question, target=e.target)
        return question.explain(request.method, request.options, seed, watch).attribution

    return explain
