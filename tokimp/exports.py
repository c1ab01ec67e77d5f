"""How an explanation is taken along: as a page, a drawing, a file, or what another library works with."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from tokimp.score import Score
    from tokimp.types import Explanation


class Exports:
    """What `Explanation` can become; each loads what it needs only when it is asked for."""

    __slots__ = ()

    @property
    def _whole(self) -> Explanation:
        return cast("Explanation", self)

    def link(self, base_url: str) -> str:
        """The page at `base_url`, asked for this explanation again."""
        return self._whole.request.link(base_url)

    def to_html(self, link: str | None = None, *, scores: Sequence[Score] = ()) -> str:
        """One self-contained page: no script, no request, light and dark; with `scores`, what `evaluate` found."""
        from tokimp.views.page import explanation_page

        return explanation_page(self._whole, link, scores)

    def to_svg(self, *, dark: bool = False, transparent: bool = False, link: str | None = None) -> str:
        """Caption, coloured text and legend as one drawing without script."""
        from tokimp.views.svg import explanation_svg

        return explanation_svg(self._whole, dark=dark, transparent=transparent, link=link)

    def save(
        self,
        path: str | PathLike[str],
        *,
        dark: bool = False,
        transparent: bool = False,
        link: str | None = None,
        scores: Sequence[Score] = (),
    ) -> None:
        """Writes .html, .svg, .png, .md, .tex, .csv or .json; `scores`, what `evaluate` found, into all but pictures.

        `from_json` reads a .json file with or without them; in it they are "metrics".
        """
        from tokimp.views.files import Look, save

        save(self._whole, path, Look(dark, transparent, link, tuple(scores)))

    def to_shap(self) -> Any:
        """A `shap.Explanation`, for shap's plots."""
        from tokimp.interop import to_shap

        return to_shap(self._whole)

    def to_inseq(self) -> Any:
        """An `inseq.FeatureAttributionOutput` of one generated token, for inseq's views and files."""
        from tokimp.interop import to_inseq

        return to_inseq(self._whole)

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame` of one row a token."""
        from tokimp.interop import to_pandas

        return to_pandas(self._whole)

    def _repr_html_(self) -> str:
        from tokimp.views.page import explanation_fragment

        return explanation_fragment(self._whole)
