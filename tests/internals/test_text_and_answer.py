"""What is seen of a model that reads one text and writes another, against transformers and its own weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import tokimp
from tests import models
from tests.models import TEXTS
from tests.traces import no_trace
from tokimp.errors import MethodUnavailableError, OptionError, TextTooLongError
from tokimp.internals.answer import MOST_WRITTEN, with_answer
from tokimp.internals.attention_maps import CROSS_HABITS, attention_map, cross_habits
from tokimp.internals.inspecting import Internals
from tokimp.internals.looks.base import NOTHING_WRITTEN
from tokimp.internals.looks.seeing import look, see
from tokimp.internals.parts import PARTS, Part
from tokimp.models import writing
from tokimp.models.text_model import TextModel

TEXT = TEXTS["seq2seq"]
ANSWER = (9, 10, 11)
MAIN = pytest.mark.parametrize("family", ["t5", "bart", "marian"])
NAMES = {"cross": "cross_attentions", "encoder": "encoder_attentions", "decoder": "decoder_attentions"}


def shared(family: str) -> TextModel:
    return models.shared(family, "seq2seq")


def plain(family: str) -> Any:
    """The same network as transformers runs it, apart from the one that is looked into."""
    network = models.tiny(family, "seq2seq").network
    network.set_attn_implementation("eager")
    return network


def said(family: str, ids: np.ndarray, source: int) -> Any:
    every = torch.as_tensor(ids)[None]
    with torch.no_grad():
        return plain(family)(input_ids=every[:, :source], decoder_input_ids=every[:, source:], output_attentions=True)


def habit(maps: np.ndarray, name: str, special: tuple[int, ...] = ()) -> float:
    marked = np.isin(np.arange(maps.shape[-1]), special)
    return float(cross_habits(maps[None], marked)[0, CROSS_HABITS.index(name)])


@MAIN
@pytest.mark.parametrize("part", PARTS)
def test_every_map_is_transformers_own_and_its_rows_sum_to_one(family: str, part: Part) -> None:
    model = shared(family)
    inputs = model.encode(TEXT, generated=ANSWER)
    known = torch.cat(getattr(said(family, inputs.ids, inputs.source), NAMES[part])).double().numpy()
    first = 0 if part == "encoder" else model.encoder_layers
    with no_trace(model):
        for layer in range(len(known)):
            for head in range(known.shape[1]):
                found = attention_map(model, inputs, first + layer, head, part=part)
                np.testing.assert_allclose(found, known[layer, head], atol=1e-6)
                np.testing.assert_allclose(found.sum(-1), 1, atol=1e-6)
        np.testing.assert_allclose(attention_map(model, inputs, part=part), known.mean((0, 1)), atol=1e-6)
    seen = look(model, TEXT, "attention", generated=ANSWER, part=part)
    np.testing.assert_allclose(seen["map"], known.mean((0, 1)), atol=6e-4)
    np.testing.assert_allclose(seen["pictures"], known, atol=6e-4)
    rows, columns = (range(*seen.facts[axis]) for axis in ("queries", "keys"))
    assert seen["map"].shape == (len(rows), len(columns))
    whose = {"encoder": "input", "decoder": "generated", "cross": "generated"}[part]
    assert {seen.tokens[row].segment for row in rows} == {whose}
    assert len(columns) == (4 if part == "decoder" else inputs.source)


@pytest.mark.parametrize("family", ["t5", "bart"])
def test_what_a_key_gives_is_its_weight_times_the_length_of_its_value(family: str) -> None:
    """Against the weights themselves; keys of the cross-attention are what the encoder hands on."""
    model = shared(family)
    inputs = model.encode(TEXT, generated=ANSWER)
    outputs, network = said(family, inputs.ids, inputs.source), plain(family)
    if family == "t5":
        attention = network.decoder.block[1].layer[1].EncDecAttention
        value, out = attention.v, attention.o.weight
    else:
        attention = network.model.decoder.layers[1].encoder_attn
        value, out = attention.v_proj, attention.out_proj.weight
    with torch.no_grad():
        values = value(outputs.encoder_last_hidden_state[0]).reshape(inputs.source, 4, 8)
        lengths = torch.einsum("khs,ohs->hko", values, out.reshape(32, 4, 8)).norm(dim=-1)  # (head, key)
        wanted = (outputs.cross_attentions[1][0] * lengths[:, None]).double().numpy()
    for head in range(4):
        found = attention_map(model, inputs, model.encoder_layers + 1, head, "norms", "cross")
        np.testing.assert_allclose(found, wanted[head], rtol=1e-4, atol=1e-6)


@MAIN
def test_the_answer_is_what_transformers_writes_greedily(family: str) -> None:
    model = shared(family)
    seen = look(model, TEXT, "attention")
    answer = seen.request.generated
    assert 0 < len(answer) <= MOST_WRITTEN
    assert tuple(token.id for token in seen.tokens[-len(answer) :]) == answer
    source = torch.as_tensor(model.encode(TEXT).ids[:-1])[None]
    settings = {"do_sample": False, "num_beams": 1, "max_new_tokens": len(answer) + 1, "bad_words_ids": None}
    written = plain(family).generate(source, attention_mask=torch.ones_like(source), **settings)
    assert tuple(written[0, 1 : len(answer) + 1].tolist()) == answer


@MAIN
def test_tokens_of_the_answer_are_as_likely_as_transformers_says(family: str) -> None:
    model = shared(family)
    inputs = model.encode(TEXT, generated=ANSWER)
    seen = look(model, TEXT, "token_probabilities", generated=ANSWER)
    logs = said(family, inputs.ids, inputs.source).logits[0].double().log_softmax(-1)
    wanted = [float(logs[place, id_]) for place, id_ in enumerate(ANSWER)]
    np.testing.assert_allclose(seen["surprisal"][-3:], -np.array(wanted), rtol=1e-5, atol=1e-5)
    assert np.isnan(seen["surprisal"][:-3]).all()
    assert seen["rank"][-1] == 1 + int((logs[2] > logs[2, ANSWER[2]]).sum())
    assert seen.facts["perplexity"] == pytest.approx(np.exp(-np.mean(wanted)), rel=1e-5)
    assert seen.facts["candidates"][0]["index"] == int(logs[-1].argmax())


def test_a_long_answer_is_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = look(shared("t5"), TEXT, "token_probabilities", generated=ANSWER)
    monkeypatch.setattr("tokimp.internals.token_probabilities.FEW", 2)
    parts = look(shared("t5"), TEXT, "token_probabilities", generated=ANSWER)
    np.testing.assert_allclose(parts["surprisal"][-3:], whole["surprisal"][-3:], rtol=1e-5)


def test_an_answer_that_is_given_is_not_written_anew() -> None:
    written = look(shared("t5"), TEXT, "attention")
    given = look(shared("t5"), TEXT, "attention", generated=written.request.generated)
    np.testing.assert_array_equal(given["map"], written["map"])
    assert given.request == written.request
    assert given.evaluations == 2
    assert written.evaluations > len(written.request.generated)


def test_an_answer_that_ends_at_once_leaves_the_token_that_the_decoder_begins_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writing, "ends_of", lambda model: frozenset(range(model.embeddings.shape[0])))
    model = shared("t5")
    seen = look(model, TEXT, "attention")
    assert seen.request.generated == ()
    assert seen["map"].shape == (1, len(seen.tokens) - 1)
    assert seen.notes == (NOTHING_WRITTEN,)
    silent = look(model, TEXT, "token_probabilities")
    assert (silent.arrays, silent.notes) == ({}, (NOTHING_WRITTEN,))
    assert silent.facts["candidates"]


def test_text_and_answer_have_a_limit_each() -> None:
    model = shared("t5")
    with pytest.raises(TextTooLongError, match="The answer has 13 tokens; 12 are the limit here"):
        with_answer(model, TEXT, 12, (9,) * 13)
    with pytest.raises(TextTooLongError, match="2 are the limit"):
        with_answer(model, TEXT, 2)
    assert len(with_answer(model, TEXT, 12, (9,) * 12).tokens) > 12


@pytest.mark.parametrize("strange", [-1, 332, 2**62])
def test_an_id_that_is_none_is_told(strange: int) -> None:
    with pytest.raises(OptionError, match=f"There is no token {strange}"):
        look(shared("t5"), TEXT, "attention", generated=(9, strange))


def test_a_second_text_is_given_the_same_answer() -> None:
    model = shared("t5")
    seen = look(model, TEXT, "token_probabilities", generated=ANSWER, other="The girl was good")
    logits = said("t5", (other := model.encode("The girl was good", generated=ANSWER)).ids, other.source).logits
    shares = logits[0, -1].double().softmax(-1)
    for row in seen.facts["changes"]:
        assert row["second"] == pytest.approx(float(shares[row["index"]]), rel=1e-4)


def test_the_network_runs_through_encoder_and_decoder() -> None:
    model = shared("bart")
    seen = look(model, TEXT, "network", generated=ANSWER)
    assert seen["edges"].shape == (5, len(seen.tokens), len(seen.tokens))
    assert seen.facts["encoder_layers"] == 3
    np.testing.assert_allclose(seen["edges"].astype(np.float64).sum(-1), 1, atol=5e-3)
    rollout = tokimp.ask(model, TEXT, generated=ANSWER).explain("attention_rollout").scores
    np.testing.assert_allclose(seen["direct"][-1], rollout, atol=1e-6)


def test_a_layer_of_the_other_network_is_answered_with_the_mean() -> None:
    model = shared("t5")
    mean = look(model, TEXT, "attention", generated=ANSWER)
    for part, layer, note in (("cross", 3, "Layer 3 is the encoder’s"), ("encoder", 4, "Layer 4 is the decoder’s")):
        seen = look(model, TEXT, "attention", generated=ANSWER, part=part, layer=layer, head=1)
        assert seen.notes[0].startswith(note)
        assert (seen.facts["layer"], seen.facts["head"]) == (None, None)
        if part == "cross":
            np.testing.assert_array_equal(seen["map"], mean["map"])
    with pytest.raises(OptionError, match="There is no layer 6"):
        look(model, TEXT, "attention", generated=ANSWER, layer=6)
    with pytest.raises(OptionError, match="This part has layers 3 to 4"):
        attention_map(model, model.encode(TEXT, generated=ANSWER), 0)


def test_a_part_is_only_of_two_networks() -> None:
    llama = models.shared("llama", "next-token")
    with pytest.raises(OptionError, match="There is no part encoder"):
        look(llama, "the film", "attention", part="encoder")
    with pytest.raises(OptionError, match="reads and answers in one line"):
        attention_map(llama, llama.encode("the film"), part="cross")
    assert look(llama, "the film", "attention", part="cross").facts["part"] is None


def test_what_a_decoder_alone_has_is_told_before_anything_is_written() -> None:
    model = shared("t5")
    for view in ("hidden_states", "logit_lens", "layers", "inside_outside"):
        with pytest.raises(MethodUnavailableError, match="reads one and writes another"):
            look(model, TEXT, view, watch=lambda *_: pytest.fail("the model was asked"))


def test_habits_of_heads_that_look_across() -> None:
    along = np.eye(6)
    assert habit(along, "in_step") == pytest.approx(1.0)
    assert habit(np.repeat(along, 2, axis=0), "in_step") == pytest.approx(1.0)
    assert habit(along[::-1], "in_step") == pytest.approx(2 / 6)
    assert habit(np.full((3, 5), 0.2), "broad") == pytest.approx(1.0)
    assert habit(np.full((3, 5), 0.2), "separator", (0, 4)) == pytest.approx(0.2)
    assert habit(np.eye(5)[[0, 0, 0]], "first") == pytest.approx(1.0)
    assert habit(np.eye(5)[[0, 0, 0]], "separator", (0,)) == 0.0
    assert not cross_habits(np.ones((2, 3, 1)), np.array([False])).any()


def test_a_survey_names_its_habits() -> None:
    inside = tokimp.inspect(shared("t5"), TEXT, generated=ANSWER)
    assert inside.answer == ANSWER
    found = inside.survey()
    assert found.names == CROSS_HABITS
    assert found.pictures.shape == (2, 4, 4, inside.inputs.source)
    name, share = found.habit(1, 2)
    assert share == found.habits[1, 2, CROSS_HABITS.index(name)]
    assert len(found.sorted_by("in_step")) == 8
    assert inside.survey(part="encoder").pictures.shape == (3, 4, inside.inputs.source, inside.inputs.source)


def test_kept_maps_serve_every_further_head_of_a_part() -> None:
    model = shared("t5")
    inside = Internals(model, model.encode(TEXT, generated=ANSWER))
    see(inside, look(model, TEXT, "attention", generated=ANSWER).request)
    assert see(inside, look(model, TEXT, "attention", generated=ANSWER, layer=4, head=1).request).evaluations == 0
