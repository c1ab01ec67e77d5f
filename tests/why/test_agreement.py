"""Whether a score stands up: exact percentiles, ranks, and other ways, settings and seeds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tokimp
from tests import toys
from tests.models import TEXTS, shared
from tokimp.models.text_model import TextModel
from tokimp.reasons import Reason
from tokimp.watch import Watch
from tokimp.why import agreement
from tokimp.why.agreement import chance, methods, removals, repeats, standing
from tokimp.why.case import Case, case_of
from tokimp.why.kinds import kind_of_token

FOUR = "good film bad not"  # worth 2, 1, −1 and 0.5


def case(model: TextModel, text: str, token: int, method: str = "occlusion", **options: Any) -> Case:
    return case_of(model, tokimp.explain(model, text, method, **options), token, Watch())


def rows(reason: Reason | None) -> dict[str, float]:
    assert reason is not None
    return {row.name: row.value for row in reason.numbers}


@pytest.mark.parametrize(("token", "part"), [(1, 1.0), (2, 0.5), (3, 0.5), (4, 0.0)])
def test_the_percentile_is_exact_and_ties_count_half(token: int, part: float) -> None:
    found = chance(case(toys.toy("additive"), FOUR, token, target="yes"))
    assert found is not None
    assert found.numbers[0].value == pytest.approx(part)
    assert found.numbers[0].stderr is None
    assert {1.0: "any other", 0.5: "50", 0.0: "no other"}[part] in found.sentence


def test_what_others_change_is_told() -> None:
    told = rows(chance(case(toys.toy("additive"), FOUR, 4, target="yes")))
    assert told["change without it"] == pytest.approx(0.5)
    assert told["change without another token, mean"] == pytest.approx(4 / 3)
    assert told["change without “good” (token 1)"] == pytest.approx(2)


def test_removals_of_an_additive_toy_are_all_alike() -> None:
    found = removals(case(toys.toy("additive"), FOUR, 1, target="yes"))
    told = rows(found)
    assert {round(value, 5) for name, value in told.items() if "random" not in name} == {2.0}
    assert "keeps its sign" in found.sentence  # type: ignore[union-attr]


def test_ranks_stand_among_the_tokens_at_these_places() -> None:
    scores = np.array([9.0, -3.0, 1.0, 2.0, 9.0])
    places = np.array([1, 2, 3])
    assert standing(scores, 1, places) == (1, 0.5)
    assert standing(scores, 2, places) == (3, pytest.approx(1 / 6))
    assert standing(scores, 0, places) == (1, 0.6)
    assert standing(np.zeros(5), 2, places) == (1, 0.0)


def test_each_method_is_asked_once_and_ranks_are_those_of_its_scores() -> None:
    model, text = shared("bert", "classification"), TEXTS["classification"]
    found = methods(case(model, text, 4, "saliency"))
    told = rows(found)
    for key in ("saliency", "gradient_x_input", "attention_rollout", "attn_lrp", "value_zeroing", "occlusion"):
        sizes = np.abs(tokimp.explain(model, text, key).scores)
        title = tokimp.methods()[key].title
        assert told[f"{title}, rank"] == 1 + (sizes > sizes[4]).sum()
        assert told[f"{title}, part of all scores"] == pytest.approx(sizes[4] / sizes.sum(), rel=1e-3)
    assert found.notes == ()


def test_methods_that_a_model_does_not_offer_are_left_out_with_a_sentence() -> None:
    model = toys.toy("additive")
    model.offers = frozenset()
    found = methods(case(model, FOUR, 1, target="yes"))
    assert [name for name in rows(found) if name.endswith("rank")] == ["Occlusion, rank"]
    assert len(found.notes) == 4
    assert all("needs" in note for note in found.notes)


def test_a_method_is_repeated_with_its_other_baselines() -> None:
    model, text = shared("bert", "classification"), TEXTS["classification"]
    told = rows(repeats(case(model, text, 4, "integrated_gradients", steps=4, adaptive=False)))
    for baseline in ("zero", "mean", "pad", "unk"):
        options = {"steps": 4, "adaptive": False, "baseline": baseline}
        again = tokimp.explain(model, text, "integrated_gradients", **options)
        assert told[f"score with baseline {baseline}"] == pytest.approx(float(again.scores[4]), abs=1e-5)
    assert "score with baseline eos" not in told  # this tokenizer has none


def test_a_method_is_repeated_with_other_seeds() -> None:
    model, text = shared("bert", "classification"), TEXTS["classification"]
    told = rows(repeats(case(model, text, 4, "smoothgrad", samples=3)))
    for seed in (1, 2, 3):
        again = tokimp.explain(model, text, "smoothgrad", samples=3, seed=seed)
        assert told[f"score with seed {seed}"] == pytest.approx(float(again.scores[4]), abs=1e-5)


def test_what_would_take_too_long_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreement, "AFFORDED", 3)
    found = repeats(case(shared("bert", "classification"), TEXTS["classification"], 4, "occlusion"))
    assert found is not None
    assert "was not repeated" in found.sentence
    assert found.numbers == ()


def test_a_method_without_settings_is_not_repeated() -> None:
    assert repeats(case(shared("bert", "classification"), TEXTS["classification"], 4, "gradient_x_input")) is None


def test_a_piece_of_a_word_is_told_with_its_word() -> None:
    found = kind_of_token(case(shared("bert", "classification"), "the xyz film", 3))
    scores = tokimp.explain(shared("bert", "classification"), "the xyz film", "occlusion").scores
    assert "a piece of the word “xyz”, whose 3 tokens" in found.sentence
    assert rows(found)["the whole word, sum of scores"] == pytest.approx(scores[2:5].sum(), abs=1e-6)
    assert "“y” (token 3), score" in rows(found)


def test_special_tokens_and_the_place_of_reading_are_named() -> None:
    model = shared("bert", "classification")
    first = kind_of_token(case(model, "the film", 0)).sentence
    assert "special token, added by the tokenizer, not typed" in first
    assert "answer is read at it" in first
    typed = kind_of_token(case(model, "the [SEP] film", 2)).sentence
    assert "special token, typed with the text, as templates do" in typed
    assert "read at it" not in typed
    assert "read at it" in kind_of_token(case(shared("gpt2", "next-token"), "the film", 1)).sentence
