"""The look at probabilities: of what comes, and of every token of the text."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from tokimp.internals.inspecting import Internals
from tokimp.internals.looks.base import NOTHING_WRITTEN, Aim, Findings, LookInfo, register, token_option
from tokimp.internals.looks.words import other_option, words_of
from tokimp.internals.token_probabilities import TokenProbabilities, token_probabilities
from tokimp.methods.base import option
from tokimp.models.outputs import log_probability
from tokimp.models.targets import label_of
from tokimp.types import TASKS, Prediction
from tokimp.watch import Watch

COLOURS = ("surprisal", "rank", "entropy")
CANDIDATES = 10


@register
@dataclass(frozen=True)
class ProbabilitiesLook:
    info: ClassVar[LookInfo] = LookInfo(
        key="token_probabilities",
        title="Token probabilities",
        tells="How sure the model is of what comes, and how much each token of the text or answer surprised it.",
        paper="Shannon 1948; Salazar et al. 2020 for fill-mask models",
        url="https://arxiv.org/abs/1910.14659",
        cost="2 evaluations; of a fill-mask model one more a token",
        marks=("colour", "temperature", "token"),
        needs=frozenset({"layers"}),
        tasks=TASKS,
    )
    colour: str = option("surprisal", "Colour by", "What colours the text; all numbers show on hover.", choices=COLOURS)
    temperature: float = option(
        1.0, "Temperature", "For display only: the model and all scores are at 1.", kind=float, low=0.1, high=5.0
    )
    token: int | None = token_option()
    other: str = other_option("A second text, whose candidates are held beside those of the first.")

    def see(self, aim: Aim) -> Findings:
        """Arrays, of models that say words: probability, rank, entropy, surprisal (token,), in nats, NaN where
        the model says nothing of a token; top, top_probability (token, rank). Facts: candidates, their entropy
        and out of how many choices; words, by id; with a second text `changes`: index, label, first, second.
        With an encoder these are of the answer: of its tokens, and of what would come behind it.
        """
        inside, watch = aim.inside, aim.watch
        watch(0.0)
        arrays: dict[str, np.ndarray] = {}
        facts: dict[str, Any] = {"choices": 0, "candidates": [], "entropy": None}
        notes: tuple[str, ...] = ()
        if inside.model.task == "masked-lm" and not inside.inputs.masks:
            notes = ("There is no [MASK] in the text, so there is nothing to fill in.",)
        else:
            facts |= _answer(aim)
            if self.other.strip():
                facts["changes"] = _changes(aim, inside.beside(self.other), watch)
        if inside.inputs.source and not inside.answer:
            notes = (NOTHING_WRITTEN,)
        elif inside.model.task != "classification":
            taken = inside.kept("token probabilities", lambda: token_probabilities(inside.model, inside.inputs, watch))
            arrays = {name: getattr(taken, name) for name in TokenProbabilities.__dataclass_fields__}
            facts |= {"words": words_of(inside.model, taken.top)}
            if np.isfinite(taken.surprisal).any():
                facts["perplexity"] = taken.perplexity
        return Findings(arrays, facts, notes)


def _answer(aim: Aim) -> dict[str, Any]:
    said = aim.prediction(CANDIDATES)
    return {
        "candidates": [asdict(each) for each in said.candidates],
        "entropy": said.entropy,
        "position": said.position,
        "choices": len(aim.logits),
    }


def _changes(aim: Aim, other: Internals, watch: Watch) -> list[dict[str, Any]]:
    """Candidates of either text with their probabilities behind both."""
    model = aim.inside.model
    beside = Aim(other, aim.request, watch)
    both: tuple[Prediction, Prediction] = (aim.prediction(CANDIDATES), beside.prediction(CANDIDATES))
    ids = sorted({each.index for said in both for each in said.candidates})
    logs = [log_probability(each.logits.double(), model.link) for each in (aim, beside)]
    first, second = ((each if model.link == "identity" else each.exp())[ids].tolist() for each in logs)
    rows = zip(ids, first, second, strict=True)
    return [
        {"index": index, "label": label_of(model, (index,)), "first": one, "second": two} for index, one, two in rows
    ]
