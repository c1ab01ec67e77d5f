"""Tries until an endpoint answers: back-off, what Retry-After says, and the budget."""

from __future__ import annotations

import email.utils
import http.client
import json
import random
import threading
import time
from typing import Any

from tokimp.endpoints.settings import Endpoint
from tokimp.endpoints.trouble import Malformed, Refused
from tokimp.endpoints.wire import Reply, Run
from tokimp.errors import EndpointError

PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
MOST_WAIT = 60.0
SHOWN = 200  # characters of what the endpoint says itself
KEPT = "Try again later: what was answered is kept."


class Line:
    """All requests to one endpoint: counts them, and lets all wait where the endpoint asks for it."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._not_before = 0.0
        self.tries = 0

    def ask(self, run: Run, path: str, body: dict[str, Any], passing: frozenset[int] = PASSING) -> Any:
        """The JSON that the endpoint answers. `passing`: statuses after which it is asked again.

        Raises:
            Refused: any other status but 200.
            Malformed: it answers no JSON.
        EndpointError: it cannot be reached or has no time; or the budget is used up.
            Ended: the run has ended meanwhile.
        """
        for retry in range(self._endpoint.retries + 1):
            run.wait(self._not_before - time.monotonic())
            self._count()
            try:
                reply = run.post(self._endpoint, path, body)
            except (OSError, UnicodeError, http.client.HTTPException) as error:
                run.wait(0)  # a connection that this side has closed is no fault of the endpoint
                failure, told = self._no_answer(error), 0.0
            else:
                if reply.status == 200:
                    return _parsed(reply)
                if reply.status not in passing:
                    raise self._refused(reply)
                failure, told = _trouble(reply.status), seconds_told(reply.retry_after)
            if told > MOST_WAIT:
                raise EndpointError(f"The endpoint takes no requests for {told:,.0f} seconds.", KEPT)
            if retry < self._endpoint.retries:
                self._hold(told)
                run.wait(waiting(retry, self._endpoint.backoff, told))
        raise failure

    def _count(self) -> None:
        with self._lock:
            budget = self._endpoint.budget
            if budget is not None and self.tries >= budget:
                raise EndpointError(
                    f"The budget of {budget:,} requests to this endpoint is used up.",
                    "What was answered is kept. Ask for less, or have its owner raise the budget.",
                )
            self.tries += 1

    def _hold(self, seconds: float) -> None:
        with self._lock:
            self._not_before = max(self._not_before, time.monotonic() + seconds)

    def _no_answer(self, error: Exception) -> EndpointError:
        if isinstance(error, TimeoutError):
            return EndpointError(f"The endpoint did not answer within {self._endpoint.timeout:g} seconds.", KEPT)
        if isinstance(error, http.client.HTTPException):
            return EndpointError("The endpoint broke off in the middle of an answer.", KEPT)
        return EndpointError("The endpoint cannot be reached.", KEPT)

    def _refused(self, reply: Reply) -> Refused:
        if reply.status in (401, 403):
            return Refused(f"The endpoint does not accept the key ({reply.status}).", "Its owner must set another.")
        if 300 <= reply.status < 400:
            return Refused(f"The endpoint has moved ({reply.status}).", "Its owner must set the new address.")
        words = _words(reply.body)
        if self._endpoint.key is not None:
            words = words.replace(self._endpoint.key, "…")
        said = f": {words[:SHOWN]}" if words else "."
        return Refused(f"The endpoint refuses the request ({reply.status}){said}", "Ask for something else.")


def waiting(retry: int, first: float, told: float = 0.0) -> float:
    """Seconds before a retry (0 for the first): doubled each time, less up to a half by chance, not under `told`."""
    return max(told, min(first * 2.0**retry, MOST_WAIT) * random.uniform(0.5, 1.0))


def seconds_told(header: str) -> float:
    """Retry-After in seconds, given as a number or a date; 0 where it says nothing."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return 0.0


def _trouble(status: int) -> EndpointError:
    if status == 429:
        return EndpointError("The endpoint takes no more requests for now (429).", KEPT)
    return EndpointError(f"The endpoint is in trouble or overloaded ({status}).", KEPT)


def _parsed(reply: Reply) -> Any:
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        raise Malformed("The endpoint’s answer is no JSON.", "Its owner should check its address.") from None


def _words(body: bytes) -> str:
    """What an error says: `error.message` as most have it, or `message`, `detail`, `error`."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    for name in ("error", "message", "detail"):
        told = told.get(name, told) if isinstance(told, dict) else told
    return " ".join(told.split()) if isinstance(told, str) else ""
