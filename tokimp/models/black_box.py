"""A model of which nothing can be had but what it answers to texts."""

from __future__ import annotations

import copy
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NoReturn

import numpy as np
import torch
from torch import Tensor

from tokimp.errors import EmptyTextError, MethodUnavailableError, OptionError, TextTooLongError, UnknownTargetError
from tokimp.models.architectures import Architecture
from tokimp.models.calling import Caller, Form, Function
from tokimp.models.own_tokenizers import OwnTokenizer
from tokimp.models.piece_ids import AnswerIds, PieceIds, cut_by
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded, Ids, check_ids, display, with_generated, with_roles
from tokimp.models.traits import Size
from tokimp.types import PRECISIONS, Precision, Role, Target, Task, Token

Unit = Literal["probabilities", "log-probabilities"]
UNITS: tuple[Unit, ...] = ("probabilities", "log-probabilities")
REVISION = "function"
EXPENSIVE = 10**9  # as if it had so many weights: what costs more calls than it has to is left out


class BlackBox(TextModel):
    """A function of texts behind the interface of a model: ids are those of pieces of texts (see `PieceIds`).

    Edited copies are put together as texts again, with the white space that each piece has. What a
    next-token box can say are its labels, or, where it lists the likeliest only, what it listed for the
    whole text (`reading`).
    """

    link = "log_prob"
    mixes_lengths = True
    proposes = False
    offers = frozenset({"candidates"})

    def __init__(self, caller: Caller, pieces: PieceIds, task: Task, key: str, labels: Sequence[str] = ()) -> None:
        self.network: Any = torch.nn.Module()
        self.architecture = Architecture("black box", "a black box", (task,), "")
        self.tokenizer: Any = pieces
        self.task, self.key, self.revision = task, key, REVISION
        self.precision = "fp32"
        self.lock = threading.RLock()
        self.limit = 4096
        self.starts_with = ()
        self.continuation = None
        self.vocabulary: tuple[str, ...] = ()
        self._caller = caller
        self._pieces = pieces
        self._labels = tuple(labels)
        self._candidates: Mapping[int, str] | None = None
        self._seen: dict[str, frozenset[int]] = {}
        if isinstance(pieces, AnswerIds):
            self.offers = frozenset()

    @property
    def labels(self) -> tuple[str, ...]:  # type: ignore[override]
        """Names of classes; numbers where none were given, as many as the first answer had."""
        if self.task != "classification":
            return ()
        return self._labels or tuple(map(str, range(self._caller.columns or 0)))

    @property
    def answers_by_id(self) -> Mapping[int, str]:
        if self._candidates is not None:
            return self._candidates
        if self.task == "classification":
            return dict(enumerate(self.labels))
        return dict(enumerate(self._labels))

    @property
    def caches(self) -> bool:
        return False

    @property
    def weights(self) -> int:
        return EXPENSIVE

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    @property
    def size(self) -> Size:
        return Size(1, 1, 1, len(self._pieces))

    @property
    def embeddings(self) -> Tensor:
        self._closed()

    @property
    def blocks(self) -> list[torch.nn.Module]:
        return []

    def computing_in(self, precision: Precision) -> TextModel:
        if precision not in PRECISIONS:
            raise OptionError(f"There is no precision {precision!r}.", f"There are: {', '.join(PRECISIONS)}.")
        return self  # what it computes in is its own affair

    def ordinary_ids(self, inputs: Encoded | None = None) -> Ids:
        """Pieces of the text itself, and of the vocabulary that was given."""
        own = [] if inputs is None else inputs.ids[inputs.free].tolist()
        return np.array(sorted(self._pieces.plain(own, self.vocabulary)), dtype=np.int64)

    def encode(
        self, text: str, limit: int | None = None, generated: Sequence[int] = (), roles: Sequence[Role] = ()
    ) -> Encoded:
        if not text.strip():
            raise EmptyTextError("There is no text yet.", "Type or paste one.")
        if generated and not self.architecture.writes:
            raise OptionError(f"{self.key} writes no text.", "Only next-token models go on writing.")
        check_ids(generated, self.size.vocabulary)
        ids, spans = self._pieces.pieces(text)
        most = self.limit if limit is None else min(limit, self.limit)
        if len(ids) + len(generated) > most:
            found = f"The text has {len(ids) + len(generated)} pieces; {most} are the limit here."
            raise TextTooLongError(found, "Shorten it.")
        tokens = tuple(Token(text[start:end], id_, start, end) for id_, (start, end) in zip(ids, spans, strict=True))
        inputs = Encoded(text, np.array(ids, dtype=np.int64), tokens, np.zeros(len(ids), dtype=bool))
        if generated:
            inputs = with_generated(self.tokenizer, inputs, generated)
            if isinstance(self._pieces, AnswerIds):  # it is asked for this answer only, so it cannot be edited
                inputs.fixed[len(ids) :] = True
        return with_roles(inputs, roles)

    def ids_of_answer(self, text: str) -> tuple[int, ...]:
        found = self._pieces.answered(text)
        if found is None:
            raise UnknownTargetError(f"{self.key} does not say {text!r}.", "Leave the answer out to see what it says.")
        return found

    def reading(self, inputs: Encoded) -> BlackBox:
        """Bound to what the box lists for this text, where it lists."""
        if self.task == "classification" or self._labels or isinstance(self._pieces, AnswerIds):
            return self
        row = self._caller([self._pieces.decode(inputs.ids)])[0]
        if not isinstance(row, dict):
            return self
        other = copy.copy(self)
        other._candidates = {self._pieces.answer(text): text for text in row}
        other._seen = {}
        return other

    def notes(self, target: Target) -> tuple[str, ...]:
        """How many copies no longer listed the target."""
        if self._candidates is None:
            return ()
        seen = list(self._seen.values())
        missing = sum(
            not {target.index, target.index if target.contrast is None else target.contrast} <= row for row in seen
        )
        if not missing:
            return ()
        word = f"“{target.label}”" + (f" or “{target.contrast_label}”" if target.contrast is not None else "")
        return (
            f"{missing} of {len(seen)} copies did not list {word} among the likeliest: "
            "it counts there as the least likely that was listed, which is more than it was.",
        )

    def answers(self, ids: Ids, positions: Tensor | None, past: Any = None, source: int = 0) -> Tensor:  # noqa: ARG002
        """Log-probabilities as they are; −∞ for what was not asked about."""
        rows = np.asarray(ids)
        if positions is None:
            texts = [self._pieces.decode(row) for row in rows]
            return torch.tensor(np.stack([np.asarray(row) for row in self._caller(texts)]))
        beginnings = [row[: last + 1] for row, each in zip(rows, positions.tolist(), strict=True) for last in each]
        found = self._of_answer(beginnings) if isinstance(self._pieces, AnswerIds) else self._of_next(beginnings)
        return torch.tensor(found).reshape(*positions.shape, -1)

    def logits(self, embeds: Tensor, positions: Tensor | None, past: Any = None, source: int = 0) -> Tensor:  # noqa: ARG002
        self._closed()

    def embed(self, ids: np.ndarray) -> Tensor:  # noqa: ARG002
        self._closed()

    def attentions(self, ids: np.ndarray, source: int = 0) -> list[Tensor]:  # noqa: ARG002
        self._closed()

    def _closed(self) -> NoReturn:
        raise MethodUnavailableError(f"{self.key} is a black box: it shows nothing but its answers.", "Choose another.")

    def _of_answer(self, rows: Sequence[Ids]) -> np.ndarray:
        """(row, answer token or end): each row asks for the token that comes next, all else is −∞."""
        assert isinstance(self._pieces, AnswerIds)
        texts, counts = zip(*(self._pieces.split(row) for row in rows), strict=True)
        end = self._pieces.eos_token_id
        found = np.full((len(rows), end + 1), -np.inf)
        for place, (row, count) in enumerate(zip(self._caller(texts), counts, strict=True)):
            found[place, count] = np.asarray(row)[count] if count < end else 0.0
        return found

    def _of_next(self, rows: Sequence[Ids]) -> np.ndarray:
        """(row, answer); of what is not listed, as little as the least that is listed."""
        texts = [self._pieces.decode(row) for row in rows]
        answers = self._caller(texts)
        if not any(isinstance(row, dict) for row in answers):
            named = self._pieces.said
            if not named:
                raise OptionError("Nobody knows what the columns of the answers are.", "Give labels, or a tokenizer.")
            return np.stack([np.asarray(row)[:named] for row in answers])
        listed = [{self._pieces.answer(said): value for said, value in dict(row).items()} for row in answers]
        columns = len(self._pieces)
        found = np.full((len(rows), columns), -np.inf)
        known = list(self._candidates or {id_ for row in listed for id_ in row})
        for place, (text, row) in enumerate(zip(texts, listed, strict=True)):
            found[place, known] = np.nextafter(min(row.values()), -np.inf)
            some = [id_ for id_ in row if self._candidates is None or id_ in self._candidates]
            found[place, some] = [row[id_] for id_ in some]
            self._seen[text] = frozenset(row)
        return found


def black_box(  # noqa: PLR0913 - each is one fact that nobody but its owner knows
    fn: Function,
    tokenizer: Any = None,
    task: Task = "classification",
    labels: Sequence[str] | None = None,
    output: Unit = "probabilities",
    *,
    answer: Sequence[str] | None = None,
    vocabulary: Sequence[str] = (),
    mask: str | None = None,
    batch: int = 16,
    name: str | None = None,
) -> BlackBox:
    """A model that can only be called: usable wherever a model is taken, by every method without gradients.

    `fn(texts)` gets a list of at most `batch` texts and returns for each
    - classification: a row of probabilities, one a class (`labels` names them);
    - task "next-token": a row over `labels`, or over the tokenizer's vocabulary; or a mapping of the
      likeliest next tokens' texts to their probability, of which those of the whole text can be explained;
    - with `answer`, the texts of a fixed answer's tokens: the log-probability of each behind the text.

    Pieces are the tokenizer's, which may be anything that encodes and decodes, or words, marks of punctuation,
    and characters of scripts without spaces. A piece is taken away by deletion, or `mask` stands in its
    place; random replacements come from the text itself and from `vocabulary`.

    The same text is not asked twice. `name` stands in requests and links, by which nobody else can open it.

    Raises:
        OptionError: the options do not fit together.
    """
    if task not in ("classification", "next-token") or (answer is not None and isinstance(answer, str)):
        raise OptionError("A black box classifies, or says what comes next; an answer is a list of its tokens.")
    if output not in UNITS or batch < 1:
        raise OptionError(
            "This output or batch will not do.", f"Choose among {', '.join(UNITS)}, and a batch from 1 up."
        )
    if tokenizer is not None and not getattr(tokenizer, "is_fast", False):
        tokenizer = OwnTokenizer(tokenizer)
    cut, known = cut_by(tokenizer), tuple(labels or ())
    logs = output == "log-probabilities"
    pieces: PieceIds
    if answer is not None:
        if not answer:
            raise OptionError("The answer has no tokens.", "Give the text of each.")
        pieces, form = AnswerIds(cut, answer, mask), Form(True, len(answer), "any")
        task = "next-token"
    elif task == "classification":
        pieces, form = PieceIds(cut, (), mask), Form(logs, len(known) or None, "one")
    elif known or tokenizer is None or not _has_size(tokenizer):
        pieces, form = PieceIds(cut, known, mask), Form(logs, len(known) or None, "most", listed=not known)
    else:
        every = [display(tokenizer, [id_]) for id_ in range(len(tokenizer))]
        pieces, form = PieceIds(cut, every, mask), Form(logs, None, "one", listed=True)
    made = BlackBox(Caller(fn, form, batch), pieces, task, name or _name(fn), known)
    made.vocabulary, made.most_copies = tuple(vocabulary), batch
    return made


def _has_size(tokenizer: Any) -> bool:
    try:
        return len(tokenizer) > 0
    except OptionError:
        return False


def _name(fn: Function) -> str:
    name = getattr(fn, "__name__", "")
    return name if name.isidentifier() else "black box"
