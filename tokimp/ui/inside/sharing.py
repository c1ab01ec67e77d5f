"""What a visitor takes along of a view: its link, the code of an embed, and files."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from tokimp.errors import LinkError, OptionError
from tokimp.internals.looks import LOOKS
from tokimp.internals.looks.seen import Seen
from tokimp.share import to_code
from tokimp.ui.components import Payload
from tokimp.ui.inside import statics
from tokimp.views.characters import escaped

FORMATS = {".html": "HTML", ".svg": "SVG", ".png": "PNG", ".csv": "CSV", ".json": "JSON"}
MEDIA = {
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".csv": "text/csv",
    ".json": "application/json",
}
FRAME_HEIGHT = 640


def share_payload(seen: Seen) -> Payload:
    """As `ui.sharing.share_payload`, of a look."""
    formats = [[suffix, title] for suffix, title in FORMATS.items()]
    try:
        code = to_code(seen.request)
    except LinkError as error:
        return {"code": None, "problem": str(error), "formats": formats, "figures": statics.figure_names(seen)}
    title = escaped(f"{LOOKS[seen.request.view].info.title}, {seen.request.model}")
    look = f'width="100%" height="{FRAME_HEIGHT}" loading="lazy" style="border:0"'
    embed = ['<iframe src="', f'" title="{title}" {look}></iframe>']
    return {"code": code, "embed": embed, "formats": formats, "figures": statics.figure_names(seen)}


def file_payload(seen: Seen, suffix: str, wish: Mapping[str, Any]) -> Payload:
    """What was seen as a file, for the browser to save; `wish` is the browser's: "dark", "transparent" and
    "figure", the place of the drawing that a picture is to show.

    Raises:
        TokimpError: there is no such format, or it cannot be drawn here.
    """
    if suffix not in FORMATS:
        raise OptionError("There is no such format.", f"There are: {', '.join(FORMATS)}.")
    figure = wish.get("figure")
    data = statics.content(
        seen,
        suffix,
        dark=bool(wish.get("dark")),
        transparent=bool(wish.get("transparent")),
        figure=figure if isinstance(figure, int) else 0,
    )
    encoded = base64.b64encode(data).decode("ascii")
    return {"name": f"{seen.request.view}{suffix}", "type": MEDIA[suffix], "data": encoded}
