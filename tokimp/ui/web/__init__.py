"""What is served beside the page: embeds, oEmbed, link previews, health. Starlette only.

Nothing here computes: all questions go to the desk, and what it has not answered yet is asked again later.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.middleware import Middleware
from starlette.routing import Route

from tokimp.ui.desk import Desk
from tokimp.ui.web.embeds import embed
from tokimp.ui.web.health import healthz, metrics
from tokimp.ui.web.oembed import oembed
from tokimp.ui.web.pictures import Pictures
from tokimp.ui.web.previews import Previews


def app_settings(desk: Desk) -> dict[str, Any]:
    """Routes and middleware for `launch(app_kwargs=…)`."""
    routes = [
        Route("/e/{code}", partial(embed, desk)),
        Route("/oembed", partial(oembed, desk)),
        Route("/preview/{code}.png", Pictures(desk).picture),
        Route("/healthz", partial(healthz, desk)),
        Route("/metrics", partial(metrics, desk)),
    ]
    return {"routes": routes, "middleware": [Middleware(Previews, desk=desk)]}
