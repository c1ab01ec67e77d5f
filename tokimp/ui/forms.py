"""What a visitor sets, and the sentences that answer: components with constant templates."""

from __future__ import annotations

import itertools
from typing import Any, ClassVar

from tokimp.types import Value
from tokimp.ui.components import Payload, View

Picked = str | int | None

_FILES = itertools.count()  # a value that stays the same is no news to a browser


class Choice(View):
    """`controls.choice_payload`: a native list. Its value in handlers is what was chosen or typed.

    `input`: another entry was chosen, or a word typed.
    """

    script = "choice.js"
    more = ("own.js",)

    def preprocess(self, payload: str | None) -> Picked:
        value = super().preprocess(payload) or {}
        typed = value.get("typed")
        chosen: Picked = typed[:300] if isinstance(typed, str) and typed else value.get("chosen")
        return chosen if isinstance(chosen, str | int) else None


class OptionForm(View):
    """`controls.options_payload`. Its value in handlers is what differs from the defaults, by name."""

    script = "options.js"
    more: ClassVar[tuple[str, ...]] = ("own.js",)

    def preprocess(self, payload: str | None) -> dict[str, Value]:
        fields: list[dict[str, Any]] = (super().preprocess(payload) or {}).get("fields", [])
        return {each["name"]: each["value"] for each in fields if each["value"] != each["default"]}


class Sentences(View):
    """`sentences.told`."""

    script = "sentences.js"


class Status(Sentences):
    """Sentences on the work; with `sentences.waiting`, how many are before this page in the queue."""

    more = ("status.js",)


class Ticket(View):
    """`sentences.ticket`. `submit`: its turn was begun, and joins the queue.

    What it waits for changes nothing here: a late word from the turn before cannot keep the next one from its place.
    """

    script = "ticket.js"


class Download(View):
    """`sharing.file_payload`: the browser saves it as a file, also one that it was handed before."""

    script = "download.js"

    def postprocess(self, value: Payload | None) -> str | None:
        return super().postprocess(None if value is None else value | {"number": next(_FILES)})


class Share(View):
    """`sharing.share_payload`: a link and an embed's code to copy, files to save.

    `select`: a file is wanted; `evt.index` is its suffix, `evt.value` what `sharing.file_payload` takes as wish.
    """

    script = "share.js"
