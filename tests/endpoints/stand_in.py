"""A completion server on loopback with a language model of hashes, and with whatever faults a test wants."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tokimp.endpoints import Client, Endpoint

VOCABULARY = (" Paris", " London", " is", " the", ".", " and", " café", "\n")
BEGINNING = "<s>"
Fault = Callable[[BaseHTTPRequestHandler], None]
Row = dict[str, Any]


def tokens(text: str) -> list[str]:
    """Words with the space before them, as most tokenizers cut."""
    return re.findall(r" ?\w+|\s|[^\w\s]", text)


def log_prob(prefix: str, token: str) -> float:
    """Between −10 and −0.1, by chance, but always the same."""
    digest = hashlib.sha256(f"{prefix}|{token}".encode()).digest()
    return -0.1 - 9.9 * int.from_bytes(digest[:4], "big") / 2**32


def likeliest(prefix: str, top: int) -> dict[str, float]:
    rows = {token: log_prob(prefix, token) for token in VOCABULARY}
    return dict(sorted(rows.items(), key=lambda row: -row[1])[:top])


def answer_log_probs(text: str, answer: str) -> list[float]:
    """What a client must find."""
    cut = tokens(answer)
    return [log_prob(text + "".join(cut[:at]), token) for at, token in enumerate(cut)]


class StandIn:
    """kind: "vllm" echoes with a token of the beginning, "plain" without one, "shifted" with the log-probabilities
    of other positions; "llama.cpp" does not echo, but can be forced; "silent" has no log-probabilities.

    faults: what happens to the next requests instead of an answer, one each; None for an answer.
    edit: changes every answer before it is sent.
    """

    def __init__(self, kind: str = "vllm") -> None:
        self.kind = kind
        self.faults: list[Fault | None] = []
        self.edit: Callable[[Row], Any] = lambda row: row
        self.replies: Callable[[str, Row], Any] = self._reply
        self.asked: list[tuple[str, dict[str, str], Row]] = []
        self.let_go = threading.Event()
        self._lock = threading.Lock()
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                stand_in.handle(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def prompts(self, echoed: bool = True) -> list[Any]:
        return [body["prompt"] for path, _, body in self.asked if "prompt" in body and (echoed or "echo" not in body)]

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        with self._lock:
            self.asked.append((request.path, dict(request.headers), body))
            fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            fault(request)
            return
        told = self.replies(request.path, body)
        if told is None:
            send(request, 404, {"error": {"message": "Not Found"}})
        else:
            send(request, 200, self.edit(told))

    def _reply(self, path: str, body: Row) -> Any:
        if path == "/v1/completions":
            return self._completion(body)
        if self.kind != "llama.cpp":
            return None
        if path == "/tokenize":
            rows = [{"id": number(each), "piece": each if each != "🙂" else [240]} for each in tokens(body["content"])]
            return {"tokens": rows}
        return self._biased(body)

    def _completion(self, body: Row) -> Row:
        text = prompt = body["prompt"]
        generated: list[str] = []
        while len(generated) < body["max_tokens"]:
            generated.append(next(iter(likeliest(text, 1))))
            text += generated[-1]
        before = tokens(prompt) if body.get("echo") and self.kind not in ("llama.cpp", "silent") else []
        logs = None if self.kind == "silent" else self._logs(prompt, before, generated, body["logprobs"])
        shown = prompt + "".join(generated) if before else "".join(generated)
        return {
            "choices": [{"index": 0, "text": shown, "logprobs": logs, "finish_reason": "length"}],
            "usage": {"prompt_tokens": len(tokens(prompt)), "completion_tokens": len(generated)},
        }

    def _logs(self, prompt: str, before: list[str], generated: list[str], top: int) -> Row:
        rows, prefix = [], "" if before else prompt
        for token in [*before, *generated]:
            value = log_prob(prefix + token, token) if self.kind == "shifted" and before else log_prob(prefix, token)
            rows.append((token, value, {**likeliest(prefix, top), token: value}, len(prefix)))
            prefix += token
        if self.kind == "llama.cpp":
            return {"content": [entry(*row[:3]) for row in rows]}
        if before and self.kind == "vllm":  # counted in by the offsets
            rows = [(BEGINNING, None, None, -len(BEGINNING)), *rows]
            rows = [(*row[:3], row[3] + len(BEGINNING)) for row in rows]
        elif before:
            rows[0] = (rows[0][0], None, None, 0)
        names = ("tokens", "token_logprobs", "top_logprobs", "text_offset")
        return {name: [row[at] for row in rows] for at, name in enumerate(names)}

    def _biased(self, body: Row) -> Row:
        given = body["prompt"] if isinstance(body["prompt"], list) else [body["prompt"]]
        prefix = given[0] + "".join(NUMBERED[each] for each in given[1:])
        token = NUMBERED[body["logit_bias"][0][0]]
        row = entry(token, log_prob(prefix, token), likeliest(prefix, 1))
        return {"content": token, "completion_probabilities": [row]}


NUMBERED: dict[int, str] = {}


def number(token: str) -> int:
    id_ = int.from_bytes(hashlib.sha256(token.encode()).digest()[:3], "big")
    NUMBERED[id_] = token
    return id_


def entry(token: str, value: float, top: dict[str, float]) -> Row:
    rows = [{"id": number(each), "token": each, "logprob": top[each]} for each in top]
    return {"id": number(token), "token": token, "logprob": value, "top_logprobs": rows}


def send(request: BaseHTTPRequestHandler, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
    blob = content if isinstance(content, bytes) else json.dumps(content).encode()
    request.send_response(status)
    for name, value in {"Content-Length": str(len(blob)), **(headers or {})}.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(blob)


def status(code: int, content: Any = b"", **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: send(request, code, content, named)


def drop(request: BaseHTTPRequestHandler) -> None:
    request.connection.close()


def cut(request: BaseHTTPRequestHandler) -> None:
    send(request, 200, b'{"choi', {"Content-Length": "100"})


@contextmanager
def serving(kind: str = "vllm", **settings: Any) -> Iterator[tuple[StandIn, Client]]:
    """A server of the kind, and a client that waits no time before it asks again."""
    server = StandIn(kind)
    client = Client(Endpoint(server.url, **{"backoff": 0.0, "timeout": 10.0, **settings}))
    try:
        yield server, client
    finally:
        client.close()
        server.close()


def sums(found: Sequence[Sequence[float] | None]) -> list[float | None]:
    return [None if each is None else sum(each) for each in found]
