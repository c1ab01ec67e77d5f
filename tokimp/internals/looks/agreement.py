"""The look from both sides: an attribution beside what attention shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tokimp.errors import OptionError
from tokimp.internals.agreement import agreement
from tokimp.internals.attention_maps import Measure
from tokimp.internals.inspecting import Internals
from tokimp.internals.looks.attention import one_map
from tokimp.internals.looks.base import (
    Aim,
    Findings,
    LookInfo,
    attending_layer_option,
    checked_layer,
    head_option,
    register,
    token_option,
)
from tokimp.internals.network import Influence, TokenNetwork, token_network
from tokimp.methods import METHODS
from tokimp.methods.base import Option, checked_options, option, options_of
from tokimp.methods.base import build as build_method
from tokimp.methods.base import check_available as check_method
from tokimp.types import Floats, Target, Value

MEASURES = ("weights", "norms", "rollout", "value_zeroing")
LONGEST = 200
"""Characters of a method's options, which travel in links as one option of the look."""


@register
@dataclass(frozen=True)
class AgreementLook:
    info: ClassVar[LookInfo] = LookInfo(
        key="inside_outside",
        title="Inside against outside",
        tells="Whether the tokens that count for the answer are those that attention looks at.",
        paper="Jain & Wallace 2019; Wiegreffe & Pinter 2019",
        url="https://arxiv.org/abs/1902.10186",
        cost="1 or 2 evaluations, and what the method takes",
        targeted=True,
        marks=("token",),
        needs=frozenset({"attention"}),
    )
    method: str = option(
        "gradient_x_input",
        "Attribution",
        "How scores are found.",
        choices=tuple(METHODS),
    )
    setting: str = option(
        "", "Its options", "As steps=64, baseline=mask; empty is the method’s usual ones.", kind=str, high=LONGEST
    )
    measure: str = option(
        "weights",
        "Attention",
        "weights or value norms of a head, a layer or all; rollout and value zeroing through all layers.",
        choices=MEASURES,
    )
    layer: int | None = attending_layer_option()
    head: int | None = head_option()
    token: int | None = token_option()

    def see(self, aim: Aim) -> Findings:
        """Arrays: scores (token,), in the target's unit where the method is signed; attention (token,) from where
        the answer is read. Facts: target, signed, title of the method; pearson and spearman of the scores' sizes
        with attention over the n tokens that are not special, or why_not; at_odds, tokens that disagree most first.
        """
        watch = aim.watch
        watch(0.0)
        checked_layer(self.layer, aim.inside.model.size.layers + 1)
        longer, target = aim.target()
        method, settings = METHODS[self.method], settings_of(self.setting, self.method)
        check_method(longer.model, self.method)
        attention = self._attention(aim, longer, target)
        seed = aim.request.seed

        def attribute() -> Floats:
            built = build_method(self.method, settings, seed)
            return built.attribute(longer.model, longer.inputs, target, watch).scores

        name = f"{self.method} with {settings} of {target} by {seed}"
        scores = longer.kept(name, attribute)
        facts = {"target": target.label, "signed": method.info.signed, "method": method.info.title}
        facts["settings"] = settings
        facts |= {"output": target.output, "position": target.position}
        typed = np.array([not token.special for token in longer.tokens])
        found = agreement(np.abs(scores), attention, typed)
        facts |= {"pearson": found.pearson, "spearman": found.spearman, "n": found.count, "why_not": found.why_not}
        facts["at_odds"] = found.places[found.at_odds].tolist()
        return Findings({"scores": scores, "attention": attention}, facts)

    def _attention(self, aim: Aim, inside: Internals, target: Target) -> Floats:
        model, inputs, watch = inside.model, inside.inputs, aim.watch
        if self.measure in ("weights", "norms"):
            measure: Measure = "norms" if self.measure == "norms" else "weights"
            row: Floats = one_map(Aim(inside, aim.request, watch), self.layer, self.head, measure)[target.position]
            return row

        influence: Influence = "attention" if self.measure == "rollout" else "value_zeroing"

        def network() -> TokenNetwork:
            return token_network(model, inputs, influence, target.position, watch)

        direct: Floats = inside.kept(f"network by {influence}", network).direct[target.position]
        return direct


def settings_of(written: str, method: str) -> dict[str, Value]:
    """A method's options out of "name=value, name=value", each as the method declares it.

    Raises:
        OptionError: it is written otherwise, the method has no such option, or not with this value.
    """
    declared = {each.name: each for each in options_of(METHODS[method])}
    found: dict[str, Value] = {}
    for part in filter(None, (part.strip() for part in written.split(","))):
        name, equals, value = (each.strip() for each in part.partition("="))
        if not equals:
            known = ", ".join(declared) or "none"
            raise OptionError(
                f"There is no setting {written}.", f"Write name=value; the method’s options are: {known}."
            )
        found[name] = _typed(value, declared[name]) if name in declared else value
    return checked_options(method, METHODS[method], found)


def _typed(value: str, declared: Option) -> Value:
    """The choice that is written so, else a number where the option takes one."""
    for choice in declared.choices:
        if str(choice).lower() == value.lower():
            return choice
    try:
        return value if declared.kind in (None, str) else declared.kind(value)
    except ValueError:
        return value
