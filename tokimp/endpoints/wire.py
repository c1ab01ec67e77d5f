"""One try of one request over HTTP, which can be ended from outside."""

from __future__ import annotations

import functools
import http.client
import json
import socket
import ssl
import threading
import time
from contextlib import suppress
from typing import Any, NamedTuple

from tokimp.endpoints.settings import Endpoint

MOST_BYTES = 64 * 2**20
BLOCK = 2**16


class Reply(NamedTuple):
    """What came back: the status, Retry-After or "", and the body."""

    status: int
    retry_after: str
    body: bytes


class Ended(Exception):
    """Whoever asked wants no answer any more."""


class Run:
    """The requests of one call, which end together."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._open: set[http.client.HTTPConnection] = set()

    def wait(self, seconds: float) -> None:
        """Raises Ended as soon as the run has ended."""
        if self._ended.wait(seconds) if seconds > 0 else self._ended.is_set():
            raise Ended

    def stop_asking(self) -> None:
        """No further request is begun; those on the way still bring their answers."""
        self._ended.set()

    def end(self) -> None:
        """Drops the requests on the way, too, without waiting for them."""
        self._ended.set()
        with self._lock:
            for connection in self._open:
                if connection.sock is not None:
                    with suppress(OSError):
                        connection.sock.shutdown(socket.SHUT_RDWR)

    def post(self, endpoint: Endpoint, path: str, body: dict[str, Any]) -> Reply:
        """Sends a body as JSON. Redirects are not followed and no proxy is used: the key goes to one place only.

        Raises:
            Ended: the run ended before it was sent.
            OSError, http.client.HTTPException: no whole answer within the time.
        """
        self.wait(0)
        connection = _connection(endpoint)
        with self._lock:
            self._open.add(connection)
        try:
            connection.connect()
            self.wait(0)
            return _exchange(connection, endpoint, path, body)
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()


def _connection(endpoint: Endpoint) -> http.client.HTTPConnection:
    parts = endpoint.address
    host, timeout = parts.hostname or "", endpoint.timeout
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port, timeout=timeout)
    return http.client.HTTPSConnection(host, parts.port, timeout=timeout, context=_certificates())


@functools.cache
def _certificates() -> ssl.SSLContext:
    return ssl.create_default_context()


def _exchange(connection: http.client.HTTPConnection, endpoint: Endpoint, path: str, body: dict[str, Any]) -> Reply:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if endpoint.key is not None:
        headers["Authorization"] = f"Bearer {endpoint.key}"
    deadline = time.monotonic() + endpoint.timeout
    connection.request("POST", endpoint.address.path + path, json.dumps(body).encode(), headers)
    with connection.getresponse() as response:
        blocks, size = [], 0
        while block := response.read1(BLOCK):  # a time-out of the socket begins anew with each byte
            blocks.append(block)
            size += len(block)
            if time.monotonic() > deadline:
                raise TimeoutError
            if size > MOST_BYTES:
                raise http.client.HTTPException("The answer is too long.")
        if response.length:
            raise http.client.IncompleteRead(b"")
        return Reply(response.status, response.headers.get("Retry-After", ""), b"".join(blocks))
