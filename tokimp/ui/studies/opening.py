"""Links to studies."""

from __future__ import annotations

from collections.abc import Mapping

from tokimp.errors import LinkError
from tokimp.share import PARAMETER, from_link
from tokimp.types import Request


def linked_to(query: Mapping[str, str], view: str) -> Request | None:
    """The request of a link to this study; None for any other link, which the other tabs tell of."""
    code = query.get(PARAMETER)
    try:
        request = from_link(code) if code else None
    except LinkError:
        return None
    return request if request is not None and request.view == view else None
