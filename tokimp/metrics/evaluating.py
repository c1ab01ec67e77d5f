"""One pass over all copies that the metrics asked for need, beside random scores on the same text."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from tokimp.errors import InputError
from tokimp.metrics.answers import Ablations, TopSources
from tokimp.metrics.base import Metric, Probe, ProbeName, Scoring, Setting, chosen
from tokimp.metrics.chance import order_pairs, ranked, tied_orders
from tokimp.metrics.part import Part
from tokimp.metrics.removal import Removals, removal_of, sizes
from tokimp.metrics.soft import Soft, shares
from tokimp.metrics.standing import Standing
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded, Ids, with_roles
from tokimp.score import Score
from tokimp.types import Explanation, Target
from tokimp.units import KINDS, whole_text
from tokimp.watch import Watch

TIED_PAIRS = 2
FEWEST, MOST = 4, 20
"""Pairs of random orders where nobody says how many."""
OPERATIONS = 5e11
"""Multiplications and additions spent on random orders where nobody says how many: some seconds on two cores."""
TOO_FEW = "Fewer than two tokens may be taken away: there is no order of them."
NO_EMBEDDINGS = "It keeps word embeddings in part, and those of this model cannot be reached."
NO_PROBABILITY = "This model gives a value and no probability, so there is no such number."
PROBES: dict[ProbeName, Callable[[TextModel, Encoded, Target, Setting, Watch], Probe]] = {
    "removal": Removals,
    "soft": Soft,
    "top": TopSources,
    "ablations": Ablations,
}


def evaluating(
    model: TextModel,
    explanation: Explanation,
    metrics: Sequence[str] | None = None,
    setting: Setting | None = None,
    watch: Watch | None = None,
) -> Generator[list[Score], None, None]:
    """All scores so far, again and again: first without chance, then beside more and more random scores.

    Random scores are the explanation's own, dealt out anew among the text's own tokens, so that only
    their order is tested. They come in pairs of an order and its reverse, which share their copies:
    what one keeps, the other takes away. Whoever has seen enough stops asking for more; `watch` is
    told the share done after every batch, and stops the pass by raising.

    Yields:
        One score a metric, in the order asked for. Probabilities are the target's, of its whole
        word; with a contrast, where only the target and the contrast may come.

    Raises:
        InputError: the explanation is of another model. OptionError: no such metric or removal.
        NoBaselineError: this model has no token of that kind. OutOfMemoryError.
    """
    inputs = inputs_of(model, explanation)
    computing = model.computing_in(explanation.request.precision).reading(inputs)
    yield from _Pass(computing, inputs, explanation, setting or Setting(), watch or Watch()).run(chosen(metrics))


@dataclass
class _Pass:
    """One evaluation of one explanation."""

    model: TextModel
    inputs: Encoded
    explanation: Explanation
    setting: Setting
    watch: Watch

    def __post_init__(self) -> None:
        self.target = replace(self.explanation.target, output="log_prob")
        self.part = Part(whole=self.watch)
        own = self.explanation.scores[self.inputs.free]
        self.alike = len(own) > 0 and bool(np.ptp(own) == 0)
        self.tied = not self.alike and len(np.unique(own)) < len(own)

    def run(self, metrics: Sequence[Metric]) -> Iterator[list[Score]]:
        probes = self._probes(metrics)
        standings = [self._standing(metric, probes) for metric in metrics]
        useful = [standing for standing in standings if not standing.refusal]
        rounds = _rounds(self._pairs()) if useful else []
        drawn, done = order_pairs(self.inputs.free, self.setting.seed), 0
        for count in [0, *rounds]:
            scorings = self._random(islice(drawn, count)) if count else self._own()
            parts = 1 + sum(rounds)
            self._measure(useful, probes, scorings, (done / parts, (done + max(count, 1)) / parts))
            done += max(count, 1)
            yield [standing.score(self.watch.evaluations) for standing in standings]

    def _probes(self, metrics: Sequence[Metric]) -> dict[ProbeName, Probe]:
        names = dict.fromkeys(metric.info.probe for metric in metrics if metric.info.needs <= self.model.offers)
        played = str(self.explanation.request.options.get("players", "tokens"))
        setting = self.setting
        if setting.sources == "auto" and played in KINDS:
            setting = replace(setting, sources=played)
        return {name: PROBES[name](self.model, self.inputs, self.target, setting, self.part) for name in names}

    def _pairs(self) -> int:
        asked = self.setting.randoms
        return -(-(default_randoms(self.model, self.inputs, self.setting) if asked is None else asked) // 2)

    def _own(self) -> list[Scoring]:
        scores, free = self.explanation.scores, self.inputs.free
        share = shares(scores, free)
        orders = tied_orders(scores, free, TIED_PAIRS, self.setting.seed) if self.tied else [ranked(scores, free)]
        return [Scoring(order, share, scores) for order in orders]

    def _random(self, pairs: Iterator[tuple[Ids, Ids]]) -> list[Scoring]:
        """The explanation's own shares dealt out anew, the largest to the first of each order."""
        found, free = [], self.inputs.free
        share = shares(self.explanation.scores, free)
        for order in (order for pair in pairs for order in pair):
            dealt = share.copy()
            dealt[order] = np.sort(share[free])[::-1]
            found.append(Scoring(order, dealt, self.explanation.scores, dealt=True))
        return found

    def _measure(
        self,
        standings: Sequence[Standing],
        probes: dict[ProbeName, Probe],
        scorings: Sequence[Scoring],
        part: tuple[float, float],
    ) -> None:
        """Lets each probe measure what its metrics need; `part` is shared out among the probes evenly."""
        start, end = part
        for place, (name, probe) in enumerate(probes.items()):
            some = [standing for standing in standings if standing.metric.info.probe == name]
            if not some:
                continue
            self.part.start = start + (end - start) * place / len(probes)
            self.part.end = start + (end - start) * (place + 1) / len(probes)
            measured_each = probe.measure([each.metric for each in some], scorings)
            self.part(1.0)  # what was known already has told nothing
            for standing, measured in zip(some, measured_each, strict=True):
                if standing.own_value is None:
                    standing.whole = abs(float(getattr(measured[0], "whole_probability", 1.0)))
                    standing.take_own(measured)
                else:
                    standing.take_random(measured)

    def _standing(self, metric: Metric, probes: dict[ProbeName, Probe]) -> Standing:
        valued, refusal = self.model.link == "identity", ""
        if not metric.info.needs <= self.model.offers:
            return Standing(metric, "", self.alike, valued, NO_EMBEDDINGS, ())
        if len(self.inputs.free) < 2:
            refusal = TOO_FEW
        elif valued and metric.info.unit != "probability":
            refusal = NO_PROBABILITY
        probe = probes[metric.info.probe]
        notes = () if refusal else (*probe.notes, *self._notes(metric))
        return Standing(metric, probe.kind, self.alike, valued, refusal, notes)

    def _notes(self, metric: Metric) -> tuple[str, ...]:
        notes, target, count = [], self.target, len(self.inputs.free)
        whole, ordered = metric.info.probe != "soft", metric.info.probe == "removal"
        if ordered:
            steps = ", ".join(map(str, sizes(self.setting.fractions, count)))
            notes.append(f"Taken away: {steps} of {count} tokens; special ones never.")
        if target.contrast is not None and whole:
            notes.append(
                f"Meant is the probability of “{target.label}” where only it and “{target.contrast_label}” may come."
            )
        if len(target.ids) > 1 or len(target.contrast_ids) > 1:
            notes.append(_several(target, whole))
        if self.tied and ordered:
            notes.append(f"Some tokens share a score: the value is the mean over {2 * TIED_PAIRS} orders of these.")
        return tuple(notes)


def _several(target: Target, whole: bool) -> str:
    if whole:
        return "A word of several tokens counts with the product of their probabilities."
    return f"Compared is what may come as the first token, not all of “{target.label}”."


def _rounds(pairs: int) -> list[int]:
    """Pairs a round: two at first, so that there is a band early, then as many as there are already."""
    found: list[int] = []
    while sum(found) < pairs:
        found.append(min(max(2, sum(found)), pairs - sum(found)))
    return found


def default_randoms(model: TextModel, inputs: Encoded, setting: Setting | None = None) -> int:
    """How many random scorings `OPERATIONS` pay for, always even: it depends on the model and the text, not on time."""
    setting = setting or Setting()
    copies = 2 * len(sizes(setting.fractions, len(inputs.free)))
    length = len(inputs) / 2 if removal_of(model, setting.removal) == "delete" else len(inputs)
    pairs = int(OPERATIONS / max(2.0 * model.weights * length * copies, 1.0))
    return 2 * min(max(pairs, FEWEST), MOST)


def inputs_of(model: TextModel, explanation: Explanation) -> Encoded:
    """The explained tokens as the model reads them: those of the explanation, not of its text tokenized again.

    Raises:
        InputError: the explanation is of another model.
    """
    request, tokens = explanation.request, explanation.tokens
    if (request.model, request.task) != (model.key, model.task):
        raise InputError(
            f"This is an explanation of {request.model} ({request.task}), and the model is {model.key} ({model.task}).",
            "Give the model that was explained.",
        )
    fixed = np.array([token.special for token in tokens], dtype=bool)
    ids = np.array([token.id for token in tokens], dtype=np.int64)
    text = whole_text(request.text, tokens)
    return with_roles(Encoded(text, ids, tokens, fixed, source=explanation.target.source), request.roles)
