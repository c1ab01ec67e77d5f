"""ReAGent against the algorithm written down step by step, and by hand."""

from __future__ import annotations

from math import ceil, log

import numpy as np
import pytest
import torch

import tokimp
from tests import models
from tests.references import widened
from tokimp.methods.reagent_run import Draw, Run, softmax, updates
from tokimp.models.proposals import Proposals, proposals
from tokimp.models.ranks import Standings
from tokimp.types import Task
from tokimp.watch import Watch


class Loop:
    """Algorithm 1 of the paper, one text at a time, with the whole output of transformers and plain lists."""

    def __init__(self, asked: tokimp.api.Question, table: Proposals, ratio: float = 0.3, keep: float = 0.3) -> None:
        self.asked, self.table = asked, table
        self.ids = asked.inputs.ids.tolist()
        self.free = asked.inputs.free.tolist()
        self.replaced = round(ratio * len(self.free))
        self.kept = ceil(keep * len(self.free))

    def says(self, ids: list[int]) -> tuple[float, int]:
        """Probability (half of the difference, with a contrast) and rank of the target."""
        model, target = self.asked.model, self.asked.target
        with torch.no_grad():
            logits = model.network(input_ids=torch.tensor([ids])).logits[0]
        row = logits if model.task == "classification" else logits[target.position]
        chances = row.softmax(-1).tolist()
        value = chances[target.index]
        if target.contrast is not None:
            value = (value - chances[target.contrast]) / 2
        order = row.argsort(descending=True).tolist()
        return value, order.index(target.index) + 1

    def others(self, rng: np.random.Generator) -> list[int]:
        chances = rng.random(len(self.ids)).tolist()
        drawn = []
        for place, (own, chance) in enumerate(zip(self.ids, chances, strict=True)):
            known = self.table.table[place, : self.table.counts[place]].tolist()
            choices = known or [id_ for id_ in self.table.pool.tolist() if id_ != own]
            drawn.append(choices[int(chance * len(choices))])
        return drawn

    def run(self, rng: np.random.Generator, top: int, most: int) -> list[list[float]]:
        """Scores after every step."""
        whole, _ = self.says(self.ids)
        logits = rng.random(len(self.ids)).tolist()
        history: list[list[float]] = []
        while len(history) < most:
            chosen = rng.choice(self.free, size=self.replaced, replace=False).tolist()
            probe, test = self.others(rng), self.others(rng)
            ids = [probe[i] if i in chosen else own for i, own in enumerate(self.ids)]
            change = whole - self.says(ids)[0]
            for i in self.free:
                signed = change if i in chosen else -change
                share = (signed + 1) / 2
                logits[i] += log(share / (1 - share))
            powers = [np.exp(logits[i]) if i in self.free else 0.0 for i in range(len(logits))]
            scores = [power / sum(powers) for power in powers]
            history.append(scores)
            best = sorted(self.free, key=lambda i: -scores[i])[: self.kept]
            ids = [test[i] if i in self.free and i not in best else own for i, own in enumerate(self.ids)]
            if self.says(ids)[1] <= top:
                break
        return history


@pytest.mark.parametrize("contrast", [False, True])
@pytest.mark.parametrize(
    ("family", "task", "kind"),
    [
        ("bert", "classification", "random"),
        ("roberta", "masked-lm", "mlm"),
        ("gpt2", "next-token", "self"),
        ("llama", "next-token", "random"),
    ],
)
def test_it_is_the_papers_loop(family: str, task: Task, kind: str, contrast: bool) -> None:
    model = models.shared(family, task)
    top = 1 if task == "classification" else 3
    text = "the film [MASK] not good and bad" if task == "masked-lm" else "the film was not good and bad"
    said = tokimp.predict(model, text).candidates
    asked = tokimp.ask(model, text, target=said[0].index, contrast=said[1].index if contrast else None)
    loop = Loop(asked, proposals(model, asked.inputs, kind, Watch()))
    wanted = [loop.run(rng, top, 20) for rng in np.random.default_rng(3).spawn(4)]
    found = asked.explain("reagent", {"runs": 4, "max_steps": 20, "replacement": kind}, seed=3)
    rows = found.attribution.iterations
    gone = [sum(any(facts["run"] == run for facts in row["runs"]) for row in rows) for run in range(4)]
    assert gone == [len(run) for run in wanted]
    steps = len(rows)
    each = np.array([run + [run[-1]] * (steps - len(run)) for run in wanted])  # (run, step, token)
    history = found.attribution.history
    np.testing.assert_allclose(history, each.mean(0), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(found.scores, each[:, -1].mean(0), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(found.stderr, each[:, -1].std(0, ddof=1) / 2 * widened(4), rtol=1e-3, atol=1e-7)


def test_three_tokens_by_hand() -> None:
    """p(target) falls from 0.9 to 0.3 without tokens 1 and 2, does not move without 0, rises to 1 without 1.

    Logits start at 0.1, 0.2, 0.3. logit((0.6 + 1) / 2) = ln 4 = 1.386; logit((−0.1 + 1) / 2) = ln(9 / 11) = −0.201.
    Step 1 adds −1.386, 1.386, 1.386: −1.286, 1.586, 1.686. Step 2 adds nothing. Step 3 adds 0.201, −0.201, 0.201:
    −1.086, 1.386, 1.887. exp: 0.338, 3.997, 6.599, together 10.934.
    """
    model = models.shared("gpt2", "next-token")
    inputs = model.encode("the film was")
    none = np.zeros((3, 1), dtype=np.int64)
    run = Run(np.random.default_rng(0), Proposals(inputs, none, none[:, 0], np.arange(200)))
    run.start = np.array([0.1, 0.2, 0.3])
    without = [[False, True, True], [True, False, False], [False, True, False]]
    other = np.array([7, 8, 9])
    draws = [Draw(np.array(row), np.where(row, other, inputs.ids), other) for row in without]
    path = run.path(draws, np.array([0.6, 0.0, -0.1]), kept=1)
    np.testing.assert_allclose(path.scores[0], np.array([0.2764, 4.8840, 5.3977]) / 10.5581, atol=1e-4)
    np.testing.assert_allclose(path.scores[1], path.scores[0])
    np.testing.assert_allclose(path.scores[2], [0.0309, 0.3656, 0.6036], atol=1e-4)
    assert path.keep.tolist() == [[False, False, True]] * 3
    assert path.copies.tolist() == [[7, 8, inputs.ids[2]]] * 3
    run.follow(
        path, np.array([0.3, 0.9, 1.0]), Standings(np.array([0.1, 0.5, 0.9]), np.zeros(3), np.array([9, 3, 1])), 3
    )
    assert run.stopped
    assert [facts["rank"] for facts in run.facts] == [9, 3]  # the third step was drawn ahead and is not gone
    assert run.facts[0] == {
        "replaced": [1, 2],
        "by": [8, 9],
        "probability_replaced": 0.3,
        "change": 0.6,
        "kept": [2],
        "probability": 0.1,
        "rank": 9,
        "stopped": False,
    }
    np.testing.assert_allclose(run.scores, path.scores[:2])


def test_a_change_from_certain_to_impossible_stays_finite() -> None:
    added = updates(np.array([[True, False], [True, False]]), np.array([1.0, -1.0]))
    assert np.isfinite(added).all()
    np.testing.assert_allclose(added[0], [14.5, -14.5], atol=0.1)
    np.testing.assert_allclose(added.sum(0), 0)
    scores = softmax(np.array([0.0, 5e3, -5e3, 9e9]), np.array([0, 1, 2]))
    np.testing.assert_array_equal(scores, [0, 1, 0, 0])
