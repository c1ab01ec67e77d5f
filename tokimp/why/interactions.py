"""Which other tokens a token works together with."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb

import numpy as np

from tokimp.methods.averages import standard_error
from tokimp.reasons import Number, Part, Reason
from tokimp.types import Floats
from tokimp.views.characters import quoted
from tokimp.views.numbers import show
from tokimp.why.case import Case
from tokimp.why.words import away, left_out, name, parts, unit

REFINED = 3
ENUMERATED = 5
"""Other tokens up to which the Shapley interaction index is computed over all their coalitions."""
DRAWS = 16
SHOWN = 8
NOTHING = 1e-5
"""Rounding of four values in single precision, by the size of the value."""


def interactions(case: Case) -> Reason | None:
    """The strongest interactions with other tokens; none for special tokens.

    Cost: one evaluation for each compared token, and for each of the strongest at most
    `8 * DRAWS` more.
    """
    if case.inputs.fixed[case.token]:
        return None
    others = [int(token) for token in case.compared if token != case.token]
    if not others:
        return left_out("interactions", "There is no other token that it could work together with.")
    differences = second_differences(case, others)
    order = np.argsort(-np.abs(differences), kind="stable")
    names = {token: quoted(case.explanation.tokens[token].text) for token in others}
    refined = {token: shapley_interaction(case, token) for token in (others[place] for place in order[:REFINED])}
    rows = [
        Number(f"with {names[token]} (token {token}), Shapley interaction", value, error, unit(case))
        for token, (value, error) in refined.items()
    ]
    for place in order[:SHOWN].tolist():
        token, value = others[place], float(differences[place])
        rows.append(Number(f"with {names[token]} (token {token}), second difference", value, None, unit(case)))
    best = int(order[0])
    sentence = _told(case, others[best], float(differences[best]), refined[others[best]])
    notes: tuple[str, ...] = (
        f"Second difference: f(both) − f(without it) − f(without the other) + f(without both), tokens "
        f"{away(case.removal)}. Shapley interaction index (Grabisch & Roubens 1999): its mean over what else is there.",
    )
    if len(case.compared) < len(case.inputs.free):
        notes += (f"Looked for among {len(others)} tokens drawn at random, as the text is long.",)
    return Reason("interactions", sentence, tuple(rows), notes)


def second_differences(case: Case, others: Sequence[int]) -> Floats:
    """f(both) − f(without the token) − f(without the other) + f(without both), for each of `others` (other,).

    Positive: the two push more towards the target together than the sum of what each does alone.
    Cost: one evaluation each, and what of the single removals is not known.
    """
    alone = case.values([case.without([case.token])])[0]
    without_other = case.values([case.without([other]) for other in others])
    without_both = case.values([case.without([case.token, other]) for other in others])
    found: Floats = case.whole - alone - without_other + without_both
    return found


def shapley_interaction(case: Case, other: int) -> tuple[float, float | None]:
    """Shapley interaction index of the token with another, and its standard error; None where it is exact.

    Grabisch & Roubens 1999: Σ_S |S|! (n − |S| − 2)! / (n − 1)! · Δ(S), with Δ(S) the second
    difference when of the rest S is there. All S of one size weigh as much together as all of
    another size, so a size is drawn evenly, then a set of it; each set comes with its complement.

    Cost: four evaluations for each S: all where at most `ENUMERATED` tokens are left, else 2 · `DRAWS`.
    """
    rest = [int(i) for i in case.inputs.free if i not in (case.token, other)]
    if len(rest) <= ENUMERATED:
        sets = [set(some) for size in range(len(rest) + 1) for some in combinations(rest, size)]
        weights = np.array([1 / ((len(rest) + 1) * comb(len(rest), len(some))) for some in sets])
        return float(weights @ _differences_at(case, other, rest, sets)), None
    rng = np.random.default_rng(case.seed)
    drawn: list[set[int]] = []
    for _ in range(DRAWS):
        some = set(rng.permutation(rest)[: rng.integers(len(rest) + 1)].tolist())
        drawn += [some, set(rest) - some]
    pairs = _differences_at(case, other, rest, drawn).reshape(DRAWS, 2).mean(1)
    return float(pairs.mean()), float(standard_error(pairs[:, None])[0])


def _differences_at(case: Case, other: int, rest: Sequence[int], sets: Sequence[set[int]]) -> Floats:
    """Second differences (set,) when of the rest only the set is there."""
    copies = []
    for some in sets:
        gone = [i for i in rest if i not in some]
        copies += [case.without(tokens) for tokens in _four(gone, case.token, other)]
    values = case.values(copies).reshape(-1, 4)
    found: Floats = values @ np.array([1.0, -1.0, -1.0, 1.0])
    return found


def _four(gone: list[int], token: int, other: int) -> list[list[int]]:
    return [gone, [*gone, token], [*gone, other], [*gone, token, other]]


def _told(case: Case, other: int, difference: float, refined: tuple[float, float | None]) -> tuple[Part, ...]:
    who, partner = name(case.explanation, case.token), name(case.explanation, other)
    if abs(difference) <= NOTHING * max(abs(case.whole), 1.0):
        return parts(who, " works alone: its effect is the same whichever other token is taken away.")
    index, error = refined
    more = "more" if difference > 0 else "less"
    mean = show(index) if error is None else show(index, error)
    sentence = f": together they push {show(abs(difference))} {unit(case)} {more} towards the answer than the sum of "
    over = f"what each adds alone (whatever else is there, {mean} on average)."
    return parts("It works together with ", partner, " most", sentence, over)
