"""Forward passes of tiny networks written out by hand, for relevance to go back through."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.lrp_reference import Part, Pass, causal, gelu, gelu_by_tanh, relu, silu, weights_of
from tokimp.models.text_model import TextModel

Weights = dict[str, np.ndarray]
HEADS, LAYERS = 4, 2


def relevances(model: TextModel, embeds: np.ndarray, index: int, position: int, cp: bool) -> tuple[float, np.ndarray]:
    """The logit `index` at a position, and the relevance (token,) of its word embeddings (token, hidden)."""
    run, x = Pass(cp), Part(embeds)
    logit = NETWORKS[model.architecture.family](run, weights_of(model), x, index, position)
    run.back(logit)
    return float(logit.value[0]), x.relevance.sum(-1)


def bert(run: Pass, w: Weights, x: Part, index: int, _position: int) -> Part:
    places = w["embeddings.position_embeddings.weight"][: len(x.value)]
    first = run.row(_bert_body(run, w, x, places), 0)
    pooled = _linear(run, w, "pooler.dense", first)
    return _logit(run, w, "classifier", run.one_to_one(pooled, np.tanh(pooled.value)), index)


def roberta(run: Pass, w: Weights, x: Part, index: int, _position: int) -> Part:
    places = w["embeddings.position_embeddings.weight"][2 : 2 + len(x.value)]  # behind padding's row
    first = run.row(_bert_body(run, w, x, places), 0)
    hidden = _linear(run, w, "classifier.dense", first)
    return _logit(run, w, "classifier.out_proj", run.one_to_one(hidden, np.tanh(hidden.value)), index)


def distilbert(run: Pass, w: Weights, x: Part, index: int, _position: int) -> Part:
    x = run.add_constant(x, w["embeddings.position_embeddings.weight"][: len(x.value)])
    x = _layer_norm(run, w, "embeddings.LayerNorm", x)
    for layer in range(LAYERS):
        at = f"transformer.layer.{layer}."
        mixed = _self_attention(run, w, x, [f"{at}attention.{name}_lin" for name in "qkv"])
        x = run.add(_linear(run, w, f"{at}attention.out_lin", mixed), x)
        x = _layer_norm(run, w, f"{at}sa_layer_norm", x)
        x = run.add(_feed_forward(run, w, x, f"{at}ffn.lin1", f"{at}ffn.lin2"), x)
        x = _layer_norm(run, w, f"{at}output_layer_norm", x)
    hidden = _linear(run, w, "pre_classifier", run.row(x, 0))
    return _logit(run, w, "classifier", run.one_to_one(hidden, relu(hidden.value)), index)


def gpt2(run: Pass, w: Weights, x: Part, index: int, position: int) -> Part:
    length, width = x.value.shape
    x = run.add_constant(x, w["wpe.weight"][:length])
    for layer in range(LAYERS):
        at = f"h.{layer}."
        normed = _layer_norm(run, w, f"{at}ln_1", x, 1e-5)
        parts = zip(np.split(w[f"{at}attn.c_attn.weight"], 3, 1), np.split(w[f"{at}attn.c_attn.bias"], 3), strict=True)
        q, k, v = (run.heads(run.linear(normed, *each), HEADS) for each in parts)
        mixed = run.attention(q, k, v, causal(length), (width // HEADS) ** -0.5)
        x = run.add(run.linear(mixed, w[f"{at}attn.c_proj.weight"], w[f"{at}attn.c_proj.bias"]), x)
        normed = _layer_norm(run, w, f"{at}ln_2", x, 1e-5)
        hidden = run.linear(normed, w[f"{at}mlp.c_fc.weight"], w[f"{at}mlp.c_fc.bias"])
        hidden = run.one_to_one(hidden, gelu_by_tanh(hidden.value))
        x = run.add(run.linear(hidden, w[f"{at}mlp.c_proj.weight"], w[f"{at}mlp.c_proj.bias"]), x)
    return _logit(run, w, "lm_head", run.row(_layer_norm(run, w, "ln_f", x, 1e-5), position), index)


def llama(run: Pass, w: Weights, x: Part, index: int, position: int) -> Part:
    for layer in range(LAYERS):
        at = f"layers.{layer}."
        normed = run.rms_norm(x, w[f"{at}input_layernorm.weight"], 1e-6)
        x = run.add(x, _grouped_attention(run, w, normed, at, None, None))
        normed = run.rms_norm(x, w[f"{at}post_attention_layernorm.weight"], 1e-6)
        x = run.add(x, _gated(run, w, normed, at, silu))
    return _logit(run, w, "lm_head", run.row(run.rms_norm(x, w["norm.weight"], 1e-6), position), index)


def gemma2(run: Pass, w: Weights, x: Part, index: int, position: int) -> Part:
    """Norms before and behind each part, every second layer with a short view, tanh over scores and logits."""

    def norm(x: Part, name: str) -> Part:
        return run.rms_norm(x, 1 + w[f"{name}.weight"], 1e-6)

    for layer in range(LAYERS):
        at = f"layers.{layer}."
        mixed = _grouped_attention(run, w, norm(x, f"{at}input_layernorm"), at, None if layer % 2 else 4, 50.0)
        x = run.add(x, norm(mixed, f"{at}post_attention_layernorm"))
        hidden = _gated(run, w, norm(x, f"{at}pre_feedforward_layernorm"), at, gelu_by_tanh)
        x = run.add(x, norm(hidden, f"{at}post_feedforward_layernorm"))
    return run.capped(_logit(run, w, "lm_head", run.row(norm(x, "norm"), position), index), 30.0)


NETWORKS: dict[str, Callable[[Pass, Weights, Part, int, int], Part]] = {
    "bert": bert,
    "roberta": roberta,
    "distilbert": distilbert,
    "gpt2": gpt2,
    "llama": llama,
    "gemma2": gemma2,
}


def _bert_body(run: Pass, w: Weights, x: Part, places: np.ndarray) -> Part:
    x = run.add_constant(x, places + w["embeddings.token_type_embeddings.weight"][0])
    x = _layer_norm(run, w, "embeddings.LayerNorm", x)
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}."
        mixed = _self_attention(run, w, x, [f"{at}attention.self.{name}" for name in ("query", "key", "value")])
        x = run.add(_linear(run, w, f"{at}attention.output.dense", mixed), x)
        x = _layer_norm(run, w, f"{at}attention.output.LayerNorm", x)
        x = run.add(_feed_forward(run, w, x, f"{at}intermediate.dense", f"{at}output.dense"), x)
        x = _layer_norm(run, w, f"{at}output.LayerNorm", x)
    return x


def _self_attention(run: Pass, w: Weights, x: Part, names: list[str]) -> Part:
    length, width = x.value.shape
    q, k, v = (run.heads(_linear(run, w, name, x), HEADS) for name in names)
    return run.attention(q, k, v, np.ones((length, length), dtype=bool), (width // HEADS) ** -0.5)


def _grouped_attention(run: Pass, w: Weights, x: Part, at: str, window: int | None, cap: float | None) -> Part:
    """Two key-value heads for four query heads, turned by their positions."""
    q, k, v = (_linear(run, w, f"{at}self_attn.{name}_proj", x) for name in "qkv")
    q, k = run.rotated(run.heads(q, HEADS), 10_000.0), run.rotated(run.heads(k, 2), 10_000.0)
    keys, values = _twice(run, k), run.heads(v, 2, copies=2)
    mixed = run.attention(q, keys, values, causal(len(x.value), window), 8**-0.5, cap)
    return _linear(run, w, f"{at}self_attn.o_proj", mixed)


def _twice(run: Pass, x: Part) -> Part:
    return run.moved(
        x,
        lambda value: value.repeat(2, 0),
        lambda relevance: relevance.reshape(len(x.value), 2, *x.value.shape[1:]).sum(1),
    )


def _feed_forward(run: Pass, w: Weights, x: Part, up: str, down: str) -> Part:
    hidden = _linear(run, w, up, x)
    return _linear(run, w, down, run.one_to_one(hidden, gelu(hidden.value)))


def _gated(run: Pass, w: Weights, x: Part, at: str, activation: Callable[[np.ndarray], np.ndarray]) -> Part:
    gate, up = _linear(run, w, f"{at}mlp.gate_proj", x), _linear(run, w, f"{at}mlp.up_proj", x)
    hidden = run.gated(run.one_to_one(gate, activation(gate.value)), up)
    return _linear(run, w, f"{at}mlp.down_proj", hidden)


def _linear(run: Pass, w: Weights, name: str, x: Part) -> Part:
    return run.linear(x, w[f"{name}.weight"].T, w.get(f"{name}.bias", 0.0))


def _layer_norm(run: Pass, w: Weights, name: str, x: Part, eps: float = 1e-12) -> Part:
    return run.layer_norm(x, w[f"{name}.weight"], w[f"{name}.bias"], eps)


def _logit(run: Pass, w: Weights, name: str, x: Part, index: int) -> Part:
    bias = w[f"{name}.bias"][[index]] if f"{name}.bias" in w else 0.0
    return run.linear(x, w[f"{name}.weight"][[index]].T, bias)
