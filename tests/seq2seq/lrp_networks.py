"""Forward passes of a tiny BART and a tiny T5 written out by hand, for relevance to go back through."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from tests.lrp_reference import Part, Pass, causal, gelu, relu, weights_of
from tokimp.models.text_model import TextModel

Weights = dict[str, np.ndarray]
HEADS = 4


def relevances(
    model: TextModel, embeds: np.ndarray, source: int, index: int, position: int, cp: bool
) -> tuple[float, np.ndarray]:
    """The logit `index` at a position, and the relevance (token,) of its embeddings (token, hidden): source, answer."""
    run, x = Pass(cp), Part(embeds)
    read, written = _part(run, x, slice(0, source)), _part(run, x, slice(source, None))
    hidden = NETWORKS[model.architecture.family](run, weights_of(model), read, written, model)
    row = run.row(hidden, position - source)
    weights = model.embeddings.double().numpy()[[index]].T  # the head is the table
    if model.architecture.family == "t5":
        row = run.one_to_one(row, row.value * embeds.shape[1] ** -0.5)
    logit = run.linear(row, weights)
    run.back(logit)
    return float(logit.value[0]), x.relevance.sum(-1)


def bart(run: Pass, w: Weights, read: Part, written: Part, _model: TextModel) -> Part:
    """Norms behind each part; positions from the third row on."""

    def norm(x: Part, name: str) -> Part:
        return run.layer_norm(x, w[f"{name}.weight"], w[f"{name}.bias"], 1e-5)

    def attention(x: Part, keys: Part, name: str, allowed: np.ndarray) -> Part:
        q, *kv = (_linear(run, w, f"{name}.{part}_proj", of) for part, of in (("q", x), ("k", keys), ("v", keys)))
        q, k, v = (run.heads(each, HEADS) for each in (q, *kv))
        mixed = run.attention(q, k, v, allowed, (x.value.shape[1] // HEADS) ** -0.5)
        return norm(run.add(x, _linear(run, w, f"{name}.out_proj", mixed)), f"{name}_layer_norm")

    def stack(x: Part, side: str, layers: int, seen: Part | None) -> Part:
        length = len(x.value)
        allowed = np.ones((length, length), dtype=bool) if seen is None else causal(length)
        x = run.add_constant(x, w[f"{side}.embed_positions.weight"][2 : 2 + length])
        x = norm(x, f"{side}.layernorm_embedding")
        for layer in range(layers):
            at = f"{side}.layers.{layer}"
            x = attention(x, x, f"{at}.self_attn", allowed)
            if seen is not None:
                x = attention(x, seen, f"{at}.encoder_attn", np.ones((length, len(seen.value)), dtype=bool))
            hidden = _linear(run, w, f"{at}.fc1", x)
            hidden = _linear(run, w, f"{at}.fc2", run.one_to_one(hidden, gelu(hidden.value)))
            x = norm(run.add(x, hidden), f"{at}.final_layer_norm")
        return x

    return stack(written, "decoder", 2, stack(read, "encoder", 3, None))


def t5(run: Pass, w: Weights, read: Part, written: Part, model: TextModel) -> Part:
    """Norms in front of each part, no bias anywhere, and a bias by distance on the scores."""

    def norm(x: Part, name: str) -> Part:
        return run.rms_norm(x, w[f"{name}.weight"], 1e-6)

    def attention(x: Part, keys: Part | None, name: str, allowed: np.ndarray, distance: np.ndarray | None) -> Part:
        normed = norm(x, f"{name.rpartition('.')[0]}.layer_norm")
        of = normed if keys is None else keys
        q, k, v = (
            run.heads(_linear(run, w, f"{name}.{part}", each), HEADS)
            for part, each in zip("qkv", (normed, of, of), strict=True)
        )
        scores = run.matmul(q, run.moved(k, lambda value: value.swapaxes(1, 2), lambda back: back.swapaxes(1, 2)))
        scores = scores if distance is None else run.add_constant(scores, distance)
        mixed = run.joined(run.mixed(run.softmax(scores, allowed), v))
        return run.add(x, _linear(run, w, f"{name}.o", mixed))

    def stack(x: Part, side: str, layers: int, seen: Part | None) -> Part:
        length = len(x.value)
        allowed = np.ones((length, length), dtype=bool) if seen is None else causal(length)
        first = getattr(model.network, side).block[0].layer[0].SelfAttention
        with torch.no_grad():
            distance = first.compute_bias(length, length)[0].double().numpy()
        for layer in range(layers):
            at = f"{side}.block.{layer}.layer"
            x = attention(x, None, f"{at}.0.SelfAttention", allowed, distance)
            if seen is not None:
                every = np.ones((length, len(seen.value)), dtype=bool)
                x = attention(x, seen, f"{at}.1.EncDecAttention", every, None)
            last = f"{at}.{1 if seen is None else 2}"
            hidden = _linear(run, w, f"{last}.DenseReluDense.wi", norm(x, f"{last}.layer_norm"))
            hidden = run.one_to_one(hidden, relu(hidden.value))
            x = run.add(x, _linear(run, w, f"{last}.DenseReluDense.wo", hidden))
        return norm(x, f"{side}.final_layer_norm")

    return stack(written, "decoder", 2, stack(read, "encoder", 3, None))


NETWORKS: dict[str, Callable[[Pass, Weights, Part, Part, TextModel], Part]] = {"bart": bart, "t5": t5}


def _part(run: Pass, x: Part, some: slice) -> Part:
    def back(relevance: np.ndarray) -> np.ndarray:
        everywhere = np.zeros_like(x.value)
        everywhere[some] = relevance
        return everywhere

    return run.moved(x, lambda value: value[some], back)


def _linear(run: Pass, w: Weights, name: str, x: Part) -> Part:
    return run.linear(x, w[f"{name}.weight"].T, w.get(f"{name}.bias", 0.0))
