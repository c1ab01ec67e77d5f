"""A model that reads one text and writes another: what transformers says, in one line of tokens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import tokimp
from tests import models
from tests.models import TEXTS
from tests.tiny_tokenizers import sentence_pieces_with_end
from tests.traces import no_trace
from tokimp.errors import MethodUnavailableError, NoBaselineError, UnknownTargetError, UnsupportedModelError
from tokimp.models.masking import masking
from tokimp.models.text_model import TextModel

TEXT = TEXTS["seq2seq"]
ANSWER = (9, 10)
FAMILIES = [family for family, _ in models.SEQ2SEQ]
EVERY_FAMILY = pytest.mark.parametrize("family", FAMILIES)
MAIN = pytest.mark.parametrize("family", ["t5", "bart", "marian"])


def reference(model: TextModel, ids: np.ndarray, source: int) -> torch.Tensor:
    """transformers' own logits (batch, answer token, vocabulary), through ids."""
    every = torch.as_tensor(ids)
    with torch.no_grad():
        logits: torch.Tensor = model.network(
            input_ids=every[:, :source],
            attention_mask=torch.ones_like(every[:, :source]),
            decoder_input_ids=every[:, source:],
        ).logits
    return logits


@EVERY_FAMILY
def test_source_and_answer_stand_in_one_line(family: str) -> None:
    inputs = models.shared(family, "seq2seq").encode(TEXT, generated=ANSWER)
    source, start = inputs.source, models.shared(family, "seq2seq").starts_with
    assert inputs.ids[source:].tolist() == [*start, *ANSWER]
    assert [token.segment for token in inputs.tokens] == ["input"] * source + ["generated"] * 3
    assert inputs.tokens[source].special
    assert inputs.fixed[source]
    assert not inputs.fixed[source + 1 :].any()
    assert inputs.prompt == source


@EVERY_FAMILY
def test_logits_are_those_of_the_whole_forward_pass(family: str) -> None:
    model = models.shared(family, "seq2seq")
    inputs = model.encode(TEXT, generated=ANSWER)
    batch = np.stack([inputs.ids, np.r_[np.roll(inputs.ids[: inputs.source], 1), inputs.ids[inputs.source :]]])
    positions = torch.tensor([[inputs.source, inputs.source + 2], [inputs.source + 1, inputs.source]])
    found = model.logits(model.embed(batch), positions, None, inputs.source)
    whole = reference(model, batch, inputs.source)
    wanted = torch.stack([row[where - inputs.source] for row, where in zip(whole, positions, strict=True)])
    torch.testing.assert_close(found, wanted, atol=1e-6, rtol=1e-6)


@EVERY_FAMILY
def test_attention_is_that_of_transformers_and_rows_sum_to_one(family: str) -> None:
    inside = tokimp.inspect(models.shared(family, "seq2seq"), TEXT, generated=ANSWER)
    ids, source = torch.as_tensor(inside.inputs.ids)[None], inside.inputs.source
    plain = models.tiny(family, "seq2seq").network
    plain.set_attn_implementation("eager")
    with torch.no_grad():
        said = plain(input_ids=ids[:, :source], decoder_input_ids=ids[:, source:], output_attentions=True)
    cross = torch.cat(said.cross_attentions).numpy()
    assert inside.cross_attentions.shape == (2, 4, 3, source)
    np.testing.assert_allclose(inside.cross_attentions, cross, atol=1e-3)
    np.testing.assert_allclose(inside.cross_attentions.astype(np.float64).sum(-1), 1, atol=5e-3)
    read, written = inside.attentions[:3, :, :source, :source], inside.attentions[3:, :, source:, source:]
    np.testing.assert_allclose(read, torch.cat(said.encoder_attentions), atol=1e-3)
    np.testing.assert_allclose(written, torch.cat(said.decoder_attentions), atol=1e-3)
    assert not inside.attentions[:3, :, source:].any()
    assert not inside.attentions[3:, :, :source].any()


@EVERY_FAMILY
def test_blocks_run_in_their_order(family: str) -> None:
    model = models.shared(family, "seq2seq")
    ran: list[torch.nn.Module] = []
    hooks = [block.register_forward_hook(lambda block, *_: ran.append(block)) for block in model.blocks]
    tokimp.ask(model, TEXT)
    for hook in hooks:
        hook.remove()
    assert ran == model.blocks
    assert (len(ran), model.encoder_layers) == (5, 3)


@MAIN
def test_attention_counts_both_of_a_decoder_layer_half(family: str) -> None:
    asked = tokimp.ask(models.shared(family, "seq2seq"), TEXT, generated=ANSWER)
    inside = tokimp.inspect(asked.model, TEXT, generated=ANSWER)
    own, cross = inside.attentions[3:, :, -1, inside.inputs.source :].mean(1), inside.cross_attentions[:, :, -1].mean(1)
    wanted = np.concatenate([cross, own], axis=1).astype(np.float64) / 2
    found = asked.explain("attention", {"layers": "mean"})
    np.testing.assert_allclose(found.attribution.layers, wanted, atol=1e-3)
    assert found.scores.sum() == pytest.approx(1)
    np.testing.assert_allclose(found.scores, wanted.mean(0), atol=1e-3)


@MAIN
def test_rollout_goes_back_through_decoder_and_encoder(family: str) -> None:
    """By blocks: what the answer's tokens have of each other, and of what the encoder hands on."""
    model = models.shared(family, "seq2seq")
    asked = tokimp.ask(model, TEXT, generated=ANSWER)
    maps = [each.mean(0).double().numpy() for each in model.attentions(asked.inputs.ids, asked.inputs.source)]
    source, answer = asked.inputs.source, len(asked.inputs) - asked.inputs.source
    encoded = np.eye(source)
    for each in maps[:3]:
        encoded = (each + np.eye(source)) / 2 @ encoded
    of_answer, of_encoded = np.eye(answer), np.zeros((answer, source))
    for own, cross in (maps[3:5], maps[5:7]):
        kept = (own + np.eye(answer)) / 2
        of_answer, of_encoded = kept @ of_answer / 2, kept @ of_encoded / 2 + cross / 2
    found = asked.explain("attention_rollout")
    np.testing.assert_allclose(found.scores, np.r_[(of_encoded @ encoded)[-1], of_answer[-1]], atol=1e-7)
    assert found.scores.sum() == pytest.approx(1)


def test_value_zeroing_takes_each_value_out_of_its_attention() -> None:
    model = models.shared("bart", "seq2seq")
    asked = tokimp.ask(model, TEXT, generated=ANSWER)
    last, source = model.blocks[-1], asked.inputs.source
    outputs: list[torch.Tensor] = []

    def run(part: torch.nn.Module | None = None, key: int = 0) -> torch.Tensor:
        def zero(_module: torch.nn.Module, _inputs: object, values: torch.Tensor) -> torch.Tensor:
            without = values.clone()
            without[:, key] = 0
            return without

        hooks = [last.register_forward_hook(lambda *given: outputs.append(given[2][0, -1]))]
        hooks += [part.register_forward_hook(zero)] if part is not None else []
        reference(model, asked.inputs.ids[None], source)
        for hook in hooks:
            hook.remove()
        return outputs[-1].double()

    plain = run()
    changed = [run(last.encoder_attn.v_proj, key) for key in range(source)]
    changed += [run(last.self_attn.v_proj, key) for key in range(len(asked.inputs) - source)]
    wanted = np.array([1 - float(torch.cosine_similarity(plain, each, dim=0)) for each in changed])
    found = asked.explain("value_zeroing").attribution.layers
    assert found is not None
    assert found.shape == (2, len(asked.inputs))
    np.testing.assert_allclose(found[-1], wanted / wanted.sum(), atol=1e-4)


@EVERY_FAMILY
def test_a_deleted_token_is_gone_from_source_or_answer(family: str) -> None:
    model = models.shared(family, "seq2seq")
    asked = tokimp.ask(model, TEXT, 20, generated=ANSWER)
    found = asked.explain("occlusion", {"replacement": "delete"})
    for token in asked.inputs.free:
        ids = np.delete(asked.inputs.ids, token)
        logits = reference(model, ids[None], asked.inputs.source - (token < asked.inputs.source))
        assert found.scores[token] == pytest.approx(asked.output - float(logits[0, -1, 20]), abs=1e-5)


def test_an_emptied_source_is_one_token_and_the_decoder_goes_on() -> None:
    model = models.shared("t5", "seq2seq")
    asked = tokimp.ask(model, TEXT, generated=ANSWER)
    asked.inputs.fixed[asked.inputs.source - 1] = False  # as if the tokenizer added no end token
    (copy,) = masking(model, asked.inputs, asked.target, "delete").copies(np.zeros((1, len(asked.inputs)), dtype=bool))
    assert copy.ids.tolist() == [model.tokenizer.eos_token_id, *model.starts_with]
    assert (copy.position, copy.source) == (1, 1)


def test_words_are_looked_up_alone_and_the_first_is_explained_by_default() -> None:
    model = models.shared("t5", "seq2seq")
    found = tokimp.explain(model, TEXT, "occlusion", target="film")
    assert found.target.label == " film"
    assert found.target.position == len(found.tokens) - 1
    assert tokimp.explain(model, TEXT, "occlusion").target.index == tokimp.predict(model, TEXT).candidates[0].index
    two = tokimp.explain(model, TEXT, "occlusion", target="bad film")
    assert (len(two.target.ids), two.target.output) == (2, "log_prob")
    with pytest.raises(UnknownTargetError, match="no output"):
        tokimp.explain(model, TEXT, target=100_000)


def test_replacements_of_its_own_are_refused_with_the_reason() -> None:
    with pytest.raises(NoBaselineError, match="writes another text than it reads"):
        tokimp.explain(models.shared("t5", "seq2seq"), TEXT, "reagent", replacement="self")


def test_what_is_known_of_one_line_only_is_refused() -> None:
    model = models.shared("t5", "seq2seq")
    inside = tokimp.inspect(model, TEXT)
    for name in ("hidden_states", "logit_lens", "attention_norms"):
        with pytest.raises(MethodUnavailableError, match="reads one and writes another"):
            getattr(inside, name)
    with pytest.raises(MethodUnavailableError, match="reads one and writes another"):
        tokimp.why(model, tokimp.explain(model, TEXT, "attention"), 0)
    with pytest.raises(MethodUnavailableError, match="no cross-attention"):
        tokimp.inspect(models.shared("gpt2", "next-token"), TEXT).cross_attentions  # noqa: B018
    np.testing.assert_allclose(inside.network().edges.sum(-1), 1, atol=1e-6)


def test_two_tables_are_refused_with_the_reason() -> None:
    facts = {"share_encoder_decoder_embeddings": False, "tie_word_embeddings": False, "decoder_vocab_size": 332}
    with pytest.raises(UnsupportedModelError, match="different tables"):
        models.tiny("marian", "seq2seq", **facts)


def test_without_a_start_the_decoder_is_refused() -> None:
    network, tokenizer = models.tiny("t5", "seq2seq").network, sentence_pieces_with_end()
    network.config.decoder_start_token_id = network.generation_config.decoder_start_token_id = None
    with pytest.raises(UnsupportedModelError, match="what the decoder begins with"):
        tokimp.load((network, tokenizer))


@EVERY_FAMILY
def test_a_saved_model_and_a_pair_are_loaded_for_their_task(family: str, tmp_path: Path) -> None:
    model = models.tiny(family, "seq2seq")
    model.network.save_pretrained(tmp_path)
    model.tokenizer.save_pretrained(tmp_path)
    wanted = tokimp.explain(model, TEXT, "gradient_x_input", target=5).scores
    for source in (tmp_path, (model.network, model.tokenizer)):
        loaded = tokimp.load(source)
        assert (loaded.task, loaded.starts_with) == ("seq2seq", model.starts_with)
        found = tokimp.explain(loaded, TEXT, "gradient_x_input", target=5)
        np.testing.assert_allclose(found.scores, wanted, atol=1e-6)


@MAIN
def test_explaining_an_answers_next_token_leaves_no_trace(family: str) -> None:
    model = models.shared(family, "seq2seq")
    with no_trace(model):
        for method in tokimp.methods():
            found = tokimp.ask(model, TEXT, 20, generated=ANSWER).explain(method)
            assert np.abs(found.scores[: found.target.source]).max() > 0
            assert np.abs(found.scores[found.target.source + 1 :]).max() > 0
