"""Prints what the page is made of, as JSON; run in a process of its own, as Gradio leaves event loops unclosed."""

from __future__ import annotations

import json
import sys
from typing import Any

from tokimp.models import catalog
from tokimp.ui import examples
from tokimp.ui.arrival import Arrival
from tokimp.ui.layout import build


def described() -> dict[str, Any]:
    """The page's config, and its events as they are queued."""
    demo = build(Arrival(hub_reachable=False))
    events = [
        {
            "waits": event.queue,
            "computes": event.fn is not None,
            "line": [event.concurrency_id, event.concurrency_limit],
        }
        for event in demo.fns.values()
    ]
    return {"config": demo.get_config_file(), "events": events}


if __name__ == "__main__":
    facts = described()
    catalog.at_hand = lambda _entry: False
    examples.stored_result = lambda _task: None
    facts["bare"] = described()["config"]
    json.dump(facts, sys.stdout, default=str)
