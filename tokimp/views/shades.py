"""The colours of the style sheets as numbers, for drawings that hold no style sheet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from tokimp.assets import read_asset

_PAIR = r"light-dark\(\s*(#[0-9a-f]{6})\s*,\s*(#[0-9a-f]{6})\s*\)"
_DOUBT = 0.45
"""What is left of the colour of a score that may be 0."""


@dataclass(frozen=True, slots=True)
class Shades:
    """ink, soft, line, paper, warm: of the page; ground and letters: by class of a shade ("tkp7")."""

    ink: str
    soft: str
    line: str
    paper: str
    warm: str
    ground: dict[str, str]
    letters: dict[str, str]

    def of(self, bucket: str, maybe: bool = False) -> tuple[str | None, str]:
        """Colours of a token's ground (None: none at all) and of its letters."""
        ground = self.ground.get(bucket)
        if ground is None:
            return None, self.ink
        return (mixed(ground, self.paper, _DOUBT), self.ink) if maybe else (ground, self.letters[bucket])


@cache
def shades(dark: bool = False) -> Shades:
    style = read_asset("explanation.css") + read_asset("inside_charts.css")
    common = re.search(rf'\[class\*="tkp"\][^{{]*\{{\s*--tk-fg:\s*{_PAIR}', style)
    if common is None:
        raise ValueError("assets/explanation.css has no colour for the letters on its shades.")
    which = 2 if dark else 1
    ground, letters = {}, {}
    for name, rules in re.findall(r"^\.(tk[pnus]\d+) \{([^}]*)\}", style, re.MULTILINE):
        ground[name] = _declared(rules, "bg", which)
        letters[name] = _declared(rules, "fg", which) if "--tk-fg" in rules else str(common[which])
    page = {name: _declared(style, name, which) for name in ("ink", "soft", "line", "paper", "warm")}
    return Shades(**page, ground=ground, letters=letters)


def mixed(top: str, under: str, share: float) -> str:
    """`share` of one colour over the other."""
    pairs = zip(channels(top), channels(under), strict=True)
    return "#" + "".join(f"{round(share * one + (1 - share) * other):02x}" for one, other in pairs)


def channels(color: str) -> tuple[int, int, int]:
    """Red, green and blue from 0 to 255."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _declared(rules: str, name: str, which: int) -> str:
    found = re.search(rf"--tk-{name}:\s*{_PAIR}", rules)
    if found is None:
        raise ValueError(f"assets/explanation.css does not say what --tk-{name} is.")
    return str(found[which])
