"""Layer-wise relevance propagation: gradient × input, with a gradient that follows rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import torch

from tokimp.methods.base import MethodInfo, option, register
from tokimp.methods.gradients import ROWS, gradient, is_long, row_gradients, times
from tokimp.methods.lrp_rules import Relevance, as_one
from tokimp.models.fusing import blockwise, eager
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded
from tokimp.types import Attribution, Target
from tokimp.watch import Watch

NAMES = {"attn": "AttnLRP", "cp": "CP-LRP"}
UNITS = {"logit": "logit", "log_prob": "log-probability", "prob": "probability"}


@register
@dataclass(frozen=True)
class AttnLRP:
    info: ClassVar[MethodInfo] = MethodInfo(
        key="attn_lrp",
        title="AttnLRP",
        family="gradient",
        tells="What each token hands on to the answer, followed back layer by layer by rules for attention and gates.",
        paper="Achtibat et al. 2024, eq. 7–9 and propositions 3.1–3.4; Ali et al. 2022 for CP-LRP",
        url="https://arxiv.org/abs/2402.05602",
        cost="1 forward and backward pass",
        needs=frozenset({"gradient", "rules"}),
    )
    variant: str = option(
        "attn",
        "Variant",
        "attn follows attention weights and gates back, too; cp takes them as given.",
        choices=("attn", "cp"),
    )

    def attribute(self, model: TextModel, inputs: Encoded, target: Target, watch: Watch) -> Attribution:
        """Embedding times the gradient by the rules of `lrp_rules`, summed over hidden.

        The rules hold up to the logits; from there to log-probability, probability or a contrast
        the gradient is the plain one.

        Returns:
            scores (token,), signed, in the target's unit. Biases and, unless they are taken as
            given, attention weights keep a part of the value: `notes` says what the scores sum to.
        """
        embeds = model.embed(inputs.ids)
        rules = Relevance(self.variant)
        with _stepwise(model, len(embeds), rules):
            found = gradient(model, embeds[None], target, watch, within=lambda: rules)
        scores = times(found.gradient[0], embeds)
        watch(1.0, scores)
        return Attribution(scores, notes=self._notes(float(scores.sum()), float(found.values[0]), target, rules))

    def attribute_rows(
        self, model: TextModel, inputs: Encoded, targets: Sequence[Target], watch: Watch
    ) -> Iterator[Attribution]:
        """The same for each token of an answer, which `inputs` hold."""
        embeds = model.embed(inputs.ids)
        for start in range(0, len(targets), ROWS):
            some, rules = targets[start : start + ROWS], Relevance(self.variant)
            with _stepwise(model, len(embeds), rules):
                each = list(row_gradients(model, embeds, some, watch, partial(_same, rules)))
            for found, target in zip(each, some, strict=True):
                scores = times(found.gradient[0], embeds)
                notes = self._notes(float(scores.sum()), float(found.values[0]), target, rules)
                yield Attribution(scores, notes=notes)

    def _notes(self, total: float, value: float, target: Target, rules: Relevance) -> tuple[str, ...]:
        name = NAMES[self.variant]
        whole = abs(total - value) <= 1e-3 * abs(value)
        unit = UNITS[target.output] + ("" if target.contrast is None else " difference")
        shared = f"{name} shares out everything here" if whole else f"{name} does not share out everything"
        notes = [f"The scores sum to {total:.4g}, and the {unit} is {value:.4g}: {shared}."]
        if rules.unruled:
            notes.append(f"No rule for {', '.join(sorted(rules.unruled))}: the plain gradient stands in.")
        return tuple(notes)


def _same(rules: Relevance) -> Relevance:
    return rules


@contextmanager
def _stepwise(model: TextModel, length: int, rules: Relevance) -> Iterator[None]:
    """While open, the model computes in steps that rules can follow, a long text's attention in blocks."""
    network = model.network
    attention = blockwise(network, lambda: rules) if is_long(model, length) else eager(network)
    with model.lock, attention, _activations_as_one(network):
        yield


@contextmanager
def relevance_rules(model: TextModel, variant: str = "attn") -> Iterator[Relevance]:
    """While open, gradients of the model's forward passes in this thread follow the rules."""
    with model.lock, eager(model.network), _activations_as_one(model.network), Relevance(variant) as rules:
        yield rules


@contextmanager
def _activations_as_one(network: torch.nn.Module) -> Iterator[None]:
    """While open, activations that transformers composes of several operations are known to be one.

    Their `forward` is replaced on this instance, computes the same, and is put back.
    """
    activations = [each for each in network.modules() if type(each).__module__ == "transformers.activations"]
    for each in activations:
        each.forward = partial(as_one, each.forward)
    try:
        yield
    finally:
        for each in activations:
            del each.forward
