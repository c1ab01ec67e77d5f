"""What was seen, as payloads of the views: by view a function from what was seen to payloads by part."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from tokimp.internals.agreement import Agreement, agreement
from tokimp.internals.looks import LOOKS
from tokimp.internals.looks.seen import Seen
from tokimp.types import Candidate, Floats, Prediction, Token
from tokimp.ui.components import Payload
from tokimp.ui.inside import attending
from tokimp.ui.inside.answer import said_of, source_of
from tokimp.ui.inside.state import Selection
from tokimp.views.characters import drawable, quoted
from tokimp.views.drawing import Node
from tokimp.views.inside.agreement import agreement_figure
from tokimp.views.inside.answer import answer_figure
from tokimp.views.inside.layers import layer_text_payload, layers_payload, state_names, token_names
from tokimp.views.inside.lens import columns_of, lens_payload
from tokimp.views.inside.network import MOST_ROWS, network_payload, through, without_first
from tokimp.views.inside.points import Group, similarity_figure, tokens_figure, ways_figure
from tokimp.views.inside.probabilities import (
    changes,
    changes_figure,
    confidence,
    probabilities_payload,
    temperature_note,
)
from tokimp.views.inside.readings import readings_payload
from tokimp.views.numbers import show

MOST_LINES = 4


def names_of(seen: Seen) -> list[str]:
    return token_names(seen.tokens, seen.request.text)


def probability_text(seen: Seen, _at: Selection) -> Payload | None:
    if not has_readings(seen):
        return None
    colour: Any = seen.request.options.get("colour", "surprisal")
    taken, tokens, text, first = said_of(seen)
    payload: Payload = readings_payload(taken, tokens, text, word_of(seen), colour)
    for item in payload["tokens"]["items"]:
        item["indices"] = [first + place for place in item["indices"]]
    return payload


def has_readings(seen: Seen) -> bool:
    """Whether the model says something of any token."""
    return "surprisal" in seen.arrays and bool(said_of(seen).tokens)


def probability_bars(seen: Seen, _at: Selection) -> Payload | None:
    said, temperature = prediction_of(seen), float(seen.request.options.get("temperature") or 1.0)
    words = seen.request.task != "classification"
    return None if said is None else probabilities_payload(said, temperature, words=words)


def probability_changes(seen: Seen, _at: Selection) -> Payload | None:
    return {"tree": changes_tree(seen)} if seen.facts.get("changes") else None


def prediction_of(seen: Seen) -> Prediction | None:
    """What the model says, None where nothing was asked of it."""
    candidates = tuple(Candidate(**each) for each in seen.facts["candidates"])
    if not candidates:
        return None
    return Prediction(candidates, seen.tokens, seen.facts["position"], seen.facts["entropy"])


def word_of(seen: Seen) -> Callable[[int], str]:
    words = seen.facts["words"]
    return lambda index: str(words[str(index)])


def changes_tree(seen: Seen) -> Any:
    rows = seen.facts["changes"]
    found = changes([row["label"] for row in rows], [row["first"] for row in rows], [row["second"] for row in rows])
    both = (seen.request.text, str(seen.request.options["other"]))
    return changes_figure(found, both, words=seen.request.task != "classification")


def lens_table(seen: Seen, at: Selection) -> Payload:
    return lens_payload(reading_of(seen), names_of(seen), word_of(seen), selected=lens_token(seen, at))


def lens_columns(seen: Seen, at: Selection) -> tuple[int, ...]:
    """The positions that the table shows."""
    return tuple(columns_of(reading_of(seen), lens_token(seen, at)))


def lens_answer(seen: Seen, at: Selection) -> Payload:
    return {"tree": answer_figure(reading_of(seen), lens_token(seen, at), names_of(seen), word_of(seen))}


def reading_of(seen: Seen) -> Any:
    """What was read, as `views.inside.lens` reads it."""
    arrays = {**seen.arrays, "positions": tuple(int(each) for each in seen["positions"])}
    return SimpleNamespace(**arrays)


def lens_token(seen: Seen, selection: Selection) -> int:
    """Where the lens is read: at what is pointed at, or else at the last position."""
    positions = [int(each) for each in seen["positions"]]
    return selection.token if selection.token in positions and selection.token is not None else positions[-1]


def layer_text(seen: Seen, at: Selection) -> Payload:
    last = len(seen["scores"]) - 1
    layer = last if at.layer is None else min(at.layer, last)
    return layer_text_payload(seen["scores"], seen.tokens, seen.request.text, layer)


def layer_cells(seen: Seen, _at: Selection) -> Payload:
    return layers_payload(seen["scores"], seen.tokens, seen.request.text, title=layers_title(seen))


def layers_title(seen: Seen) -> str:
    kind = "Relevance" if seen.request.options.get("kind") == "relevance" else "Gradient × activation"
    return f"{kind} at each layer"


def state_points(seen: Seen, at: Selection) -> Node:
    """All tokens at the layer."""
    facts, names = seen.facts, names_of(seen)
    where = f"layer {facts['layer']}" if facts["layer"] else "the input"
    groups = [_group("this text", seen["points"], names)]
    if "other_tokens" in facts:
        other = [Token(**each) for each in facts["other_tokens"]]
        labels = token_names(other, str(seen.request.options["other"]))
        groups.append(_group("second text", seen["other_points"], labels))
    far = ", ".join(quoted(names[each]) for each in facts["left_out"])
    out = f" Far from all others, and left out: {far}." if far else ""
    sentence = f"All tokens at {where}, seen along the two directions in which they differ most.{out}"
    return tokens_figure(groups, tuple(seen["explained"]), sentence, selected=at.token)


def state_way(seen: Seen, at: Selection) -> Node:
    """The token's way through the layers."""
    token = seen.facts["token"]
    way = Group(names_of(seen)[token], seen["way"], state_names(len(seen["way"])))
    sentence = f"The way of token {token} through the layers"
    return ways_figure([way], tuple(seen["way_explained"]), sentence, layer=at.layer)


def state_similarity(seen: Seen, at: Selection) -> Node:
    """How alike the token is to those that it is most alike to at the layer."""
    names, layer, token = names_of(seen), seen.facts["layer"], seen.facts["token"]
    lines = seen["similarity"]
    order = [int(each) for each in np.argsort(-lines[layer], kind="stable") if each != token][:MOST_LINES]
    pairs = [(names[token], names[each]) for each in order]
    return similarity_figure(lines[:, order], pairs, layer=at.layer)


def _group(name: str, points: Floats, labels: list[str]) -> Group:
    """Those of a text's tokens that are drawn."""
    places = [int(each) for each in np.flatnonzero(np.isfinite(points).all(-1))]
    return Group(name, points[places], [labels[place] for place in places], places)


def _unmarked(figure: Callable[[Seen, Selection], Node]) -> Callable[[Seen, Selection], Payload]:
    """The figure for the page, which marks what is pointed at by itself."""
    return lambda seen, _at: {"tree": figure(seen, Selection())}


def network(seen: Seen, at: Selection) -> Payload:
    edges, position, encoder = edges_of(seen), seen.facts["position"], seen.facts["encoder_layers"]
    picked = {"token": network_row(seen, at)}
    return network_payload(edges, names_of(seen), position, selected=picked, encoder=encoder)


def network_row(seen: Seen, at: Selection) -> int | None:
    """What is pointed at, where it alone brings a row of a long text with it."""
    return at.token if len(seen.tokens) > MOST_ROWS else None


def edges_of(seen: Seen) -> Floats:
    """Layer by layer, or of the whole way where that was asked for or is all that was kept.

    The first token is left out layer by layer, so that no path leads through it; of layers not kept, in the end.
    """
    options = seen.request.options
    direct = options.get("way") == "direct"
    left_out = seen.request.task == "next-token" and options.get("first") != "show"
    if "edges" not in seen.arrays or (direct and not left_out):
        return without_first(seen["direct"][None]) if left_out else seen["direct"][None]
    edges = np.asarray(seen["edges"], dtype=np.float64)
    edges = without_first(edges) if left_out else edges
    return through(edges) if direct else edges


def agreement_chart(seen: Seen, at: Selection) -> Node:
    found, values, names = comparison(seen)
    return agreement_figure(found, values, names_of(seen), names, selected=at.token)


def comparison(seen: Seen) -> tuple[Agreement, tuple[Floats, Floats], tuple[str, str]]:
    """Sizes of scores beside attention: what is compared, the values of both, and what they are."""
    sizes = np.abs(seen["scores"])
    found = agreement(sizes, seen["attention"], [not token.special for token in seen.tokens])
    size = "size of scores by " if seen.facts["signed"] else "scores by "
    measures = {"norms": "value norms", "rollout": "attention rollout", "value_zeroing": "value zeroing"}
    measure = measures.get(str(seen.request.options.get("measure")), "attention")
    return found, (sizes, seen["attention"]), (size + seen.facts["method"], measure)


def told(seen: Seen) -> list[str]:
    """Sentences above a view, on what it reads here."""
    return _TOLD[seen.request.view](seen)


def _confidence(seen: Seen) -> list[str]:
    told = ["The bars are of what would come behind the whole answer."] if source_of(seen) else []
    if seen.facts["candidates"] and seen.facts["entropy"] is not None:
        told.append(confidence(seen.facts["candidates"][0]["prob"], seen.facts["entropy"], seen.facts["choices"]))
    if "perplexity" in seen.facts:
        whose = "answer" if source_of(seen) else "text"
        told.append(f"Perplexity of the {whose} {show(seen.facts['perplexity'])}.")
    temperature = float(seen.request.options.get("temperature") or 1.0)
    if temperature != 1 and seen.facts["candidates"]:
        told.append(temperature_note(temperature, len(seen.facts["candidates"])))
    return told


def _explained(seen: Seen) -> list[str]:
    target = seen.facts["target"]
    return [f"Explained is {drawable(target) if seen.request.task == 'classification' else quoted(target)}."]


DRAWN: dict[str, Callable[[Seen, Selection], Payload | None]] = {
    "attention_grid": attending.heads,
    "attention_map": attending.one_map,
    "probability_text": probability_text,
    "probability_bars": probability_bars,
    "probability_changes": probability_changes,
    "lens_table": lens_table,
    "lens_answer": lens_answer,
    "layer_text": layer_text,
    "layer_scores": layer_cells,
    "state_points": _unmarked(state_points),
    "state_way": _unmarked(state_way),
    "state_similarity": _unmarked(state_similarity),
    "network_paths": network,
    "agreement_chart": _unmarked(agreement_chart),
}
"""What a part shows; None where there is nothing to show."""

WINDOWS: dict[str, Callable[[Seen, Selection], Any]] = {"lens_table": lens_columns, "network_paths": network_row}
"""Of parts that show as much as there is room for, what decides which."""


def _nothing(_seen: Seen) -> list[str]:
    return []


_TOLD: dict[str, Callable[[Seen], list[str]]] = {
    **dict.fromkeys(LOOKS, _nothing),
    "attention": attending.told,
    "token_probabilities": _confidence,
    "layers": _explained,
    "inside_outside": _explained,
}
