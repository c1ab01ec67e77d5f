"""What a look, a selection or the lack of one puts on screen, by name of the part."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from typing import Any

import gradio as gr

from tokimp.internals.looks import LOOKS
from tokimp.internals.looks.seen import Seen
from tokimp.ui import controls, examples, sentences
from tokimp.ui.inside import sharing
from tokimp.ui.inside.answer import strip
from tokimp.ui.inside.payloads import DRAWN, WINDOWS, told
from tokimp.ui.inside.state import Selection, Settings, Shown
from tokimp.ui.inside.tab import VIEW_PARTS, about, form_payload
from tokimp.views.characters import quoted
from tokimp.views.inside.layers import layer_title

Changes = dict[str, Any]

DEPENDS: dict[str, tuple[str, ...]] = {
    "attention_grid": ("part", "measure"),
    "attention_map": ("part", "measure", "layer", "head"),
    "probability_text": ("colour",),
    "probability_bars": ("temperature",),
    "probability_changes": ("other",),
    "lens_table": (),
    "lens_answer": ("token",),
    "layer_scores": ("kind",),
    "layer_text": ("kind", "layer"),
    "state_points": ("layer", "far", "other"),
    "state_way": ("token",),
    "state_similarity": ("layer", "token"),
    "network_paths": ("influence", "way", "first"),
    "agreement_chart": ("method", "setting", "measure", "layer", "head"),
}
"""On which options it depends what a part shows, those among them that are pointed at: the rest is not sent again.
What is only marked, the page marks by itself."""

MOVING = tuple(part for part, names in DEPENDS.items() if part in WINDOWS or {"token", "layer", "head"} & set(names))
"""Parts that may show something else once something else is pointed at."""

FOLLOWING = (
    *MOVING,
    "layer_slider",
    "pointed",
    "share",
    "shared",
    "shown",
    *("status", "stop", "ticket", "question", "turn"),
)
"""Parts that a click in a view may change. Each one more takes the browser some milliseconds at every click, whether
it changes or not."""

Drawn = dict[str, tuple[Any, ...]]


def drawn(seen: Seen, selection: Selection, before: Drawn) -> tuple[Changes, Drawn]:
    """A view's parts as far as they differ from what was drawn before, and what is drawn now.

    What is not sent again costs neither the line nor the browser anything.
    """
    view, asked = seen.request.view, seen.request
    base = (asked.model, asked.revision, asked.text, asked.generated, asked.target, asked.mask)
    now: Drawn = {f"told_{view}": (base, *told(seen), *seen.notes)}
    for part in VIEW_PARTS[view]:
        window = WINDOWS[part](seen, selection) if part in WINDOWS else None
        pointed = (getattr(selection, name, None) for name in DEPENDS[part])
        now[part] = (base, *[asked.options.get(name) for name in DEPENDS[part]], *pointed, window)
    changed = [part for part in now if before.get(part) != now[part]]
    changes: Changes = {}
    for part in changed:
        if part in DRAWN:
            payload = DRAWN[part](seen, selection)
            changes[part] = gr.update(value=payload, state="ready", visible=payload is not None)
    if f"told_{view}" in changed:
        changes[f"told_{view}"] = about(view, told(seen), seen.notes)
    if "layer_text" in changed:
        last = len(seen["scores"]) - 1
        layer = last if selection.layer is None else selection.layer
        changes["layer_slider"] = gr.update(maximum=last, value=layer, visible=True)
    return changes, now


def dimmed(parts: Iterable[str]) -> Changes:
    return {part: gr.update(state="stale") for part in parts}


def without(view: str, sentence: str) -> Changes:
    """A view that has nothing to show for this model or text, and why."""
    nothing: Changes = {part: gr.update(value=None, state="ready", visible=False) for part in VIEW_PARTS[view]}
    if view == "layers":
        nothing["layer_slider"] = gr.update(visible=False)
    return nothing | {f"told_{view}": about(view, limits=[sentence])}


def around(shown: Shown) -> tuple[Shown, Changes]:
    """The text to point at, what is pointed at, and what can be taken along of the view that was last used."""
    seen = next(iter(shown.seen.values()), None)
    if seen is None:
        return shown, {}
    taken = shown.seen.get(shown.active)
    payloads: dict[str, tuple[Any, Callable[[], Any]]] = {
        "strip": ((seen.request.model, seen.request.text, seen.tokens), lambda: strip(seen)),
        "pointed": ((shown.selection, seen.request.text, _encoder(shown)), lambda: _pointed(seen, shown)),
        "share": (taken and taken.request, lambda: taken and sharing.share_payload(taken)),
        "shared": (shown.active, lambda: _taken_along(shown.active)),
    }
    changes = {name: payload() for name, (what, payload) in payloads.items() if shown.drawn.get(name) != (what,)}
    fresh = {name: (payloads[name][0],) for name in changes}
    return replace(shown, drawn={**shown.drawn, **fresh}), changes


def _taken_along(view: str) -> Any:
    return sentences.told(sentences.line("name", f"Take along: {LOOKS[view].info.title.lower()}"))


def forms(shown: Shown, settings: Settings) -> tuple[Shown, Changes]:
    """The forms of views that have other options for a model of this task than for the one before."""
    task, usual = shown.asked.task, (examples.INSIDE_TASK,)
    names = {f"options_{view}": view for view in VIEW_PARTS if LOOKS[view].info.only}
    other = {name: view for name, view in names.items() if shown.drawn.get(name, usual) != (task,)}
    changes = {
        name: controls.since(form_payload(view, shown.offered(view, settings), task), **settings.get(view, {}))
        for name, view in other.items()
    }
    return replace(shown, drawn={**shown.drawn, **dict.fromkeys(other, (task,))}), changes


def _encoder(shown: Shown) -> int:
    """How many of the model's layers are an encoder's, as far as any view tells."""
    return max((int(seen.facts.get("encoder_layers", 0)) for seen in shown.seen.values()), default=0)


def _pointed(seen: Seen, shown: Shown) -> Any:
    selection, told = shown.selection, []
    if selection.token is not None and selection.token < len(seen.tokens):
        told.append(f"token {quoted(seen.tokens[selection.token].text)}")
    if selection.layer is not None:
        told.append("the input" if selection.layer == 0 else layer_title(selection.layer, _encoder(shown)))
    if selection.layer and selection.head is not None:
        told.append(f"head {selection.head + 1}")
    line = sentences.line("name", "Click a token, a layer or a head anywhere: all views follow.")
    if told:
        line = sentences.line("name", "All views show ", (", ".join(told), "strong"))
    return sentences.told(line) | {"at": asdict(selection)}


def as_pointed(seen: Seen, shown: Shown) -> Seen:
    """What was seen, as the selection of the moment has it."""
    options = {**seen.request.options, **shown.selection.options(seen.request.view)}
    return seen.asked(replace(seen.request, options=options))
