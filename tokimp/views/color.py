"""Scores -> shades: red pushes towards the explained output, blue away; green says only how much.

The shades themselves, light and dark, are classes in assets/explanation.css: `tkp1` … `tkp10`,
`tkn1` … `tkn10`, `tku1` … `tku10`, and `tk0` for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

STEPS = 10


def full_scale(scores: npt.ArrayLike) -> float:
    """The largest |score|, which gets the full colour; 0 where there is none."""
    values = np.abs(np.asarray(scores, dtype=np.float64))
    values = values[np.isfinite(values)]
    return float(values.max()) if values.size else 0.0


def buckets(scores: npt.ArrayLike, scale: float | None = None) -> npt.NDArray[np.int64]:
    """Shades from −10 to 10, in the shape of the scores; whatever is not finite gets 0.

    `scale` is the |score| of the full colour, where several results share one scale.
    """
    values = np.asarray(scores, dtype=np.float64)
    top = full_scale(values) if scale is None else scale
    if not np.isfinite(top) or top <= 0:
        return np.zeros(values.shape, dtype=np.int64)
    share = np.clip(np.where(np.isfinite(values), values, 0.0) / top, -1.0, 1.0)
    return np.rint(share * STEPS).astype(np.int64)


def bucket_class(bucket: int, *, signed: bool = True) -> str:
    if bucket == 0:
        return "tk0"
    if not signed:
        return f"tku{abs(bucket)}"
    return f"tkp{bucket}" if bucket > 0 else f"tkn{-bucket}"


def bucket_classes(scores: Iterable[float], *, signed: bool, scale: float | None = None) -> list[str]:
    return [bucket_class(int(bucket), signed=signed) for bucket in buckets(list(scores), scale)]


def scale_classes(*, signed: bool) -> list[str]:
    """The whole scale from left to right, as the legend draws it."""
    first = -STEPS if signed else 0
    return [bucket_class(bucket, signed=signed) for bucket in range(first, STEPS + 1)]
