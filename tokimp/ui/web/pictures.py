"""/preview/<code>.png: the picture beside a shared link."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from tokimp.errors import TokimpError
from tokimp.share import from_link
from tokimp.ui.desk import Desk
from tokimp.ui.trouble import report_without_words
from tokimp.ui.web import answers
from tokimp.ui.web.told import known
from tokimp.views.card import card_png, cover_png

SOON = "public, max-age=60"
MOST = 128


class Pictures:
    """Draws one at a time and remembers the last `MOST`, some 30 KB each."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._drawn: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def picture(self, request: Request) -> Response:
        """The result where there is one, else a picture of the page: for a preview nothing is computed.

        404 where the code is none.
        """
        code = str(request.path_params["code"])
        try:
            asked = from_link(code)
            result = known(self._desk, asked)
            if result is None:
                return _png(self._once("", cover_png), SOON)
            explanation = result.explanation
            if not result.finished:
                return _png(card_png(explanation), SOON)
            drawn = self._once(code, lambda: card_png(explanation))
            return answers.unless_known(request, _png(drawn, answers.FOREVER))
        except TokimpError:
            return _png(self._once("", cover_png), answers.NEVER, 404)
        except Exception as error:
            report_without_words(error)
            return Response(status_code=500, headers=answers.guarded())

    def _once(self, name: str, draw: Callable[[], bytes]) -> bytes:
        """What was drawn under this name before, or is now."""
        with self._lock:
            picture = self._drawn.pop(name, None) or draw()
            self._drawn[name] = picture
            while len(self._drawn) > MOST:
                self._drawn.popitem(last=False)
            return picture


def _png(picture: bytes, keep: str, status: int = 200) -> Response:
    return Response(picture, status, answers.guarded(keep=keep), "image/png")
