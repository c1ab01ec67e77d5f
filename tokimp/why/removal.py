"""What the model would say without the token, with another in its place, or with it somewhere else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

import numpy as np

from tokimp.models.masking import Copy
from tokimp.models.tokens import display
from tokimp.reasons import Number, Part, Reason
from tokimp.types import Floats
from tokimp.views.characters import quoted
from tokimp.views.numbers import percent, show
from tokimp.why.case import Case
from tokimp.why.words import amount, answer, away, joined, label, name, parts, unit

Named = TypeVar("Named")

WITHOUT = "probability when"
READ = "Here the answer is read: without this token there would be nothing to read it at."


def without(case: Case) -> Reason:
    """The answer when the token is taken away, as the method does it and by the other of mask and deletion.

    Cost: two evaluations for each way.
    """
    if not case.removable(case.token):
        return Reason("without", parts(READ))
    special = bool(case.inputs.fixed[case.token])
    ways = ("delete",) if special else tuple(dict.fromkeys((case.removal, *_plain(case))))
    copies = [case.without([case.token], way) for way in ways]
    values, chances = case.values(copies), case.probabilities(copies)
    first = _answered(case, copies[0], float(chances[0]), away(ways[0]))
    numbers = [Number("explained value", case.whole, None, unit(case))]
    numbers += [Number(f"value when {away(way)}", value, None, unit(case)) for way, value in _zip(ways, values)]
    sentences = [first]
    if case.has_probability:
        numbers.append(Number("probability", case.question.probability, None, "probability"))
        numbers += [
            Number(f"{WITHOUT} {away(way)}", chance, None, "probability") for way, chance in _zip(ways, chances)
        ]
    for way, value in list(_zip(ways, values))[1:]:
        change = f"{away(way).capitalize()} instead, it changes the value by {amount(case, float(value) - case.whole)}."
        sentences.append(parts(change))
    notes = ("No method takes a special token away: the model has seen no text without it.",) if special else ()
    return Reason("without", joined(*sentences), tuple(numbers), notes)


def without_name(case: Case) -> str:
    """What the row of the probability without the token is called."""
    return f"{WITHOUT} {away('delete' if case.inputs.fixed[case.token] else case.removal)}"


def instead(case: Case) -> Reason | None:
    """The answer with plausible tokens in the token's place; none for special tokens.

    Proposed by the model itself or a masked language model, where there is one, else drawn from the
    vocabulary. Cost: one evaluation each, and those of the proposals.
    """
    if case.inputs.fixed[case.token]:
        return None
    ids, source = case.alternatives
    copies = [case.instead(id_) for id_ in ids]
    values, chances = case.values(copies), case.probabilities(copies)
    best, kept = int(np.argmin(values)), case.question.probability
    names = [quoted(display(case.model.tokenizer, [id_])) for id_ in ids]
    start: list[str | Part] = [
        "With ",
        (names[best], "strong"),
        " in the place of ",
        name(case.explanation, case.token),
    ]
    if case.has_probability:
        outcome = (
            f", the probability of {answer(case)} would be {percent(float(chances[best]))} instead of {percent(kept)}"
        )
        rows = [Number(f"{each}, probability", chance, None, "probability") for each, chance in _zip(names, chances)]
    else:
        outcome = f", the value would be {show(float(values[best]))} instead of {show(case.whole)}"
        rows = []
    rows += [Number(f"{each}, value", value, None, unit(case)) for each, value in _zip(names, values)]
    mean = amount(case, float(values.mean()) - case.whole)
    mean = f"; over {len(ids)} {source}, the value changes by {mean} on average."
    return Reason("instead", parts(*start, outcome, mean), tuple(rows))


def moved(case: Case) -> Reason | None:
    """The answer with the token's word at the beginning, at the end, or changed with a neighbour.

    Not for special tokens, nor for what stands where the answer is read. Its ids are moved, not its
    letters: a space in front stays in front. Cost: one evaluation for each place.
    """
    word = case.word
    if case.inputs.fixed[case.token] or case.read & set(word):
        return None
    orders = dict(_orders(case))
    if not orders:
        return None
    copies = [_reordered(case, order) for order in orders.values()]
    values, chances = case.values(copies), case.probabilities(copies)
    far = int(np.argmax(np.abs(values - case.whole)))
    what = "Moved" if len(word) == 1 else "With its whole word moved"
    change = amount(case, float(values[far]) - case.whole)
    sentence = f"{what} {list(orders)[far]}, it changes the value by {change}; no other place tried changes more."
    rows = [Number(f"{place}, value", value, None, unit(case)) for place, value in _zip(orders, values)]
    if case.has_probability:
        rows += [
            Number(f"{place}, probability", chance, None, "probability") for place, chance in _zip(orders, chances)
        ]
    return Reason("moved", parts(sentence), tuple(rows))


def _plain(case: Case) -> tuple[str, ...]:
    return ("mask", "delete") if case.model.tokenizer.mask_token_id is not None else ("delete",)


def _answered(case: Case, copy: Copy, chance: float, how: str) -> tuple[Part, ...]:
    """What the model says to the copy, beside what it said to the whole text."""
    who = name(case.explanation, case.token)
    if not case.has_probability:
        value = case.said(copy).logit
        return parts("Without ", who, f" ({how}), the value is {show(value)} instead of {show(case.whole)}.")
    said, task = case.said(copy), case.model.task
    fall = f"{percent(chance)} instead of {percent(case.question.probability)}"
    before = case.question.prediction.candidates[0]
    if said.index == before.index:
        same = f" ({how}), the model would still say {label(task, said.label)}"
    else:
        same = f" ({how}), the model would say {label(task, said.label)}, {percent(said.prob)}, not "
        same += label(task, before.label)
    if said.index == case.question.target.index and not case.question.target.continuation:
        return parts("Without ", who, f"{same}: {fall}.")
    return parts("Without ", who, f"{same}. The probability of {answer(case)}: {fall}.")


def _orders(case: Case) -> Iterator[tuple[str, list[int]]]:
    """Where the word can go, and the order (token,) of the text's tokens that this makes."""
    word, kept = list(case.word), [i for i in range(len(case.inputs)) if i not in case.word]
    free = [
        i for i in case.inputs.free.tolist() if i in kept and not (case.model.architecture.decoder and i in case.read)
    ]
    seen = [list(range(len(case.inputs)))]
    if not free:
        return
    end = "before the last token" if case.model.architecture.decoder else "to the end"
    places = {"to the beginning": kept.index(free[0]), end: kept.index(free[-1]) + 1}
    before, behind = [i for i in free if i < word[0]], [i for i in free if i > word[-1]]
    if before:
        places["before the token on its left"] = kept.index(before[-1])
    if behind:
        places["behind the token on its right"] = kept.index(behind[0]) + 1
    for place, at in places.items():
        order = kept[:at] + word + kept[at:]
        if order not in seen:
            seen.append(order)
            yield place, order


def _reordered(case: Case, order: list[int]) -> Copy:
    position = case.question.target.position
    at = position if case.model.task == "classification" else order.index(position)
    return Copy(case.inputs.ids[order], at)


def _zip(names: Iterable[Named], values: Floats) -> Iterator[tuple[Named, float]]:
    return zip(names, values.tolist(), strict=True)
