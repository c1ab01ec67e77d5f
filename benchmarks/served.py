"""The page as people get it, in a process of its own, and a client that speaks to it over plain HTTP."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 600.0
# What a Space would set: see tokimp.ui.limits. Visitors are told apart by what the proxy here, the client, says.
LIKE_A_SPACE = {
    "TOKIMP_MOST_SECONDS": "120",
    "TOKIMP_MOST_EVALUATIONS": "20000",
    "TOKIMP_MOST_PER_VISITOR": "16",
    "TOKIMP_MOST_SHARE": "20",
    "TOKIMP_MOST_EMBED_SECONDS": "30",
    "TOKIMP_TRUSTED_PROXIES": "127.0.0.1",
}


@dataclass(frozen=True)
class Answer:
    """status: of the request that asked; event: how the stream ended ("" where there was none); value: what came."""

    status: int
    event: str
    value: Any
    seconds: float


@dataclass(frozen=True)
class Page:
    """A running page. `visitor` in its methods is an address that the request seems to come from."""

    port: int
    pid: int

    def get(self, path: str, visitor: str = "") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers=_headers(visitor))
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def ask(self, endpoint: str, arguments: Mapping[str, Any], visitor: str = "") -> Answer:
        """Joins the queue and reads until the answer, as Gradio's own client does."""
        start = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            body = json.dumps(dict(arguments))
            headers = {"Content-Type": "application/json"} | _headers(visitor)
            connection.request("POST", f"/gradio_api/call/v2/{endpoint}", body, headers)
            response = connection.getresponse()
            told = response.read()
            if response.status != 200:
                return Answer(response.status, "", told.decode("utf-8", "replace"), time.monotonic() - start)
            event = json.loads(told)["event_id"]
            connection.request("GET", f"/gradio_api/call/{endpoint}/{event}", headers=_headers(visitor))
            name, value = _last(connection.getresponse())
            return Answer(200, name, value, time.monotonic() - start)
        finally:
            connection.close()

    def resident(self) -> int:
        """Bytes of memory that the page's process holds (Linux)."""
        pages = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def page(cache: Path, settings: Mapping[str, str] | None = None, threads: int = 1) -> Iterator[Page]:
    """Serves with an empty store in `cache`, without the model hub; ends the page afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {
        "HF_HUB_OFFLINE": "1",
        "TOKIMP_CACHE": str(cache),
        "OMP_NUM_THREADS": str(threads),
        "GOMP_SPINCOUNT": "0",
    }
    command = [sys.executable, "-m", "tokimp", "serve", "--host", "127.0.0.1", "--port", str(port)]
    with (cache / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, env=environment | dict(settings or {}), stdout=log, stderr=log
        )
        try:
            running = Page(port, process.pid)
            _wait(running, process)
            yield running
        finally:
            process.terminate()
            process.wait(30)


def complaints(cache: Path) -> list[str]:
    """Lines of the page's log that tell of something that went wrong."""
    lines = (cache / "log").read_text(encoding="utf-8", errors="replace").splitlines()
    return [line for line in lines if "Traceback" in line or "Error" in line or "ERROR" in line]


def _wait(running: Page, process: subprocess.Popen[bytes]) -> None:
    """Until it is healthy and its first results are there."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"The page ended with {process.returncode}.")
        try:
            if running.get("/healthz")[0] == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("The page did not open within two minutes.")


def _headers(visitor: str) -> dict[str, str]:
    return {"X-Forwarded-For": visitor} if visitor else {}


def _last(response: http.client.HTTPResponse) -> tuple[str, Any]:
    """The last event of a stream with its data."""
    name, value = "", None
    for line in response:
        if line.startswith(b"event:"):
            name = line.partition(b":")[2].strip().decode()
        elif line.startswith(b"data:") and name in ("complete", "error", "generating"):
            value = json.loads(line.partition(b":")[2])
        if name in ("complete", "error") and line.startswith(b"data:"):
            break
    return name, value[0] if isinstance(value, list) and value else value
