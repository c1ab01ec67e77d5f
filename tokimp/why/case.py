"""One token of one explanation, and all edited copies of the text that reasons are drawn from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tokimp.errors import InputError, MethodUnavailableError, NoBaselineError, OptionError
from tokimp.methods.players import players_of
from tokimp.models.masking import REPLACEMENTS, Copy, Masking, masking
from tokimp.models.proposals import proposals
from tokimp.models.scoring import Scorer
from tokimp.models.targets import answer_logits, prediction
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import Encoded, Ids
from tokimp.question import Question, ask_again
from tokimp.types import Candidate, Explanation, Floats
from tokimp.views.text import pinned
from tokimp.watch import Watch

ALTERNATIVES = 5
MOST = 128
"""Tokens that one is compared with, each by a copy without it; of longer texts a sample, drawn by the seed."""


@dataclass(eq=False)
class Case:
    """All copies run through one scorer, so that a copy is scored once, whichever reason asks first.

    Values are in the unit of `explanation.target.output`; probabilities are the target's own, without a contrast.
    """

    question: Question
    explanation: Explanation
    token: int
    watch: Watch

    @property
    def model(self) -> TextModel:
        return self.question.model

    @property
    def inputs(self) -> Encoded:
        return self.question.inputs

    @property
    def seed(self) -> int:
        return self.explanation.request.seed

    @property
    def has_probability(self) -> bool:
        """A model with one output has none."""
        return self.model.link != "identity"

    @cached_property
    def scorer(self) -> Scorer:
        target = self.question.target
        alone = replace(target, contrast=None, contrast_label=None, contrast_continuation=(), output="prob")
        return Scorer(self.model, [target, alone], self.watch)

    def values(self, copies: Sequence[Copy]) -> Floats:
        """Values (copy,); one evaluation for each that is new."""
        return self.scorer(copies)

    def probabilities(self, copies: Sequence[Copy]) -> Floats:
        """Probabilities (copy,), of the same evaluations."""
        return self.scorer.select(1)(copies)

    def said(self, copy: Copy) -> Candidate:
        """What the model says to a copy. Cost: one evaluation."""
        edited = replace(self.inputs, ids=copy.ids)
        logits = answer_logits(self.model, edited, copy.position)
        self.watch.count(1)
        self.watch(1.0)
        return prediction(self.model, edited, copy.position, logits, 1).candidates[0]

    @cached_property
    def whole(self) -> float:
        return self.question.output

    @cached_property
    def removal(self) -> str | int:
        """How the method that explained takes tokens away, or would: never "auto"."""
        asked = self.explanation.request.options.get("replacement", "auto")
        plain = (isinstance(asked, int) and not isinstance(asked, bool)) or asked in REPLACEMENTS
        asked = asked if plain and isinstance(asked, str | int) else "auto"
        if asked != "auto":
            return asked
        return "mask" if self.model.tokenizer.mask_token_id is not None else "delete"

    @cached_property
    def removals(self) -> tuple[str | int, ...]:
        """All ways of taking a token away that the tokenizer knows, the method's own first."""
        named = ("mask", "delete", "pad", "unk", "eos", "random")
        kinds: dict[object, str | int] = {}  # a tokenizer may use one token as several
        for kind in (self.removal, *named):
            try:
                edit = self._edit(kind)
            except NoBaselineError:
                continue
            kinds.setdefault(edit.token if edit.kind == "token" else edit.kind, kind)
        return tuple(kinds.values())

    @cached_property
    def read(self) -> frozenset[int]:
        """Positions at which the answer is read: the masks of a word, the last token, or a class's special token."""
        position = self.question.target.position
        if self.model.task == "masked-lm":
            return frozenset(range(position, position + len(self.question.target.ids)))
        if self.model.task == "classification" and not self.inputs.fixed[position]:
            return frozenset()
        return frozenset([position])

    def removable(self, token: int) -> bool:
        """Special tokens can be deleted, though no method does it; not where the answer is read."""
        return not self.inputs.fixed[token] or token not in self.read

    def without(self, tokens: Iterable[int], removal: str | int | None = None) -> Copy:
        """The copy without these tokens, each of which is removable; a special one only alone, and deleted."""
        gone = list(tokens)
        if len(gone) == 1 and self.inputs.fixed[gone[0]]:
            return self._deleted(gone[0])
        edit = self._edit(self.removal if removal is None else removal)
        keep = np.ones(len(self.inputs), dtype=bool)
        keep[gone] = False
        if edit.kind != "random":
            return edit.copies(keep[None])[0]
        # One draw serves all copies, so that they differ in nothing but what was taken away.
        drawn = edit.copies(np.zeros((1, len(keep)), dtype=bool), np.random.default_rng(self.seed))[0]
        return Copy(np.where(keep | self.inputs.fixed, self.inputs.ids, drawn.ids), drawn.position)

    def other_draws(self, count: int) -> list[Copy]:
        """Copies with a random token in the token's place, each drawn anew."""
        rng, keep = np.random.default_rng(self.seed), np.ones((1, len(self.inputs)), dtype=bool)
        keep[0, self.token] = False
        return [self._edit("random").copies(keep, rng)[0] for _ in range(count)]

    def instead(self, id_: int) -> Copy:
        """The copy with another token in the token's place."""
        ids = self.inputs.ids.copy()
        ids[self.token] = id_
        return Copy(ids, self.question.target.position)

    @cached_property
    def alternatives(self) -> tuple[tuple[int, ...], str]:
        """Other tokens for the place of a token that is not special, and what they are called.

        What the model itself or a masked language model would write there; else drawn from the vocabulary.
        """
        kind = "self" if self.model.task == "next-token" else "mlm"
        try:
            found = proposals(self.model, self.inputs, kind, self.watch)
        except NoBaselineError:
            found = proposals(self.model, self.inputs, "random", self.watch)
        count = int(found.counts[self.token])
        if count:
            best = tuple(found.table[self.token, : min(count, ALTERNATIVES)].tolist())
            if kind == "mlm":
                return best, "tokens that would fit there"
            first = self.token == self.inputs.free[0]
            return best, f"tokens that the model would {'begin a line with' if first else 'write there'}"
        pool = found.pool[found.pool != self.inputs.ids[self.token]]
        drawn = np.random.default_rng(self.seed).choice(pool, min(ALTERNATIVES, len(pool)), replace=False)
        return tuple(drawn.tolist()), "random tokens"

    @cached_property
    def compared(self) -> Ids:
        """Tokens whose removal is measured: all that masking may touch, or the token and a sample."""
        free = self.inputs.free
        if len(free) <= MOST:
            return free
        others = free[free != self.token]
        sample = np.random.default_rng(self.seed).choice(others, MOST - 1, replace=False)
        return np.sort(np.append(sample, self.token) if self.token in free else sample)

    @cached_property
    def drops(self) -> Mapping[int, float]:
        """What the value loses without each token of `compared`. Cost: one evaluation each."""
        values = self.values([self.without([int(token)]) for token in self.compared])
        return {int(token): self.whole - float(value) for token, value in zip(self.compared, values, strict=True)}

    @cached_property
    def others(self) -> Mapping[int, float]:
        """The drops that the token's own is compared with: those of tokens at which no answer is read."""
        return {token: drop for token, drop in self.drops.items() if token != self.token and token not in self.read}

    def drop(self, token: int) -> float:
        """What the value loses without this removable token. Cost: one evaluation, none for a known one."""
        return self.whole - float(self.values([self.without([token])])[0])

    @cached_property
    def ranked(self) -> Ids:
        """Tokens that have a rank, as everywhere on the page: all but those that the question keeps."""
        return np.flatnonzero(~pinned(self.explanation))

    @cached_property
    def word(self) -> tuple[int, ...]:
        """Positions of the tokens of the word that the token is a part of; itself alone if it is special."""
        if self.inputs.fixed[self.token]:
            return (self.token,)
        return players_of(self.inputs, "words").of(self.token)

    def _edit(self, removal: str | int) -> Masking:
        return masking(self.model, self.inputs, self.question.target, removal)

    def _deleted(self, token: int) -> Copy:
        ids, position = np.delete(self.inputs.ids, token), self.question.target.position
        if self.model.task == "next-token":
            return Copy(ids, len(ids) - 1)
        return Copy(ids, position - (self.model.task == "masked-lm" and token < position))


def case_of(model: TextModel, explanation: Explanation, token: int, watch: Watch) -> Case:
    """The case of one token. Cost: one evaluation, or two for words of several tokens.

    Raises:
        OptionError: there is no such token.
        InputError: the explanation is of another model.
        MethodUnavailableError: the model reads one text and writes another.
    """
    if explanation.request.task == "seq2seq":
        raise MethodUnavailableError(
            "Reasons are given of one text that one network reads; this model reads one and writes another.",
            "Compare its methods instead.",
        )
    request = explanation.request
    if not 0 <= token < len(explanation.tokens):
        raise OptionError(f"There is no token {token}.", f"Choose one from 0 to {len(explanation.tokens) - 1}.")
    if model.task != request.task:
        raise InputError("This explanation is of another model.", "Load the model that it was made with.")
    target = request.target if request.target is not None else explanation.target.index
    question = ask_again(model, replace(request, target=target))
    watch.count(question.evaluations)
    same = [each.id for each in question.inputs.tokens] == [each.id for each in explanation.tokens]
    if not same or question.target.ids != explanation.target.ids:
        raise InputError("This explanation is of another model or text.", "Load the model that it was made with.")
    return Case(question, explanation, token, watch)
