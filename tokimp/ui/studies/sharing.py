"""What a visitor takes along of a comparison: its link, the code of an embed, and files."""

from __future__ import annotations

import base64

from tokimp.errors import LinkError, OptionError
from tokimp.share import to_code
from tokimp.ui.components import Payload
from tokimp.ui.studies.base import FORMATS, MEDIA, STUDIES, Studied, written
from tokimp.views.characters import escaped

FRAME_HEIGHT = 640


def share_payload(studied: Studied) -> Payload | None:
    """As `ui.sharing.share_payload`, of a study; None: unfinished."""
    if not studied.finished:
        return None
    formats = [[suffix, title] for suffix, title in FORMATS.items()]
    try:
        code = to_code(studied.request)
    except LinkError as error:
        return {"code": None, "problem": str(error), "formats": formats}
    title = escaped(STUDIES[studied.request.view].heading(studied))
    look = f'width="100%" height="{FRAME_HEIGHT}" loading="lazy" style="border:0"'
    return {"code": code, "embed": ['<iframe src="', f'" title="{title}" {look}></iframe>'], "formats": formats}


def file_payload(studied: Studied, suffix: str) -> Payload:
    """The study as a file, for the browser to save.

    Raises:
        OptionError: there is no such format.
    """
    if suffix not in FORMATS:
        raise OptionError("There is no such format.", f"There are: {', '.join(FORMATS)}.")
    data = base64.b64encode(written(studied, suffix).encode("utf-8", "replace")).decode("ascii")
    return {"name": f"{studied.request.view}{suffix}", "type": MEDIA[suffix], "data": data}
