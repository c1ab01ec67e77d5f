"""Top-k drop and LDS: at their best on an additive toy, and as a plain loop over the definitions has them."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy.stats import spearmanr

import tokimp
from tests import models
from tests.metrics.explained import WORDS, WORTH, given, number
from tests.toys import toy
from tokimp.errors import OptionError
from tokimp.metrics.answers import ABLATIONS, ablations, sources_of
from tokimp.models.text_model import TextModel
from tokimp.score import Score
from tokimp.types import Explanation, Role

KEYS = ["top_k_drop", "lds"]
STORY = "the film was good. you and the girl. not bad! was it? the little film, of paris. good girl."


def scored(e: Explanation, randoms: int = 0, sources: str = "auto") -> dict[str, Score]:
    found = tokimp.evaluate(toy("additive"), e, KEYS, randoms=randoms, sources=sources)
    return {score.metric: score for score in found}


def test_an_additive_toy_is_foretold_exactly() -> None:
    """Every part of four words; their worths add up, so that scores that are these worths order all of them."""
    found = scored(given(toy("additive"), WORDS, WORTH, target="yes"))
    assert number(found["lds"]) == pytest.approx(1, abs=1e-9)
    opposite = scored(given(toy("additive"), WORDS, [-each for each in WORTH], target="yes"))
    assert number(opposite["lds"]) == pytest.approx(-1, abs=1e-9)
    assert number(scored(given(toy("additive"), WORDS, WORTH, target="yes"), sources="words")["lds"]) == 1


def test_no_order_drops_more_than_that_of_the_worths() -> None:
    drops = {
        order: number(scored(given(toy("additive"), WORDS, order, target="yes"))["top_k_drop"])
        for order in permutations(WORTH)
    }
    assert max(drops, key=lambda order: drops[order]) == WORTH
    values = np.log(1 / (1 + np.exp(-np.array([2.5, 0.5, -1.0, 0.0]))))  # whole, without 1, 3 and all 4
    assert drops[WORTH] == pytest.approx(np.mean(values[0] - values[1:]), abs=1e-6)


def answer(model: TextModel, e: Explanation, keep: npt.NDArray[np.bool_]) -> float:
    """The log-probability of the answer token by token behind what is left, or behind the start token alone."""
    ids = [token.id for token, stays in zip(e.tokens, keep, strict=True) if stays]
    ids, total = ids or [model.tokenizer.bos_token_id], 0.0
    for id_ in e.target.ids:
        with torch.inference_mode():
            total += float(model.network(torch.tensor([ids])).logits[0, -1].log_softmax(-1)[id_])
        ids = [*ids, id_]
    return total


def test_they_are_what_the_definitions_say() -> None:
    """Six sentences of a decoder, an answer of three tokens, a loop over sources."""
    model = models.tiny("gpt2", "next-token", n_positions=256)
    e = tokimp.explain(model, STORY, "occlusion", target=" good girl of", output="log_prob", players="sentences")
    assert len(e.target.ids) > 1
    members, named = sources_of(model.encode(STORY), "sentences")
    assert (len(members), named) == (6, "sentences")
    worth = np.array([e.scores[row].sum() for row in members])
    order = np.argsort(-worth)
    whole = answer(model, e, np.ones(len(e.tokens), dtype=bool))
    assert whole == pytest.approx(e.output, abs=1e-5)
    drops = []
    for k in (1, 3, 5):
        keep = np.ones(len(e.tokens), dtype=bool)
        for source in order[:k]:
            keep[members[source]] = False
        drops.append(whole - answer(model, e, keep))
    stays = ablations(6, np.random.default_rng([0, 3]))
    values = [answer(model, e, row @ members) for row in stays]
    sums = [float(row @ worth) for row in stays]
    found = {score.metric: score for score in tokimp.evaluate(model, e, KEYS, randoms=0)}
    assert number(found["top_k_drop"]) == pytest.approx(np.mean(drops), abs=1e-5)
    curve = found["top_k_drop"].curve
    assert curve is not None
    assert curve.values == pytest.approx(drops, abs=1e-5)
    assert curve.fractions == pytest.approx([1 / 6, 3 / 6, 5 / 6])
    assert number(found["lds"]) == pytest.approx(spearmanr(values, sums).statistic, abs=1e-9)
    assert found["lds"].notes[0] == "Taken away are whole sentences, 6 in number."


def test_scores_of_chance_are_dealt_among_sources() -> None:
    found = scored(given(toy("additive"), WORDS, WORTH, target="yes"), randoms=400)
    exact = np.mean([_lds(order) for order in permutations(WORTH)])
    chance = found["lds"].chance
    assert chance is not None
    assert chance.low < exact < chance.high
    assert abs(chance.mean - exact) <= 4 * chance.error + 1e-6


def _lds(order: tuple[float, ...]) -> float:
    rows = ablations(4, np.random.default_rng(0))
    return float(spearmanr(rows @ np.array(WORTH), rows @ np.array(order)).statistic)


def test_sources_are_sentences_of_long_texts_and_words_of_short_ones() -> None:
    model = models.shared("gpt2", "next-token")
    assert sources_of(model.encode("good. bad. not. of."), "auto")[1] == "sentences"
    assert sources_of(model.encode("the film was. not good"), "auto")[1] == "words"
    assert sources_of(model.encode("filmgirl"), "auto")[1] == "tokens"
    with pytest.raises(OptionError, match="There are no sources 'pages'"):
        sources_of(model.encode("good"), "pages")


def test_ablations_are_all_or_drawn() -> None:
    assert len(np.unique(ablations(6, np.random.default_rng(0)), axis=0)) == 64
    drawn = ablations(20, np.random.default_rng(0))
    assert drawn.shape == (ABLATIONS, 20)
    assert 0.4 < drawn.mean() < 0.6


def test_pinned_sources_stay_and_what_was_generated_counts() -> None:
    model = models.tiny("gpt2", "next-token", n_positions=256)
    pinned: list[Role] = [(0, STORY.index("you"), "pinned")]
    asked = tokimp.ask(model, STORY, target=10, generated=[20, 21, 22], roles=pinned)
    e = asked.explain("occlusion", {"players": "sentences"})
    score = tokimp.evaluate(model, e, ["lds"], randoms=0)[0]
    assert score.value is not None
    assert score.notes[0] == "Taken away are whole sentences, 6 in number."  # five of the text, one generated
