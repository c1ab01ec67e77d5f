"""What a handler gets of a component whose payload the browser sends back unchanged."""

from __future__ import annotations

from typing import Any

from tokimp.ui.components import Payload, View


def as_posted(component: View, payload: Payload | None) -> Any:
    return component.preprocess(component.postprocess(payload))
