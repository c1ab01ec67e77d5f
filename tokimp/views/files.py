"""An explanation as a file of any format, chosen by the suffix of its name."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tokimp.errors import OptionError
from tokimp.score import Score
from tokimp.types import Explanation
from tokimp.views.latex import explanation_latex
from tokimp.views.markdown import explanation_markdown
from tokimp.views.page import explanation_page
from tokimp.views.spreadsheet import explanation_csv
from tokimp.views.svg import explanation_svg


@dataclass(frozen=True, slots=True)
class Look:
    """How a file is drawn: `dark` and `transparent` are for pictures, `link` joins every caption.

    `scores` are what metrics say of the explanation: told wherever there is room for words.
    """

    dark: bool = False
    transparent: bool = False
    link: str | None = None
    scores: tuple[Score, ...] = ()


@dataclass(frozen=True, slots=True)
class Format:
    """title: what a page calls it; media: its MIME type; write: its content."""

    title: str
    media: str
    write: Callable[[Explanation, Look], str | bytes]


def _png(explanation: Explanation, look: Look) -> bytes:
    from tokimp.views.png import explanation_png

    return explanation_png(explanation, dark=look.dark, transparent=look.transparent, link=look.link)


def _svg(explanation: Explanation, look: Look) -> str:
    return explanation_svg(explanation, dark=look.dark, transparent=look.transparent, link=look.link)


def _json(explanation: Explanation, look: Look) -> str:
    """As `Explanation.to_json`, which reads it; "metrics" are fields of scores, read by `Score.from_fields`."""
    if not look.scores:
        return explanation.to_json()
    told = json.loads(explanation.to_json()) | {"metrics": [asdict(score) for score in look.scores]}
    return json.dumps(told, sort_keys=True, ensure_ascii=False, allow_nan=False)


def _worded(write: Callable[[Explanation, str | None, Sequence[Score]], str]) -> Callable[[Explanation, Look], str]:
    return lambda explanation, look: write(explanation, look.link, look.scores)


FORMATS: dict[str, Format] = {
    ".html": Format("HTML", "text/html", _worded(explanation_page)),
    ".svg": Format("SVG", "image/svg+xml", _svg),
    ".png": Format("PNG", "image/png", _png),
    ".md": Format("Markdown", "text/markdown", _worded(explanation_markdown)),
    ".tex": Format("LaTeX", "application/x-tex", _worded(explanation_latex)),
    ".csv": Format("CSV", "text/csv", _worded(explanation_csv)),
    ".json": Format("JSON", "application/json", _json),
}


def content(explanation: Explanation, suffix: str, look: Look | None = None) -> bytes:
    """What a file of this suffix holds; text is in UTF-8.

    Raises:
        OptionError: no such format, or the link is no web address. TokimpError: Pillow is missing.
        InputError: the text is too long for a PNG.
    """
    written = checked(suffix).write(explanation, look or Look())
    return written if isinstance(written, bytes) else written.encode("utf-8", "replace")


def save(explanation: Explanation, path: str | os.PathLike[str], look: Look | None = None) -> None:
    """Writes the file, or nothing where `content` raises."""
    file = Path(path)
    data = content(explanation, file.suffix, look)
    file.write_bytes(data)


def checked(suffix: str) -> Format:
    """The format of a suffix in any case.

    Raises:
        OptionError: there is none.
    """
    if suffix.lower() not in FORMATS:
        raise OptionError(f"There is no format {suffix!r}.", f"There are: {', '.join(FORMATS)}.")
    return FORMATS[suffix.lower()]
