"""Endpoints that fail: what is tried again, what is said, and what is kept."""

from __future__ import annotations

import http.client
import json
import logging
import math
import socket
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from tests.endpoints.stand_in import Fault, Row, cut, drop, log_prob, send, serving, status
from tokimp.endpoints import Client, Endpoint
from tokimp.endpoints.answers import LOWEST
from tokimp.endpoints.asking import Line, seconds_told, waiting
from tokimp.endpoints.wire import Run
from tokimp.errors import EndpointError

PASSING = {"429": status(429), "503": status(503, b"<html>"), "500": status(500), "dropped": drop, "cut": cut}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_trouble_that_passes_costs_a_retry_each(fault: Fault) -> None:
    with serving(retries=2) as (server, client):
        client.abilities()
        server.faults = [fault, fault]
        assert client.answer_log_probs(["a"], " is") == [[log_prob("a", " is")]]
        assert client.requests == 2 + 3


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (status(429), "takes no more requests for now"),
        (status(503), r"in trouble or overloaded \(503\)"),
        (cut, "broke off"),
        (status(429, Retry_After="3600"), "takes no requests for 3,600 seconds"),
    ],
)
def test_trouble_that_stays_is_told_and_answers_are_kept(fault: Fault, message: str) -> None:
    with serving(retries=2, concurrency=1) as (server, client):
        client.abilities()
        server.faults = [None, None, *[fault] * 3]
        texts = ["a", "b", "c", "d", "a"]
        with pytest.raises(EndpointError, match=message) as raised:
            client.answer_log_probs(texts, " is")
        a, b, d = ([log_prob(text, " is")] for text in "abd")
        assert raised.value.partial == [a, b, None, None, a]
        assert "kept" in raised.value.next_step
        server.faults = []
        asked = client.requests
        assert client.answer_log_probs(texts, " is")[3] == d
        assert client.requests == asked + 2


def test_what_is_on_the_way_when_trouble_comes_is_kept() -> None:
    with serving(retries=0, concurrency=2) as (server, client):
        client.abilities()
        both = threading.Barrier(2, timeout=10)
        failed = threading.Event()

        def fail(request: BaseHTTPRequestHandler) -> None:
            both.wait()
            send(request, 400, b"")
            failed.set()

        def late(request: BaseHTTPRequestHandler) -> None:
            both.wait()
            failed.wait()
            send(request, 200, server.replies("/v1/completions", {"prompt": "b", "max_tokens": 1, "logprobs": 1}))

        server.faults = [fail, late]
        with pytest.raises(EndpointError) as raised:
            client.next_log_probs(["a", "b", "c", "d"], 1)
        kept = sum(each is not None for each in raised.value.partial)
        assert kept in (1, 2)  # the second where its thread was free before the failure was read
        assert len(server.asked) == 2 + 1 + kept


REFUSALS = [
    (401, {"error": "no"}, r"does not accept the key \(401\)"),
    (403, {}, "does not accept the key"),
    (301, b"", r"has moved \(301\)"),
    (404, {"error": {"message": "The model  does not\nexist."}}, r"\(404\): The model does not exist\."),
    (400, {"message": "too long " * 99}, "too long too"),
    (422, {"detail": [{"msg": "x"}]}, r"refuses the request \(422\)\."),
    (400, b"\xff", r"\(400\)\."),
]


@pytest.mark.parametrize(("code", "content", "message"), REFUSALS)
def test_a_refusal_is_told_at_once(code: int, content: Any, message: str) -> None:
    with serving() as (server, client):
        client.abilities()
        server.faults = [status(code, content, Location="http://127.0.0.1:9/")]
        with pytest.raises(EndpointError, match=message) as raised:
            client.next_log_probs(["a"])
        assert len(str(raised.value)) < 400
        assert client.requests == 3


def test_an_address_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = Client(Endpoint(f"http://127.0.0.1:{port}", retries=1, backoff=0.0))
    with pytest.raises(EndpointError, match="cannot be reached") as raised:
        client.next_log_probs(["a"])
    assert raised.value.partial == []
    assert client.requests == 2


def test_a_server_without_an_answer_is_not_waited_for() -> None:
    with serving(timeout=0.05, retries=1) as (server, client):
        server.faults = [lambda _request: bool(server.let_go.wait()) or None] * 2  # type: ignore[list-item]
        with pytest.raises(EndpointError, match=r"did not answer within 0\.05 seconds"):
            client.abilities()


def test_an_answer_that_never_ends_is_not_waited_for() -> None:
    def trickle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        try:
            while True:
                request.wfile.write(b" ")
        except OSError:
            return

    with serving(timeout=0.05, retries=0) as (server, client):
        server.faults = [trickle]
        with pytest.raises(EndpointError, match=r"within 0\.05 seconds"):
            client.abilities()


def logs(row: Row) -> Any:
    return row["choices"][0]["logprobs"]


def edited(change: Callable[[Row], Any]) -> Callable[[Row], Any]:
    def edit(row: Row) -> Row:
        change(row)
        return row

    return edit


MALFORMED = {
    "no JSON": (lambda _row: b"<html>ok</html>", "no JSON"),
    "a list": (lambda _row: [], "no choices"),
    "deep": (lambda _row: b"[" * 100_000, "no JSON"),
    "no choices": (lambda _row: {"choices": []}, "no choices"),
    "no text": (edited(lambda row: row["choices"][0].pop("text")), "no text"),
    "no tokens": (edited(lambda row: logs(row).pop("tokens")), "lacks tokens"),
    "too few": (edited(lambda row: logs(row)["token_logprobs"].pop()), "different lengths"),
    "NaN": (edited(lambda row: logs(row).update(token_logprobs=[math.nan] * 3)), "no finite number"),
    "endless": (edited(lambda row: logs(row).update(token_logprobs=[-math.inf] * 3)), "no finite number"),
    "a word": (edited(lambda row: logs(row).update(token_logprobs=["-1"] * 3)), "no finite number"),
    "true": (edited(lambda row: logs(row).update(token_logprobs=[None, True, -1.0])), "no finite number"),
    "a probability": (edited(lambda row: logs(row).update(token_logprobs=[None, 0.4, -1.0])), "above 0"),
    "offsets": (edited(lambda row: logs(row).update(text_offset=["0"] * 3)), "text offsets"),
    "numbers as tokens": (edited(lambda row: logs(row).update(tokens=[1, 2, 3])), "unknown form"),
    "another form": (edited(lambda row: row["choices"][0].update(logprobs=[1])), "unknown form"),
    "no echo": (edited(lambda row: row["choices"][0].update(text="b")), "does not give the log-probabilities"),
}


@pytest.mark.parametrize(("edit", "message"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_answers_are_told_at_once(edit: Callable[[Row], Any], message: str) -> None:
    with serving("plain") as (server, client):
        client.abilities()
        server.edit = edit
        with pytest.raises(EndpointError, match=message):
            client.answer_log_probs(["a"], " is")
        assert client.requests == 3


def test_probabilities_of_nought_and_rounding_are_made_finite() -> None:
    with serving("plain") as (server, client):
        client.abilities()
        server.edit = edited(lambda row: logs(row).update(token_logprobs=[None, -3.4e38, 1e-6, 0.0]))
        assert client.answer_log_probs(["a"], " is the") == [[LOWEST, 0.0]]


def test_the_budget_ends_the_asking() -> None:
    with serving(budget=4, concurrency=1) as (server, client):
        with pytest.raises(EndpointError, match="budget of 4 requests") as raised:
            client.next_log_probs(["a", "b", "c"], 1)
        assert [each is None for each in raised.value.partial] == [False, False, True]
        assert len(server.asked) == client.requests == 4
        client.next_log_probs(["a", "b"], 1)


def test_retries_count_towards_the_budget() -> None:
    with serving(budget=3, retries=5) as (server, client):
        server.faults = [status(503)] * 9
        with pytest.raises(EndpointError, match="budget"):
            client.abilities()
        assert len(server.asked) == 3


def test_waits_grow_by_chance_and_obey_the_endpoint() -> None:
    for retry in range(12):
        longest = min(0.5 * 2**retry, 60.0)
        drawn = [waiting(retry, 0.5) for _ in range(50)]
        assert longest / 2 <= min(drawn) < max(drawn) <= longest
    assert waiting(0, 0.5, told=7.0) == 7.0
    assert seconds_told("7") == seconds_told(" 7 ") == 7.0
    assert seconds_told("") == seconds_told("soon") == seconds_told("-3") == 0.0
    later = datetime.now(timezone.utc) + timedelta(seconds=30)
    assert 20 < seconds_told(format_datetime(later, usegmt=True)) <= 30
    assert seconds_told(format_datetime(later - timedelta(hours=1), usegmt=True)) == 0.0


def test_all_requests_wait_when_one_is_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(Run, "wait", lambda _run, seconds: waits.append(seconds))
    with serving() as (server, client):
        server.faults = [status(429, Retry_After="20")]
        line = Line(client.endpoint)
        for _ in range(2):
            line.ask(Run(), "/v1/completions", {"prompt": "a", "max_tokens": 1, "logprobs": 1})
    held = [seconds for seconds in waits if seconds > 0]
    assert held[0] == 20.0
    assert all(5 < seconds <= 20 for seconds in held[1:])
    assert len(held) == 3  # before its retry, and before each request after that


def test_no_key_and_no_text_reaches_a_log_or_a_message(caplog: pytest.LogCaptureFixture) -> None:
    key, text = "sk-of-a-test", "what a visitor wrote"
    caplog.set_level(logging.DEBUG)
    with serving(key=key, retries=0) as (server, client):
        client.abilities()
        assert server.asked[0][1]["Authorization"] == f"Bearer {key}"
        assert key not in json.dumps([(path, body) for path, _, body in server.asked])
        for fault in (status(400, {"error": f"bad key {key}"}), status(500), drop):
            server.faults = [fault]
            with pytest.raises(EndpointError) as raised:
                client.next_log_probs([text])
            assert key not in str(raised.value)
            assert text not in str(raised.value)
        assert key not in repr(client.endpoint)
    assert text not in caplog.text
    assert key not in caplog.text


def test_the_key_does_not_follow_a_redirect() -> None:
    with serving() as (other, _), serving(key="secret") as (server, client):
        server.faults = [status(307, Location=f"{other.url}/v1/completions")] * 2
        with pytest.raises(EndpointError, match="moved"):
            client.abilities()
        assert other.asked == []


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokimp.endpoints.wire.MOST_BYTES", 100)
    with serving() as (_, client), pytest.raises(http.client.HTTPException, match="too long"):
        Run().post(client.endpoint, "/v1/completions", {"prompt": "a", "max_tokens": 9, "logprobs": 9})
