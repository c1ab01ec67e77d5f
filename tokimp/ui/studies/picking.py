"""A token of a study that is asked about: which explanation it stands in, and the drawer of its reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tokimp.errors import LinkError
from tokimp.methods.base import METHODS
from tokimp.share import from_link
from tokimp.types import Explanation
from tokimp.ui import whying
from tokimp.ui.desk import Desk
from tokimp.ui.display import Changes
from tokimp.ui.studies.base import Studied
from tokimp.ui.visitors import Visitor


class Picked(NamedTuple):
    """A token of one of the explanations; `of` says of which, beside the others."""

    explanation: Explanation
    token: int
    of: str


Clicked = tuple[object, object]
"""Where a click was, and what the browser said with it: neither is checked."""


@dataclass(frozen=True)
class WhyDrawer:
    """The drawer of a tab. `picked` is what a click there was on; None where it was on no token of an explanation."""

    picked: Callable[[Studied | None, object, object], Picked | None]

    def begin(self, desk: Desk, shown: Studied | None, index: object, said: object, visitor: Visitor) -> Changes:
        """The drawer opens, and waits for its turn; nothing while another study is on its way."""
        found = self.picked(shown, index, said)
        if found is None or desk.turns.current(visitor) is not None:
            return {}
        return whying.begin(desk, found.explanation, found.token, visitor) | {"why_asked": (index, said)}

    def run(
        self, desk: Desk, shown: Studied | None, asked: Clicked, visitor: Visitor, ticket: Mapping[str, Any] | None
    ) -> Iterator[Changes]:
        """Each reason as it comes. Yields at least once."""
        found = self.picked(shown, *asked)
        if found is None:
            yield {}
        else:
            yield from whying.run(desk, found.explanation, found.token, visitor, ticket, found.of)

    def take_file(self, desk: Desk, shown: Studied | None, asked: Clicked, suffix: object) -> Changes:
        """The reasons as a file, for the browser to save, as far as they are still at hand."""
        found = self.picked(shown, *asked)
        return {} if found is None else whying.take_file(desk, found.explanation, found.token, suffix)

    @staticmethod
    def at_hand(desk: Desk, shown: Studied | None, share: Mapping[str, Any] | None) -> Studied | None:
        """The study on screen: as the session holds it, or else by the code that the browser has for its link."""
        code = (share or {}).get("code")
        if shown is not None or not isinstance(code, str):
            return shown
        try:
            return desk.studying.find(from_link(code))
        except LinkError:
            return None


def title_of(explanation: Explanation) -> str:
    """Of the method."""
    return METHODS[explanation.request.method].info.title
