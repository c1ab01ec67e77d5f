"""ReAGent to its stopping test against two plain loops that draw the same: prints seconds and ratios.

    python benchmarks/reagent.py [runs]

The naive loop takes one text a forward pass, and the whole output of it. The other goes as inseq
does: all runs of a step in one batch, whole output, until the slowest has stopped. Both take the same
steps to the same scores, which is checked. inseq itself draws words of the same part of speech, for
which it downloads nltk's data, and 16 runs by default.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tokimp.api import Question, ask
from tokimp.methods.reagent import ReAGent
from tokimp.methods.reagent_run import Run, draw
from tokimp.models.loading import load
from tokimp.models.proposals import proposals
from tokimp.models.ranks import Standings
from tokimp.types import Floats
from tokimp.watch import Watch

PROMPT = (
    "On a sunny afternoon in the countryside, villagers set up colorful tents and wooden stalls for the annual harvest"
    " celebration. Among"
)
STEPS = 40


def standings(question: Question, ids: np.ndarray) -> Standings:
    """The target on copies (copy, token), from the whole output of one forward pass."""
    with torch.inference_mode():
        logits = question.model.network(input_ids=torch.as_tensor(ids)).logits[:, -1]
        chances = logits.softmax(-1)[:, question.target.index]
        ranks = (logits.argsort(-1, descending=True) == question.target.index).int().argmax(-1) + 1
    return Standings(chances.double().numpy(), np.zeros(len(ids)), ranks.numpy())


def one_by_one(question: Question, method: ReAGent) -> tuple[Floats, int]:
    """Scores, and how many texts ran: one text a forward pass, one run after the other."""
    return _loop(question, method, lambda runs: [[run] for run in runs])


def side_by_side(question: Question, method: ReAGent) -> tuple[Floats, int]:
    """The same with all runs in one batch, the stopped ones too, until the last has stopped."""
    return _loop(question, method, lambda runs: [runs])


def _loop(question: Question, method: ReAGent, split: Callable[[list[Run]], list[list[Run]]]) -> tuple[Floats, int]:
    plausible = proposals(question.model, question.inputs, method.replacement, Watch())
    free = len(question.inputs.free)
    replaced, kept = max(1, round(method.ratio * free)), int(np.ceil(method.keep * free))
    whole = standings(question, question.inputs.ids[None])
    wanted = max(method.top_k, int(whole.rank[0]))
    runs, ran = [Run(rng, plausible) for rng in np.random.default_rng(method.seed).spawn(method.runs)], 2
    for together in split(runs):
        for _ in range(method.max_steps):
            draws = [draw(run.rng, plausible, replaced) for run in together]
            probed = standings(question, np.stack([each.probe for each in draws]))
            changes = (whole.probability - probed.probability)[:, None]
            paths = [run.path([draws[i]], changes[i], kept) for i, run in enumerate(together)]
            tested = standings(question, np.concatenate([path.copies for path in paths]))
            ran += 2 * len(together)
            for i, (run, path) in enumerate(zip(together, paths, strict=True)):
                if not run.stopped:
                    some = Standings(*(fact[i : i + 1] for fact in tested))
                    run.follow(path, probed.probability[i : i + 1], some, wanted)
            if all(run.stopped for run in together):
                break
    return np.mean([run.scores[-1] for run in runs], axis=0), ran


def ours(question: Question, method: ReAGent) -> tuple[Floats, int]:
    """The method itself."""
    watch = Watch()
    found = method.attribute(question.model, question.inputs, question.target, watch)
    return np.asarray(found.scores), watch.evaluations


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    question = ask(load("smollm2-135m"), PROMPT)
    say = sys.stdout.write
    say(f"{len(question.inputs)} tokens, {question.target.label!r}, {runs} runs, at most {STEPS} steps\n")
    ours(question, ReAGent(max_steps=1))  # warm
    say("| seed | ours | naive loop | as inseq | times as fast | | texts run |\n|---|---|---|---|---|---|---|\n")
    sums = np.zeros(3)
    for seed in range(2):
        method = ReAGent(max_steps=STEPS, runs=runs, seed=seed)
        seconds, scores, texts = [], [], []
        for way in (ours, one_by_one, side_by_side):
            start = time.perf_counter()
            found, ran = way(question, method)
            seconds.append(time.perf_counter() - start)
            scores.append(found)
            texts.append(ran)
        np.testing.assert_allclose(scores[1], scores[0], atol=1e-4)
        np.testing.assert_allclose(scores[2], scores[0], atol=1e-4)
        sums += seconds
        times = " | ".join(f"{each:.1f} s" for each in seconds)
        say(f"| {seed} | {times} | {seconds[1] / seconds[0]:.1f} | {seconds[2] / seconds[0]:.1f} | {texts} |\n")
    say(
        f"All: {sums[1] / sums[0]:.1f} times as fast as the naive loop, {sums[2] / sums[0]:.1f} times as inseq's way.\n"
    )


if __name__ == "__main__":
    main()
