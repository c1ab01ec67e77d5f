"""What only the tabs that compare need: a choice of several methods, a table that is read here, views of many lines."""

from __future__ import annotations

from typing import Any

from tokimp.ui.components import Drawing, RankedTable, View

MOST_BYTES = 256 * 1024
"""Of a table; each letter may take several bytes more on its way."""


class MethodList(View):
    """`kinds.method_list`. Its value in handlers are the chosen keys. `input`: one was chosen or left out."""

    script = "methods.js"
    more = ("own.js",)

    def preprocess(self, payload: str | None) -> tuple[str, ...]:
        chosen = (super().preprocess(payload) or {}).get("chosen")
        return tuple(each for each in chosen if isinstance(each, str)) if isinstance(chosen, list) else ()


class TableFile(View):
    """A CSV file that the browser reads: "text" and "column" on the way here, `tables.taken` on the way back.

    `input`: a file was picked, or another of its columns. Nothing of it is kept.
    """

    script = "table_file.js"

    def preprocess(self, payload: str | None) -> dict[str, Any]:
        return super().preprocess(payload) or {}


class TokenLines(View):
    """Coloured lines of one text under each other: `payloads.comparison_parts`.

    `select`: a token was clicked or Enter pressed on it; `evt.index` is its position, `evt.value` the line's method.
    """

    script = "token_lines.js"


class MeasuredDrawing(Drawing):
    """`payloads.switched` of drawings."""

    more = ("measured.js",)


class MeasuredTable(RankedTable):
    """`payloads.switched` of tables."""

    more = ("measured.js",)
