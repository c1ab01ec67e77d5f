"""Endpoints as models: what the black box makes of what the client finds."""

from __future__ import annotations

import json
import math

import pytest

import tokimp
from tests.endpoints.stand_in import answer_log_probs, log_prob, serving
from tokimp.endpoints import Endpoint
from tokimp.errors import ModelNotFoundError, UnsupportedModelError

TEXT = "The capital of France is"


def without(text: str) -> list[str]:
    """The text without each of its words."""
    words = text.split(" ")
    return [" ".join(words[:place] + words[place + 1 :]) for place in range(len(words))]


def test_a_given_answer_has_the_scores_of_its_tokens() -> None:
    with serving("vllm") as (_, client):
        made = tokimp.endpoint(client, [" Paris", "."])
        found = tokimp.explain_generation(made, TEXT, method="occlusion")
        whole = answer_log_probs(TEXT, " Paris.")
        assert found.log_probs == pytest.approx(whole)
        for row, own in enumerate(whole):
            wanted = [own - answer_log_probs(text, " Paris.")[row] for text in without(TEXT)]
            assert found.matrix[row, :5].tolist() == pytest.approx(wanted, abs=1e-9)
        at_once = tokimp.explain_generation(tokimp.endpoint(client, " Paris."), TEXT, method="occlusion")
        assert at_once.matrix[0, :5].tolist() == pytest.approx(found.matrix[:, :5].sum(0).tolist())


def test_what_comes_next_is_explained_from_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tests.endpoints.stand_in.log_prob", lambda prefix, token: log_prob(prefix, token) - math.log(8)
    )
    with serving("vllm") as (_, client):
        found = tokimp.explain(tokimp.endpoint(client), TEXT, "occlusion", target=" Paris", contrast=" London")
        differences = [log_prob(text, " Paris") - log_prob(text, " London") for text in (TEXT, *without(TEXT))]
        assert found.scores.tolist() == pytest.approx([differences[0] - each for each in differences[1:]], abs=1e-6)
        assert client.requests == 6 + 2


def test_only_what_the_owner_configured_is_there_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving("vllm") as (_, client):
        monkeypatch.setenv("TOKIMP_ENDPOINTS", json.dumps({"llama": {"url": client.endpoint.url, "concurrency": 2}}))
        made = tokimp.load("endpoint:llama")
        assert made is tokimp.load("endpoint:llama", task="next-token")
        assert (made.key, made.task, made.most_copies) == ("endpoint:llama", "next-token", 8)
        with pytest.raises(ModelNotFoundError, match=r"no endpoint 'lama'.*'llama'"):
            tokimp.load("endpoint:lama")
        with pytest.raises(UnsupportedModelError):
            tokimp.load("endpoint:llama", task="classification")
        named = tokimp.endpoint(Endpoint("http://127.0.0.1:9", model="big"))
        assert named.key == "endpoint:big"


def test_nobody_elses_model_is_opened_by_its_name() -> None:
    found = tokimp.explain(tokimp.black_box(lambda texts: [[0.25, 0.75]] * len(texts), name="ours"), TEXT, "occlusion")
    assert (found.request.model, found.request.revision) == ("ours", "function")
    again = tokimp.Request.from_link(found.request.link("https://example.com/"))
    with pytest.raises(ModelNotFoundError, match="somebody's own"):
        tokimp.load(again.model, revision=again.revision)
