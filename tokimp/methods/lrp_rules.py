"""Rules of layer-wise relevance propagation, each as a change of one operation's gradient.

Relevance is value × gradient, so that for linear operations the plain gradient is the ε-rule with
ε → 0 (eq. 8), where biases keep their share. All others get a gradient that makes this product the
paper's relevance. Equations of Achtibat et al. 2024; CP-LRP is of Ali et al. 2022.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import Node
from torch.overrides import TorchFunctionMode, handle_torch_function, has_torch_function

Binary = Callable[[Tensor, Tensor], Tensor]
Unary = Callable[[Tensor], Tensor]
Rule = Callable[[Any, Any, Any], Any]  # an operation, its arguments and those by name → its result


def share(operation: Binary, left: Tensor, right: Tensor) -> Tensor:
    """A bilinear product; each factor gets half of its relevance: the uniform rule (eq. 7, propositions 3.2, 3.3)."""
    return operation(_halved(left), _halved(right))


class Halved(torch.autograd.Function):
    """Hands on its values, and half of their gradient."""

    @staticmethod
    def forward(_ctx: Any, values: Tensor) -> Tensor:
        return values.view_as(values)

    @staticmethod
    def backward(_ctx: Any, *gradients: Tensor) -> Tensor:
        return gradients[0] / 2


def _halved(factor: Tensor) -> Tensor:
    result: Tensor = Halved.apply(factor)  # type: ignore[no-untyped-call]
    return result


def keep_ratio(operation: Unary, values: Tensor) -> Tensor:
    """An activation; its input gets all of its relevance: the identity rule (eq. 9).

    The ratio output/input counts as constant. What comes out where 0 goes in is a bias, which keeps its share.
    """
    result: Tensor = KeptRatio.apply(values, operation)  # type: ignore[no-untyped-call]
    return result


class KeptRatio(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, operation: Unary) -> Tensor:
        facts = torch.finfo(values.dtype)
        # At 0 the ratio is its limit from below, which makes that of ReLU 0.
        divisor = values.masked_fill(values.abs() < facts.tiny, -(facts.eps**0.5))
        bias = operation(values.new_zeros((1,) * values.dim()))
        ctx.save_for_backward((operation(divisor) - bias) / divisor)
        return operation(values)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (ratio,) = ctx.saved_tensors
        return gradients[0] * ratio, None


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Layer normalisation whose divisor counts as constant, while its mean does not (proposition 3.4)."""
    axes = tuple(range(-len(normalized_shape), 0))
    wide = input.to(torch.promote_types(input.dtype, torch.float32))
    centred = wide - wide.mean(axes, keepdim=True)
    result = centred * torch.rsqrt(centred.detach().square().mean(axes, keepdim=True) + eps)
    result = result if weight is None else result * weight
    return (result if bias is None else result + bias).to(input.dtype)


def as_one(operation: Unary, values: Tensor) -> Tensor:
    """An activation composed of several operations, which `Relevance` takes for one."""
    if has_torch_function((values,)):
        result: Tensor = handle_torch_function(as_one, (values,), operation, values)
        return result
    return operation(values)


class Relevance(TorchFunctionMode):
    """While open, this thread's operations follow the rules; no model and no other thread is touched.

    variant: "attn" for AttnLRP; "cp" for CP-LRP, where attention weights and gates count as constant.
    unruled: operations that were met on the way to the last result and have no rule; they keep
    their plain gradient.
    """

    def __init__(self, variant: str) -> None:
        super().__init__()
        self.rules = CP_RULES if variant == "cp" else ATTN_RULES
        self.unruled: set[str] = set()
        self._last: Tensor | None = None

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        rule = self.rules.get(getattr(func, "__name__", "")) if torch.is_grad_enabled() else None
        result = func(*args, **(kwargs or {})) if rule is None else rule(func, args, kwargs or {})
        if isinstance(result, Tensor) and result.requires_grad:
            self._last = result
        return result

    def __exit__(self, *error: Any) -> None:
        if self._last is not None:
            self.unruled |= unruled(self._last)
            self._last = None
        super().__exit__(*error)  # type: ignore[no-untyped-call]


def _activation(func: Any, args: Any, kwargs: Any) -> Any:
    if not _live(*args[:1]):
        return func(*args, **kwargs)
    return keep_ratio(lambda values: func(values, *args[1:], **kwargs), args[0])


def _composed(_func: Any, args: Any, _kwargs: Any) -> Any:
    return keep_ratio(*args) if _live(args[1]) else as_one(*args)


def _normalisation(_func: Any, args: Any, kwargs: Any) -> Any:
    return layer_norm(*args, **kwargs)


def _constant(func: Any, args: Any, kwargs: Any) -> Any:
    return func(*args, **kwargs).detach()


def _quotient(func: Any, args: Any, kwargs: Any) -> Any:
    """The divisor is that of a normalisation: constant (proposition 3.4)."""
    divisors = (each.detach() if isinstance(each, Tensor) else each for each in args[1:2])
    return func(*args[:1], *divisors, *args[2:], **kwargs)


def _power(func: Any, args: Any, kwargs: Any) -> Any:
    result = func(*args, **kwargs)
    divisor = isinstance(args[-1], int | float) and args[-1] < 0
    return result.detach() if divisor else result


def _product(first: int, second: int, constant_gates: bool) -> Rule:
    """The rule of an operation whose factors stand there among its arguments."""

    def rule(func: Any, args: Any, kwargs: Any) -> Any:
        if not all(_live(*args[place : place + 1]) for place in (first, second)):
            return func(*args, **kwargs)

        def operation(left: Tensor, right: Tensor) -> Tensor:
            result: Tensor = func(*args[:first], left, right, *args[second + 1 :], **kwargs)
            return result

        left, right = args[first], args[second]
        if constant_gates and _is_activation(left) != _is_activation(right):
            return operation(_given(left), _given(right))
        return share(operation, left, right)

    return rule


def _given(factor: Tensor) -> Tensor:
    return factor.detach() if _is_activation(factor) else factor


def _rules(constant_gates: bool) -> dict[str, Rule]:
    products = ("mul", "multiply", "matmul", "mm", "bmm", "mv", "dot", "linear")
    return {
        "as_one": _composed,
        "layer_norm": _normalisation,
        "pow": _power,
        **dict.fromkeys(ACTIVATIONS, _activation),
        **dict.fromkeys(("div", "divide", "true_divide"), _quotient),
        **dict.fromkeys(("rsqrt", "reciprocal", "__rdiv__"), _constant),
        **dict.fromkeys(products, _product(0, 1, constant_gates)),
        **dict.fromkeys(("einsum", "addmm", "baddbmm"), _product(1, 2, constant_gates)),
    }


def _live(*values: Any) -> bool:
    return any(isinstance(each, Tensor) and each.requires_grad for each in values)


def _is_activation(values: Tensor) -> bool:
    return values.grad_fn is not None and values.grad_fn.name() == "KeptRatioBackward"


ACTIVATIONS = (
    *("relu", "relu6", "leaky_relu", "prelu", "elu", "celu", "selu", "gelu", "silu", "mish", "softplus", "softsign"),
    *("hardswish", "hardtanh", "hardsigmoid", "tanh", "sigmoid", "erf"),
)
ATTN_RULES = _rules(constant_gates=False)
CP_RULES = _rules(constant_gates=True) | {"softmax": _constant}

# As autograd names them. Softmax is none of the linear ones: its plain gradient is its rule (proposition 3.1).
RESHAPING = frozenset(
    (
        *("View", "UnsafeView", "ReshapeAlias", "Transpose", "T", "Permute", "Expand", "Repeat", "Squeeze"),
        *("Unsqueeze", "Alias", "AsStrided", "Clone", "ToCopy"),
    )
)
LINEAR = RESHAPING | frozenset(
    (
        *("Add", "Sub", "Neg", "Sum", "Mean", "Max", "Where", "MaskedFill", "Gather", "Index", "IndexSelect"),
        *("Cat", "Stack", "Split", "SplitWithSizes", "Unbind", "Slice", "Select", "Narrow", "Roll", "Flip"),
        "AccumulateGrad",
    )
)
BILINEAR = frozenset({"Addmm", "Baddbmm", "Bmm", "Dot", "Mm", "Mul", "Mv"})
BEYOND_LOGITS = frozenset({"LogSoftmax", "LogSigmoid", "Exp"})
KNOWN = LINEAR | BEYOND_LOGITS | {"Halved", "KeptRatio", "Softmax"}


def unruled(result: Tensor) -> set[str]:
    """Operations on the way from the input to a result that are neither linear nor have a rule.

    A product of two factors that both come from the input is among them where it has not been shared.
    """
    return {_name(node) for node in _nodes(result) if not _is_known(node)}


def _is_known(node: Node) -> bool:
    name = _name(node)
    behind = [before for before, _ in node.next_functions]
    if name == "Div":
        return not any(behind[1:])
    if name in BILINEAR:
        live = [factor for factor in (behind[1:] if name in ("Addmm", "Baddbmm") else behind) if factor is not None]
        return len(live) < 2 or all(map(_is_halved, live))
    return name in KNOWN


def _is_halved(factor: Node | None) -> bool:
    """True for a factor of a shared product, which operations may have brought into another shape since."""
    while factor is not None and _name(factor) in RESHAPING:
        factor = factor.next_functions[0][0]
    return factor is not None and _name(factor) == "Halved"


def _name(node: Node) -> str:
    return node.name().split("::")[-1].split("Backward")[0]


def _nodes(result: Tensor) -> Iterator[Node]:
    """The graph behind a result, each node once."""
    waiting = [result.grad_fn]
    seen: set[Node] = set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        yield node
        waiting += [before for before, _ in node.next_functions]
