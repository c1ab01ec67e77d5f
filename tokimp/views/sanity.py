"""Sanity checks of one explanation: a sentence for each, which unfolds into its numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tokimp.score import Score
from tokimp.views.drawing import Node, markup, node
from tokimp.views.numbers import percent, show
from tokimp.views.trust import curve

CHECKS = {
    "randomised": ("Random weights", ("randomised", "randomised_absolute")),
    "repeated": ("Other seeds", ("repeated_ranks", "repeated_spread")),
    "shifted": ("Shifted input", ("shifted",)),
}
"""What each is called, and the metrics that it consists of."""

SAME_ORDER, SOME_ORDER = 0.9, 0.6
"""Rank correlations from which on tokens keep their order, or most of it; a reader sees the number beside them."""
WIDE_BAND = 0.75
"""Where random orders reach further than this, as those of seven tokens do, no order can stand out."""
UNMOVED = 0.05
"""Share of the largest score by which scores may move and are called the same."""

NOTHING_RANDOM = "The method has nothing random: the same question always has the same scores."

Tells = Mapping[str, str]
Told = tuple[str, bool | None]
"""A sentence, and whether it speaks for the scores."""

Known = Mapping[str, Score]


def sanity_payload(scores: Sequence[Score], running: str = "", tells: Tells | None = None) -> dict[str, Any] | None:
    """What the browser draws; `running` says how far the work is or why it ended. None of nothing at all.

    `tells` has the definition of each metric by its key.
    """
    tree = _sanity(scores, running, tells or {})
    return None if tree is None else {"tree": tree}


def sanity_html(scores: Sequence[Score], tells: Tells | None = None) -> str:
    """The same without script; "" of no scores."""
    tree = _sanity(scores, "", tells or {})
    return "" if tree is None else markup(tree)


def sentence(kind: str, scores: Sequence[Score]) -> Told:
    """What was done, the number, and what that means. `scores` are those of the check."""
    known = {score.metric: score for score in scores}
    first = known[CHECKS[kind][1][0]]
    if first.value is None:
        return f"Cannot be checked here. {first.notes[-1] if first.notes else ''}".strip(), None
    return _SENTENCES[kind](known)


def _sanity(scores: Sequence[Score], running: str, tells: Tells) -> Node | None:
    if not scores and not running:
        return None
    parts = []
    for kind, (title, metrics) in CHECKS.items():
        found = [score for score in scores if score.metric in metrics]
        parts.append(_check(kind, title, found, tells) if found else _pending(title))
    if running:
        parts.append(node("p", running, kind="tk-running"))
    return node("div", parts, kind="tk-trust tk-sanity")


def _pending(title: str) -> Node:
    return node("p", [node("span", title, kind="tk-check-title"), node("span", "not checked yet")], kind="tk-pending")


def _check(kind: str, title: str, scores: Sequence[Score], tells: Tells) -> Node:
    said, good = sentence(kind, scores)
    side = {True: "tk-better", False: "tk-worse", None: "tk-alike"}[good]
    line = [node("span", title, kind="tk-check-title"), node("span", said)]
    inside = [*_steps(scores), *_numbers(scores, tells)]
    if not inside or said == NOTHING_RANDOM:
        return node("p", line, kind=f"tk-checked {side}")
    return node("details", [node("summary", line), *inside], kind=f"tk-checked {side}")


def _randomised(known: Known) -> Told:
    signed, sizes = known["randomised"], known.get("randomised_absolute")
    number = f"rank correlation {show(signed.value or 0.0)}; random orders reach {_chance(signed)}"
    if signed.chance is not None and signed.chance.high > WIDE_BAND:
        return f"With random weights it cannot be told ({number}): the text has too few tokens.", None
    if not _inside(signed):
        direction = "alike" if (signed.value or 0.0) > 0 else "related, the other way round"
        part = "part of them does not come from what the model has learned."
        return f"With random weights the scores stay {direction} ({number}): {part}", False
    told = f"With random weights the scores are others ({number}): they depend on what the model has learned."
    if sizes is not None and sizes.value is not None and not _inside(sizes) and sizes.value > 0:
        more = f" Without their signs they stay alike, though ({show(sizes.value)})."
        return told + more, None
    return told, True


def _repeated(known: Known) -> Told:
    ranks, spread = known["repeated_ranks"], known.get("repeated_spread")
    moved = spread.value if spread is not None else None
    if ranks.value == 1 and moved == 0:
        return NOTHING_RANDOM, None
    by = f"; a score moves by {percent(moved)} of the largest" if moved is not None else ""
    number = f"(mean rank correlation {show(ranks.value or 0.0)}{by})"
    if (ranks.value or 0.0) >= SAME_ORDER:
        return f"With other seeds the tokens keep their order {number}: chance decides little.", True
    if (ranks.value or 0.0) >= SOME_ORDER:
        return f"With other seeds part of the order changes {number}: trust the largest scores only.", None
    return f"With other seeds the order is another {number}: more samples would steady it.", False


def _shifted(known: Known) -> Told:
    value = known["shifted"].value or 0.0
    done = "All embeddings were moved by one vector that the next layer takes off again, so the answer is the same;"
    if value <= UNMOVED:
        return f"{done} so are the scores (they move by {percent(value)} of the largest).", True
    where = "they depend on where embeddings lie, not only on what the model computes."
    return f"{done} the scores are not (they move by {percent(value)} of the largest): {where}", False


_SENTENCES: dict[str, Callable[[Known], Told]] = {
    "randomised": _randomised,
    "repeated": _repeated,
    "shifted": _shifted,
}


def _inside(score: Score) -> bool:
    return score.chance is not None and score.chance.low <= (score.value or 0.0) <= score.chance.high


def _chance(score: Score) -> str:
    return "?" if score.chance is None else f"±{show(score.chance.high)}"


_WAY = "Rank correlation"
_WAYS = {"randomised": "With signs", "randomised_absolute": "Sizes alone"}


def _steps(scores: Sequence[Score]) -> list[Node]:
    """The way to random weights, drawn and as numbers."""
    drawn = [score for score in scores if score.curve is not None and len(score.curve.values) > 1]
    if len({score.curve.values for score in drawn if score.curve}) < len(drawn):
        drawn = drawn[:1]  # of a method without signs, both are the same
    if not drawn:
        return []
    fractions = drawn[0].curve.fractions if drawn[0].curve else ()
    names = [_WAYS.get(score.metric, score.title) if len(drawn) > 1 else _WAY for score in drawn]
    titled = [replace(score, title=name) for score, name in zip(drawn, names, strict=True)]
    curves = [curve(score, score.curve, "of the weights are random") for score in titled if score.curve]
    rows = [["random", *names]]
    for place, fraction in enumerate(fractions):
        rows.append([percent(fraction), *(show(score.curve.values[place]) for score in drawn if score.curve)])
    return [node("div", curves, kind="tk-curves"), _table(rows)]


def _table(rows: Sequence[Sequence[str]]) -> Node:
    cells = [node("div", [node("span", cell) for cell in row], kind="tk-step-row") for row in rows]
    return node("div", cells, kind=f"tk-step-rows tk-columns-{len(rows[0])}")


def _numbers(scores: Sequence[Score], tells: Tells) -> list[Node]:
    """Definitions with their source, and what limits the numbers."""
    shown = [score for score in scores if score.value is not None]
    if len({score.curve for score in shown}) < len(shown) and shown[0].curve is not None:
        shown = shown[:1]
    told = [f"{score.title}: {show(score.value or 0.0)}. {tells.get(score.metric, '')}".strip() for score in shown]
    notes = dict.fromkeys(note for score in scores for note in score.notes[:1])
    return [node("p", each, kind="tk-note") for each in (*told, *(notes if shown else ()))]
