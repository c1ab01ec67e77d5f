"""Only the environment names endpoints, and only addresses that keep texts and keys safe."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tokimp.endpoints import Endpoint, configured
from tokimp.errors import OptionError


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://models.example.com", ""),
        ("https://models.example.com/v1", ""),
        ("https://models.example.com/v1/", ""),
        ("https://example.com/team/v1", "/team"),
        ("http://127.0.0.1:8080/", ""),
        ("http://localhost:8080", ""),
        ("http://[::1]:8080/v1", ""),
    ],
)
def test_an_address_is_taken_with_or_without_its_version(url: str, path: str) -> None:
    assert Endpoint(url).address.path == path


@pytest.mark.parametrize(
    "url",
    [
        "http://models.example.com",
        "http://10.0.0.1:8000",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "ftp://127.0.0.1",
        "file:///etc/hosts",
        "https://",
        "127.0.0.1:8080",
        "https://user:word@example.com",
        "https://example.com/?key=word",
        "https://example.com/#word",
        "https://example.com:99999",
        "https://exam ple.com",
        "https://example.com/\r\nHost: word",
        "",
    ],
)
def test_other_addresses_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(OptionError) as raised:
        Endpoint(url)
    assert "word" not in str(raised.value)


def test_a_network_of_ones_own_may_be_unencrypted() -> None:
    assert Endpoint("http://10.0.0.1:8000", insecure=True).address.port == 8000


@pytest.mark.parametrize(
    "wrong",
    [
        {"concurrency": 0},
        {"retries": -1},
        {"retries": True},
        {"timeout": 0},
        {"timeout": float("nan")},
        {"timeout": float("inf")},
        {"backoff": "1"},
        {"budget": 1.5},
        {"budget": -1},
        {"cached": -1},
        {"insecure": "no"},
        {"model": 3},
        {"key": "a\nb"},
    ],
)
def test_values_that_cannot_be_meant_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        Endpoint("https://example.com", **wrong)


def test_the_environment_names_endpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOKIMP_ENDPOINTS", raising=False)
    assert configured() == {}
    rows = {
        "my-llama.cpp": {"url": "http://127.0.0.1:8080", "budget": 1000},
        "big": {"url": "https://example.com/v1", "model": "some/model", "timeout": 5},
    }
    monkeypatch.setenv("TOKIMP_ENDPOINTS", json.dumps(rows))
    monkeypatch.setenv("TOKIMP_ENDPOINT_KEY_MY_LLAMA_CPP", " secret \n")
    assert configured() == {
        "my-llama.cpp": Endpoint("http://127.0.0.1:8080", key="secret", budget=1000),
        "big": Endpoint("https://example.com/v1", model="some/model", timeout=5),
    }
    assert "secret" not in repr(configured())


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("http://127.0.0.1:8080", "no JSON object"),
        ('["https://word"]', "no JSON object"),
        ('{"a": "https://word"}', "no JSON object"),
        ('{"a b": {"url": "https://word"}}', "a name that is none"),
        ('{"a": {"model": "word"}}', "misdescribes a"),
        ('{"a": {"url": "https://word", "colour": 1}}', "misdescribes a"),
        ('{"a": {"url": "https://word", "key": "word"}}', "holds a key"),
        ('{"a": {"url": "http://word"}}', "a: Texts would go"),
        ('{"a": {"url": 3}}', "a: "),
    ],
)
def test_a_wrong_setting_is_told_without_its_values(
    setting: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKIMP_ENDPOINTS", setting)
    with pytest.raises(OptionError, match=message) as raised:
        configured()
    assert "word" not in str(raised.value)
