"""From hidden states and logits to drawings: what the functions of `tokimp.notebook` share out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tokimp.errors import OptionError
from tokimp.given import array, names, one_text
from tokimp.internals.hidden_states import far_out, projection, similarity
from tokimp.types import Floats
from tokimp.views.characters import quoted
from tokimp.views.inside.points import Group, similarity_figure, tokens_figure, ways_figure
from tokimp.views.inside.probabilities import (
    bars_figure,
    changes,
    changes_figure,
    confidence,
    softened,
    temperature_note,
)
from tokimp.views.inside.readings import By, readings_figure, readings_html
from tokimp.views.plot import Plot

Word = Callable[[int], str]


@dataclass(frozen=True, eq=False)
class Text:
    """states (layer, token, hidden), the texts of the tokens, and what the whole is called."""

    name: str
    states: Floats
    tokens: list[str]


def texts_of(hidden_states: Any, tokens: Any) -> list[Text]:
    """One text or several, in any form that `plot_hidden_pca` takes."""
    if hasattr(hidden_states, "hidden_states") or not isinstance(hidden_states, list):
        hidden_states = [hidden_states]
        tokens = [tokens] if tokens is not None and tokens and not isinstance(tokens[0], list | tuple) else tokens
    if tokens is not None and len(tokens) != len(hidden_states):
        raise OptionError(f"There are tokens of {len(tokens)} texts for {len(hidden_states)}.", "Give those of each.")
    return [_text(each, None if tokens is None else tokens[place], place) for place, each in enumerate(hidden_states)]


def at_one_layer(texts: Sequence[Text], layer: int, selected: int | None) -> Plot:
    """All tokens after a layer, of all texts in one projection."""
    counted = [_checked(layer, len(text.states)) for text in texts]
    states = [text.states[at] for text, at in zip(texts, counted, strict=True)]
    out = [far_out(each) for each in states]
    kept = [[place for place in range(len(each)) if place not in gone] for each, gone in zip(states, out, strict=True)]
    found = projection(np.concatenate([each[places] for each, places in zip(states, kept, strict=True)]))
    groups, start = [], 0
    for text, places in zip(texts, kept, strict=True):
        labels = [text.tokens[place] for place in places]
        points = found.points[start : start + len(places)]
        groups.append(Group(text.name, points, labels, places))
        start += len(places)
    where = f"after layer {counted[0]}" if counted[0] else "before the first layer"
    left = [f"{quoted(text.tokens[place])} ({place})" for text, gone in zip(texts, out, strict=True) for place in gone]
    without = f", without {' and '.join(left)}, whose size hides all else" if left else ""
    many = f" of {len(texts)} texts" if len(texts) > 1 else ""
    sentence = f"Tokens{many} {where}{without}"
    return Plot.drawn("Hidden states", tokens_figure(groups, found.explained, sentence, selected=selected))


def ways(texts: Sequence[Text], tokens: Sequence[int]) -> Plot:
    """Tokens on their ways through the layers, the same ones of each text."""
    for text in texts:
        for token in tokens:
            if not -len(text.tokens) <= token < len(text.tokens):
                raise OptionError(f"There is no token {token}.", f"The text has tokens 0 to {len(text.tokens) - 1}.")
    routes = [(text, token % len(text.tokens)) for text in texts for token in tokens]
    if not routes:
        raise OptionError("No token is chosen.", "Give one or more numbers of tokens.")
    found = projection(np.concatenate([text.states[:, token] for text, token in routes]))
    groups, start = [], 0
    for text, token in routes:
        count = len(text.states)
        name = quoted(text.tokens[token]) + (f" in {text.name}" if len(texts) > 1 else f", token {token}")
        labels = [f"layer {each}" if each else "the input" for each in range(count)]
        groups.append(Group(name, found.points[start : start + count], labels))
        start += count
    said = " and ".join(dict.fromkeys(quoted(text.tokens[token]) for text, token in routes))
    sentence = f"{said} through the layers, from 0, the input"
    return Plot.drawn("Ways through the layers", ways_figure(groups, found.explained, sentence))


def alike(text: Text, pairs: Sequence[tuple[int, int]]) -> Plot:
    if not pairs:
        raise OptionError("No pair of tokens is chosen.", "Give one or more, such as [(0, 1)].")
    lines = similarity(text.states, pairs)
    said = [(text.tokens[first], text.tokens[second]) for first, second in pairs]
    return Plot.drawn("Similarity from layer to layer", similarity_figure(lines, said))


def readings(inside: Any, word: Word, by: By) -> Plot:
    """The text of `Internals`, coloured by how the model took each token."""
    given = (inside.token_probabilities, inside.tokens, inside.inputs.text, word, by)
    return Plot.drawn("How the model took each token", readings_figure(*given), readings_html(*given))


def last_logits(logits: Any) -> Floats:
    """Of logits in any form the (vocabulary,) of the last position."""
    values = array(getattr(logits, "logits", logits))
    while values.ndim > 1:
        if values.ndim == 3 and len(values) > 1:
            raise OptionError(f"Logits of {len(values)} texts are too many.", "Give those of one text.")
        values = values[-1]
    return one_text(values, 1)


def likeliest(logits: Floats, word: Word, top: int, temperature: float) -> Plot:
    """Bars of all candidates' shares at the temperature; how sure the model is stays at 1."""
    own, shares = softened(logits), softened(logits, temperature)
    order = np.argsort(-shares, kind="stable")[:top]
    entropy = float(-(own * np.log(np.maximum(own, np.finfo(np.float64).tiny))).sum())
    notes = [confidence(float(own.max()), entropy, len(own))]
    notes += [temperature_note(temperature)] if temperature != 1 else []
    labels = [word(int(each)) for each in order]
    return Plot.drawn("Probabilities", bars_figure(labels, shares[order], "What the model would say", notes))


def changed(first: Floats, second: Floats, word: Word, top: int) -> Plot:
    """The candidates whose probability changes most from the first logits to the second."""
    if first.shape != second.shape:
        raise OptionError("These logits are over different vocabularies.", "Give those of one model.")
    before, after = softened(first), softened(second)
    order = np.argsort(-np.abs(after - before), kind="stable")[:top]
    found = changes([word(int(each)) for each in order], before[order], after[order], top)
    return Plot.drawn("What the second prompt changes", changes_figure(found, ("first prompt", "second prompt")))


def _text(given: Any, tokens: Any, place: int) -> Text:
    if hasattr(given, "hidden_states"):
        known = getattr(given, "tokens", None) if tokens is None else tokens
        text = getattr(getattr(given, "inputs", None), "text", f"text {place + 1}")
        states = array(given.hidden_states)
    else:
        known, text, states = tokens, f"text {place + 1}", array(given)
    states = states[None] if states.ndim == 2 else one_text(states, 3)
    return Text(" ".join(text.split()), states, names(known, states.shape[1]))


def _checked(layer: int, count: int) -> int:
    if not -count <= layer < count:
        raise OptionError(f"There is no layer {layer}.", f"There are 0, the input, to {count - 1}.")
    return layer % count
