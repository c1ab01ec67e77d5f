"""Drawings for notebooks: of what a notebook has at hand, and of what `inspect` and `explain` return."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tokimp.errors import OptionError
from tokimp.given import array, names, one_map, one_text
from tokimp.types import Explanation, Floats, Token
from tokimp.views.page import explanation_body, question
from tokimp.views.plot import Plot

if TYPE_CHECKING:
    from tokimp.internals.inspecting import Internals

__all__ = [
    "Plot",
    "plot_agreement",
    "plot_attention_grid",
    "plot_attention_heatmap",
    "plot_attribution",
    "plot_hidden_pca",
    "plot_layers",
    "plot_logit_lens",
    "plot_network",
    "plot_similarity",
    "plot_token_probabilities",
]

Tokens = Sequence[str | Token]


def plot_attribution(explanation: Explanation) -> Plot:
    """The text with its tokens coloured by their scores, as the explanation shows itself."""

    def png(dark: bool) -> bytes:
        from tokimp.views.png import explanation_png

        return explanation_png(explanation, dark=dark)

    return Plot(question(explanation), explanation_body(explanation), lambda dark: explanation.to_svg(dark=dark), png)


def plot_attention_heatmap(
    attention: Any,
    tokens: Tokens | None = None,
    *,
    layer: int | None = None,
    head: int | None = None,
    measure: Literal["weights", "norms"] = "weights",
    part: Literal["cross", "encoder", "decoder"] | None = None,
) -> Plot:
    """Who looks at whom: queries downwards, keys to the right; without `layer` or `head` the mean over them.

    attention: `Internals`, `outputs.attentions`, or an array (query, key), (head, query, key) or (layer, head,
    query, key), with or without a batch of one. `layer` and `head` count from 0; the heading counts from 1.
    `measure` says what the numbers are; from `Internals` it takes those. Of a model with an encoder these are of one
    `part`: of the answer's attention to the text ("cross", or None), or of either's to itself; its layers stand
    before the decoder's.

    Raises:
        OptionError: shapes that do not fit; a layer or head that is not there.
    """
    from tokimp.views.inside.attention_figure import map_figure
    from tokimp.views.inside.wide import wide_html

    if hasattr(attention, "attention_map"):
        found, sides = attention.attention_map(layer, head, measure, part), attention.sides(part)
    else:
        found, sides = one_map(array(attention), layer, head), (tokens, tokens)
    places = [f"{name} {at + 1}" for name, at in (("layer", layer), ("head", head)) if at is not None]
    title = ", ".join(["Attention", *places]) if places else "Attention, mean of all heads"
    queries, keys = (names(side, count) for side, count in zip(sides, found.shape, strict=True))
    figure = map_figure(found, queries, keys, title=title, measure=measure)
    return Plot.drawn(title, figure, wide_html(figure, title))


def plot_attention_grid(
    inside: Internals,
    *,
    measure: Literal["weights", "norms"] = "weights",
    part: Literal["cross", "encoder", "decoder"] | None = None,
) -> Plot:
    """All heads as small pictures, what each does in its title; `part` as in `plot_attention_heatmap`."""
    from tokimp.views.inside.attention_figure import grid_figure
    from tokimp.views.inside.wide import wide_html

    found = inside.survey(measure, part)
    whose = ("encoder" if part == "encoder" else "decoder") if inside.inputs.source else ""
    figure = grid_figure(found.pictures, found.habits, found.names, measure=measure, whose=whose)
    return Plot.drawn("All heads", figure, wide_html(figure, "All heads"))


def plot_layers(scores: Any, tokens: Tokens | None = None, *, signed: bool = True) -> Plot:
    """Scores of all tokens at each layer.

    scores: an explanation whose method has them, or an array (layer, token) such as `Internals.layer_scores`
    returns, whose row 0 is the input.

    Raises:
        OptionError: shapes that do not fit; a method without scores for layers.
    """
    from tokimp.views.inside.layers import layer_names, layers_figure, state_names
    from tokimp.views.inside.wide import wide_html

    if isinstance(scores, Explanation):
        values, tokens, signed = scores.attribution.layers, scores.tokens, scores.attribution.signed
        if values is None:
            raise OptionError(f"{scores.request.method} has no scores for layers.", "Try attention_rollout.")
        rows = layer_names(len(values))
    else:
        values = one_text(array(scores), 2)
        rows = state_names(len(values))
    figure = layers_figure(values, names(tokens, values.shape[1]), rows, signed=signed)
    return Plot.drawn("Scores at each layer", figure, wide_html(figure, "Scores at each layer"))


def plot_network(
    network: Any,
    tokens: Tokens | None = None,
    *,
    position: int | None = None,
    compact: bool = False,
    first: bool = True,
) -> Plot:
    """What each token is made of, layer by layer; `compact` draws only input and output.

    network: `Internals`, what its `network` returns, or an array (layer, query, key) whose rows sum to 1.
    position: the token that is coloured, where the answer is read if None (of an array, the last). Without
    `first`, what others take from the first token is left out, and the rest shared out anew.

    Raises:
        OptionError: shapes that do not fit; a position that is not there.
    """
    from tokimp.views.inside.network import through, without_first
    from tokimp.views.inside.network_figure import network_figure, network_html

    if hasattr(network, "network"):
        network, tokens = network.network(), network.tokens
    encoder = 0
    if hasattr(network, "edges"):
        position, encoder = network.position if position is None else position, getattr(network, "encoder_layers", 0)
        network = network.edges
    edges = one_text(array(network), 3)
    words, read = names(tokens, edges.shape[-1]), -1 if position is None else position
    if edges.shape[1] != edges.shape[2] or not -len(words) <= read < len(words):
        raise OptionError(f"Edges of {edges.shape} have no token {read}.", "Give (layer, query, key).")
    edges = edges if first else without_first(edges)
    drawn = (through(edges) if compact else edges, words, read % len(words))
    title = "Token network" if first else "Token network, without the first token"
    told: dict[str, Any] = {"title": title, "encoder": encoder}
    return Plot.drawn(title, network_figure(*drawn, **told), network_html(*drawn, **told))


def plot_hidden_pca(
    hidden_states: Any,
    token_idx: int | Sequence[int] | None = None,
    *,
    tokens: Any = None,
    layer: int = -1,
    selected: int | None = None,
) -> Plot:
    """Principal components of hidden states: all tokens after one layer, or with `token_idx` the ways of these tokens.

    hidden_states: `Internals`, several of them for several texts in one projection, `outputs.hidden_states`,
    or an array (layer, token, hidden); tokens: their strings, of several texts a list of lists. Hugging Face
    returns the last layer's states behind the model's final norm, `Internals` before it.
    `layer` counts from 0, the input, and from −1 backwards. Tokens with states of other size than all
    others', such as a decoder's first, are left out of a layer's projection, and the heading says so.

    Raises:
        OptionError: a layer or token that is not there; shapes that do not fit.
    """
    from tokimp import pictures

    texts = pictures.texts_of(hidden_states, tokens)
    if token_idx is None:
        return pictures.at_one_layer(texts, layer, selected)
    return pictures.ways(texts, [token_idx] if isinstance(token_idx, int) else list(token_idx))


def plot_similarity(hidden_states: Any, pairs: Sequence[tuple[int, int]], *, tokens: Tokens | None = None) -> Plot:
    """Cosine similarity of pairs of tokens from layer to layer; hidden states as in `plot_hidden_pca`.

    Raises:
        OptionError: a token that is not there; no pair.
    """
    from tokimp import pictures

    return pictures.alike(pictures.texts_of(hidden_states, None if tokens is None else [tokens])[0], pairs)


def plot_logit_lens(
    inside: Internals, position: int | None = None, *, show: Literal["words", "answer"] = "words"
) -> Plot:
    """What each layer would say: a table of the last positions, or of the likeliest words at `position`.

    "answer" draws the probability and the rank of the final answer at `position` (the last, if None)
    across the layers instead. Positions are those of tokens; of a fill-mask text its masks.

    Raises:
        OptionError: the lens did not read this position. MethodUnavailableError: a classifier.
    """
    from tokimp.views.inside.answer import answer_figure
    from tokimp.views.inside.lens import lens_figure
    from tokimp.views.inside.wide import wide_html

    lens, word = inside.logit_lens, words_of(inside.model.tokenizer)
    texts = [token.text for token in inside.tokens]
    if show == "answer":
        figure = answer_figure(lens, lens.positions[-1] if position is None else position, texts, word)
        return Plot.drawn("The answer across the layers", figure)
    figure = lens_figure(lens, texts, word, position=position)
    return Plot.drawn("What each layer would say", figure, wide_html(figure, "What each layer would say"))


def plot_token_probabilities(
    logits: Any,
    tokenizer: Any = None,
    *,
    against: Any = None,
    top: int = 10,
    temperature: float = 1.0,
    by: Literal["surprisal", "rank", "entropy"] = "surprisal",
) -> Plot:
    """The likeliest tokens as bars, with how sure the model is; of `Internals`, its text coloured `by` a reading.

    logits: (vocabulary,), or (token, vocabulary) with or without a batch of one, of which the last
    position is taken; also what a Hugging Face model returns. tokenizer: one, or a list of labels.
    against: logits after a second prompt; then the candidates that change most. temperature: for display.

    Raises:
        OptionError: shapes that do not fit; no tokenizer; a temperature that is not above 0.
    """
    from tokimp import pictures

    if hasattr(logits, "token_probabilities"):
        return pictures.readings(logits, words_of(logits.model.tokenizer), by)
    if tokenizer is None:
        raise OptionError("Without a tokenizer nobody knows the words.", "Give it, or a list of labels.")
    word, one = words_of(tokenizer), pictures.last_logits(logits)
    if against is not None:
        return pictures.changed(one, pictures.last_logits(against), word, top)
    return pictures.likeliest(one, word, top, temperature)


def plot_agreement(
    explanation: Explanation, attention: Any, *, measure: str = "attention", special: bool = False, first: bool = True
) -> Plot:
    """Sizes of scores beside what attention says, with Pearson's r and Spearman's ρ, and the tokens most at odds.

    attention: (token,), or (query, key), of which the row is taken where the model's answer is read; or
    `Internals`, whose mean over heads and layers it then is. Special tokens count only with `special`; the
    first token, on which many models rest attention that they do not need, does not without `first`.

    Raises:
        OptionError: it is of another text.
    """
    from tokimp.internals.agreement import agreement
    from tokimp.views.inside.agreement import agreement_figure

    found = attention.attention_map() if hasattr(attention, "attention_map") else array(attention)
    if found.shape[-1:] != explanation.scores.shape:
        raise OptionError(f"Attention {found.shape} is of another text.", "Inspect the one that is explained.")
    row: Floats = found[explanation.target.position] if found.ndim == 2 else one_text(found, 1)
    sizes = np.abs(explanation.scores)
    keep = np.array([special or not token.special for token in explanation.tokens])
    keep[0] &= first
    compared = agreement(sizes, row, keep)
    axes = (f"size of the score, {explanation.request.method.replace('_', ' ')}", measure)
    return Plot.drawn(
        "Inside against outside",
        agreement_figure(compared, (sizes, row), names(explanation.tokens, len(row)), axes),
    )


def words_of(tokenizer: Any) -> Callable[[int], str]:
    """The text of an id: from a tokenizer as it would stand in a sentence, or from a list (or dict) of labels."""
    if hasattr(tokenizer, "convert_ids_to_tokens"):
        from tokimp.models.tokens import display

        return lambda each: display(tokenizer, [each])
    if hasattr(tokenizer, "decode"):
        return lambda each: str(tokenizer.decode([each]))
    return lambda each: str(tokenizer[each])
