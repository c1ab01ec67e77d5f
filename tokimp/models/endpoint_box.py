"""A completion endpoint as a black box."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Sequence
from typing import Any

from tokimp.endpoints import Client, Endpoint, configured
from tokimp.errors import ModelNotFoundError
from tokimp.models.black_box import BlackBox, black_box

PREFIX = "endpoint:"
TOP = 20  # vLLM lists no more
AHEAD = 4  # texts handed over for each request at once, so that no thread waits for a batch to end

_clients: dict[Endpoint, Client] = {}
_lock = threading.Lock()


def endpoint(
    at: str | Endpoint | Client,
    answer: Sequence[str] | str | None = None,
    *,
    top: int = TOP,
    tokenizer: Any = None,
    mask: str | None = None,
) -> BlackBox:
    """A model behind a completion endpoint: the name of one that the environment configures, or its settings.

    Without an answer, one of the `top` likeliest next tokens is explained. With the texts of an answer's
    tokens, such as `Client.complete` gives, it is for `explain_generation`; a text counts as one token.
    All boxes of one endpoint share its budget and its memory.

    Raises:
        ModelNotFoundError: none of that name is configured. OptionError: the configuration cannot be read.
    """
    client = at if isinstance(at, Client) else client_of(settings_of(at) if isinstance(at, str) else at)
    name = PREFIX + (at if isinstance(at, str) else client.endpoint.model or "endpoint")
    asked: dict[str, Any] = {"mask": mask, "batch": AHEAD * client.endpoint.concurrency, "name": name}
    if answer is None:
        return black_box(
            lambda texts: client.next_log_probs(texts, top),
            tokenizer,
            "next-token",
            output="log-probabilities",
            **asked,
        )
    tokens, text = ([answer], answer) if isinstance(answer, str) else (list(answer), "".join(answer))

    def scored(texts: list[str]) -> list[list[float]]:
        rows = client.answer_log_probs(texts, text)
        return [[sum(row)] for row in rows] if isinstance(answer, str) else rows

    return black_box(scored, tokenizer, answer=tokens, **asked)


def endpoint_names() -> tuple[str, ...]:
    """What `load` takes for the endpoints that the environment has.

    Raises:
        OptionError: the configuration cannot be read.
    """
    return tuple(PREFIX + name for name in configured())


def settings_of(name: str) -> Endpoint:
    """The endpoint that the environment has by that name.

    Raises:
        ModelNotFoundError: there is none. OptionError: the configuration cannot be read.
    """
    known = configured()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "The owner of the app configures endpoints in its environment."
    raise ModelNotFoundError(f"There is no endpoint {name!r}.", hint)


def client_of(settings: Endpoint) -> Client:
    """The one client of these settings."""
    with _lock:
        if settings not in _clients:
            _clients[settings] = Client(settings)
        return _clients[settings]
