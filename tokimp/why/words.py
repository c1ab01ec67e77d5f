"""How reasons speak: tokens in quotes, numbers with their unit, parts of sentences without markup."""

from __future__ import annotations

from collections.abc import Sequence

from tokimp.reasons import Part, Reason
from tokimp.types import Explanation, Output, Task
from tokimp.views.characters import drawable, quoted
from tokimp.views.numbers import percent, show
from tokimp.why.case import Case

UNITS: dict[Output, str] = {"logit": "logits", "log_prob": "nats", "prob": "probability"}
TAKEN_AWAY = {
    "mask": "masked",
    "delete": "deleted",
    "pad": "replaced by padding",
    "unk": "replaced by the unknown token",
    "eos": "replaced by the end token",
    "random": "replaced by a random token",
}


def parts(*pieces: str | Part) -> tuple[Part, ...]:
    """A sentence of plain texts and of (text, element) pairs; empty pieces go."""
    pairs = [(piece, "") if isinstance(piece, str) else piece for piece in pieces]
    return tuple(pair for pair in pairs if pair[0])


def joined(*sentences: Sequence[Part]) -> tuple[Part, ...]:
    """Sentences behind each other, with a space between them."""
    found: list[Part] = []
    for sentence in filter(None, sentences):
        found += [(" ", ""), *sentence] if found else sentence
    return tuple(found)


def name(explanation: Explanation, token: int) -> Part:
    """A token of the text, which is data: in quotes, in bold."""
    return quoted(explanation.tokens[token].text), "strong"


def label(task: Task, text: str) -> str:
    """A class as it is called, a word in quotes."""
    return drawable(text) if task == "classification" else quoted(text)


def answer(case: Case) -> str:
    """What is explained."""
    return label(case.model.task, case.question.target.label)


def away(removal: str | int) -> str:
    """How a token was taken away."""
    return f"replaced by token {removal}" if isinstance(removal, int) else TAKEN_AWAY[removal]


def unit(case: Case) -> str:
    return UNITS[case.question.target.output]


def amount(case: Case, value: float) -> str:
    """A difference of values with its unit: probabilities as shares, others as numbers."""
    if case.question.target.output == "prob":
        return f"{percent(value)} of probability"
    return f"{show(value)} {unit(case)}"


def others(part: float) -> str:
    """That part of the other tokens, as what something is more than."""
    if part in (0.0, 1.0):
        return "any other token" if part else "no other token"
    return f"{percent(part)} of the other tokens"


def left_out(kind: str, sentence: str) -> Reason:
    """In place of numbers why there are none."""
    return Reason(kind, parts(sentence))
