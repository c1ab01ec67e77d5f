"""Layer-wise relevance propagation by hand: relevance itself goes backwards, layer by layer, in numpy.

Nothing here is a gradient. Each operation says what comes out and how its relevance is shared out
(Achtibat et al. 2024, eq. 7–9 and propositions 3.1–3.4; with cp, Ali et al. 2022).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import erf

import numpy as np

from tokimp.models.text_model import TextModel


@dataclass(eq=False)
class Part:
    """Values inside the network, and the relevance that has arrived at them."""

    value: np.ndarray
    relevance: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.relevance = np.zeros_like(self.value)


def per(relevance: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Relevance for each unit of value: the fraction in the ε-rule with ε → 0."""
    return np.divide(relevance, value, out=np.zeros_like(value), where=value != 0)


class Pass:
    """Operations in the order in which they ran; `back` shares out relevance in the opposite order."""

    def __init__(self, cp: bool) -> None:
        self.cp = cp
        self.steps: list[Callable[[], None]] = []

    def back(self, result: Part) -> None:
        result.relevance = result.value.copy()
        for step in reversed(self.steps):
            step()

    def _ran(self, value: np.ndarray, *shares: tuple[Part, Callable[[np.ndarray], np.ndarray]]) -> Part:
        result = Part(value)

        def step() -> None:
            for source, shared in shares:
                source.relevance = source.relevance + shared(result.relevance)

        self.steps.append(step)
        return result

    def linear(self, x: Part, weight: np.ndarray, bias: np.ndarray | float = 0.0) -> Part:
        """weight (in, out); the bias keeps its share."""
        y = x.value @ weight + bias
        return self._ran(y, (x, lambda relevance: x.value * (per(relevance, y) @ weight.T)))

    def add(self, one: Part, other: Part) -> Part:
        y = one.value + other.value
        shares = [(each, lambda relevance, each=each: each.value * per(relevance, y)) for each in (one, other)]
        return self._ran(y, *shares)

    def add_constant(self, x: Part, constant: np.ndarray) -> Part:
        y = x.value + constant
        return self._ran(y, (x, lambda relevance: x.value * per(relevance, y)))

    def layer_norm(self, x: Part, weight: np.ndarray, bias: np.ndarray, eps: float) -> Part:
        centred = x.value - x.value.mean(-1, keepdims=True)
        factor = weight / np.sqrt((centred**2).mean(-1, keepdims=True) + eps)
        y = centred * factor + bias

        def shared(relevance: np.ndarray) -> np.ndarray:
            to_centred = per(relevance, y) * factor
            return x.value * (to_centred - to_centred.mean(-1, keepdims=True))

        return self._ran(y, (x, shared))

    def one_to_one(self, x: Part, value: np.ndarray) -> Part:
        """Identity rule: activations, root-mean-square normalisations, factors."""
        return self._ran(value, (x, lambda relevance: relevance))

    def rms_norm(self, x: Part, weight: np.ndarray, eps: float) -> Part:
        return self.one_to_one(x, x.value * weight / np.sqrt((x.value**2).mean(-1, keepdims=True) + eps))

    def gated(self, gate: Part, up: Part) -> Part:
        if self.cp:
            return self.one_to_one(up, gate.value * up.value)
        return self._ran(gate.value * up.value, *[(each, lambda relevance: relevance / 2) for each in (gate, up)])

    def matmul(self, one: Part, other: Part) -> Part:
        y = one.value @ other.value
        return self._ran(
            y,
            (one, lambda relevance: one.value * (per(relevance, 2 * y) @ other.value.swapaxes(-1, -2))),
            (other, lambda relevance: other.value * (one.value.swapaxes(-1, -2) @ per(relevance, 2 * y))),
        )

    def softmax(self, x: Part, allowed: np.ndarray) -> Part:
        e = np.where(allowed, np.exp(x.value - x.value.max(-1, keepdims=True)), 0)
        s = e / e.sum(-1, keepdims=True)
        return self._ran(s, (x, lambda relevance: x.value * (relevance - s * relevance.sum(-1, keepdims=True))))

    def mixed(self, weights: Part, values: Part) -> Part:
        if not self.cp:
            return self.matmul(weights, values)
        y = weights.value @ values.value
        share = lambda relevance: values.value * (weights.value.swapaxes(-1, -2) @ per(relevance, y))  # noqa: E731
        return self._ran(y, (values, share))

    def moved(self, x: Part, there: Callable[[np.ndarray], np.ndarray], back: Callable[..., np.ndarray]) -> Part:
        """Values that only change their places."""
        return self._ran(there(x.value), (x, back))

    def heads(self, x: Part, count: int, copies: int = 1) -> Part:
        """(token, hidden) → (head, token, hidden of a head), each head `copies` times."""
        length = len(x.value)

        def there(value: np.ndarray) -> np.ndarray:
            return value.reshape(length, count, -1).swapaxes(0, 1).repeat(copies, 0)

        def back(relevance: np.ndarray) -> np.ndarray:
            return relevance.reshape(count, copies, length, -1).sum(1).swapaxes(0, 1).reshape(length, -1)

        return self.moved(x, there, back)

    def joined(self, x: Part) -> Part:
        heads, length, _ = x.value.shape
        return self.moved(
            x,
            lambda value: value.swapaxes(0, 1).reshape(length, -1),
            lambda relevance: relevance.reshape(length, heads, -1).swapaxes(0, 1),
        )

    def row(self, x: Part, index: int) -> Part:
        def back(relevance: np.ndarray) -> np.ndarray:
            everywhere = np.zeros_like(x.value)
            everywhere[index] = relevance
            return everywhere

        return self.moved(x, lambda value: value[index], back)

    def rotated(self, x: Part, theta: float) -> Part:
        """Rotary position embedding: each pair of values turned by an angle, so linear in them."""
        length, width = x.value.shape[-2:]
        angles = np.arange(length)[:, None] * theta ** (-np.arange(0, width, 2) / width)  # (token, pair)
        turn = np.zeros((length, width, width))  # (token, in, out)
        for pair in range(width // 2):
            first, second = pair, pair + width // 2
            cos, sin = np.cos(angles[:, pair]), np.sin(angles[:, pair])
            turn[:, first, first], turn[:, second, second] = cos, cos
            turn[:, second, first], turn[:, first, second] = -sin, sin
        y = np.einsum("hti,tio->hto", x.value, turn)
        return self._ran(y, (x, lambda relevance: x.value * np.einsum("hto,tio->hti", per(relevance, y), turn)))

    def attention(self, q: Part, k: Part, v: Part, allowed: np.ndarray, scale: float, cap: float | None = None) -> Part:
        """(head, token, hidden of a head) three times → (token, hidden)."""
        keys = self.moved(k, lambda value: value.swapaxes(1, 2), lambda relevance: relevance.swapaxes(1, 2))
        scores = self.matmul(q, keys)
        scores = self.one_to_one(scores, scores.value * scale)
        scores = scores if cap is None else self.capped(scores, cap)
        return self.joined(self.mixed(self.softmax(scores, allowed), v))

    def capped(self, x: Part, cap: float) -> Part:
        return self.one_to_one(x, cap * np.tanh(x.value / cap))


def gelu(x: np.ndarray) -> np.ndarray:
    return x * (1 + np.vectorize(erf)(x / np.sqrt(2))) / 2


def gelu_by_tanh(x: np.ndarray) -> np.ndarray:
    return x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2


def silu(x: np.ndarray) -> np.ndarray:
    return x / (1 + np.exp(-x))


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def causal(length: int, window: int | None = None) -> np.ndarray:
    """Which keys each query sees (query, key)."""
    behind = np.arange(length)[:, None] - np.arange(length)
    return (behind >= 0) & (behind < (window or length))


def weights_of(model: TextModel) -> dict[str, np.ndarray]:
    """All weights in double precision, without the body's name in front."""
    prefix = model.network.base_model_prefix + "."
    return {name.removeprefix(prefix): tensor.double().numpy() for name, tensor in model.network.state_dict().items()}
