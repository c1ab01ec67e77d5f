"""How tokens are taken away, by every replacement."""

from __future__ import annotations

import numpy as np
import pytest

from tests import models
from tests.models import TEXTS
from tokimp.errors import NoBaselineError, OptionError
from tokimp.models.masking import REPLACEMENTS, Masking, masking, token_id
from tokimp.models.text_model import TextModel
from tokimp.types import Target

ROWS = [("bert", "classification"), ("roberta", "masked-lm"), ("opt", "next-token"), ("llama", "next-token")]


def edit(model: TextModel, replacement: str | int = "auto", text: str | None = None) -> Masking:
    inputs = model.encode(text or TEXTS[model.task])
    position = {"classification": 0, "next-token": len(inputs) - 1}.get(model.task, inputs.masks and inputs.masks[-1])
    return masking(model, inputs, Target(1, "", position or 0), replacement)


def nothing_kept(made: Masking) -> np.ndarray:
    return np.zeros((1, len(made.inputs)), dtype=bool)


def had(family: str, replacement: str) -> bool:
    """Whether the family's tokenizer has what the replacement names."""
    tokenizer = models.TOKENIZERS[family]()
    return getattr(tokenizer, f"{replacement}_token_id", 0) is not None


@pytest.mark.parametrize(
    ("family", "task", "replacement"),
    [(*row, replacement) for row in ROWS for replacement in REPLACEMENTS if had(row[0], replacement)],
)
def test_kept_and_fixed_tokens_are_never_touched(family: str, task: str, replacement: str) -> None:
    model = models.shared(family, task)  # type: ignore[arg-type]
    made = edit(model, replacement)
    rng = np.random.default_rng(0)
    keep = rng.random((50, len(made.inputs))) < 0.5
    stays = keep | made.inputs.fixed
    for row, copy in zip(stays, made.copies(keep, rng), strict=True):
        if made.kind == "delete":
            assert copy.ids.tolist() == made.inputs.ids[row].tolist()
        else:
            assert len(copy.ids) == len(made.inputs)
            np.testing.assert_array_equal(copy.ids[row], made.inputs.ids[row])
            if made.kind == "token":
                assert set(copy.ids[~row].tolist()) <= {made.token}
            else:
                assert not set(copy.ids[~row].tolist()) & set(model.tokenizer.all_special_ids)


def test_keeping_everything_changes_nothing(classifier: TextModel) -> None:
    for replacement in REPLACEMENTS:
        if replacement == "eos":  # BERT has none
            continue
        made = edit(classifier, replacement)
        (copy,) = made.copies(~nothing_kept(made), np.random.default_rng(0))
        np.testing.assert_array_equal(copy.ids, made.inputs.ids)
        assert copy.position == made.position


@pytest.mark.parametrize("kind", ["mask", "pad", "unk"])
def test_a_named_token_replaces(classifier: TextModel, kind: str) -> None:
    made = edit(classifier, kind)
    (copy,) = made.copies(nothing_kept(made))
    wanted = getattr(classifier.tokenizer, f"{kind}_token_id")
    assert copy.ids.tolist() == [2, *[wanted] * 5, 3]


def test_an_id_replaces(classifier: TextModel) -> None:
    made = edit(classifier, 7)
    assert made.copies(nothing_kept(made))[0].ids.tolist() == [2, 7, 7, 7, 7, 7, 3]


@pytest.mark.parametrize(
    ("family", "task", "kind"),
    [("bert", "classification", "token"), ("gpt2", "next-token", "delete"), ("llama", "next-token", "delete")],
)
def test_auto_is_the_mask_where_there_is_one(family: str, task: str, kind: str) -> None:
    model = models.shared(family, task)  # type: ignore[arg-type]
    made = edit(model)
    assert made.kind == kind
    if kind == "token":
        assert made.token == model.tokenizer.mask_token_id


def test_deleting_moves_the_position_of_a_mask(filler: TextModel) -> None:
    made = edit(filler, "delete", "the film [MASK] not [MASK] good")
    keep = np.ones((4, len(made.inputs)), dtype=bool)
    keep[1, 1] = keep[2, [1, 2, 4]] = keep[3, 6] = False  # before the mask, on both sides of the other, behind
    copies = made.copies(keep)
    assert [copy.position for copy in copies] == [5, 4, 2, 5]
    mask = filler.tokenizer.mask_token_id
    assert all(copy.ids[copy.position] == mask for copy in copies)
    (least,) = made.copies(nothing_kept(made))
    assert least.ids.tolist() == [2, mask, mask, 3]
    assert least.position == 2


def test_deleting_leaves_a_decoder_reading_its_last_token(decoder: TextModel) -> None:
    made = edit(decoder, "delete", "the film was not")
    keep = np.array([[1, 1, 1, 1], [0, 1, 1, 1], [1, 1, 1, 0], [0, 0, 1, 0]], dtype=bool)
    assert [copy.position for copy in made.copies(keep)] == [3, 2, 2, 0]


@pytest.mark.parametrize(("family", "start"), [("gpt2", "<|endoftext|>"), ("opt", "</s>"), ("llama", "<s>")])
def test_an_empty_text_of_a_decoder_is_its_start_token(family: str, start: str) -> None:
    model = models.shared(family, "next-token")
    made = edit(model, "delete")
    (copy,) = made.copies(nothing_kept(made))
    assert model.tokenizer.convert_ids_to_tokens(copy.ids.tolist()) == [start]
    assert copy.position == 0


def test_random_draws_follow_the_seed_and_cover_the_vocabulary(classifier: TextModel) -> None:
    made = edit(classifier, "random")
    keep = np.zeros((200, len(made.inputs)), dtype=bool)
    one, again, other = ([copy.ids for copy in made.copies(keep, np.random.default_rng(seed))] for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    drawn = set(np.array(one)[:, made.inputs.free].ravel().tolist())
    assert drawn == set(range(len(classifier.tokenizer))) - set(classifier.tokenizer.all_special_ids)


@pytest.mark.parametrize("size", [20, 200])
def test_random_draws_are_tokens_that_both_model_and_tokenizer_have(size: int) -> None:
    model = models.tiny("bert", "classification", vocab_size=size)
    made = edit(model, "random", "the film")
    assert made.pool.min() >= 0
    assert made.pool.max() == min(size, len(model.tokenizer)) - 1


def test_a_kind_the_tokenizer_lacks(decoder: TextModel) -> None:
    for kind in ("mask", "pad"):
        with pytest.raises(NoBaselineError, match=f"tokenizer of tiny-gpt2 has no {kind} token"):
            edit(decoder, kind)


def test_an_id_outside_the_vocabulary(decoder: TextModel) -> None:
    assert token_id(decoder, 301) == 301
    for wrong in (-1, 302):
        with pytest.raises(NoBaselineError, match=f"no token {wrong}"):
            token_id(decoder, wrong)


def test_an_unknown_kind(decoder: TextModel) -> None:
    with pytest.raises(OptionError, match="'maks' is no kind of token"):
        masking(decoder, decoder.encode("good"), Target(0, "", 0), "maks")
