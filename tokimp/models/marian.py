"""Marian's tokenizer, which only exists slow, with the characters that each token stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from tokimp.models.own_tokenizers import of_sentencepiece

if TYPE_CHECKING:
    from transformers import MarianTokenizer, PreTrainedTokenizerBase


def with_offsets(tokenizer: PreTrainedTokenizerBase) -> PreTrainedTokenizerBase:
    """The same tokenizer with offsets where it is Marian's: its SentencePiece model knows them. Others as they are."""
    from transformers import MarianTokenizer

    found: Any = MarianOffsets(tokenizer) if isinstance(tokenizer, MarianTokenizer) else tokenizer
    return cast("PreTrainedTokenizerBase", found)


class MarianOffsets:
    """Encodes as MarianTokenizer does, and says where in the text each token stands.

    What is typed is text: "</s>" is its characters here, while MarianTokenizer would end the text there. A
    language code in front (">>fr<<") stays one token. Everything else is asked of the tokenizer itself.
    """

    is_fast = True

    def __init__(self, tokenizer: MarianTokenizer) -> None:
        self._slow = tokenizer

    def __getattr__(self, name: str) -> Any:
        if name == "_slow":  # asked for before there is one: copied or unpickled
            raise AttributeError(name)
        return getattr(self._slow, name)

    def __len__(self) -> int:
        return len(self._slow)

    def __call__(
        self, text: str | None = None, text_target: str | None = None, add_special_tokens: bool = True, **_kwargs: Any
    ) -> dict[str, list[Any]]:
        """ids and offsets of a text to read, or of one to write (`text_target`), with the end token behind."""
        slow, written = self._slow, text_target is not None
        spm = slow.spm_target if written else slow.spm_source
        ids_of = slow.target_encoder if written and slow.separate_vocabs else slow.encoder
        codes, rest = slow.remove_language_code(str(text_target if written else text))
        start = len(codes[0]) if codes else 0
        spans = of_sentencepiece(spm, rest, spm.encode(rest)) or []
        ids = [ids_of.get(piece, ids_of[slow.unk_token]) for piece in [*codes, *spm.encode(rest, out_type=str)]]
        offsets = [(0, start) for _ in codes] + [(start + begin, start + end) for begin, end in spans]
        if add_special_tokens:
            ids, offsets = [*ids, slow.eos_token_id], [*offsets, (0, 0)]
        return {"input_ids": ids, "offset_mapping": offsets}
