"""What a look, a selection or the lack of one puts on screen, by name of the part."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gradio as gr

from tokimp.internals.looks import LOOKS
from tokimp.internals.looks.seen import Seen
from tokimp.ui import sentences
from tokimp.ui.inside import sharing
from tokimp.ui.inside.payloads import DRAWN, strip, told
from tokimp.ui.inside.state import Selection, Shown
from tokimp.ui.inside.tab import VIEW_PARTS, about
from tokimp.views.characters import quoted

Changes = dict[str, Any]

DEPENDS: dict[str, tuple[str, ...]] = {
    "attention_grid": ("measure", "layer", "head"),
    "attention_map": ("measure", "layer", "head", "token", "key"),
    "probability_text": ("colour",),
    "probability_bars": ("temperature",),
    "probability_changes": ("other",),
    "lens_table": ("token",),
    "lens_answer": ("token", "layer"),
    "layer_scores": ("kind", "layer", "token"),
    "layer_text": ("kind", "layer"),
    "state_points": ("layer", "token", "far", "other"),
    "state_way": ("layer", "token"),
    "state_similarity": ("layer", "token"),
    "network_paths": ("influence", "way", "layer", "token", "first"),
    "agreement_chart": ("method", "measure", "layer", "head", "token"),
}
"""On which options and which part of the selection it depends what a part shows: the rest is not sent again."""

Drawn = dict[str, tuple[Any, ...]]


def drawn(seen: Seen, selection: Selection, before: Drawn) -> tuple[Changes, Drawn]:
    """A view's parts as far as they differ from what was drawn before, and what is drawn now.

    What is not sent again costs neither the line nor the browser anything.
    """
    view, asked = seen.request.view, seen.request
    base = (asked.model, asked.revision, asked.text, asked.target, asked.mask)
    now: Drawn = {f"told_{view}": (base, *told(seen), *seen.notes)}
    for part in VIEW_PARTS[view]:
        pointed = (getattr(selection, name, None) for name in DEPENDS[part])
        now[part] = (base, *[asked.options.get(name) for name in DEPENDS[part]], *pointed)
    changed = [part for part in now if before.get(part) != now[part]]
    payloads = DRAWN[view](seen, selection) if set(changed) & set(VIEW_PARTS[view]) else {}
    changes: Changes = {}
    for part in changed:
        payload = payloads.get(part)
        changes[part] = gr.update(value=payload, state="ready", visible=payload is not None)
    if f"told_{view}" in changed:
        changes[f"told_{view}"] = gr.update(value=about(view, told(seen), seen.notes))
    if "layer_text" in changed:
        last = len(seen["scores"]) - 1
        layer = last if selection.layer is None else selection.layer
        changes["layer_slider"] = gr.update(maximum=last, value=layer, visible=True)
    return changes, now


def dimmed(view: str) -> Changes:
    return {part: gr.update(state="stale") for part in VIEW_PARTS[view]}


def without(view: str, sentence: str) -> Changes:
    """A view that has nothing to show for this model or text, and why."""
    nothing: Changes = {part: gr.update(value=None, state="ready", visible=False) for part in VIEW_PARTS[view]}
    if view == "layers":
        nothing["layer_slider"] = gr.update(visible=False)
    return nothing | {f"told_{view}": gr.update(value=about(view, limits=[sentence]))}


def around(shown: Shown) -> Changes:
    """The text to point at, what is pointed at, and what can be taken along of the view that was last used."""
    seen = next(iter(shown.seen.values()), None)
    if seen is None:
        return {}
    taken = shown.seen.get(shown.active)
    title = LOOKS[shown.active].info.title
    return {
        "strip": gr.update(value=strip(seen, shown.selection), state="ready"),
        "pointed": gr.update(value=sentences.told(_pointed(seen, shown.selection))),
        "share": gr.update(value=None if taken is None else sharing.share_payload(taken), state="ready"),
        "shared": gr.update(value=sentences.told(sentences.line("name", f"Take along: {title.lower()}"))),
    }


def _pointed(seen: Seen, selection: Selection) -> Any:
    told = []
    if selection.token is not None and selection.token < len(seen.tokens):
        told.append(f"token {quoted(seen.tokens[selection.token].text)}")
    if selection.layer is not None:
        told.append("the input" if selection.layer == 0 else f"layer {selection.layer}")
    if selection.layer and selection.head is not None:
        told.append(f"head {selection.head + 1}")
    if not told:
        return sentences.line("name", "Click a token, a layer or a head anywhere: all views follow.")
    return sentences.line("name", "All views show ", (", ".join(told), "strong"))


def as_pointed(seen: Seen, shown: Shown) -> Seen:
    """What was seen, as the selection of the moment has it."""
    options = {**seen.request.options, **shown.selection.options(seen.request.view)}
    return replace(seen, request=replace(seen.request, options=options))
