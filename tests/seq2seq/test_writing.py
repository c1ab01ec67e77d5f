"""An answer is written token by token behind what was read before: what transformers writes by the same settings."""

from __future__ import annotations

from copy import copy, deepcopy
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from transformers import PreTrainedModel

import tokimp
from tests import models
from tests.models import TEXTS
from tests.seq2seq.test_sharing import decoder_runs, encoder_runs
from tokimp.models.outputs import answers_at
from tokimp.models.text_model import TextModel
from tokimp.models.writing import Decoding, writing
from tokimp.watch import Watch

TEXT = TEXTS["seq2seq"]
FAMILIES = [family for family, _ in models.SEQ2SEQ]
EVERY_FAMILY = pytest.mark.parametrize("family", FAMILIES)
COUNT = 12


@cache
def network_of(family: str) -> PreTrainedModel:
    """A tiny network with a head of its own: one that shares its words' table says the same word again and again."""
    network = models.tiny(family, "seq2seq").network
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        network.lm_head.weight = torch.nn.Parameter(0.2 * torch.randn_like(network.lm_head.weight))
    return network


def loaded(family: str, **settings: Any) -> TextModel:
    """A model of that network, with these settings for writing."""
    network = copy(network_of(family))
    network.generation_config = deepcopy(network.generation_config)
    for name, value in settings.items():
        setattr(network.generation_config, name, value)
    return TextModel(network, models.shared(family, "seq2seq").tokenizer, task="seq2seq", key="tiny", revision="0")


def written(model: TextModel, decoding: Decoding, seed: int = 0) -> list[tuple[int, float]]:
    return [tuple(each) for each in writing(model, model.encode(TEXT), decoding, seed, Watch())]


@EVERY_FAMILY
@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_what_was_read_is_not_read_again(family: str, temperature: float) -> None:
    end = models.shared(family, "seq2seq").tokenizer.eos_token_id
    model = loaded(family, suppress_tokens=[end])
    with encoder_runs(model) as runs, decoder_runs(model) as read:
        found = written(model, Decoding(COUNT, temperature), seed=1)
    assert len(found) == COUNT
    assert runs == [1]
    assert set(read) == {(1, 1)}
    inputs = model.encode(TEXT)
    ids = inputs.ids
    for id_, log_prob in found:
        with torch.no_grad():
            logits = answers_at(model, ids[None], [len(ids) - 1], 1, source=inputs.source)[0, 0].double()
        assert log_prob == pytest.approx(float(logits.log_softmax(-1)[id_]), abs=2e-6, rel=1e-6)
        if not temperature:
            logits[end] = -torch.inf
            assert id_ == int(logits.argmax())
        ids = np.r_[ids, id_]


def generated(model: TextModel, count: int) -> list[int]:
    """What transformers writes, greedily: all of the decoder's line, without its end."""
    inputs = model.encode(TEXT)
    ids = torch.as_tensor(inputs.ids[None, : inputs.source])
    line: list[int] = model.network.generate(
        ids, attention_mask=torch.ones_like(ids), do_sample=False, num_beams=1, max_new_tokens=count
    )[0].tolist()
    end = model.network.generation_config.eos_token_id
    return line[:-1] if line[-1] == end else line


SETTINGS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "a forced first token": {"forced_bos_token_id": 7},
    "a forced end": {"forced_eos_token_id": True},
    "both": {"forced_bos_token_id": 7, "forced_eos_token_id": True},
    "suppressed tokens": {"suppress_tokens": "likeliest"},
    "a word that is bad": {"bad_words_ids": "likeliest"},
    "suppressed at the beginning": {"begin_suppress_tokens": "likeliest"},
    "suppressed behind a forced token": {"begin_suppress_tokens": "likeliest", "forced_bos_token_id": 7},
    "no words again": {"no_repeat_ngram_size": 2},
    "not too short": {"min_length": 6, "forced_bos_token_id": 7},
    "new tokens": {"min_new_tokens": 6, "forced_bos_token_id": 7},
    "another start": {"decoder_start_token_id": 11},
}


@EVERY_FAMILY
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_the_settings_for_writing_are_kept_as_transformers_keeps_them(family: str, settings: dict[str, Any]) -> None:
    plain = loaded(family)
    free = [id_ for id_, _ in written(plain, Decoding(COUNT))]
    facts = dict(settings)
    for name, value in settings.items():
        if value == "likeliest":
            facts[name] = [[id_] for id_ in free[:2]] if name == "bad_words_ids" else free[:2]
        if value is True:
            facts[name] = plain.network.generation_config.eos_token_id
    model = loaded(family, **facts)
    found = [id_ for id_, _ in written(model, Decoding(COUNT))]
    line = [*model.starts_with, *found]
    wanted = generated(model, len(line))
    assert (wanted[: len(line)] if len(found) == COUNT else wanted) == line
    if set(settings) & {"forced_bos_token_id", "suppress_tokens", "bad_words_ids", "begin_suppress_tokens"}:
        assert line != [*plain.starts_with, *free]


@EVERY_FAMILY
def test_a_forced_end_takes_no_token_that_was_asked_for(family: str) -> None:
    plain = loaded(family)
    model = loaded(family, forced_eos_token_id=plain.network.generation_config.eos_token_id)
    assert written(model, Decoding(1)) == written(plain, Decoding(1))


def test_what_is_forced_is_no_word_of_the_answer() -> None:
    """The decoder begins with it: no row explains it, no copy is without it, words stand behind it."""
    model = loaded("mbart", forced_bos_token_id=7)
    found = tokimp.explain_generation(model, TEXT, max_new_tokens=4, method="occlusion")
    source = sum(token.segment == "input" for token in found.tokens)
    assert [token.id for token in found.tokens[source : found.start]] == [2, 7]
    assert all(token.special for token in found.tokens[source : found.start])
    assert not found.matrix[:, source : found.start].any()
    assert len(found.rows) == len(found.log_probs) == len(found.request.generated)
    inside = tokimp.inspect(model, TEXT, generated=found.request.generated)
    assert inside.answer == found.request.generated
    known = np.isfinite(inside.token_probabilities.surprisal)
    assert known.tolist() == [False] * found.start + [True] * len(inside.answer)
    np.testing.assert_allclose(-inside.token_probabilities.surprisal[found.start :], found.log_probs, atol=1e-6)
    first = tokimp.ask(model, TEXT)
    assert first.target.index == found.request.generated[0]


class Speaking:
    """A tokenizer that knows languages, as mBART's does."""

    def __init__(self, tokenizer: Any, read: str | None, written: str | None) -> None:
        self._tokenizer, self.src_lang, self.tgt_lang = tokenizer, read, written
        self.lang_code_to_id = {"en_XX": 11, "fr_XX": 12}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)

    def __call__(self, *given: Any, **named: Any) -> Any:
        return self._tokenizer(*given, **named)

    def __len__(self) -> int:
        return len(self._tokenizer)


@pytest.mark.parametrize(
    ("read", "wanted", "facts", "starts"),
    [
        ("en_XX", "fr_XX", {}, (2, 12)),
        ("en_XX", None, {}, (2,)),
        ("en_XX", "en_XX", {}, (2,)),
        ("en_XX", "fr_XX", {"forced_bos_token_id": 11}, (2, 11)),
        ("en_XX", "fr_XX", {"decoder_start_token_id": 12}, (12,)),
    ],
)
def test_the_tokenizers_language_is_written_where_no_config_says_more(
    read: str, wanted: str | None, facts: dict[str, int], starts: tuple[int, ...]
) -> None:
    network = models.tiny("mbart", "seq2seq").network
    for name, value in facts.items():
        setattr(network.generation_config, name, value)
    tokenizer = Speaking(models.shared("mbart", "seq2seq").tokenizer, read, wanted)
    model = TextModel(network, tokenizer, task="seq2seq", key="tiny", revision="0")  # type: ignore[arg-type]
    assert model.starts_with == starts
    inputs = model.encode(TEXT, generated=(20,))
    assert inputs.ids[inputs.source :].tolist() == [*starts, 20]
    assert inputs.written == inputs.source + len(starts)


def test_a_decoder_keeps_its_settings_too() -> None:
    free = models.tiny("llama", "next-token")
    inputs = free.encode("The film was not")
    plain = [each.id for each in writing(free, inputs, Decoding(COUNT), 0, Watch())]
    free.network.generation_config.suppress_tokens = plain[:2]
    found = [each.id for each in writing(free, inputs, Decoding(COUNT), 0, Watch())]
    ids = torch.as_tensor(inputs.ids[None])
    wanted = free.network.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=COUNT)
    assert not set(found) & set(plain[:2])
    assert found == wanted[0, len(inputs) :].tolist()[: len(found)]
