"""What was seen, as payloads of the views: by view a function from what was seen to payloads by part."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from tokimp.internals.agreement import Agreement, agreement
from tokimp.internals.looks.seen import Seen
from tokimp.types import Candidate, Floats, Prediction, Token
from tokimp.ui.components import Payload
from tokimp.ui.inside.state import Selection
from tokimp.views.characters import drawable, quoted
from tokimp.views.inside.agreement import agreement_figure
from tokimp.views.inside.answer import answer_figure
from tokimp.views.inside.attention import grid_payload, map_payload
from tokimp.views.inside.layers import layer_text_payload, layers_payload, state_names, token_names
from tokimp.views.inside.lens import lens_payload
from tokimp.views.inside.network import network_payload, through, without_first
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
from tokimp.views.text import plain_payload

Payloads = dict[str, Payload | None]
MOST_LINES = 4


def strip(seen: Seen, selection: Selection) -> Payload:
    """The text, each token to be pointed at; the one that is pointed at stands out."""
    payload = plain_payload(seen.tokens, seen.request.text, "points all views at it")
    for item in payload["tokens"]["items"]:
        if selection.token in item["indices"]:
            item["bucket"] = "tk0 tk-pointed"
    return payload


def names_of(seen: Seen) -> list[str]:
    return token_names(seen.tokens, seen.request.text)


def attention(seen: Seen, selection: Selection) -> Payloads:
    block = None if not selection.layer else selection.layer - 1
    head = None if block is None else selection.head
    measure = seen.facts["measure"]
    picked = {"token": selection.token, "query": selection.token, "key": selection.key}
    grid = grid_payload(
        seen["pictures"], seen["habits"], seen.facts["habits"], measure=measure, selected={"layer": block, "head": head}
    )
    title = map_title(block, head)
    return {
        "attention_grid": grid,
        "attention_map": map_payload(seen["map"], names_of(seen), title=title, measure=measure, selected=picked),
    }


def map_title(block: int | None, head: int | None) -> str:
    if block is None:
        return "Mean over all layers and heads"
    return f"Layer {block + 1}, mean over its heads" if head is None else f"Layer {block + 1}, head {head + 1}"


def probabilities(seen: Seen, _selection: Selection) -> Payloads:
    options, facts = seen.request.options, seen.facts
    words = seen.request.task != "classification"
    said = prediction_of(seen)
    temperature = float(options.get("temperature") or 1.0)
    found: Payloads = {"probability_bars": None, "probability_text": None, "probability_changes": None}
    if said is not None:
        found["probability_bars"] = probabilities_payload(said, temperature, words=words)
    if "surprisal" in seen.arrays:
        colour: Any = options.get("colour", "surprisal")
        found["probability_text"] = readings_payload(
            taken_of(seen), seen.tokens, seen.request.text, word_of(seen), colour
        )
    if facts.get("changes"):
        found["probability_changes"] = {"tree": changes_tree(seen)}
    return found


def prediction_of(seen: Seen) -> Prediction | None:
    """What the model says, None where nothing was asked of it."""
    candidates = tuple(Candidate(**each) for each in seen.facts["candidates"])
    if not candidates:
        return None
    return Prediction(candidates, seen.tokens, seen.facts["position"], seen.facts["entropy"])


def taken_of(seen: Seen) -> Any:
    """How the model took each token, as `views.inside.readings` reads it."""
    return SimpleNamespace(**seen.arrays)


def word_of(seen: Seen) -> Callable[[int], str]:
    words = seen.facts["words"]
    return lambda index: str(words[str(index)])


def changes_tree(seen: Seen) -> Any:
    rows = seen.facts["changes"]
    found = changes([row["label"] for row in rows], [row["first"] for row in rows], [row["second"] for row in rows])
    both = (seen.request.text, str(seen.request.options["other"]))
    return changes_figure(found, both, words=seen.request.task != "classification")


def lens(seen: Seen, selection: Selection) -> Payloads:
    reading, names = reading_of(seen), names_of(seen)
    token = lens_token(seen, selection)
    drawn = lens_payload(reading, names, word_of(seen), selected=token)
    return {
        "lens_table": drawn,
        "lens_answer": {"tree": answer_figure(reading, token, names, word_of(seen), layer=selection.layer)},
    }


def reading_of(seen: Seen) -> Any:
    """What was read, as `views.inside.lens` reads it."""
    arrays = {**seen.arrays, "positions": tuple(int(each) for each in seen["positions"])}
    return SimpleNamespace(**arrays)


def lens_token(seen: Seen, selection: Selection) -> int:
    """Where the lens is read: at what is pointed at, or else at the last position."""
    positions = [int(each) for each in seen["positions"]]
    return selection.token if selection.token in positions and selection.token is not None else positions[-1]


def layers(seen: Seen, selection: Selection) -> Payloads:
    text = seen.request.text
    last = len(seen["scores"]) - 1
    layer = last if selection.layer is None else min(selection.layer, last)
    picked = {"layer": layer, "token": selection.token}
    return {
        "layer_scores": layers_payload(seen["scores"], seen.tokens, text, title=layers_title(seen), selected=picked),
        "layer_text": layer_text_payload(seen["scores"], seen.tokens, text, layer),
    }


def layers_title(seen: Seen) -> str:
    kind = "Relevance" if seen.request.options.get("kind") == "relevance" else "Gradient × activation"
    return f"{kind} at each layer"


def states(seen: Seen, selection: Selection) -> Payloads:
    trees = state_trees(seen, selection)
    return {name: {"tree": tree} for name, tree in trees.items()}


def state_trees(seen: Seen, selection: Selection) -> dict[str, Any]:
    """By part: all tokens at the layer, the token's way, and how alike it is to those it is most alike to."""
    facts, names = seen.facts, names_of(seen)
    layer, token = facts["layer"], facts["token"]
    named = state_names(len(seen["way"]))
    where = named[layer] if layer else "the input"
    groups = [_group("this text", seen["points"], names)]
    if "other_tokens" in facts:
        other = [Token(**each) for each in facts["other_tokens"]]
        labels = token_names(other, str(seen.request.options["other"]))
        groups.append(_group("second text", seen["other_points"], labels))
    far = ", ".join(quoted(names[each]) for each in facts["left_out"])
    out = f" Far from all others, and left out: {far}." if far else ""
    at = f"All tokens at {where}, seen along the two directions in which they differ most.{out}"
    way = Group(names[token], seen["way"], named)
    return {
        "state_points": tokens_figure(groups, tuple(seen["explained"]), at, selected=selection.token),
        "state_way": ways_figure(
            [way], tuple(seen["way_explained"]), f"The way of token {token} through the layers", layer=layer
        ),
        "state_similarity": _alike(seen, names, layer, token),
    }


def _group(name: str, points: Floats, labels: list[str]) -> Group:
    """Those of a text's tokens that are drawn."""
    places = [int(each) for each in np.flatnonzero(np.isfinite(points).all(-1))]
    return Group(name, points[places], [labels[place] for place in places], places)


def _alike(seen: Seen, names: list[str], layer: int, token: int) -> Any:
    lines = seen["similarity"]
    order = [int(each) for each in np.argsort(-lines[layer], kind="stable") if each != token][:MOST_LINES]
    return similarity_figure(lines[:, order], [(names[token], names[each]) for each in order], layer=layer)


def network(seen: Seen, selection: Selection) -> Payloads:
    edges, column = edges_of(seen), selection.layer
    columns = len(edges)
    picked = {"token": selection.token, "layer": None if column is None or columns == 1 else min(column, columns)}
    return {"network_paths": network_payload(edges, names_of(seen), seen.facts["position"], selected=picked)}


def edges_of(seen: Seen) -> Floats:
    """Layer by layer, or of the whole way where that was asked for or is all that was kept."""
    options = seen.request.options
    if "edges" not in seen.arrays:
        return seen["direct"][None]
    edges = np.asarray(seen["edges"], dtype=np.float64)
    if options.get("first") is False:
        edges = without_first(edges)
    elif options.get("way") == "direct":
        return seen["direct"][None]
    return through(edges) if options.get("way") == "direct" else edges


def compared(seen: Seen, selection: Selection) -> Payloads:
    found, values, names = comparison(seen)
    tree = agreement_figure(found, values, names_of(seen), names, selected=selection.token)
    return {"agreement_chart": {"tree": tree}}


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
    told = []
    if seen.facts["candidates"] and seen.facts["entropy"] is not None:
        told.append(confidence(seen.facts["candidates"][0]["prob"], seen.facts["entropy"], seen.facts["choices"]))
    if "perplexity" in seen.facts:
        told.append(f"Perplexity of the text {show(seen.facts['perplexity'])}.")
    temperature = float(seen.request.options.get("temperature") or 1.0)
    if temperature != 1 and seen.facts["candidates"]:
        told.append(temperature_note(temperature, len(seen.facts["candidates"])))
    return told


def _explained(seen: Seen) -> list[str]:
    target = seen.facts["target"]
    return [f"Explained is {drawable(target) if seen.request.task == 'classification' else quoted(target)}."]


DRAWN: dict[str, Callable[[Seen, Selection], Payloads]] = {
    "attention": attention,
    "token_probabilities": probabilities,
    "logit_lens": lens,
    "layers": layers,
    "hidden_states": states,
    "network": network,
    "inside_outside": compared,
}


def _nothing(_seen: Seen) -> list[str]:
    return []


_TOLD: dict[str, Callable[[Seen], list[str]]] = {
    **dict.fromkeys(DRAWN, _nothing),
    "token_probabilities": _confidence,
    "layers": _explained,
    "inside_outside": _explained,
}
