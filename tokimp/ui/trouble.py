"""What the log is told of an error that nobody foresaw."""

from __future__ import annotations

import logging
import traceback

LOG = logging.getLogger("tokimp")


def report_without_words(error: Exception) -> None:
    """Logs what went wrong and where; never the message, which may hold the visitor's text."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "nowhere"
    LOG.error("%s at %s", type(error).__name__, where)
