"""Words and phrases followed through prompts: where they stand, and what each prompt gives them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tokimp.compare.templates import Variation
from tokimp.errors import OptionError
from tokimp.prompt_comparison import Hit, Spread, Track
from tokimp.types import Explanation, Token

MOST = 20
"""Keywords that are followed at once."""

FEWEST = 4
"""Numbers from which on an outlier is named."""

_FAR = 3.0
_OF_MEDIAN, _OF_MEAN = 1.4826, 1.2533
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Keywords:
    """What is looked for. `{name}` follows what fills this slot of a template.

    case: "Paris" is not "paris". whole: "art" is not found in "party"; where a script has no spaces between
    words, or the keyword begins or ends with a sign, there is nothing to tell and it is found.
    """

    words: tuple[str, ...] = ()
    case: bool = False
    whole: bool = True

    def __post_init__(self) -> None:
        """Raises OptionError where there are more than 20."""
        kept = tuple(dict.fromkeys(word.strip() for word in self.words if word.strip()))
        if len(kept) > MOST:
            raise OptionError(f"These are {len(kept)} keywords.", f"At most {MOST} can be followed at once.")
        object.__setattr__(self, "words", kept)

    def ranges(self, keyword: str, prompt: Variation) -> list[tuple[int, int]]:
        """Character ranges of the keyword in the prompt, in order; none overlaps another."""
        slot = _SLOT.fullmatch(keyword)
        if slot is not None and slot.group(1) in prompt.slots:
            return [each for each in prompt.slots[slot.group(1)] if each[0] < each[1]]
        spaces = r"\s+".join(map(re.escape, keyword.split()))
        if self.whole:
            spaces = f"{_edge(keyword[0], before=True)}{spaces}{_edge(keyword[-1], before=False)}"
        found = re.finditer(spaces, prompt.text, 0 if self.case else re.IGNORECASE)
        return [match.span() for match in found]


def tracks(
    prompts: Sequence[Variation], runs: Mapping[str, Sequence[Explanation]], keywords: Keywords
) -> tuple[Track, ...]:
    """Each keyword by each method through all prompts."""
    found = []
    for keyword in keywords.words:
        ranges = [keywords.ranges(keyword, prompt) for prompt in prompts]
        for method, run in runs.items():
            hits = tuple(hit(explanation, each) for explanation, each in zip(run, ranges, strict=True))
            scores, shares = ([None if each is None else getattr(each, name) for each in hits] for name in _NUMBERS)
            found.append(Track(keyword, method, hits, spread(scores), spread(shares)))
    return tuple(found)


def hit(explanation: Explanation, ranges: Sequence[tuple[int, int]]) -> Hit | None:
    """What an explanation gives the tokens that share a letter with these character ranges; None without one.

    White space in front of a word belongs to its token in many tokenizers, and is no letter of another word.
    """
    tokens, text, scores = explanation.tokens, explanation.request.text, explanation.scores
    own = [place for place, token in enumerate(tokens) if not token.special]
    inside = [place for place in own if any(_shares_a_letter(text, tokens[place], each) for each in ranges)]
    if not inside:
        return None
    sizes = np.abs(scores)
    total, among = float(sizes[own].sum()), [place for place in own if place not in set(inside)]
    score = float(scores[inside].sum())
    return Hit(
        positions=tuple(inside),
        times=len(ranges),
        score=score,
        share=float(sizes[inside].sum()) / total if total else 0.0,
        rank=1 + int((sizes[among] > abs(score)).sum()),
        among=1 + len(among),
    )


def spread(values: Sequence[float | None]) -> Spread | None:
    """Median, deviation and outliers of what is there; None where nothing is."""
    places = [place for place, value in enumerate(values) if value is not None]
    known = np.array([values[place] for place in places], dtype=np.float64)
    if not len(known):
        return None
    median = float(np.median(known))
    apart = np.abs(known - median)
    deviation = _OF_MEDIAN * float(np.median(apart)) or _OF_MEAN * float(apart.mean())
    # Numbers that differ by rounding alone have no outlier.
    far = max(_FAR * deviation, 1e-9 * float(np.abs(known).max()))
    odd = [place for place, each in zip(places, apart, strict=True) if each > far] if len(known) >= FEWEST else []
    return Spread(median, deviation, float(known.min()), float(known.max()), tuple(odd))


_NUMBERS = ("score", "share")


def _edge(letter: str, *, before: bool) -> str:
    """Where a word may begin or end: not within letters, but for scripts without spaces."""
    if not re.match(r"\w", letter) or _without_spaces(letter):
        return ""
    return r"(?<!\w)" if before else r"(?!\w)"


def _without_spaces(letter: str) -> bool:
    return any(
        low <= letter <= high for low, high in (("\u0e00", "\u0eff"), ("\u3040", "\u30ff"), ("\u3400", "\u9fff"))
    )


def _shares_a_letter(text: str, token: Token, span: tuple[int, int]) -> bool:
    start, end = max(token.start, span[0]), min(token.end, span[1])
    return start < end and bool(text[start:end].strip())
