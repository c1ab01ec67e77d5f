"""For every test: no network, one thread, and the tiny models that most tests ask."""

from __future__ import annotations

import ipaddress
import os
import sys
from typing import Any

os.environ |= {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "TOKENIZERS_PARALLELISM": "false",
}

import pytest
import torch

from tests.models import shared
from tokimp.models.text_model import TextModel


class NetworkUsed(Exception):
    """A test reached for the network; no OSError, so that no code under test takes it for a bad connection."""


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        _, address = arguments
        if isinstance(address, tuple) and not _is_here(address[0]):
            raise NetworkUsed(f"Tests run without a network, and this one asked for {address[0]}.")
    elif event == "socket.getaddrinfo" and not _is_here(arguments[0]):
        raise NetworkUsed(f"Tests run without a network, and this one asked for {arguments[0]!r}.")


def _is_here(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


# An audit hook also holds while tests are collected and in threads, and no plugin puts the socket back.
sys.addaudithook(_guard)
torch.set_num_threads(1)  # tiny models: a second thread would only be waited for


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests run in one process, which sets up once what they share; browsers take turns in another."""
    for item in items:
        group = "browser" if item.path.parent.name == "e2e" else item.path.relative_to(item.config.rootpath).as_posix()
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def classifier() -> TextModel:
    """A tiny BERT with three classes."""
    return shared("bert", "classification")


@pytest.fixture(scope="session")
def filler() -> TextModel:
    """A tiny BERT that fills masks."""
    return shared("bert", "masked-lm")


@pytest.fixture(scope="session")
def decoder() -> TextModel:
    """A tiny GPT-2."""
    return shared("gpt2", "next-token")
