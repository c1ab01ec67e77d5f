"""An explanation as a drawing of placed letters and patches, which SVG and PNG then paint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tokimp.types import Explanation
from tokimp.views.caption import LINK, captioned, one_line
from tokimp.views.characters import drawable
from tokimp.views.color import scale_classes
from tokimp.views.flow import Box, Measure, lines_of
from tokimp.views.letters import clusters
from tokimp.views.page import question
from tokimp.views.shades import Shades
from tokimp.views.text import legend
from tokimp.views.uncertainty import EXPLAINED, may_be_nothing

WIDTH = 720
MARGIN = 24
LINE = 32
PATCH, RADIUS = 25, 3
UNDERLINE = 25
TEXT, TITLE, FACTS = 17.0, 21.0, 13.0
_INNER = WIDTH - 2 * MARGIN
_BOLD = 1.07
"""How much wider bold letters are."""

_SWATCH, _SWATCH_HEIGHT = 8, 12
_ZERO = 20
_GAP = 10
_LONGEST_LINK = 300


@dataclass(frozen=True, slots=True)
class Label:
    """A line of text: x and y are the left end of its baseline; `tone` is a colour of `Shades`."""

    text: str
    x: float
    y: float
    size: float
    width: float
    tone: str = "soft"
    bold: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class Swatch:
    """One step of the legend's scale."""

    bucket: str
    x: float
    y: float
    width: float
    height: float


@dataclass(slots=True)
class Picture:
    """All of a drawing, in pixels from its upper left corner.

    boxes: (top of the line, box), its x counted from the drawing's edge. `title` says it in one line.
    """

    title: str
    labels: list[Label] = field(default_factory=list)
    boxes: list[tuple[float, Box]] = field(default_factory=list)
    swatches: list[Swatch] = field(default_factory=list)
    height: float = MARGIN


def middle_of(top: float, box: Box) -> tuple[float, float]:
    """Where the middle of the box's text stands: x, and y of its baseline."""
    return MARGIN + box.x + box.width / 2, top + LINE / 2 + 0.35 * box.size


def colors_of(box: Box, colors: Shades) -> tuple[str | None, str]:
    """The colours of the box's patch, None where it has none, and of its letters."""
    if box.item is None:
        return None, colors.ink
    ground, ink = colors.of(box.item["bucket"], box.item["maybe"])
    if ground is None and not box.text:
        ground = colors.line
    return ground, colors.soft if ground is None and box.item["added"] else ink


def picture(explanation: Explanation, measure: Measure, link: str | None = None) -> Picture:
    """Question, facts, notes, coloured text, legend and link under each other, `WIDTH` pixels wide.

    Raises:
        OptionError: the link is no web address.
    """
    facts = captioned(explanation, link)
    drawn = Picture(drawable(one_line(explanation)))
    _write(drawn, measure, question(explanation), TITLE, "ink", bold=True)
    told = "  ·  ".join(f"{name} {value}" for name, value in facts[1:] if name != LINK)
    _write(drawn, measure, told, FACTS, "soft")
    for note in explanation.attribution.notes:
        _write(drawn, measure, note, FACTS, "warm")
    drawn.height += _GAP
    for line in lines_of(explanation, measure, TEXT, _INNER):
        drawn.boxes += [(drawn.height, box) for box in line]
        drawn.height += LINE
    drawn.height += _GAP
    _draw_legend(drawn, explanation, measure)
    if link is not None:
        _write(drawn, measure, _short(link), FACTS, "soft", link=link)
    drawn.height += MARGIN
    return drawn


def _write(
    drawn: Picture, measure: Measure, text: str, size: float, tone: str, *, bold: bool = False, link: str = ""
) -> None:
    """The text in lines under what is drawn already."""
    wider = _BOLD if bold else 1.0
    for line in _folded(" ".join(drawable(text).split()), measure, size, _INNER / wider):
        baseline = drawn.height + size
        drawn.labels.append(Label(line, MARGIN, baseline, size, measure(line, size) * wider, tone, bold, link))
        drawn.height += round(size * 1.5)


def _folded(text: str, measure: Measure, size: float, room: float) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if measure(longer, size) <= room:
            line = longer
            continue
        if line:
            yield line
        line = ""
        for cluster in clusters(word):
            if line and measure(line + cluster, size) > room:
                yield line
                line = ""
            line += cluster
    if line:
        yield line


def _draw_legend(drawn: Picture, explanation: Explanation, measure: Measure) -> None:
    """The scale with the numbers at its ends and what they mean, on one line."""
    facts = legend(explanation)
    x, top = float(MARGIN), drawn.height
    baseline = top + FACTS
    for part, tone in ((facts["left"], "soft"), (facts["low"], "ink")):
        x = _legend_text(drawn, measure, part, tone, (x, baseline))
    for bucket in scale_classes(signed=explanation.attribution.signed):
        width = _ZERO if bucket == "tk0" else _SWATCH
        if bucket == "tk0":
            zero = measure("0", FACTS)
            drawn.labels.append(Label("0", x + (width - zero) / 2, baseline, FACTS, zero))
        else:
            drawn.swatches.append(Swatch(bucket, x, top + 2, width, _SWATCH_HEIGHT))
        x += width
    x += _GAP
    for part, tone in ((facts["high"], "ink"), (facts["right"], "soft")):
        x = _legend_text(drawn, measure, part, tone, (x, baseline))
    drawn.height += round(FACTS * 1.7)
    if _is_doubted(explanation):
        _write(drawn, measure, f"dotted: {EXPLAINED}", FACTS, "soft")


def _legend_text(drawn: Picture, measure: Measure, text: str, tone: str, at: tuple[float, float]) -> float:
    """Writes the text, if there is any, and returns where the next may begin."""
    if not text:
        return at[0]
    width = measure(text, FACTS)
    drawn.labels.append(Label(text, *at, FACTS, width, tone))
    return at[0] + width + _GAP


def _is_doubted(explanation: Explanation) -> bool:
    errors = explanation.stderr
    if errors is None:
        return False
    return any(may_be_nothing(explanation, *pair) for pair in zip(explanation.scores, errors, strict=True))


def _short(link: str) -> str:
    return link if len(link) <= _LONGEST_LINK else f"{link[:_LONGEST_LINK]}…"
