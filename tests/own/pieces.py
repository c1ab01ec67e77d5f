"""A tiny SentencePiece model, trained here."""

from __future__ import annotations

import io
from functools import cache

import sentencepiece

LINES = (
    "The film was not good.",
    "The little girl was in Paris, and she was good.",
    "Bad films are not good films, and good girls know.",
    "我喜欢猫和电影",
    "مرحبا بالعالم",
)


@cache
def sentence_pieces(byte_fallback: bool = False) -> sentencepiece.SentencePieceProcessor:
    """Pieces of words; what is unknown becomes bytes, or one unknown token."""
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES * 20),
        model_writer=written,
        vocab_size=400 if byte_fallback else 140,
        model_type="bpe",
        byte_fallback=byte_fallback,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    return sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())
