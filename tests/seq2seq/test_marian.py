"""Marian's tokenizer with its two SentencePiece models: ids as transformers has them, characters as they were typed."""

from __future__ import annotations

import json

import pytest
import sentencepiece
from transformers import MarianTokenizer

import tokimp
from tests import models
from tokimp.models.marian import MarianOffsets
from tokimp.models.text_model import TextModel

ENGLISH = ["the film was not good", "a little girl and a bad film", "you and the girl of paris"] * 20
FRENCH = ["le film était mauvais", "une petite fille et un bon film", "vous et la fille de paris"] * 20

pytestmark = pytest.mark.filterwarnings("ignore:Recommended. pip install sacremoses")


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> MarianTokenizer:
    folder = tmp_path_factory.mktemp("marian")
    pieces = ["</s>", "<unk>", ">>fr<<"]
    for side, lines in (("source", ENGLISH), ("target", FRENCH)):
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines),
            model_prefix=str(folder / side),
            vocab_size=80,
            hard_vocab_limit=False,
            minloglevel=2,
        )
        trained = sentencepiece.SentencePieceProcessor(model_file=str(folder / f"{side}.model"))
        pieces += [trained.id_to_piece(i) for i in range(3, trained.get_piece_size())]
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys([*pieces, "<pad>"]))}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    return MarianTokenizer(str(folder / "source.model"), str(folder / "target.model"), str(folder / "vocab.json"))


@pytest.fixture(scope="module")
def model(slow: MarianTokenizer) -> TextModel:
    start = slow.pad_token_id
    network = models.network("marian", "seq2seq", slow, 0, {"decoder_start_token_id": start})
    return tokimp.load((network, slow))


TEXTS = ["the film was not good", "  a  film\nof paris ", "The girl 😀!", ">>fr<< a little girl", "电影 film", "فيلم"]


@pytest.mark.parametrize("text", TEXTS)
def test_ids_are_those_of_transformers_and_the_text_is_whole(
    model: TextModel, slow: MarianTokenizer, text: str
) -> None:
    inputs = model.encode(text)
    assert inputs.ids[: inputs.source].tolist() == slow(text)["input_ids"]
    shown = [token for token in inputs.tokens if not token.special]
    assert all(token.text in ("", text[token.start : token.end]) for token in shown)
    assert "".join("".join(token.text for token in shown).split()) == "".join(text.split())
    assert [token.text for token in inputs.tokens if token.special] == ["</s>", "<pad>"]


def test_what_is_typed_ends_no_text(model: TextModel) -> None:
    inputs = model.encode("good</s> film")
    assert [token.special for token in inputs.tokens].count(True) == 2
    assert "".join(token.text for token in inputs.tokens if not token.special) == "good</s> film"


def test_words_to_explain_are_cut_as_the_decoder_writes_them(model: TextModel, slow: MarianTokenizer) -> None:
    found = tokimp.explain(model, "the little girl", "occlusion", target="fille")
    assert list(found.target.ids) == slow(text_target="fille", add_special_tokens=False)["input_ids"]
    assert found.target.label.strip() == "fille"
    assert abs(found.scores[: found.target.source]).max() > 0


def test_it_stands_for_the_tokenizer_in_all_else(model: TextModel, slow: MarianTokenizer) -> None:
    assert isinstance(model.tokenizer, MarianOffsets)
    assert len(model.tokenizer) == len(slow)
    assert model.tokenizer.all_special_ids == slow.all_special_ids
    assert model.tokenizer.mask_token_id is None
