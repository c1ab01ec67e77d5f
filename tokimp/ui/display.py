"""What a result, a draft or the lack of one puts on screen, by name of the part."""

from __future__ import annotations

from typing import Any

import gradio as gr

from tokimp.types import Explanation
from tokimp.ui import controls, sentences, sharing, trusting
from tokimp.ui.forms import Picked
from tokimp.ui.state import Grid, Result
from tokimp.ui.zooming.row import row
from tokimp.views.charts import bars_payload
from tokimp.views.heatmap import heatmap_payload
from tokimp.views.history import history_payload
from tokimp.views.pieces import typed_pieces
from tokimp.views.sanity import sanity_payload
from tokimp.views.table import table_payload
from tokimp.views.text import text_payload
from tokimp.views.trust import trust_payload

Changes = dict[str, Any]

# What shows a result, and is dimmed while the next one is computed.
DIMMED = (
    *("said", "bars", "explained", "tokens", "limits", "table", "heat", "history", "trust", "checks"),
    *("facts", "share"),
)

CHECK_LABEL = "Check it further"


def displayed(result: Result) -> Changes:
    """Everything that a result puts into the zones "Answer", "Why" and "Take away"."""
    request, prediction, target = result.explanation.request, result.prediction, result.explanation.target
    picks = controls.target_choice(request.task, prediction, _entry(result, request.target, target.index), target.label)
    rather = controls.contrast_choice(
        request.task, prediction, _entry(result, request.contrast, target.contrast), target.contrast_label
    )
    masks = controls.mask_choice(request.text, request.mask)
    story = history_payload(result.explanation)
    return {
        "shown": result,
        "said": _ready(sentences.said(request.task, prediction)),
        "bars": _ready(_bars(result)),
        "explained": _ready(sentences.explained(result.explanation)),
        "target": gr.update(value=controls.since(picks, chosen=request.target), visible=True),
        "contrast": gr.update(value=controls.since(rather, chosen=request.contrast), visible=True),
        "mask": gr.update(value=controls.since(masks, chosen=request.mask), visible=len(prediction.masks) > 1),
        "tokens": _ready(text_payload(result.explanation)),
        **row(result),
        "sinks": gr.update(value=False, visible=result.finished, interactive=True),
        "limits": _ready(sentences.limits(result)),
        "table": _ready(table_payload(result.explanation)),
        "heat": heat(result),
        "history": _ready(story),
        "history_fold": gr.update(visible=story is not None),
        "network": _ready(None),
        "trust": _ready(trust_payload(result.trust, tells=trusting.TELLS)),
        "check": check_button(result),
        "checks": checks(result),
        "facts": _ready(sentences.facts(result.explanation)),
        "share": _ready(sharing.share_payload(result)),
    }


def drafted(result: Result | None) -> Changes:
    """The parts that refine while the method works."""
    if result is None:
        return {}
    return {
        "said": _ready(sentences.said(result.task, result.prediction)),
        "bars": _ready(_bars(result)),
        "explained": _ready(sentences.explained(result.explanation)),
        "tokens": _ready(text_payload(result.explanation)),
        "sinks": gr.update(value=False),  # which nobody can tick meanwhile
    }


def emptied() -> Changes:
    """No result: each part says what will stand there."""
    unasked = ("target", "contrast", "mask", "history_fold", "sinks", "check")
    hidden = {name: gr.update(visible=False) for name in unasked}
    return {name: _ready(None) for name in DIMMED} | hidden | row(None) | {"shown": None}


def dimmed() -> Changes:
    stale = {name: gr.update(state="stale") for name in DIMMED}  # one each: Gradio changes what it is given
    beside = {"check": gr.update(value=CHECK_LABEL, interactive=False), "sinks": gr.update(interactive=False)}
    return stale | beside


def undimmed(shown: Result | None) -> Changes:
    """The earlier result again, undimmed; the form stays as it is."""
    idle = {"stop": gr.update(interactive=False)}
    if shown is None:
        ready = {name: gr.update(state="ready") for name in DIMMED}
        return idle | ready | {name: gr.update(interactive=True) for name in ("check", "sinks")}
    parts = displayed(shown)
    return idle | {name: parts[name] for name in (*DIMMED, "sinks", "check")}


def heat(result: Result) -> Any:
    """The heatmap as far as it is known: of the likeliest outputs, or not computed yet."""
    return _ready(None if result.grid is None else _heatmap(result.explanation, result.grid))


def checks(result: Result, running: str = "") -> Any:
    """What sanity checks found, as far as it is known; `running` says how far they are."""
    return _ready(sanity_payload(result.checks, running, trusting.DEFINED))


def check_button(result: Result) -> Any:
    """Where a finished result has checks that are not known."""
    wanted = result.finished and bool(trusting.unchecked(result))
    return gr.update(value=CHECK_LABEL, visible=wanted, interactive=True)


def _ready(payload: Any) -> Any:
    return gr.update(value=payload, state="ready")


def _entry(result: Result, picked: Picked, index: int | None) -> Picked:
    """What was picked, as the list knows it: a class by its number, also where a link has its label."""
    return index if result.task == "classification" and picked is not None else picked


def _bars(result: Result) -> Any:
    target = result.explanation.target
    chosen = None if target.continuation else target.index
    contrast = None if target.contrast_continuation else target.contrast
    return bars_payload(result.prediction, chosen, contrast, words=result.task != "classification")


def _heatmap(explanation: Explanation, grid: Grid) -> Any:
    pieces, _ = typed_pieces(explanation.tokens, explanation.request.text)
    rows = [piece.text for piece in pieces]
    axes = ("token", "class" if explanation.request.task == "classification" else "candidate")
    return heatmap_payload(grid.scores, rows, grid.labels, signed=grid.signed, title="Tokens × outputs", axes=axes)
