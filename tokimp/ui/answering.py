"""How programs are answered: how far the work is meanwhile, errors as sentences, and where the page shows the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from tokimp.errors import LinkError, TokimpError
from tokimp.types import Request
from tokimp.ui import work
from tokimp.ui.trouble import report_without_words
from tokimp.ui.web import addresses

# The names and the meaning of arguments and of what comes back are part of the public API.
Json = dict[str, Any]


def streamed(answer: Callable[[work.Report[Any]], Any]) -> Iterator[Any]:
    """Says as a dictionary how far the work is, a few times a second, and gives the answer last.

    A generator is what Gradio closes once the caller has gone, which ends the work within one batch.
    """
    try:
        for moment in work.watched(answer, lambda: True):
            yield moment.value if moment.done else {"fraction": moment.fraction, "evaluations": moment.evaluations}
    except TokimpError as error:
        raise gr.Error(str(error), print_exception=False) from None
    except Exception as error:
        report_without_words(error)
        raise gr.Error("Something went wrong here.", print_exception=False) from None


def link_to(asked: Request, request: gr.Request) -> str | None:
    """Where the page shows the same; None where it fits into no link."""
    try:
        return asked.link(addresses.origin(request.request))
    except LinkError:
        return None
