"""Puts other words into the head of an HTML page: by its tags, never by a pattern that could match a script."""

from __future__ import annotations

from contextlib import suppress
from html.parser import HTMLParser
from itertools import accumulate

_REPLACED = ("description", "og:", "twitter:")


def with_head(page: str, tags: str) -> str:
    """The page with `tags` in place of its title and of what it says of itself to search engines and previews.

    A page without a head comes back as it is.
    """
    reader = _Reader(page)
    if reader.end is None:
        return page
    place = reader.spans[0][0] if reader.spans else reader.end
    kept, at = [], place
    for start, end in reader.spans:
        kept.append(page[at:start])
        at = end
    return page[:place] + tags + "".join(kept) + page[at:]


class _Reader(HTMLParser):
    """Finds what is to be replaced: `spans` of characters, and the `end` of the head (None: there is none)."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=False)
        self.spans: list[tuple[int, int]] = []
        self.end: int | None = None
        self._page = page
        self._lines = list(accumulate((len(line) + 1 for line in page.split("\n")), initial=0))
        self._title: int | None = None
        with suppress(_HeadIsOver):
            self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":
            raise _HeadIsOver
        if tag == "title" and self._title is None:
            self._title = self._here()
        elif tag == "meta" and any(
            name in ("name", "property") and (value or "").startswith(_REPLACED) for name, value in attrs
        ):
            self.spans.append((self._here(), self._here() + len(self.get_starttag_text() or "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "title" and self._title is not None:
            self.spans.append((self._title, self._page.index(">", self._here()) + 1))
            self._title = None
        elif tag == "head":
            self.end = self._here()
            raise _HeadIsOver

    def _here(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column


class _HeadIsOver(Exception):
    """Nothing after it is read."""
