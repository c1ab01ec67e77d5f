"""Tokenizers of every kind, built in memory."""

from __future__ import annotations

from tokenizers import AddedToken, Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import BPE, Unigram, WordPiece
from transformers import PreTrainedTokenizerFast

WORDS = ("the", "film", "was", "not", "good", "bad", "and", "girl", "little", "paris", "of", "un", "you")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
SIGNS = ".,!?'-"


def word_pieces() -> PreTrainedTokenizerFast:
    """BERT's: [CLS] … [SEP], lower case, accents dropped, [UNK] for what has no pieces."""
    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    pieces = [*special, *WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS), *SIGNS, "你"]
    tokenizer = Tokenizer(WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.decoder = decoders.WordPiece()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )


def byte_pairs() -> PreTrainedTokenizerFast:
    """GPT-2's: bytes and merges, a space belongs to the word behind it, nothing is added."""
    tokenizer = _byte_level([])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    end = "<|endoftext|>"
    tokenizer.add_special_tokens([end])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=end, eos_token=end, unk_token=end)


def byte_pairs_behind_start() -> PreTrainedTokenizerFast:
    """OPT's: the same with </s> in front and a padding token."""
    tokenizer = _byte_level(["<pad>", "</s>"])
    tokenizer.post_processor = processors.TemplateProcessing(single="</s> $A", special_tokens=[("</s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="</s>", eos_token="</s>", unk_token="</s>", pad_token="<pad>"
    )


def byte_pairs_in_brackets() -> PreTrainedTokenizerFast:
    """RoBERTa's: <s> … </s>, offsets without the leading space, and a <mask> that swallows it."""
    tokenizer = _byte_level(["<s>", "<pad>", "</s>", "<unk>"])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        cls_token="<s>",
        unk_token="<unk>",
        pad_token="<pad>",
        mask_token=AddedToken("<mask>", lstrip=True, special=True),
    )


def sentence_pieces() -> PreTrainedTokenizerFast:
    """Llama's and Gemma's: ▁ for a space, bytes for unknown characters, a start token and no end token."""
    special = ["<pad>", "</s>", "<s>", "<unk>"]
    tokenizer = _unigram(special, byte_fallback=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 2)])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<pad>"
    )


def sentence_pieces_with_end() -> PreTrainedTokenizerFast:
    """T5's and Marian's: ▁ for a space, an end token behind and nothing in front."""
    tokenizer = _unigram(["<pad>", "</s>", "<unk>"], byte_fallback=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>", unk_token="<unk>", pad_token="<pad>")


def sentence_pieces_in_brackets() -> PreTrainedTokenizerFast:
    """ALBERT's and DeBERTa's: [CLS] … [SEP] around SentencePiece, [UNK] for unknown characters."""
    tokenizer = _unigram(["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"], byte_fallback=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        unk_token="<unk>",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token=AddedToken("[MASK]", lstrip=True, special=True),
    )


def _byte_level(special: list[str]) -> Tokenizer:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges: dict[tuple[str, str], None] = {}
    for word in WORDS:
        merges |= {(word[:end], word[end]): None for end in range(1, len(word))}
    merges |= {("Ġ", word): None for word in WORDS}
    pieces = [*special, *alphabet, *dict.fromkeys(left + right for left, right in merges)]
    tokenizer = Tokenizer(BPE({piece: i for i, piece in enumerate(pieces)}, list(merges)))
    tokenizer.add_special_tokens(special)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _unigram(special: list[str], *, byte_fallback: bool) -> Tokenizer:
    pieces = [(piece, 0.0) for piece in special]
    pieces += [(f"<0x{byte:02X}>", -20.0) for byte in range(256)] if byte_fallback else []
    pieces += [(f"▁{word}", -1.0) for word in WORDS]
    pieces += [(letter, -8.0) for letter in (*LETTERS, *LETTERS.upper(), *SIGNS, "▁", "你")]
    tokenizer = Tokenizer(Unigram(pieces, special.index("<unk>"), byte_fallback))
    tokenizer.add_special_tokens(special)
    return tokenizer
