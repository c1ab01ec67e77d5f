"""A model hub on loopback that serves folders: `<root>/<owner>/<name>/…`."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class FakeHub:
    """Every request is kept in `asked`; `facts` are added to what the hub says of a model."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.asked: list[str] = []
        self.facts: dict[str, dict[str, Any]] = {}
        self.closed: set[str] = set()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                hub.answer(self, body=False)

            def do_GET(self) -> None:
                hub.answer(self, body=True)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def downloads(self) -> list[str]:
        return [line.rsplit("/", 1)[1] for line in self.asked if line.startswith("GET") and "/resolve/" in line]

    def answer(self, request: BaseHTTPRequestHandler, body: bool) -> None:
        path = request.path.split("?")[0].strip("/")
        self.asked.append(f"{request.command} {path}")
        parts = path.split("/")
        if path == "":
            self._send(request, 200, b"", body)
        elif parts[:2] == ["api", "models"]:
            self._describe(request, "/".join(parts[2:4]), parts[5] if len(parts) > 5 else "main", body)
        elif "resolve" in parts:
            self._file(request, "/".join(parts[:2]), parts[3], "/".join(parts[4:]), body)
        else:
            self._send(request, 404, b"", body)

    def _describe(self, request: BaseHTTPRequestHandler, name: str, revision: str, body: bool) -> None:
        folder = self.root / name
        if not folder.is_dir():
            self._send(request, 404, b"{}", body, {"X-Error-Code": "RepoNotFound"})
            return
        if revision not in ("main", COMMIT):
            self._send(request, 404, b"{}", body, {"X-Error-Code": "RevisionNotFound"})
            return
        files = [{"rfilename": path.name, "size": path.stat().st_size} for path in sorted(folder.iterdir())]
        about = {"id": name, "sha": COMMIT, "private": False, "gated": False, "tags": [], "siblings": files}
        self._send(request, 200, json.dumps(about | self.facts.get(name, {})).encode(), body)

    def _file(self, request: BaseHTTPRequestHandler, name: str, revision: str, file: str, body: bool) -> None:
        path = self.root / name / file
        if name in self.closed:
            self._send(request, 403, b"", body, {"X-Error-Code": "GatedRepo"})
        elif revision not in ("main", COMMIT) or not path.is_file():
            self._send(request, 404, b"", body, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
        else:
            content = path.read_bytes()
            etag = hashlib.sha256(content).hexdigest()
            self._send(request, 200, content, body, {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT})

    @staticmethod
    def _send(
        request: BaseHTTPRequestHandler, status: int, content: bytes, body: bool, headers: dict[str, str] | None = None
    ) -> None:
        request.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            request.send_header(name, value)
        request.end_headers()
        if body:
            request.wfile.write(content)
