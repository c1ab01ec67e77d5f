"""Each rule alone: the same values as the plain operation, and the gradient that is written down."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from tokimp.methods.lrp_rules import Relevance, as_one, keep_ratio, layer_norm, share, unruled


def drawn(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=torch.double, generator=generator).requires_grad_()


def slopes(result: Tensor, *inputs: Tensor, weights: Tensor | None = None) -> tuple[Tensor, ...]:
    """Gradients of the weighted sum of a result."""
    weights = torch.ones_like(result) if weights is None else weights
    return torch.autograd.grad((result * weights).sum(), inputs, materialize_grads=True)


def test_a_product_sends_half_to_each_factor() -> None:
    left, right, weights = drawn(3, 4), drawn(4, 5, seed=1), drawn(3, 5, seed=2).detach()
    result = share(torch.matmul, left, right)
    torch.testing.assert_close(result, left @ right)
    to_left, to_right = slopes(result, left, right, weights=weights)
    torch.testing.assert_close(to_left, weights @ right.T / 2)
    torch.testing.assert_close(to_right, left.T @ weights / 2)
    relevance = (to_left * left).sum() + (to_right * right).sum()
    torch.testing.assert_close(relevance, (result * weights).sum())


ACTIVATIONS: list[Callable[[Tensor], Tensor]] = [F.gelu, F.silu, F.relu, F.mish, F.hardswish, torch.tanh, torch.erf]


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda each: each.__name__)
def test_an_activation_hands_on_all_it_has(activation: Callable[[Tensor], Tensor]) -> None:
    values = drawn(50)
    result = keep_ratio(activation, values)
    assert torch.equal(result, activation(values))
    (slope,) = slopes(result, values)
    torch.testing.assert_close(slope, (activation(values) / values).detach(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize(("activation", "limit"), [(F.gelu, 0.5), (F.silu, 0.5), (torch.tanh, 1.0), (F.relu, 0.0)])
def test_at_zero_the_ratio_is_its_limit(
    activation: Callable[[Tensor], Tensor], limit: float, dtype: torch.dtype
) -> None:
    smallest = torch.finfo(dtype).smallest_normal
    values = torch.tensor([0.0, smallest / 2, -smallest / 2], dtype=dtype, requires_grad=True)
    (slope,) = slopes(keep_ratio(activation, values), values)
    allowed = 4 * torch.finfo(dtype).eps ** 0.5
    torch.testing.assert_close(slope.double(), torch.full((3,), limit).double(), rtol=0, atol=allowed)


@pytest.mark.parametrize("activation", [torch.sigmoid, F.softplus])
def test_what_comes_out_at_zero_is_a_bias(activation: Callable[[Tensor], Tensor]) -> None:
    values = drawn(50)
    (slope,) = slopes(keep_ratio(activation, values), values)
    bias = activation(torch.zeros(1, dtype=torch.double))
    torch.testing.assert_close(slope * values, activation(values) - bias, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("affine", [True, False])
def test_layer_norm_keeps_the_slope_of_its_mean_only(affine: bool) -> None:
    values, weights = drawn(3, 6), drawn(3, 6, seed=1).detach()
    weight, bias = (drawn(6, seed=2).detach(), drawn(6, seed=3).detach()) if affine else (None, None)
    result = layer_norm(values, (6,), weight, bias, 1e-5)
    torch.testing.assert_close(result, F.layer_norm(values, (6,), weight, bias, 1e-5))
    factor = (1.0 if weight is None else weight) / (values.var(-1, correction=0, keepdim=True) + 1e-5).sqrt().detach()
    wanted = factor * weights - (factor * weights).mean(-1, keepdim=True)
    torch.testing.assert_close(slopes(result, values, weights=weights)[0], wanted)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_layer_norm_of_short_numbers_is_torchs(dtype: torch.dtype) -> None:
    values = (drawn(3, 64).detach() + 20).to(dtype)
    found = layer_norm(values, (64,), eps=1e-5)
    assert found.dtype == dtype
    torch.testing.assert_close(found, F.layer_norm(values, (64,), eps=1e-5))


PRODUCTS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "*": lambda one, other: one * other,
    "torch.mul": torch.mul,
    "torch.multiply": torch.multiply,
    "@": lambda one, other: one @ other,
    "torch.matmul": torch.matmul,
    "Tensor.matmul": Tensor.matmul,
    "torch.mm": torch.mm,
    "torch.bmm": lambda one, other: torch.bmm(one[None], other[None]),
    "torch.einsum": lambda one, other: torch.einsum("ij,jk->ik", one, other),
    "F.linear": F.linear,
    "torch.baddbmm": lambda one, other: torch.baddbmm(one[None], one[None], other[None], beta=0, alpha=0.5),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_every_way_to_write_a_product_is_met(name: str) -> None:
    one, other = drawn(4, 4), drawn(4, 4, seed=1)
    plain = PRODUCTS[name](one, other)
    with Relevance("attn") as rules:
        found = PRODUCTS[name](one, other)
    torch.testing.assert_close(found, plain)
    for half, full in zip(slopes(found, one, other), slopes(plain, one, other), strict=True):
        torch.testing.assert_close(half, full / 2)
    assert rules.unruled == set()
    assert unruled(plain)


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_constant_factor_takes_nothing(name: str) -> None:
    one, other = drawn(4, 4), drawn(4, 4, seed=1).detach()
    plain = PRODUCTS[name](one, other)
    with Relevance("attn") as rules:
        found = PRODUCTS[name](one, other)
    torch.testing.assert_close(slopes(found, one), slopes(plain, one))
    assert rules.unruled == set()


NORMALISATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "rsqrt": lambda x: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6),
    "power": lambda x: x * (x.pow(2).mean(-1, keepdim=True) + 1e-6) ** -0.5,
    "torch.pow": lambda x: x * torch.pow(x.pow(2).mean(-1, keepdim=True) + 1e-6, -0.5),
    "quotient": lambda x: x / (x.pow(2).mean(-1, keepdim=True) + 1e-6).sqrt(),
    "one over": lambda x: x * (1 / (x.pow(2).mean(-1, keepdim=True) + 1e-6).sqrt()),
    "reciprocal": lambda x: x * (x.pow(2).mean(-1, keepdim=True) + 1e-6).sqrt().reciprocal(),
}


@pytest.mark.parametrize("name", NORMALISATIONS)
def test_divisors_count_as_constant(name: str) -> None:
    values = drawn(3, 6)
    plain = NORMALISATIONS[name](values)
    with Relevance("attn") as rules:
        found = NORMALISATIONS[name](values)
    assert torch.equal(found, plain)
    torch.testing.assert_close(slopes(found, values)[0], (plain / values).detach())
    assert rules.unruled == set()
    assert unruled(plain)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda each: each.__name__)
def test_activations_are_met(activation: Callable[[Tensor], Tensor]) -> None:
    values = drawn(3, 6)
    with Relevance("attn") as rules:
        found = activation(values)
    torch.testing.assert_close(slopes(found, values)[0], (activation(values) / values).detach())
    assert rules.unruled == set()
    assert unruled(activation(values))


def test_softmax_keeps_its_slope_unless_weights_are_taken_as_given() -> None:
    """Proposition 3.1: value times slope is x (R − s ΣR)."""
    scores, values, weights = drawn(3, 4), drawn(4, 5, seed=1), drawn(3, 5, seed=2).detach()
    with Relevance("attn"):
        mixed = scores.softmax(-1) @ values
    to_scores, to_values = slopes(mixed, scores, values, weights=weights)
    s = scores.softmax(-1)
    relevance = s * (weights @ values.T) / 2
    wanted = scores * (relevance - s * relevance.sum(-1, keepdim=True))
    torch.testing.assert_close(to_scores * scores, wanted)
    torch.testing.assert_close(to_values, s.T @ weights / 2)
    with Relevance("cp"):
        mixed = F.softmax(scores, dim=-1) @ values
    to_scores, to_values = slopes(mixed, scores, values, weights=weights)
    assert not to_scores.any()
    torch.testing.assert_close(to_values, s.T @ weights)


@pytest.mark.parametrize("turned", [False, True])
def test_gates_share_or_are_taken_as_given(turned: bool) -> None:
    gate, up = drawn(6), drawn(6, seed=1)

    def gated() -> Tensor:
        return up * F.silu(gate) if turned else F.silu(gate) * up

    with Relevance("attn") as rules:
        found = gated()
    to_gate, to_up = slopes(found, gate, up)
    torch.testing.assert_close(to_gate * gate, found / 2)
    torch.testing.assert_close(to_up * up, found / 2)
    with Relevance("cp") as rules:
        found = gated()
    to_gate, to_up = slopes(found, gate, up)
    assert not to_gate.any()
    torch.testing.assert_close(to_up * up, found)
    assert rules.unruled == set()


def composed(values: Tensor) -> Tensor:
    return values * torch.sigmoid(1.7 * values)


def test_an_activation_of_several_operations_is_one() -> None:
    values = drawn(6)
    torch.testing.assert_close(slopes(as_one(composed, values), values), slopes(composed(values), values))
    with Relevance("attn") as rules:
        found = as_one(composed, values)
        constant = as_one(composed, values.detach())
    torch.testing.assert_close(slopes(found, values)[0], torch.sigmoid(1.7 * values).detach())
    assert not constant.requires_grad
    assert rules.unruled == set()


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (torch.cos, "Cos"),
        (torch.square, "Pow"),
        (torch.exp2, "Exp2"),
        (lambda x: x.clone().mul_(x), "Mul"),
        (lambda x: x.clone().div_(x), "Div"),
        (lambda x: x.clone().tanh_(), "Tanh"),
        (lambda x: F.scaled_dot_product_attention(*[x[None, None]] * 3).sum(), "ScaledDotProduct"),
    ],
)
def test_what_has_no_rule_is_said(operation: Callable[[Tensor], Tensor], name: str) -> None:
    values = drawn(4, 4)
    with Relevance("attn") as rules:
        operation(values)
    assert [each for each in rules.unruled if each.startswith(name)]


def test_nothing_changes_without_gradients_or_outside() -> None:
    values = drawn(4, 4)
    plain = slopes(torch.tanh(values) * values, values)
    with Relevance("attn") as rules, torch.no_grad():
        silent = torch.tanh(values) * values
    assert not silent.requires_grad
    assert rules.unruled == set()
    torch.testing.assert_close(slopes(torch.tanh(values) * values, values), plain)
