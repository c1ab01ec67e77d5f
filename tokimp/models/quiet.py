"""Keeps transformers and huggingface_hub from printing while something is loaded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars
from transformers.utils import logging

_lock = threading.Lock()
_inside = 0
_before: tuple[int, bool, bool] | None = None


@contextmanager
def quiet() -> Iterator[None]:
    """No progress bars, no log lines below error. The settings are the process's: the last one out restores them."""
    global _inside, _before
    with _lock:
        if _inside == 0:
            _before = (
                logging.get_verbosity(),
                logging.is_progress_bar_enabled(),
                are_progress_bars_disabled(),
            )
            logging.set_verbosity(logging.CRITICAL)
            logging.disable_progress_bar()
            disable_progress_bars()
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0 and _before is not None:
                verbosity, bars, hub_bars_disabled = _before
                logging.set_verbosity(verbosity)
                if bars:
                    logging.enable_progress_bar()
                if not hub_bars_disabled:
                    enable_progress_bars()
