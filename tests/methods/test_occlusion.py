"""Occlusion against captum, and its random draws by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from captum.attr import FeatureAblation
from captum.attr import Occlusion as Sliding

import tokimp
from tests.references import EVERY_CASE, EVERY_OUTPUT, of_ids, question, widened
from tests.toys import toy
from tokimp.models import scoring
from tokimp.models.text_model import TextModel
from tokimp.types import Output, Task

FILLS = {"bert": "[MASK]", "roberta": "<mask>", "gpt2": "<|endoftext|>", "llama": "<unk>"}


@EVERY_OUTPUT
@EVERY_CASE
def test_it_is_captums_ablation(family: str, task: Task, output: Output) -> None:
    asked = question(family, task, output)
    fill = asked.model.tokenizer.convert_tokens_to_ids(FILLS[family])
    ids = torch.as_tensor(asked.inputs.ids)[None]
    with torch.no_grad():
        wanted = FeatureAblation(of_ids(asked.model, asked.target)).attribute(ids, baselines=fill)[0].numpy()
    wanted = np.where(asked.inputs.fixed, 0, wanted)
    found = asked.explain("occlusion", {"replacement": fill})
    np.testing.assert_allclose(found.scores, wanted, rtol=1e-4, atol=1e-6)
    assert found.evaluations <= 1 + len(asked.inputs.free) + 1


@pytest.mark.parametrize("width", [1, 2, 3])
@EVERY_CASE
def test_windows_are_captums_windows(family: str, task: Task, width: int) -> None:
    """captum slides over all it gets, so it gets only the tokens that may be taken away."""
    asked = question(family, task)
    fill = asked.model.tokenizer.convert_tokens_to_ids(FILLS[family])
    value, free = of_ids(asked.model, asked.target), torch.as_tensor(asked.inputs.free)
    whole = torch.as_tensor(asked.inputs.ids)

    def of_free(ids: torch.Tensor) -> torch.Tensor:
        batch = whole.repeat(len(ids), 1)
        batch[:, free] = ids
        return value(batch)

    with torch.no_grad():
        wanted = Sliding(of_free).attribute(whole[free][None], sliding_window_shapes=(width,), baselines=fill)
    found = asked.explain("occlusion", {"replacement": fill, "window": width})
    np.testing.assert_allclose(found.scores[asked.inputs.free], wanted[0], rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(found.scores[asked.inputs.fixed], 0)


@EVERY_CASE
def test_deletion_is_the_shorter_text(family: str, task: Task) -> None:
    asked = question(family, task)
    ids = asked.inputs.ids
    found = asked.explain("occlusion", {"replacement": "delete"})
    for i in asked.inputs.free:
        shorter = np.delete(ids, i)
        position = asked.target.position - (i <= asked.target.position and task != "classification")
        with torch.no_grad():
            logits = asked.model.network(input_ids=torch.as_tensor(shorter)[None]).logits[0]
        row = logits if task == "classification" else logits[position]
        without = float(row[asked.target.index] - row[asked.target.contrast])
        assert found.scores[i] == pytest.approx(asked.output - without, abs=1e-5)


def test_random_replacements_are_averaged_with_their_standard_error(classifier: TextModel) -> None:
    asked = tokimp.ask(classifier, "the film was good", target=1)
    found = asked.explain("occlusion", {"replacement": "random", "repeats": 5}, seed=3)
    rng = np.random.default_rng(3)
    pool = np.setdiff1d(np.arange(len(classifier.tokenizer)), classifier.tokenizer.all_special_ids)
    value = of_ids(classifier, asked.target)
    drops = np.zeros((5, len(asked.inputs)))
    for repeat in range(5):
        fill = rng.choice(pool, size=(4, len(asked.inputs)))
        for row, i in enumerate(asked.inputs.free):
            ids = asked.inputs.ids.copy()
            ids[i] = fill[row, i]
            with torch.no_grad():
                drops[repeat, i] = asked.output - float(value(torch.as_tensor(ids)[None]))
    np.testing.assert_allclose(found.scores, drops.mean(0), rtol=1e-4, atol=1e-6)
    assert found.stderr is not None
    np.testing.assert_allclose(found.stderr, drops.std(0, ddof=1) / np.sqrt(5) * widened(5), rtol=1e-4, atol=1e-6)
    assert found.attribution.notes == ()


def test_one_random_draw_has_no_error_and_says_so(classifier: TextModel) -> None:
    found = tokimp.explain(classifier, "good film", "occlusion", replacement="random")
    assert found.stderr is None
    assert "Raise the repeats" in found.attribution.notes[0]


def test_more_draws_err_less(classifier: TextModel) -> None:
    few, many = (
        tokimp.explain(classifier, "good film", "occlusion", replacement="random", repeats=repeats).stderr
        for repeats in (4, 100)
    )
    assert few is not None
    assert many is not None
    assert (many[1:3] > 0).all()
    assert (many[1:3] < 0.7 * few[1:3]).all()  # a fifth is expected


def test_repeats_count_only_where_something_is_drawn(classifier: TextModel) -> None:
    once, often = (tokimp.explain(classifier, "good film", "occlusion", repeats=repeats) for repeats in (1, 50))
    np.testing.assert_array_equal(once.scores, often.scores)
    assert once.evaluations == often.evaluations
    assert often.stderr is None


def test_a_window_wider_than_the_text_takes_all_away() -> None:
    found = tokimp.explain(toy("additive"), "good film", "occlusion", target="yes", window=20)
    np.testing.assert_allclose(found.scores, [0, 3, 3, 0], rtol=1e-6)


def test_nothing_to_take_away_scores_nothing(filler: TextModel) -> None:
    for replacement in ("auto", "delete", "random"):
        found = tokimp.explain(filler, "[MASK]", "occlusion", replacement=replacement)
        np.testing.assert_array_equal(found.scores, [0, 0, 0])


@pytest.mark.parametrize("replacement", ["auto", "random", "delete"])
def test_several_targets_cost_as_much_as_one(decoder: TextModel, replacement: str) -> None:
    asked = tokimp.ask(decoder, "the film was not")
    options = {"replacement": replacement, "repeats": 3}
    targets = asked.others(4)
    ran: list[float] = []
    together = asked.attribute_each("occlusion", targets, options, seed=5, watch=lambda *_: ran.append(1))
    for target, found in zip(targets, together, strict=True):
        alone = tokimp.explain(decoder, "the film was not", "occlusion", target=target.index, seed=5, **options)
        np.testing.assert_allclose(found.scores, alone.scores, atol=1e-5)
    once: list[float] = []
    asked.explain("occlusion", options, seed=5, watch=lambda *_: once.append(1))
    assert len(ran) == len(once)


def test_partial_scores_end_in_the_scores(classifier: TextModel) -> None:
    seen: list[np.ndarray] = []
    text = "good film " * 10
    found = tokimp.explain(
        classifier,
        text,
        "occlusion",
        replacement="random",
        repeats=12,
        watch=lambda _, scores: None if scores is None else seen.append(scores),
    )
    assert len(seen) > 2
    assert all(np.isfinite(scores).all() for scores in seen)
    np.testing.assert_allclose(seen[-1], found.scores)


def test_the_history_is_the_mean_of_the_first_repeats(classifier: TextModel) -> None:
    options: dict[str, str | int] = {"replacement": "random", "window": 2}
    long = tokimp.explain(classifier, "the film was good", "occlusion", seed=4, repeats=6, **options)
    history = long.attribution.history
    assert history is not None
    assert history.shape == (6, len(long.tokens))
    for repeats in range(1, 7):
        short = tokimp.explain(classifier, "the film was good", "occlusion", seed=4, repeats=repeats, **options)
        np.testing.assert_allclose(history[repeats - 1], short.scores, atol=1e-6)
    assert tokimp.explain(classifier, "the film was good", "occlusion").attribution.history is None


def expected_drops(asked: tokimp.api.Question) -> np.ndarray:
    """What each token costs (token,) on the average over all that may stand in its place."""
    pool = np.setdiff1d(np.arange(len(asked.model.tokenizer)), asked.model.tokenizer.all_special_ids)
    value = of_ids(asked.model, asked.target)
    drops = np.zeros(len(asked.inputs))
    for i in asked.inputs.free:
        ids = torch.as_tensor(asked.inputs.ids).repeat(len(pool), 1)
        ids[:, i] = torch.as_tensor(pool)
        with torch.no_grad():
            drops[i] = asked.output - float(value(ids).double().mean())
    return drops


def test_an_error_bar_holds_the_truth_and_shrinks(classifier: TextModel) -> None:
    """Within 3 standard errors in at least 99 % of seeded trials; half the error from 4 times the repeats."""
    asked = tokimp.ask(classifier, "the film was good", target=1)
    truth, free = expected_drops(asked), asked.inputs.free
    rms = []
    for repeats in (10, 25, 100):
        options: dict[str, str | int] = {"replacement": "random", "repeats": repeats}
        found = [asked.explain("occlusion", options, seed=seed) for seed in range(2500 // repeats)]
        errors = np.array([each.scores - truth for each in found])[:, free]
        bars = np.array([each.stderr for each in found])[:, free]
        assert np.mean(np.abs(errors) <= 3 * bars) >= 0.99
        rms.append(np.sqrt(np.mean(errors**2)))
    assert rms[-1] / rms[-2] == pytest.approx(0.5, rel=0.2)


def test_partial_scores_are_means_of_what_has_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """One copy a batch: a token that has not run yet has 0, one that has run has its own size at once."""
    monkeypatch.setattr(scoring, "BATCH_COPIES", 1)
    seen: list[np.ndarray] = []
    found = tokimp.explain(
        toy("additive"),
        "good film",
        "occlusion",
        target="yes",
        replacement="random",
        repeats=30,
        watch=lambda _, scores: None if scores is None else seen.append(scores),
    )
    first = next(scores for scores in seen if scores.any())
    assert np.abs(first).max() >= 1
    np.testing.assert_allclose(seen[-1], found.scores)
