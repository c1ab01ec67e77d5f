"""What a comparison of methods comes to, in sentences that hold their numbers."""

from __future__ import annotations

import numpy as np

from tokimp.comparison import Comparison
from tokimp.views.characters import quoted
from tokimp.views.compare.cells import listed, method_name, two_digits
from tokimp.views.numbers import percent, show
from tokimp.views.pieces import typed_pieces

_NAMED = 3
_CLOSE, _LOOSE = 0.7, 0.3


def inside_sentence(comparison: Comparison) -> str:
    """Methods that read what happens inside against those that follow the answer; "" where either is missing."""
    told = comparison.inside
    if told.between is None:
        return ""
    inner = _among(told.internal, told.within_internal)
    outer = _among(told.external, told.within_external)
    word = "agree" if told.between >= _CLOSE else "agree only partly" if told.between >= _LOOSE else "hardly agree"
    return (
        f"Inside and outside {word}: mean ρ {two_digits(told.between)} between what is read off inside the model "
        f"({inner}) and what follows its answer ({outer})."
    )


def consensus_sentence(comparison: Comparison) -> str:
    """The tokens that get most from all methods together, and which way those with signs say they push."""
    if not comparison.explanations or not comparison.consensus.any():
        return ""
    order = sorted(comparison.places, key=lambda place: -comparison.consensus[place])[:_NAMED]
    told = [_given(comparison, int(place)) for place in order if comparison.consensus[place] > 0]
    whole = "All methods together give" if len(comparison.explanations) > 1 else "The method gives"
    return f"{whole} most to {listed(told)}."


def odds_sentence(comparison: Comparison) -> str:
    """The tokens that methods disagree on, each with its highest and its lowest rank, and by whom."""
    if len(comparison.explanations) < 2:
        return ""
    if not comparison.at_odds:
        return "No token of large score stands two places higher with one method than with another."
    told = []
    for place in comparison.at_odds:
        ranks = comparison.ranks[:, place]
        high, low = int(np.argmin(ranks)), int(np.argmax(ranks))
        first, last = (method_name(comparison.methods[each]) for each in (high, low))
        spread = show(float(comparison.spread[place]))
        told.append(
            f"{names(comparison)[place]} (rank {ranks[high]:g} by {first}, {ranks[low]:g} by {last}; spread {spread})"
        )
    return f"Methods disagree most on {listed(told)}, of {len(comparison.places)} tokens."


def failed_sentences(comparison: Comparison) -> list[str]:
    return [f"{method_name(key)} is left out: {why}" for key, why in sorted(comparison.failed.items())]


def sentences(comparison: Comparison) -> list[str]:
    """All of them that have something to say."""
    told = [consensus_sentence(comparison), odds_sentence(comparison), inside_sentence(comparison)]
    return [*filter(None, told), *failed_sentences(comparison)]


def names(comparison: Comparison) -> list[str]:
    """Each token in quotes, as typed."""
    pieces, _ = typed_pieces(comparison.tokens, comparison.text)
    return [quoted(piece.text or token.text) for piece, token in zip(pieces, comparison.tokens, strict=True)]


def _given(comparison: Comparison, place: int) -> str:
    towards, away = comparison.votes(place)
    signed = sum(each.attribution.signed for each in comparison.explanations)
    share = percent(float(comparison.consensus[place]))
    if not signed:
        return f"{names(comparison)[place]} ({share})"
    word, votes = ("towards", towards) if towards >= away else ("away", away)
    return f"{names(comparison)[place]} ({share}; {votes} of {signed} with signs say it pushes {word})"


def _among(keys: tuple[str, ...], mean: float | None) -> str:
    told = listed([method_name(key) for key in keys])
    return told if mean is None else f"{told}; {two_digits(mean)} among themselves"
