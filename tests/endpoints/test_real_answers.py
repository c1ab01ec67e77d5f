"""What real servers answered, word for word, and what is read from it.

The files hold the requests with the answers of servers that ran SmolLM2-135M-Instruct (Q4_1).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.endpoints.stand_in import serving
from tokimp.endpoints import Client
from tokimp.errors import EndpointError, MethodUnavailableError

DATA = Path(__file__).with_name("data")
TEXTS = ["The capital of France is", "One 🙂 is"]
ANSWER = " Paris. It"


@contextmanager
def replayed(name: str) -> Iterator[Client]:
    rows = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))["exchanges"]
    known = {json.dumps([row["path"], row["body"]], sort_keys=True): row for row in rows}

    def reply(path: str, body: dict[str, Any]) -> Any:
        row = known.get(json.dumps([path, body], sort_keys=True), {"status": 404, "answer": None})
        assert row["status"] in (200, 404)
        return row["answer"] if row["status"] == 200 else None

    with serving() as (server, client):
        server.replies = reply
        yield client


def test_a_llama_cpp_server() -> None:
    with replayed("llama_server") as client:
        assert client.abilities().forces
        assert not client.abilities().echo
        found = client.answer_log_probs(TEXTS, ANSWER)
        assert found[0] == pytest.approx([-0.278003, -0.375616, -3.853418], abs=1e-6)
        assert found[1] == pytest.approx([-10.986694, -1.786262, -2.567565], abs=1e-6)
        likeliest = client.next_log_probs(TEXTS, 3)
        assert likeliest[0][" Paris"] == pytest.approx(found[0][0], abs=1e-6)
        assert list(likeliest[1]) == [" a", " the", " an"]
        assert client.complete(TEXTS[0], 4).tokens == (" Paris", ".", "\n", "\n")
        with pytest.raises(EndpointError, match="rare characters"):
            client.answer_log_probs(TEXTS, "\n🙂")


def test_llama_cpp_python_with_a_token_of_the_beginning() -> None:
    with replayed("llama_cpp_python_with_beginning") as client:
        assert client.abilities().echo
        found = client.answer_log_probs(TEXTS, ANSWER)
        assert found[0] == pytest.approx([-0.275544, -0.546753, -3.537860], abs=1e-6)
        assert found[1] == pytest.approx([-12.182982, -2.791621, -3.645875], abs=1e-6)
        assert client.next_log_probs(TEXTS, 3)[0][" Paris"] == pytest.approx(found[0][0], abs=1e-6)
        emoji = client.answer_log_probs(TEXTS, "\n🙂")
        assert [len(each) for each in emoji] == [3, 3]
        assert emoji[0] == pytest.approx([-4.994879, -8.648985, -8.915637], abs=1e-6)


def test_llama_cpp_python_without_one_echoes_the_wrong_positions() -> None:
    with replayed("llama_cpp_python") as client:
        assert "disagree" in client.abilities().note
        with pytest.raises(MethodUnavailableError):
            client.answer_log_probs(TEXTS, ANSWER)
        assert client.next_log_probs(TEXTS, 3)[0][" Paris"] == pytest.approx(-0.270717, abs=1e-6)
        assert client.complete(TEXTS[0], 4).text == " Paris.\n-"


@pytest.mark.parametrize("path", sorted(DATA.glob("*.json")), ids=lambda path: path.stem)
def test_the_files_say_where_they_come_from(path: Path) -> None:
    facts = json.loads(path.read_text(encoding="utf-8"))
    assert facts["server"].startswith(("llama.cpp", "llama-cpp-python"))
    assert facts["model"] == "SmolLM2-135M-Instruct.Q4_1.gguf"
    assert len(facts["exchanges"]) >= 6
