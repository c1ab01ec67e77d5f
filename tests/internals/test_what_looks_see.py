"""What looks show, against the same asked for by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr
from sklearn.decomposition import PCA

import tokimp
from tests import models
from tests.models import TEXTS
from tokimp.errors import OptionError
from tokimp.internals.inspecting import Internals
from tokimp.internals.looks import attention as attention_look
from tokimp.internals.looks.seeing import look, see
from tokimp.internals.looks.seen import LISTED, Seen
from tokimp.models.text_model import TextModel
from tokimp.share import from_link, to_code

LONG = "the film was not good and the girl was little " * 2


@pytest.fixture
def llama() -> TextModel:
    return models.shared("llama", "next-token")


def test_any_map_is_the_model_s_own_whether_kept_or_computed_alone(
    llama: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = np.stack([layer.numpy() for layer in llama.attentions(llama.encode(LONG).ids)])
    for bytes_kept in (attention_look.KEPT_BYTES, 0):
        monkeypatch.setattr(attention_look, "KEPT_BYTES", bytes_kept)
        for layer, head in ((None, None), (2, None), (None, 3), (1, 2)):
            found = look(llama, LONG, "attention", layer=layer, head=head)["map"]
            chosen = known if layer is None else known[layer - 1 : layer]
            wanted = (chosen if head is None else chosen[:, head : head + 1]).mean(axis=(0, 1))
            np.testing.assert_allclose(found, wanted, atol=1e-3)


def test_kept_maps_serve_every_further_head(llama: TextModel) -> None:
    inside = Internals(llama, llama.encode(LONG))
    see(inside, look(llama, LONG, "attention").request)
    assert see(inside, look(llama, LONG, "attention", layer=2, head=1).request).evaluations == 0


def test_points_are_scikit_learn_s(llama: TextModel) -> None:
    states = tokimp.inspect(llama, LONG).hidden_states.astype(np.float64)
    found = look(llama, LONG, "hidden_states", layer=1, token=3, far="show")
    fitted = PCA(2).fit(states[1])
    np.testing.assert_allclose(np.abs(found["points"]), np.abs(fitted.transform(states[1])), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found["explained"], fitted.explained_variance_ratio_, rtol=1e-5)
    np.testing.assert_allclose(np.abs(found["way"]), np.abs(PCA(2).fit_transform(states[:, 3])), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found["similarity"][:, 3], 1, atol=1e-5)


def test_a_second_text_lies_in_the_same_projection(llama: TextModel) -> None:
    found = look(llama, "the film was good", "hidden_states", other="the girl was good", far="show")
    both = np.concatenate(
        [tokimp.inspect(llama, text).hidden_states[-1] for text in ("the film was good", "the girl was good")]
    ).astype(np.float64)
    points = np.concatenate([found["points"], found["other_points"]])
    np.testing.assert_allclose(np.abs(points), np.abs(PCA(2).fit_transform(both)), rtol=1e-4, atol=1e-4)


def test_tokens_that_lie_far_off_are_left_out(llama: TextModel) -> None:
    inside = Internals(llama, llama.encode(LONG))
    states = inside.hidden_states.copy()
    states[-1, 2] += 1000
    inside.memory["hidden states"] = states
    request = look(llama, LONG, "hidden_states").request
    found = see(inside, request)
    assert found.facts["left_out"] == [2]
    assert np.isnan(found["points"][2]).all()
    near = np.delete(states[-1], 2, axis=0).astype(np.float64)
    points = np.delete(found["points"], 2, axis=0)
    np.testing.assert_allclose(np.abs(points), np.abs(PCA(2).fit_transform(near)), rtol=1e-4, atol=1e-4)
    assert see(inside, replace(request, options={"far": "show"})).facts["left_out"] == []


def test_changes_are_the_predictions_of_both_texts(llama: TextModel) -> None:
    found = look(llama, "the film was", "token_probabilities", other="the girl was").facts["changes"]
    for text, name in (("the film was", "first"), ("the girl was", "second")):
        known = {each.index: each.prob for each in tokimp.predict(llama, text).candidates}
        given = {row["index"]: row[name] for row in found}
        assert all(given[index] == pytest.approx(prob, rel=1e-4) for index, prob in known.items())


def test_a_fill_mask_text_without_a_mask_still_has_probabilities_and_a_network() -> None:
    model = models.shared("roberta", "masked-lm")
    found = look(model, "the film was good", "token_probabilities")
    assert found.facts["candidates"] == []
    assert "nothing to fill in" in found.notes[0]
    assert np.isfinite(found["surprisal"]).sum() > 3
    assert look(model, "the film was good", "network").facts["position"] == 0


def test_agreement_is_scipy_s_and_scores_are_the_method_s(llama: TextModel) -> None:
    found = look(llama, LONG, "inside_outside", method="occlusion", measure="rollout")
    typed = [not token.special for token in found.tokens]
    scores = tokimp.explain(llama, LONG, "occlusion").scores
    rollout = tokimp.explain(llama, LONG, "attention_rollout").scores
    np.testing.assert_allclose(found["scores"], scores, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found["attention"], rollout, rtol=1e-4, atol=1e-6)
    pair = np.abs(scores[typed]), rollout[typed]
    assert found.facts["pearson"] == pytest.approx(pearsonr(*pair).statistic, abs=1e-6)
    assert found.facts["spearman"] == pytest.approx(spearmanr(*pair).statistic, abs=1e-6)
    assert found.facts["n"] == sum(typed)


def test_agreement_takes_a_method_with_its_options_and_a_target(llama: TextModel) -> None:
    asked = {"method": "integrated_gradients", "setting": "steps=8, baseline = Pad"}
    found = look(llama, LONG, "inside_outside", target=5, **asked)
    wanted = tokimp.explain(llama, LONG, "integrated_gradients", target=5, steps=8, baseline="pad")
    np.testing.assert_allclose(found["scores"], wanted.scores, rtol=1e-4, atol=1e-6)
    assert found.facts["settings"] == {"steps": 8, "baseline": "pad"}
    assert from_link(to_code(found.request)) == found.request


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("steps", "There is no setting steps"),
        ("steps=many", "steps = 'many' will not do"),
        ("step=3", "Did you mean 'steps'"),
        ("steps=10000000", "will not do"),
    ],
)
def test_settings_that_will_not_do_are_told(llama: TextModel, setting: str, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        look(llama, LONG, "inside_outside", method="integrated_gradients", setting=setting)


def test_a_masked_word_of_several_tokens_is_read_on_the_longer_text() -> None:
    model = models.shared("bert", "masked-lm")
    found = look(model, TEXTS["masked-lm"], "layers", target="goody")
    assert len(found.tokens) > len(model.encode(TEXTS["masked-lm"]).tokens)
    assert found["scores"].shape[1] == len(found.tokens)


def test_long_arrays_travel_as_bytes_and_come_back_the_same() -> None:
    model = models.shared("bert", "classification")
    found = look(model, "the film was good and " * 8, "attention")
    assert found["pictures"].size > LISTED
    written = found.to_json()
    assert len(written) < 50_000
    again = Seen.from_json(written)
    assert again["pictures"].dtype == np.float16
    np.testing.assert_array_equal(again["pictures"], found["pictures"])
