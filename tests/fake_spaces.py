"""A hub on loopback that keeps Spaces: creates them, takes commits and large files, and says who may do what."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "hf_of_a_test"
LARGE = (".safetensors", ".png")
Answer = tuple[int, Any, dict[str, str]]


@dataclass
class Space:
    """What the hub knows of one Space."""

    private: bool = False
    sdk: str = "gradio"
    hardware: str = "cpu-basic"
    files: dict[str, bytes] = field(default_factory=lambda: {".gitattributes": b"*.png filter=lfs", "README.md": b"#"})
    variables: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    commits: list[dict[str, Any]] = field(default_factory=list)

    @property
    def head(self) -> str:
        return f"{len(self.commits) + 1:040x}"


class FakeSpaces:
    """`refuses` maps the beginning of a request to what is answered instead: a status and a message.

    `open`: whoever has no token may read.
    """

    def __init__(self) -> None:
        self.spaces: dict[str, Space] = {}
        self.large: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.open = False
        self.refuses: dict[str, tuple[int, str]] = {}
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.answer(self)

            def do_POST(self) -> None:
                hub.answer(self)

            def do_PUT(self) -> None:
                hub.answer(self)

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

    def writes(self) -> list[str]:
        """Requests that change something, in order."""
        return [line for line in self.asked if not line.startswith("GET") and "/preupload/" not in line]

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.split("?")[0]
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        line = f"{request.command} {path}"
        self.asked.append(line)
        refused = next((told for start, told in self.refuses.items() if line.startswith(start)), None)
        if refused is not None:
            status, content, headers = refused[0], {"error": refused[1]}, {}
        elif path.startswith("/large/"):  # the address itself is the permission
            self.large[path.removeprefix("/large/")] = body
            status, content, headers = 200, {}, {}
        else:
            given = request.headers.get("Authorization")
            allowed = given == f"Bearer {TOKEN}" or (self.open and request.command == "GET" and given is None)
            status, content, headers = self._answer(request.command, path, body, allowed)
        self._send(request, status, json.dumps(content).encode(), headers)

    def _answer(self, command: str, path: str, body: bytes, allowed: bool) -> Answer:
        if not allowed:
            return 401, {"error": "Invalid credentials in Authorization header"}, {}
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}, {}
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        name, what = _named(path)
        space = self.spaces.get(name)
        if space is None:
            return 404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"}
        answers: dict[str, Callable[[Space, str, bytes], Answer]] = {
            "": self._describe,
            "tree": self._tree,
            "variables": self._variables,
            "secrets": self._secrets,
            "hardware": self._hardware,
            "preupload": self._preupload,
            "info": self._batch,
            "commit": self._commit,
        }
        return answers[what.split("/")[0]](space, command, body)

    def _create(self, facts: dict[str, Any]) -> Answer:
        name = f"{facts['organization']}/{facts['name']}"
        if name in self.spaces:
            return 409, {"error": "You already created this space repo"}, {}
        assert facts["type"] == "space"
        private = facts.get("private", False) or facts.get("visibility") == "private"
        self.spaces[name] = Space(private, facts["sdk"], facts.get("hardware") or "cpu-basic")
        return 200, {"url": f"{self.url}/spaces/{name}"}, {}

    def _describe(self, space: Space, _command: str, _body: bytes) -> Answer:
        name = next(name for name, each in self.spaces.items() if each is space)
        runtime = {"stage": "RUNNING", "hardware": {"current": space.hardware, "requested": space.hardware}}
        facts = {"id": name, "sha": space.head, "private": space.private, "sdk": space.sdk, "runtime": runtime}
        return 200, facts | {"author": name.split("/")[0], "tags": [], "siblings": [], "likes": 0}, {}

    def _tree(self, space: Space, _command: str, _body: bytes) -> Answer:
        rows: list[dict[str, Any]] = [{"type": "directory", "path": "tokimp", "oid": "0" * 40}]
        for name, content in space.files.items():
            row = {"type": "file", "path": name, "size": len(content), "oid": git_hash(content)}
            if name.endswith(LARGE):
                row["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
            rows.append(row)
        return 200, rows, {}

    def _variables(self, space: Space, command: str, body: bytes) -> Answer:
        if command == "POST":
            facts = json.loads(body)
            space.variables[facts["key"]] = facts["value"]
        return 200, {name: {"value": value} for name, value in space.variables.items()}, {}

    def _secrets(self, space: Space, _command: str, body: bytes) -> Answer:
        facts = json.loads(body)
        space.secrets[facts["key"]] = facts["value"]
        return 200, {}, {}

    def _hardware(self, space: Space, _command: str, body: bytes) -> Answer:
        space.hardware = json.loads(body)["flavor"]
        return 200, {"stage": "BUILDING", "hardware": {"current": None, "requested": space.hardware}}, {}

    def _preupload(self, _space: Space, _command: str, body: bytes) -> Answer:
        files = [
            {
                "path": each["path"],
                "uploadMode": "lfs" if each["path"].endswith(LARGE) else "regular",
                "shouldIgnore": False,
            }
            for each in json.loads(body)["files"]
        ]
        return 200, {"files": files}, {}

    def _batch(self, _space: Space, _command: str, body: bytes) -> Answer:
        objects = [
            each | {"actions": {"upload": {"href": f"{self.url}/large/{each['oid']}"}}}
            for each in json.loads(body)["objects"]
        ]
        return 200, {"objects": objects, "transfer": "basic"}, {}

    def _commit(self, space: Space, _command: str, body: bytes) -> Answer:
        lines = [json.loads(line) for line in body.splitlines()]
        header = lines[0]["value"]
        if header.get("parentCommit") not in (None, space.head):
            return 412, {"error": "A commit has happened since. Please refresh and try again."}, {}
        for line in lines[1:]:
            name = line["value"]["path"]
            if line["key"] == "file":
                space.files[name] = base64.b64decode(line["value"]["content"])
            elif line["key"] == "lfsFile":
                space.files[name] = self.large[line["value"]["oid"]]
            else:
                assert line["key"] == "deletedFile"
                del space.files[name]
        space.commits.append({"message": header["summary"], "paths": [line["value"]["path"] for line in lines[1:]]})
        return 200, {"commitUrl": f"{self.url}/spaces/a/b/commit/{space.head}", "commitOid": space.head}, {}

    @staticmethod
    def _send(request: BaseHTTPRequestHandler, status: int, content: bytes, headers: dict[str, str]) -> None:
        request.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)


def git_hash(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0%s" % (len(content), content)).hexdigest()


def _named(path: str) -> tuple[str, str]:
    """`/api/spaces/owner/name/what` or `/spaces/owner/name.git/what` as a name and what is asked of it."""
    parts = path.removeprefix("/api").strip("/").split("/")
    return f"{parts[1]}/{parts[2].removesuffix('.git')}", "/".join(parts[3:])
