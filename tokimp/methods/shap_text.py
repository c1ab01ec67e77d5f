"""Owen values by the `shap` library's own text explainer."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tokimp.methods.base import MethodInfo, option, register
from tokimp.methods.work import Work, work_of_game
from tokimp.models.masking import masking
from tokimp.models.scoring import Scorer
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Attribution, Floats, Target
from tokimp.watch import Watch

Masks = npt.NDArray[np.bool_]

BATCH = 32  # coalitions that the explainer asks for at once
FIRST_LOOK = 64  # evaluations before the first partial result
GROWTH = 8  # of the budget until the next one: each look runs the explainer's own arithmetic again
_GENERATOR = threading.Lock()


@register
@dataclass(frozen=True)
class ShapText:
    info: ClassVar[MethodInfo] = MethodInfo(
        key="shap_text",
        title="SHAP (text)",
        family="shapley",
        tells="Each token's fair share of the answer, averaged over what else is there; phrases split step by step.",
        paper="Lundberg & Lee 2017; Owen 1977",
        url="https://shap.readthedocs.io/en/latest/generated/shap.PartitionExplainer.html",
        cost="max_evals forward passes at most",
        complete=True,
        stochastic=True,
    )
    max_evals: int = option(
        500,
        "Evaluations",
        "When they are used up, tokens not yet told apart share their phrase's score.",
        kind=int,
        low=10,
        high=5000,
    )
    seed: int = 0

    def work(self, inputs: Encoded) -> Work:
        return work_of_game(len(inputs.free), self.max_evals)

    def attribute(self, model: TextModel, inputs: Encoded, target: Target, watch: Watch) -> Attribution:
        """Shapley values under shap's phrase hierarchy (Owen values), tokens being masked by id.

        The tokens of a coalition stay; the others become mask tokens, or are deleted where the
        tokenizer has none.

        Returns:
            scores (token,), in the target's unit, 0 for special tokens; with baseline_output, the
            value of the text with everything masked, they sum to the output.

        Cost: at most `max_evals` forward passes; identical copies run once.
        """
        free = inputs.free
        scores = np.zeros(len(inputs))
        edit = masking(model, inputs, target)
        scorer = Scorer(model, [target], watch)

        def progress() -> None:
            watch(watch.evaluations / self.max_evals)

        def value(masks: Masks) -> Floats:
            keep = np.zeros((len(masks), len(inputs)), dtype=bool)
            keep[:, free] = masks
            return scorer(edit.copies(keep), report=lambda _: progress())

        both = value(np.array([np.zeros(len(free), bool), np.ones(len(free), bool)]))
        if len(free) < 2:
            scores[free] = both[1] - both[0]
            return Attribution(scores, baseline_output=float(both[0]))

        spent, phrases = False, _phrases(inputs)
        for evals in _budgets(self.max_evals):
            result, spent = _owen_values(value, phrases, evals, self.seed, progress)
            scores[free] = result
            watch(min(evals / self.max_evals, 1.0), scores.copy())
            if not spent:
                break
        notes = (f"{self.max_evals} evaluations were not enough to tell all tokens apart: some share evenly.",)
        return Attribution(scores, baseline_output=float(both[0]), notes=notes if spent else ())


def _budgets(most: int) -> Iterator[int]:
    """Growing budgets up to the last. A rerun costs no evaluation: what was scored before is known."""
    evals = FIRST_LOOK
    while evals < most:
        yield evals
        evals *= GROWTH
    yield most


def _owen_values(
    value: Callable[[Masks], Floats], phrases: Floats, evals: int, seed: int, waiting: Callable[[], None]
) -> tuple[Floats, bool]:
    """Values (player,) of shap's Partition explainer, and whether it ran out of evaluations."""
    import shap

    players = len(phrases) + 1
    evals -= evals % 2  # shap scores both halves of a phrase, and would go one over an odd number

    class Coalitions(shap.maskers.Masker):
        """Hands the coalition itself on, to be edited as token ids."""

        shape = (1, players)
        clustering = phrases

        def __call__(self, mask: Masks, *_args: Any) -> tuple[Masks]:
            return (mask[None],)

        def mask_shapes(self, *_args: Any) -> list[tuple[int]]:
            return [(players,)]

    with _seeded(seed, waiting):
        explainer = shap.explainers.PartitionExplainer(value, Coalitions())
        answer = explainer(np.ones((1, players)), max_evals=evals, batch_size=BATCH, silent=True)
    return np.asarray(answer.values[0], dtype=np.float64), bool(explainer.last_eval_count >= evals - 2)


@contextmanager
def _seeded(seed: int, waiting: Callable[[], None]) -> Iterator[None]:
    """shap breaks ties by numpy's global generator: seeded here, and put back after.

    One thread at a time, or two would draw from each other's; meanwhile `waiting` is called often.
    """
    while not _GENERATOR.acquire(timeout=0.1):
        waiting()
    state = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(state)
        _GENERATOR.release()


def _phrases(inputs: Encoded) -> Floats:
    """shap's hierarchy of the maskable tokens (merge, 4): words first, then phrases and sentences."""
    from shap.maskers._text import partition_tree

    tokens: list[str] = []
    before = " "
    for i in inputs.free:
        token = inputs.tokens[i]
        text = inputs.text[token.start : token.end]
        starts_word = before[-1:].isspace() or text[:1].isspace() or not before[-1:].isalnum()
        inside = not starts_word and re.match(r"[^\W_]", text) is not None
        tokens.append(("##" if inside else "") + text.strip())
        gap = inputs.text[token.end : token.end + 1]
        before = gap if gap.isspace() else text or before
    tree: Floats = partition_tree(tokens, [])
    tree[:, 2] = tree[:, 3] / tree[:, 3].max()  # sizes as heights, as shap's own text masker does
    return tree
