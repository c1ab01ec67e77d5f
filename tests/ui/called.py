"""The page in a process of its own, as programs call it over HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.models import TEXTS

ROOT = Path(__file__).resolve().parents[2]
SECRET = "umbrella"
QUESTION = {"text": TEXTS["next-token"], "model": "tiny", "task": "next-token", "method": "occlusion"}


class Page:
    """The page in its own process."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._file = log.open("w")
        command = [sys.executable, "-m", "tests.ui.served"]
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self._file}
        self.process = subprocess.Popen(command, cwd=ROOT, text=True, **pipes)
        assert self.process.stdout is not None
        lines = iter(self.process.stdout.readline, "")
        self.address = next(line for line in lines if line.startswith("http")).strip()
        self.http = httpx.Client(base_url=f"{self.address}gradio_api", timeout=60)

    def order(self, word: str) -> tuple[int, int]:
        """How many requests run, as far as Gradio knows, and how many batches there were since the gate was shut."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        line, batches = self.process.stdout.readline().split()
        return int(line), int(batches)

    def join(self, name: str, question: dict[str, Any], headers: dict[str, str] | None = None) -> httpx.Response:
        typed = {"Content-Type": "application/json"} | (headers or {})
        return self.http.post(f"/call/v2/{name}", content=json.dumps(question), headers=typed)

    def events(self, name: str, question: dict[str, Any]) -> list[tuple[str, Any]]:
        """What the call is told: kinds and data, the last of which ends it."""
        event = self.join(name, question).raise_for_status().json()["event_id"]
        text = self.http.get(f"/call/{name}/{event}").text
        blocks = [block.split("\n") for block in text.strip().split("\n\n")]
        pairs = [(kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for kind, data in blocks]
        return [pair for pair in pairs if pair[0] != "heartbeat"]

    def close(self) -> None:
        self.http.close()
        self.process.communicate(timeout=60)
        self._file.close()
