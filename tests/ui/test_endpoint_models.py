"""Endpoints that the owner configured are models of the page; nobody else's are."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import numpy as np
import pytest

import tokimp
from tests.endpoints.stand_in import log_prob, serving
from tokimp.errors import ModelNotFoundError, OptionError
from tokimp.ui import controls, work
from tokimp.ui.state import Asked

NAME = "endpoint:near"
QUESTION = Asked(text="The capital of France is", model=NAME, task="next-token", method="occlusion")


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TOKIMP_ALLOW_ANY_MODEL", "0")
    rarer = "tests.endpoints.stand_in.log_prob"  # its eight words shall not be likelier than 1 together
    monkeypatch.setattr(rarer, lambda prefix, token: log_prob(prefix, token) - math.log(8))
    with serving("vllm") as (server, _):
        monkeypatch.setenv("TOKIMP_ENDPOINTS", json.dumps({"near": {"url": server.url}}))
        yield


def offered() -> list[str]:
    payload = controls.model_choice("next-token", "gpt2", hub_reachable=False)
    return [entry["value"] for group in payload["groups"] for entry in group["options"]]


@pytest.mark.usefixtures("configured")
def test_a_configured_endpoint_answers_and_is_explained() -> None:
    assert NAME in offered()
    said: list[str] = []
    moments = list(work.watched(lambda report: work.answer(QUESTION, report), lambda: True))
    said += [moment.sentence for moment in moments]
    result = moments[-1].value
    assert result is not None
    direct = tokimp.explain(NAME, QUESTION.text, "occlusion")
    np.testing.assert_allclose(result.explanation.scores, direct.scores, atol=1e-9)
    assert not any("hub" in sentence for sentence in said)


def test_no_other_endpoint_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKIMP_ALLOW_ANY_MODEL", "0")
    monkeypatch.delenv("TOKIMP_ENDPOINTS", raising=False)
    assert NAME not in offered()
    with pytest.raises(OptionError, match="not in this page's list"):
        work.check_model(NAME)
    monkeypatch.setenv("TOKIMP_ALLOW_ANY_MODEL", "1")
    with pytest.raises(ModelNotFoundError, match="no endpoint"):
        tokimp.load(NAME)
