"""A drawing that a notebook shows and that saves itself as a page or a picture."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tokimp.errors import OptionError
from tokimp.views.drawing import Node, markup
from tokimp.views.figure import figure_svg, page_html, part_html
from tokimp.views.figure_png import figure_png

SUFFIXES = (".html", ".svg", ".png")


@dataclass(frozen=True, eq=False, repr=False)
class Plot:
    """A view that shows itself in a notebook and saves itself: no script in any of its forms.

    html: its markup, with classes of the style sheets and without style. svg and png write the file,
    on dark ground if they are given True.
    """

    title: str
    html: str
    svg: Callable[[bool], str]
    png: Callable[[bool], bytes]

    @classmethod
    def drawn(cls, title: str, figure: Node, html: str = "") -> Plot:
        """Of a figure of `views.figure`; `html` where a page can do better than show that."""
        body = html or f'<section class="tk-root tk-inside">{markup(figure)}</section>'
        return cls(title, body, lambda dark: figure_svg(figure, dark=dark), lambda dark: figure_png(figure, dark=dark))

    def save(self, path: str | os.PathLike[str], *, dark: bool = False) -> None:
        """Writes .html, .svg or .png; a page is light and dark as its reader's system is.

        Raises:
            OptionError: another suffix. TokimpError: Pillow is missing.
            InputError: the drawing is too large for a PNG.
        """
        file = Path(path)
        write: dict[str, Callable[[], str | bytes]] = {
            ".html": self.to_html,
            ".svg": lambda: self.svg(dark),
            ".png": lambda: self.png(dark),
        }
        if file.suffix.lower() not in write:
            raise OptionError(f"There is no format {file.suffix!r}.", f"There are: {', '.join(SUFFIXES)}.")
        content = write[file.suffix.lower()]()
        file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))

    def to_html(self) -> str:
        """One self-contained page."""
        return page_html(self.title, self.html)

    def __repr__(self) -> str:
        return f"<Plot: {self.title}>"

    def _repr_html_(self) -> str:
        return part_html(self.html)
