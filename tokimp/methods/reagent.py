"""Recursive attribution generation: tokens gain where replacing them changes the answer, until few of them suffice."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any, ClassVar

import numpy as np

from tokimp.errors import MethodUnavailableError
from tokimp.methods.averages import standard_error
from tokimp.methods.base import MethodInfo, option, register
from tokimp.methods.reagent_run import Run, draw
from tokimp.methods.work import Work
from tokimp.models.proposals import KINDS, Proposals, proposals
from tokimp.models.ranks import Ranker, Standings
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded, display
from tokimp.types import Attribution, Floats, Target
from tokimp.watch import Watch

LOOK = 16  # copies that run together
FIRST_STEPS = 2  # drawn ahead at first, then half as many as were gone: what is behind a run's last one is wasted


@register
@dataclass(frozen=True)
class ReAGent:
    info: ClassVar[MethodInfo] = MethodInfo(
        key="reagent",
        title="ReAGent",
        family="perturbation",
        tells="Tokens that move the answer's probability when replaced, until the best few alone still bring it about.",
        paper="Zhao & Shan 2024, algorithm 1",
        url="https://arxiv.org/abs/2402.00794",
        cost="2 × steps forward passes for each run, and up to 4 for the replacements",
        signed=False,
        stochastic=True,
        needs=frozenset({"candidates"}),
    )
    ratio: float = option(
        0.3, "Replaced a step", "Share of the tokens that each step replaces.", kind=float, low=0.05, high=0.95
    )
    keep: float = option(
        0.3,
        "Kept in the test",
        "Share of the tokens that stay in the stopping test: those with the highest scores.",
        kind=float,
        low=0.05,
        high=0.95,
    )
    top_k: int = option(
        3,
        "Top",
        "A run stops when the target is among this many in the test (of few classes: among the better half).",
        kind=int,
        low=1,
        high=100,
    )
    max_steps: int = option(100, "Steps", "A run goes no further, stopped or not.", kind=int, low=1, high=500)
    replacement: str = option(
        "auto",
        "Replacements",
        "self: what the model itself would write; mlm: what a masked language model would; random: any token. "
        "auto: self, for classifiers random.",
        choices=KINDS,
    )
    runs: int = option(10, "Runs", "Random runs that are averaged; they give the error bars.", kind=int, low=1, high=50)
    seed: int = 0

    def work(self, _inputs: Encoded) -> Work:
        return Work(forward=2 * self.runs * self.max_steps + 5, early=True)

    def attribute(self, model: TextModel, inputs: Encoded, target: Target, watch: Watch) -> Attribution:
        """How strongly replacing a token goes with a change of the target's probability.

        Each run starts with random scores. A step replaces `ratio` of the tokens by plausible ones
        and adds logit((±Δp + 1) / 2) to the logits of the scores, + on replaced and − on kept
        tokens (algorithm 1, eqs. 7–9). A run stops after the step at which the target is still
        among the `top_k` with only the best `keep` of the tokens left: one draw of replacements a
        test, drawn anew at each, as in the authors' code. p is always a probability, whatever
        `target.output` is; with a contrast, Δp is half the change of the difference. A target that
        ranks lower on the whole text must reach that rank; a word of several tokens goes by the
        rank of its first.

        Returns:
            scores (token,), ≥ 0 and sum to 1, 0 for special tokens: the mean over runs, stopped or
            not; stderr over runs; history (step, token) of that mean, in which a run that has
            stopped stays where it is; iterations with the standing of all in the test and the facts
            of those that still went on.

        Cost: two forward passes a step and run, in batches of several steps, of which those behind
        the last are wasted: replaced tokens do not depend on the scores, so that they are drawn ahead.

        Raises:
            NoBaselineError: the model has no such replacements.
            MethodUnavailableError: the model gives no probabilities.
        """
        if model.link == "identity":
            raise MethodUnavailableError("ReAGent needs probabilities, and this model gives a bare number.")
        if len(inputs.free) < 2:
            return _alone(inputs, watch)
        plausible = proposals(model, inputs, self.replacement, watch)
        walk = _Walk(self, model, plausible, target, watch)
        while going := walk.going:
            walk.go(going)
        scores = walk.scores()
        watch(1.0, scores[:, -1].mean(0))
        error = standard_error(scores[:, -1]) if self.runs > 1 else None
        return Attribution(
            scores[:, -1].mean(0),
            stderr=error,
            history=scores.mean(0),
            signed=False,
            notes=walk.notes(),
            iterations=walk.iterations(),
        )


class _Walk:
    """All runs side by side: their copies share batches, and a run that has stopped waits for the others."""

    def __init__(self, method: ReAGent, model: TextModel, plausible: Proposals, target: Target, watch: Watch) -> None:
        self._method, self._model, self._target, self._watch = method, model, target, watch
        self._plausible = plausible
        self._ranker = Ranker(model, target, watch)
        self._step = 0
        self._runs = [Run(rng, plausible) for rng in np.random.default_rng(method.seed).spawn(method.runs)]
        free = len(plausible.inputs.free)
        self._replaced = min(max(1, round(method.ratio * free)), free - 1)
        self._kept = min(ceil(method.keep * free - 1e-9), free - 1)
        whole = self._ranker(plausible.inputs.ids[None], self._report)
        self._value = float(_value(whole, target)[0])
        top = min(method.top_k, max(1, len(model.labels) // 2)) if model.labels else method.top_k
        self._wanted = max(top, int(whole.rank[0]))
        self._lowered = self._wanted > top

    @property
    def going(self) -> list[Run]:
        """The runs that have not stopped; none when the steps are used up."""
        return [run for run in self._runs if not run.stopped] if self._step < self._method.max_steps else []

    def go(self, going: list[Run]) -> None:
        """Takes some steps with all of these runs: one batch of probes, then one of tests."""
        ahead = min(max(FIRST_STEPS, self._step // 2), max(1, LOOK // len(going)), self._method.max_steps - self._step)
        draws = [[draw(run.rng, self._plausible, self._replaced) for _ in range(ahead)] for run in going]
        probes = self._ranker(np.stack([step.probe for each in draws for step in each]), self._report)
        changes = (self._value - _value(probes, self._target)).reshape(len(going), ahead)
        paths = [run.path(*each, self._kept) for run, each in zip(going, zip(draws, changes, strict=True), strict=True)]
        tests = self._ranker(np.concatenate([path.copies for path in paths]), self._report)
        for row, (run, path) in enumerate(zip(going, paths, strict=True)):
            some = slice(row * ahead, (row + 1) * ahead)
            tested = Standings(tests.probability[some], tests.contrast[some], tests.rank[some])
            run.follow(path, probes.probability[some], tested, self._wanted)
        self._step += ahead

    def scores(self) -> Floats:
        """Scores (run, step, token) of all steps gone; a run that has stopped stays where it is."""
        steps = max(len(run.scores) for run in self._runs)
        return np.array([run.scores + run.scores[-1:] * (steps - len(run.scores)) for run in self._runs])

    def iterations(self) -> tuple[dict[str, Any], ...]:
        """What the runs that still went on did at each step, and how all runs then stood in the test.

        rank: the worst of the runs; probability: their mean; top: the rank that stops a run.
        """
        rows = []
        for step in range(max(len(run.facts) for run in self._runs)):
            now = [run.facts[min(step, len(run.facts) - 1)] for run in self._runs]
            going = [number for number, run in enumerate(self._runs) if step < len(run.facts)]
            row = {
                "step": step + 1,
                "rank": max(facts["rank"] for facts in now),
                "probability": float(np.mean([facts["probability"] for facts in now])),
                "top": self._wanted,
                "runs": [{"run": number, **self._spelled(now[number])} for number in going],
            }
            rows.append(row)
        return tuple(rows)

    def notes(self) -> tuple[str, ...]:
        method, label = self._method, self._target.label
        free = self._plausible.inputs.free
        rest = f"with all but the best {self._kept} of {len(free)} tokens replaced, “{label}”"
        goal = f"among the top {self._wanted}" if self._wanted > 1 else "first"
        stopped = [len(run.facts) for run in self._runs if run.stopped]
        notes = []
        if len(stopped) < method.runs:
            who = f"{method.runs - len(stopped)} of {method.runs} runs" if method.runs > 1 else "the run"
            notes.append(f"Not converged: {who} took all {_steps(self._step)}; {rest} is not {goal}.")
        elif method.runs == 1:
            rank = self._runs[0].facts[-1]["rank"]
            notes.append(f"Stopped after {_steps(stopped[0])}: {rest} still ranks {rank}.")
        else:
            least, most = min(stopped), max(stopped)
            gone = _steps(most) if least == most else f"{least} to {_steps(most)}"
            notes.append(f"All {method.runs} runs stopped, after {gone}: {rest} was still {goal}.")
        if self._lowered:
            notes.append(f"“{label}” ranks only {self._wanted} on the whole text, so the test asks for no more.")
        if all(run.moved[free].std() < run.start[free].std() for run in self._runs):
            notes.append("The steps moved the scores less than their random start: they say little yet.")
        if method.runs == 1:
            notes.append("One random run: how far it would vary is not known. Raise the runs.")
        return tuple(notes)

    def _report(self) -> None:
        known = all(run.scores for run in self._runs)
        partial = np.mean([run.scores[-1] for run in self._runs], axis=0) if known else None
        stopped = sum(run.stopped for run in self._runs) / len(self._runs)
        self._watch(max(stopped, self._step / self._method.max_steps), partial)

    def _spelled(self, facts: dict[str, Any]) -> dict[str, Any]:
        return {**facts, "by": [display(self._model.tokenizer, [id_]) for id_ in facts["by"]]}


def _value(standings: Standings, target: Target) -> Floats:
    """What changes (copy,): from 0 to 1, or from −½ to ½ with a contrast."""
    return (standings.probability - standings.contrast) / (2 if target.contrast_ids else 1)


def _steps(count: int) -> str:
    return f"{count} step{'s' if count > 1 else ''}"


def _alone(inputs: Encoded, watch: Watch) -> Attribution:
    """The only token has all of it; without one there is nothing to replace."""
    scores = (~inputs.fixed).astype(np.float64)
    watch(1.0, scores)
    return Attribution(scores, history=scores[None], signed=False, iterations=({"step": 0, "runs": []},))
