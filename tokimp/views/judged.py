"""What metrics say of an explanation, in a line and as rows: what its files and embeds tell of trust."""

from __future__ import annotations

from collections.abc import Sequence

from tokimp.score import Score
from tokimp.views.characters import escaped
from tokimp.views.numbers import NOT_A_NUMBER, show
from tokimp.views.trust import trust_html

WORTH = {True: "better", False: "worse", None: "no better"}
"""What `Score.better_than_chance` is in words."""

COLUMNS = ("metric", "value", "random, 95 %", "than chance")

_LEADING = ("comprehensiveness", "sufficiency")
"""The metrics that the line speaks of, where there are any of them."""

_REMOVED = {"mask": "masked", "pad": "padded", "delete": "deleted", "replace": "replaced", "zeroed": "zeroed in part"}


def judged_line(scores: Sequence[Score]) -> str:
    """Better than chance: comprehensiveness 0.31 (random 0.05 to 0.18); tokens masked. "" of no numbers.

    The second of the leading metrics is told where it says something else than the first.
    """
    known = [score for score in scores if score.value is not None]
    leading = [score for score in known if score.metric in _LEADING]
    told = leading if len({*map(_worth, leading)}) > 1 else (leading or known)[:1]
    groups: dict[str, list[str]] = {}
    for score in sorted(told, key=lambda score: score.better_than_chance is not True):
        groups.setdefault(_worth(score), []).append(_told(score))
    parts = [
        f"{head} than chance: {' and '.join(each)}" if head else " and ".join(each) for head, each in groups.items()
    ]
    removed = dict.fromkeys(_REMOVED.get(score.removal, score.removal) for score in told if score.removal)
    parts += [f"tokens {how}" for how in removed]
    line = "; ".join(parts)
    return line[:1].upper() + line[1:]


def judged_rows(scores: Sequence[Score]) -> list[tuple[str, str, str, str]]:
    """Cells of `COLUMNS`, plain text: how tokens were removed is part of a metric's name."""
    rows = []
    for score in scores:
        band = "" if score.chance is None else f"{show(score.chance.low)} to {show(score.chance.high)}"
        value = NOT_A_NUMBER if score.value is None else show(score.value)
        unit = f" {score.unit}" if score.unit and score.value is not None else ""
        rows.append((score.name, value + unit, band, _worth(score)))
    return rows


def judged_html(scores: Sequence[Score], *, unfolded: bool = False) -> str:
    """The line with bars, bands and curves to be unfolded, without style; "" of no numbers."""
    line = judged_line(scores)
    if not line:
        return ""
    opened = " open" if unfolded else ""
    return f"<details{opened}><summary>{escaped(line)}</summary>{trust_html(scores)}</details>"


def _worth(score: Score) -> str:
    held = score.value is not None and score.chance is not None and score.higher_is_better is not None
    return WORTH[score.better_than_chance] if held else ""


def _told(score: Score) -> str:
    name = score.title if any(letter.isupper() for letter in score.title[1:]) else score.title.lower()
    band = "" if score.chance is None else f" (random {show(score.chance.low)} to {show(score.chance.high)})"
    return f"{name} {show(score.value or 0.0)}{band}"
