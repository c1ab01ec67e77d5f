"""What a visitor takes along: the link, the code of an embed, and files.

Links begin with the address that the visitor's browser shows for this page, which only the browser
knows: behind a proxy or in the frame of a hub, the server's own name for itself would lead nowhere.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from tokimp.errors import LinkError, TokimpError
from tokimp.share import LONGEST_ADDRESS, to_code, to_link
from tokimp.types import Explanation
from tokimp.ui.components import Payload
from tokimp.ui.state import Result
from tokimp.views.caption import one_line
from tokimp.views.characters import checked_link, escaped
from tokimp.views.embed import height
from tokimp.views.files import FORMATS, Look, content

FILE = "explanation"
NO_LINK = "So this result has none, but it can be saved as a file."


def share_payload(result: Result) -> Payload | None:
    """The link's code, what stands around the address in an embed's code, and the files; None: unfinished.

    The browser puts the page's address before the code and into the embed.
    """
    if not result.finished:
        return None
    formats = [[suffix, format_.title] for suffix, format_ in FORMATS.items()]
    try:
        code = to_code(result.explanation.request)
    except LinkError as error:
        happened = str(error).removesuffix(error.next_step).strip()
        return {"code": None, "problem": f"{happened} {NO_LINK}", "formats": formats}
    return {"code": code, "embed": _around(result), "formats": formats}


def file_payload(result: Result, suffix: str, wish: Mapping[str, Any]) -> Payload:
    """The result as a file, for the browser to save.

    `wish` comes from the browser: "page" is this page's address, "dark" and "transparent" are for pictures.

    Raises:
        TokimpError: there is no such format, it cannot be drawn here, or the address is none.
    """
    explanation = result.explanation
    link = _link(explanation, wish.get("page"))
    look = Look(bool(wish.get("dark")), bool(wish.get("transparent")), link, result.trust)
    data = base64.b64encode(content(explanation, suffix, look)).decode("ascii")
    return {"name": FILE + suffix.lower(), "type": FORMATS[suffix.lower()].media, "data": data}


def _around(result: Result) -> list[str]:
    """The code of an embed before and behind its address."""
    high = height(result.explanation, scores=result.trust)
    look = f'width="100%" height="{high}" loading="lazy" style="border:0"'
    return ['<iframe src="', f'" title="{escaped(one_line(result.explanation))}" {look}></iframe>']


def _link(explanation: Explanation, page: object) -> str | None:
    """Where the result can be had again; None where the question fits into no link."""
    if not isinstance(page, str) or len(page) > LONGEST_ADDRESS:
        raise TokimpError("This page’s address is missing.", "Reload the page, and try again.")
    checked_link(page)
    try:
        return to_link(explanation.request, page)
    except LinkError:
        return None
