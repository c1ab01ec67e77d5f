"""The guard of conftest.py does guard."""

from __future__ import annotations

import os
import socket
import threading

import pytest
import torch

from tests.conftest import NetworkUsed


def test_connecting_outwards_raises() -> None:
    with socket.socket() as outward, pytest.raises(NetworkUsed):
        outward.connect(("192.0.2.1", 80))
    with socket.socket() as outward, pytest.raises(NetworkUsed):
        outward.connect_ex(("192.0.2.1", 80))


def test_looking_up_a_name_raises() -> None:
    with pytest.raises(NetworkUsed):
        socket.create_connection(("example.com", 80))


def test_sending_outwards_raises() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outward, pytest.raises(NetworkUsed):
        outward.sendto(b"", ("192.0.2.1", 53))


def test_connecting_outwards_raises_in_threads() -> None:
    caught = []

    def reach() -> None:
        with socket.socket() as outward:
            try:
                outward.connect(("192.0.2.1", 80))
            except NetworkUsed as error:
                caught.append(error)

    thread = threading.Thread(target=reach)
    thread.start()
    thread.join()
    assert len(caught) == 1


def test_connecting_to_this_machine_works() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        socket.create_connection(("127.0.0.1", port)).close()
        socket.create_connection(("localhost", port)).close()


def test_the_hub_is_off_and_threads_are_limited() -> None:
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert torch.get_num_threads() == 1
