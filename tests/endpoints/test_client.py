"""What a client finds at each kind of server, and how few requests it needs."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler

import pytest

from tests.endpoints.stand_in import answer_log_probs, likeliest, log_prob, send, serving, status
from tokimp.endpoints import Abilities, Client, Endpoint
from tokimp.errors import Cancelled, EmptyTextError, EndpointError, MethodUnavailableError, OptionError
from tokimp.watch import Watch

TEXTS = ["The capital of France is", "Paris is", "A 🙂 and more", "x"]


@pytest.mark.parametrize("kind", ["vllm", "plain", "llama.cpp"])
@pytest.mark.parametrize("answer", [" Paris", " Paris. Paris.", "\ncafé is"])
def test_an_answer_is_scored_behind_every_text(kind: str, answer: str) -> None:
    with serving(kind) as (_, client):
        assert client.answer_log_probs(TEXTS, answer) == [
            pytest.approx(answer_log_probs(text, answer), abs=1e-12) for text in TEXTS
        ]


@pytest.mark.parametrize(
    ("kind", "expected", "requests"),
    [
        ("vllm", Abilities(echo=True, forces=False, ignores_end=True), 2),
        ("llama.cpp", Abilities(echo=False, forces=True, ignores_end=True), 5),
    ],
)
def test_one_probe_finds_what_an_endpoint_can_do(kind: str, expected: Abilities, requests: int) -> None:
    with serving(kind) as (server, client):
        assert client.abilities() == client.abilities() == expected
        assert client.requests == len(server.asked) == requests


def test_an_echo_of_wrong_positions_is_found_out() -> None:
    with serving("shifted") as (_, client):
        able = client.abilities()
        assert not able.scores_answers
        assert "disagree" in able.note
        with pytest.raises(MethodUnavailableError, match="wrong"):
            client.answer_log_probs(TEXTS, " Paris")
        assert client.next_log_probs(TEXTS[:1], 2) == [pytest.approx(likeliest(TEXTS[0], 2))]


def test_a_server_that_takes_few_parameters_is_asked_for_less() -> None:
    with serving("plain") as (server, client):
        server.faults = [status(400, {"error": "unknown ignore_eos"})]
        assert client.abilities() == Abilities(echo=True, forces=False, ignores_end=False)
        client.next_log_probs(["x"])
        assert "ignore_eos" not in server.asked[-1][2]


def test_without_log_probabilities_there_is_nothing_to_explain() -> None:
    with serving("silent") as (_, client), pytest.raises(EndpointError, match="gives no log-probabilities"):
        client.next_log_probs(TEXTS)


@pytest.mark.parametrize("kind", ["vllm", "llama.cpp"])
def test_the_likeliest_next_tokens(kind: str) -> None:
    with serving(kind) as (_, client):
        found = client.next_log_probs(TEXTS, 3)
        assert found == [pytest.approx(likeliest(text, 3)) for text in TEXTS]
        assert all(list(each.values()) == sorted(each.values(), reverse=True) for each in found)


@pytest.mark.parametrize("kind", ["vllm", "llama.cpp"])
def test_a_completion_comes_with_its_tokens(kind: str) -> None:
    with serving(kind) as (server, client):
        found = client.complete("x", 5, seed=3, temperature=0.5)
        assert "".join(found.tokens) == found.text
        assert found.log_probs == pytest.approx(answer_log_probs("x", found.text))
        assert len(found.tokens) == 5
        assert (server.asked[-1][2]["seed"], server.asked[-1][2]["temperature"]) == (3, 0.5)
        assert client.complete("x", 5, seed=3, temperature=0.5) == found
        assert client.requests == 1
        client.complete("x", 5, seed=4, temperature=0.5)
        assert client.requests == 2


def test_equal_texts_are_asked_once_and_answers_remembered() -> None:
    with serving() as (server, client):
        first = client.answer_log_probs(["a", "b", "a", "a"], " Paris")
        assert first[0] == first[2] == first[3] == [log_prob("a", " Paris")]
        asked = client.requests
        assert client.answer_log_probs(["b", "a"], " Paris") == [first[1], first[0]]
        assert client.requests == asked == 4
        client.answer_log_probs(["a"], " London")
        assert server.prompts()[-1] == "a London"


def test_what_was_used_least_recently_is_forgotten() -> None:
    with serving(cached=2) as (server, client):
        for text in ("a", "b", "a", "c", "a", "b"):
            client.next_log_probs([text])
        assert server.prompts()[2:] == ["a", "b", "c", "b"]


def test_nothing_is_remembered_where_it_is_not_wanted() -> None:
    with serving(cached=0) as (server, client):
        assert client.next_log_probs(["a"]) == client.next_log_probs(["a"])
        assert server.prompts()[2:] == ["a", "a"]


def test_requests_go_side_by_side_and_never_more_than_allowed() -> None:
    with serving(concurrency=3) as (server, client):
        client.abilities()
        together = threading.Barrier(3, timeout=10)

        def meet(request: BaseHTTPRequestHandler) -> None:
            together.wait()
            send(request, 503, b"")

        server.faults = [meet] * 6
        texts = [str(number) for number in range(6)]
        assert client.answer_log_probs(texts, " is") == [[log_prob(text, " is")] for text in texts]
        assert together.n_waiting == 0


def test_the_tokens_of_a_merged_seam_are_refused() -> None:
    with serving() as (_, client):
        with pytest.raises(EndpointError, match="joins letters") as raised:
            client.answer_log_probs(["a ", "b", "c ", "d"], "Paris")
        assert "space" in raised.value.next_step
        assert client.answer_log_probs(["a", "b"], " Paris") == [[log_prob(text, " Paris")] for text in "ab"]


def test_the_answer_is_cut_alike_behind_all_texts() -> None:
    with serving("plain") as (server, client):
        client.abilities()
        client.answer_log_probs(["a"], " is is")

        def joined(row: dict[str, object]) -> dict[str, object]:
            logs = row["choices"][0]["logprobs"]  # type: ignore[index]
            for name in logs:
                logs[name] = [
                    *logs[name][:-3],
                    *([" is is"] if name == "tokens" else logs[name][-3:-2]),
                    logs[name][-1],
                ]
            return row

        server.edit = joined
        with pytest.raises(EndpointError, match="other ways behind 1 of 2") as raised:
            client.answer_log_probs(["a", "b"], " is is")
        assert raised.value.partial == [answer_log_probs("a", " is is"), None]


def test_parts_of_characters_are_not_forced() -> None:
    with serving("llama.cpp") as (_, client), pytest.raises(EndpointError, match="rare characters"):
        client.answer_log_probs(["a"], " Paris 🙂")


def test_whoever_watches_ends_the_work() -> None:
    with serving(concurrency=1, timeout=600) as (server, client):
        client.abilities()
        reached, seen = threading.Event(), []

        def hang(_request: BaseHTTPRequestHandler) -> None:
            reached.set()
            server.let_go.wait()

        def stop(fraction: float, _partial: object) -> None:
            seen.append(fraction)
            if reached.is_set():
                raise Cancelled

        server.faults = [None, None, None, hang]
        texts = [str(number) for number in range(50)]
        with pytest.raises(Cancelled):
            client.answer_log_probs(texts, " is", Watch(stop))
        assert seen == sorted(seen)
        assert client.requests == 2 + 4
        client.answer_log_probs(texts[:3], " is")
        assert client.requests == 2 + 4


def test_a_server_that_hangs_is_left_at_once() -> None:
    with serving(timeout=600) as (server, client):
        client.abilities()
        reached = threading.Event()

        def hang(_request: BaseHTTPRequestHandler) -> None:
            reached.set()
            server.let_go.wait()

        def stop(_fraction: float) -> None:
            if reached.is_set():
                raise Cancelled

        server.faults = [hang]
        with pytest.raises(Cancelled):
            client.next_log_probs(["a"], watch=stop)
        assert client.next_log_probs(["b"]) == [pytest.approx(likeliest("b", 20))]


def test_progress_goes_from_nothing_to_all() -> None:
    with serving() as (_, client):
        seen: list[float] = []
        client.next_log_probs(TEXTS, watch=seen.append)
        assert seen[0] == 0.0
        assert seen[-1] == 1.0
        assert seen == sorted(seen)


def test_what_cannot_be_meant_is_refused_before_anything_is_asked() -> None:
    client = Client(Endpoint("http://127.0.0.1:9"))
    with pytest.raises(EmptyTextError):
        client.answer_log_probs(["a"], "")
    with pytest.raises(OptionError):
        client.next_log_probs(["a"], 0)
    with pytest.raises(OptionError):
        client.complete("a", 0)
    with pytest.raises(OptionError):
        client.complete("a", temperature=float("nan"))
    assert client.requests == 0


def test_a_text_alone_is_no_list_of_texts() -> None:
    with serving() as (_, client), pytest.raises(OptionError):
        client.next_log_probs("The capital")
