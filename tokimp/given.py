"""What a notebook has at hand, as arrays and tokens: tensors of any library, tuples of them, strings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tokimp.errors import OptionError
from tokimp.types import Floats, Token


def array(thing: Any) -> Floats:
    """A tensor, an array, nested lists, or a tuple of such (as `outputs.attentions` is), as one array.

    Raises:
        OptionError: it holds no numbers, or parts of different shapes.
    """
    if isinstance(thing, list | tuple) and len(thing) and hasattr(thing[0], "shape"):
        parts = [array(part) for part in thing]
        if len({part.shape for part in parts}) > 1:
            raise OptionError("These arrays have different shapes.", "Give those of one text.")
        return np.stack(parts)
    for step in ("detach", "cpu", "float"):  # NumPy knows no bfloat16, and no tensor that has a gradient
        thing = getattr(thing, step)() if hasattr(thing, step) and hasattr(thing, "numpy") else thing
    try:
        return np.asarray(thing, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise OptionError("These are no numbers.", "Give a tensor, an array, or a tuple of them.") from error


def one_text(values: Floats, axes: int) -> Floats:
    """The values without their axes of length 1, such as that of the batch, until `axes` are left.

    Raises:
        OptionError: more or fewer axes.
    """
    given = values.shape
    for axis in (1, 0):
        if values.ndim == axes + 1 and values.shape[axis] == 1:
            values = values.squeeze(axis)
    if values.ndim != axes:
        raise OptionError(f"An array of shape {given} does not fit.", f"{axes} axes are needed, of one text.")
    return values


def names(tokens: Sequence[str | Token] | None, count: int) -> list[str]:
    """Texts of `count` tokens: of strings, of tokens, or their numbers where None is given.

    Raises:
        OptionError: more or fewer tokens.
    """
    if tokens is None:
        return [str(place) for place in range(count)]
    if len(tokens) != count:
        raise OptionError(f"There are {len(tokens)} tokens for {count} places.", "Give one for each.")
    return [token.text if isinstance(token, Token) else str(token) for token in tokens]


def one_map(values: Floats, layer: int | None, head: int | None) -> Floats:
    """Attention (query, key) out of (layer, head, query, key), with or without a batch of one, or less; None means.

    Raises:
        OptionError: more or fewer axes; a layer or head that is not there.
    """
    if values.ndim == 5 and values.shape[1] == 1:
        values = values[:, 0]
    chosen = [("layer", layer), ("head", head)][max(4 - values.ndim, 0) :]
    for name, at in chosen[: max(values.ndim - 2, 0)]:
        if at is not None and not -len(values) <= at < len(values):
            raise OptionError(f"There is no {name} {at}.", f"There are {len(values)}, counted from 0.")
        values = values.mean(0) if at is None else values[at]
    if values.ndim != 2 or values.shape[0] != values.shape[1]:
        raise OptionError(f"An array of shape {values.shape} is no attention.", "Its last axes are query and key.")
    return values
