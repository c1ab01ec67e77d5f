"""Keeps transformers and huggingface_hub from printing while something is loaded."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub.utils import logging as hub_logging
from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars
from transformers.utils import logging as transformers_logging


class _Quiet:
    """The settings are the process's: the first one in saves them, the last one out restores them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._verbosities = (logging.WARNING, logging.WARNING)
        self._bars = (True, True)

    def enter(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._verbosities = (transformers_logging.get_verbosity(), hub_logging.get_verbosity())
                self._bars = (transformers_logging.is_progress_bar_enabled(), not are_progress_bars_disabled())
                transformers_logging.set_verbosity(logging.CRITICAL)
                hub_logging.set_verbosity(logging.CRITICAL)
                transformers_logging.disable_progress_bar()
                disable_progress_bars()
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                transformers_logging.set_verbosity(self._verbosities[0])
                hub_logging.set_verbosity(self._verbosities[1])
                # transformers switches the hub's bars together with its own, so the hub's come last.
                if self._bars[0]:
                    transformers_logging.enable_progress_bar()
                (enable_progress_bars if self._bars[1] else disable_progress_bars)()


_quiet = _Quiet()


@contextmanager
def quiet() -> Iterator[None]:
    """No progress bar and no line of a log meanwhile, from transformers or the hub's client."""
    _quiet.enter()
    try:
        yield
    finally:
        _quiet.leave()
