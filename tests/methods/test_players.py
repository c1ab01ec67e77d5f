"""Tokens, words and sentences as players; what a player gets is kept in the sum."""

from __future__ import annotations

import numpy as np
import pytest

import tokimp
from tests import models
from tests.toys import toy
from tokimp.methods.players import PLAYERS, players_of
from tokimp.models.tokens import Encoded
from tokimp.types import Task

METHODS_WITH_PLAYERS = ("occlusion", "lime", "kernel_shap", "shapley_sampling", "banzhaf")
FAMILIES: list[tuple[str, Task]] = [
    ("bert", "classification"),
    ("roberta", "classification"),
    ("gpt2", "next-token"),
    ("llama", "next-token"),
]
EVERY_FAMILY = pytest.mark.parametrize(("family", "task"), FAMILIES)


def encoded(family: str, task: Task, text: str) -> Encoded:
    return models.shared(family, task).encode(text)


def units(inputs: Encoded, kind: str) -> list[str]:
    """What each player holds of the text."""
    found = []
    players = players_of(inputs, kind)
    for number in range(len(players)):
        tokens = [token for token, player in zip(inputs.tokens, players.player, strict=True) if player == number]
        found.append(inputs.text[min(t.start for t in tokens) : max(t.end for t in tokens)].strip())
    return found


@EVERY_FAMILY
def test_words_are_those_typed(family: str, task: Task) -> None:
    inputs = encoded(family, task, "The filmgirl wasn't good,  was it?")
    assert units(inputs, "words") == ["The", "filmgirl", "wasn't", "good", ",", "was", "it", "?"]


@EVERY_FAMILY
def test_sentences_end_with_their_marks(family: str, task: Task) -> None:
    inputs = encoded(family, task, "The film was good. Was it?! Not bad,\nsay you.")
    assert units(inputs, "sentences") == ["The film was good.", "Was it?!", "Not bad,", "say you."]


@EVERY_FAMILY
@pytest.mark.parametrize(
    "text", ["good film", "a", "…!?", "the film. ", "naïve 你 film\n\nbad", "good\u3002film", "é😀 good"]
)
@pytest.mark.parametrize("kind", PLAYERS)
def test_every_free_token_has_one_player_and_no_special_one_has_any(
    family: str, task: Task, text: str, kind: str
) -> None:
    inputs = encoded(family, task, text)
    players = players_of(inputs, kind)
    np.testing.assert_array_equal(players.player >= 0, ~inputs.fixed)
    numbers, sizes = np.unique(players.player[~inputs.fixed], return_counts=True)
    assert numbers.tolist() == list(range(len(players)))
    assert sizes.tolist() == players.sizes.tolist()
    values = np.arange(1.0, len(players) + 1)
    assert players.share(values).sum() == pytest.approx(values.sum())
    in_order = players.player[~inputs.fixed]
    np.testing.assert_array_equal(in_order, np.sort(in_order))


def test_no_player_at_all() -> None:
    inputs = encoded("bert", "classification", "good")
    nobody = Encoded(inputs.text, inputs.ids, inputs.tokens, np.ones(len(inputs), dtype=bool))
    for kind in PLAYERS:
        assert len(players_of(nobody, kind)) == 0


@pytest.mark.parametrize("method", METHODS_WITH_PLAYERS)
def test_methods_give_an_empty_score_where_nothing_may_be_taken_away(method: str) -> None:
    found = tokimp.explain(models.shared("roberta", "masked-lm"), "<mask>", method, target=10)
    np.testing.assert_array_equal(found.scores, 0)
    assert found.completeness_gap in (None, pytest.approx(0, abs=1e-5))


@pytest.mark.parametrize("method", METHODS_WITH_PLAYERS)
def test_a_words_tokens_share_its_score(method: str) -> None:
    """ "filmgood" is four pieces or more, "bad" is one and worth −1 to an additive model."""
    model = toy("additive")
    words = tokimp.explain(model, "abc bad good", method, target="yes", players="words")
    pieces = [i for i, token in enumerate(words.tokens) if token.start < 3 and not token.special]
    assert len(pieces) == 3
    assert len(set(words.scores[pieces])) == 1
    np.testing.assert_allclose(words.scores[-3:], [-1, 2, 0], atol=1e-6)
    assert words.attribution.notes[-1] == (
        "Scores are of whole words, 3 in number; the tokens of each share its score evenly."
    )


@pytest.mark.parametrize("method", ["kernel_shap", "shapley_sampling"])
@pytest.mark.parametrize("kind", PLAYERS)
def test_the_sum_is_the_same_whoever_plays(method: str, kind: str) -> None:
    model = models.shared("gpt2", "next-token")
    found = tokimp.explain(model, "the film was bad. you and the girl. not good", method, target=10, players=kind)
    assert found.completeness_gap == pytest.approx(0, abs=1e-5)
    assert found.stderr is not None
    assert (found.stderr.max() > 0) == (kind in ("tokens", "words"))
