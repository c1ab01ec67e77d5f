"""/oembed: how other sites put a link of this page into theirs (oembed.com, type "rich")."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tokimp import types
from tokimp.errors import LinkError
from tokimp.share import from_link, to_code
from tokimp.ui.desk import Desk
from tokimp.ui.web import addresses, answers
from tokimp.ui.web.told import known, title_of
from tokimp.views import card, embed

HOUR = "public, max-age=3600"


def oembed(desk: Desk, request: Request) -> Response:
    """JSON for the address of a page or an embed, wherever it was given out: a code means the same everywhere.

    404 where the address holds no question, 501 for another format than JSON, as the specification says.
    """
    query = request.query_params
    headers = answers.guarded(keep=HOUR) | {"access-control-allow-origin": "*"}
    if query.get("format", "json") != "json":
        return JSONResponse({"error": "Only format=json is spoken here."}, 501, headers)
    address = query.get("url", "")
    try:
        asked = from_link(address)
    except LinkError as error:
        return JSONResponse({"error": str(error)}, 404, headers | {"cache-control": answers.NEVER})
    most = _pixels(query.get("maxwidth")), _pixels(query.get("maxheight"))
    described = _described(desk, asked, addresses.origin(request), addresses.look_of(address), most)
    return JSONResponse(described, 200, headers | {"vary": "X-Forwarded-Host, X-Forwarded-Proto"})


def _described(
    desk: Desk, asked: types.Request, base: str, look: addresses.Look, most: tuple[int | None, int | None]
) -> dict[str, Any]:
    result = known(desk, asked)
    most_wide, most_high = most
    width = min(embed.WIDTH, most_wide or embed.WIDTH)
    if result is None:
        height = embed.expected_height(asked, width)
    else:
        height = embed.height(result.explanation, width, heatmap=look.view == "heatmap", scores=result.trust)
    height = min(height, most_high or height)
    code, title = to_code(asked), title_of(asked, None if result is None else result.explanation)
    address = addresses.embed_link(base, code, look)
    described: dict[str, Any] = {
        "version": "1.0",
        "type": "rich",
        "title": title,
        "provider_name": "tokimp",
        "provider_url": f"{base}/",
        "html": embed.frame_code(address, title, height, width),
        "width": width,
        "height": height,
        "cache_age": 3600,
    }
    if all(size <= (most or size) for size, most in ((card.WIDTH, most_wide), (card.HEIGHT, most_high))):
        picture = {"url": addresses.picture_link(base, code), "width": card.WIDTH, "height": card.HEIGHT}
        described |= {f"thumbnail_{name}": value for name, value in picture.items()}
    return described


def _pixels(given: str | None) -> int | None:
    return int(given) if given and re.fullmatch(r"[1-9]\d{0,4}", given, re.ASCII) else None
