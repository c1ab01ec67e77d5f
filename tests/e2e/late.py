"""Answers of the server that come late: what the page asks is held back until a test lets it go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, Route

ASKED = "**/gradio_api/run/**"
"""Where the page asks what does not wait for a model."""


class Late:
    """What the page asked, in order, of which the server has not heard yet."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.held: list[Route] = []

    def hold(self, route: Route) -> None:
        self.held.append(route)

    def asked(self, count: int = 1) -> None:
        """Waits until the page has asked so often."""
        while len(self.held) < count:
            self.page.evaluate("() => new Promise(requestAnimationFrame)")

    def answered(self) -> None:
        """Lets all go that is held, one after the other: each is answered before the server hears of the next."""
        while self.held:
            route = self.held.pop(0)
            with self.page.expect_response(lambda response, asked=route.request: response.request == asked):
                route.continue_()


@contextmanager
def late(page: Page) -> Iterator[Late]:
    """Holds back what the page asks; what is still held at the end is let go."""
    holding = Late(page)
    page.route(ASKED, holding.hold)
    yield holding
    page.unroute(ASKED)
    holding.answered()
