"""Plausible other tokens for each token of a text: what a language model would write there instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from tokimp.errors import InputError, ModelNotFoundError, NoBaselineError
from tokimp.models.loading import load
from tokimp.models.realignment import TOP, TURNS, realigned
from tokimp.models.scoring import in_batches
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded, Ids
from tokimp.types import Task
from tokimp.watch import Watch

KINDS = ("auto", "mlm", "self", "random")
AUTO: dict[Task, str] = {"next-token": "self", "masked-lm": "mlm", "classification": "random", "seq2seq": "random"}
OUTPUT_NUMBERS = 2**24  # of the vocabulary-sized output, held at once
HELPER = "minilm-mlm"


@dataclass(frozen=True)
class Proposals:
    """What may stand in the place of each token.

    table (token, k): ids, of which the first counts (token,) hold; pool: all ordinary ids in order,
    drawn from where a token has no proposals.
    """

    inputs: Encoded
    table: Ids
    counts: Ids
    pool: Ids

    def draw(self, rng: np.random.Generator) -> Ids:
        """Ids (token,): for each token another one, evenly from its proposals; special tokens stay.

        Takes one random number a token, in their order.
        """
        ids = self.inputs.ids
        chance = rng.random(len(ids))
        own = np.searchsorted(self.pool, ids)
        pooled = self.pool[np.minimum(own, len(self.pool) - 1)] == ids
        place = (chance * (len(self.pool) - pooled)).astype(np.int64)
        place += pooled & (place >= own)  # steps over the token itself
        best = np.take_along_axis(self.table, (chance * self.counts).astype(np.int64)[:, None], axis=1)[:, 0]
        drawn = np.where(self.counts > 0, best, self.pool[place])
        return np.where(self.inputs.fixed, ids, drawn)


def proposals(model: TextModel, inputs: Encoded, kind: str, watch: Watch) -> Proposals:
    """The ten likeliest other tokens for each token, in the opinion that `kind` names.

    "self" is the model's own: a decoder's from what stands to the left of a token, a masked
    language model's from both sides. "mlm" is a masked language model's: the model itself if it is
    one, else `minilm-mlm`, token by token (see `realigned`). "random" is the whole vocabulary.
    "auto" is "self" for decoders, "mlm" for masked language models and "random" for classifiers and models
    with an encoder and a decoder: it never depends on what is installed.

    Cost: one forward pass for a decoder, `TURNS` for a masked language model (more
    where its output would not fit), none for "random".

    Raises:
        NoBaselineError: "self" of a classifier or of a model that reads one text and writes another, or "mlm"
            where `minilm-mlm` is not installed.
    """
    if kind == "auto":
        kind = AUTO[model.task] if model.proposes else "random"
    if kind != "random" and not model.proposes:
        raise NoBaselineError(f"{model.key} is a black box: it has no {kind} proposals.", "Choose random replacements.")
    if kind == "self" and model.task == "classification":
        raise NoBaselineError(
            f"{model.key} is a classifier: it has no self token proposals.", "Choose mlm or random replacements."
        )
    if kind == "self" and model.task == "seq2seq":
        raise NoBaselineError(
            f"{model.key} writes another text than it reads: it has no self token proposals for that.",
            "Choose mlm or random replacements.",
        )
    if kind == "random" or not len(inputs.free):
        table, counts = np.zeros((len(inputs), 1), dtype=np.int64), np.zeros(len(inputs), dtype=np.int64)
    elif model.task == "masked-lm":
        table, counts = _asked(model, inputs, _both_sides(model, inputs), watch)
    elif kind == "self":
        table, counts = _asked(model, inputs, [_left_context(model, inputs)], watch)
    else:
        table, counts = realigned(model, inputs, _helper(), watch)
    return Proposals(inputs, table, counts, model.ordinary_ids(inputs))


class _Asked(NamedTuple):
    """One text to run: ids (token,); what it proposes for the tokens `places` is read at `reads`."""

    ids: Ids
    places: Ids
    reads: Ids


def _left_context(model: TextModel, inputs: Encoded) -> _Asked:
    """A token's proposals stand where the token before it is read.

    A first token has none before it: it gets what could begin the line behind the text.
    """
    try:
        newline = np.array(model.tokenizer("\n", add_special_tokens=False)["input_ids"], dtype=np.int64)
    except InputError:  # a vocabulary of letters need not have one
        newline = np.empty(0, dtype=np.int64)
    if not len(newline) or len(inputs) + len(newline) > model.limit:
        places = inputs.free[inputs.free > 0]
        return _Asked(inputs.ids, places, places - 1)
    ids = np.concatenate([inputs.ids, newline])
    return _Asked(ids, inputs.free, (inputs.free - 1) % len(ids))


def _both_sides(model: TextModel, inputs: Encoded) -> Iterable[_Asked]:
    """Every fourth token masked, in turns."""
    for turn in range(min(TURNS, len(inputs.free))):
        places, ids = inputs.free[turn::TURNS], inputs.ids.copy()
        ids[places] = model.tokenizer.mask_token_id
        yield _Asked(ids, places, places)


def _asked(model: TextModel, inputs: Encoded, texts: Iterable[_Asked], watch: Watch) -> tuple[Ids, Ids]:
    """Table (token, k) and counts (token,) of the model's likeliest ordinary tokens but the token itself."""
    pool = torch.as_tensor(model.ordinary_ids(), device=model.device)
    count = min(TOP, len(pool) - 1)
    table = np.zeros((len(inputs), count), dtype=np.int64)
    counts = np.zeros(len(inputs), dtype=np.int64)
    rows = max(1, OUTPUT_NUMBERS // model.size.vocabulary)
    for text in texts:

        def run(some: Sequence[int], text: _Asked = text) -> Ids:
            with torch.inference_mode():
                reads = torch.as_tensor(text.reads[some], device=model.device)
                logits = model.answers(text.ids[None], reads[None])[0]  # (place, vocabulary)
                own = torch.as_tensor(inputs.ids[text.places[some]], device=model.device)
                logits.scatter_(1, own[:, None], -torch.inf)
                best: Ids = pool[logits[:, pool].topk(count).indices].cpu().numpy()
            watch.count(1)
            return best

        for some, best in in_batches(range(len(text.places)), rows, run):
            table[text.places[some]], counts[text.places[some]] = best, count
            watch(0.0)
    return table, counts


def _helper() -> TextModel:
    try:
        return load(HELPER)
    except ModelNotFoundError as error:
        raise NoBaselineError(
            f"There are no mlm token proposals without {HELPER}: {error.args[0]}",
            f"{error.next_step} Or choose self or random replacements.".strip(),
        ) from error
