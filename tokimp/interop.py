"""Explanations as what other libraries work with."""

from __future__ import annotations

from typing import Any

import numpy as np

from tokimp.errors import TokimpError
from tokimp.types import Explanation
from tokimp.views.pieces import typed_pieces


def to_shap(explanation: Explanation) -> Any:
    """A `shap.Explanation` of one text, for shap's plots.

    values (token,): the scores; base_values: the baseline's output, 0.0 where the method has none;
    data (token,): texts of the tokens, with the spaces that no token holds in front, so that they
    read as the text.

    Raises:
        TokimpError: shap is not installed.
    """
    try:
        import shap
    except ImportError as error:
        raise TokimpError("shap is not installed.", "pip install shap") from error
    pieces, _ = typed_pieces(explanation.tokens, explanation.request.text)
    return shap.Explanation(
        values=explanation.scores.copy(),
        base_values=float(explanation.baseline_output or 0.0),
        data=np.array([piece.gap + piece.text for piece in pieces], dtype=object),
    )


def to_pandas(explanation: Explanation) -> Any:
    """A `pandas.DataFrame` with one row a token; the index is its position.

    Columns: token, id, start, end, special, segment, score, stderr (NaN where there is none). What
    was asked stands in `attrs`: model, revision, method, target.

    Raises:
        TokimpError: pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise TokimpError("pandas is not installed.", "pip install pandas") from error
    tokens, request = explanation.tokens, explanation.request
    columns: dict[str, Any] = {
        "token": [token.text for token in tokens],
        "id": [token.id for token in tokens],
        "start": [token.start for token in tokens],
        "end": [token.end for token in tokens],
        "special": [token.special for token in tokens],
        "segment": [token.segment for token in tokens],
        "score": explanation.scores.copy(),
        "stderr": np.full(len(tokens), np.nan) if explanation.stderr is None else explanation.stderr.copy(),
    }
    frame = pandas.DataFrame(columns).rename_axis("position")
    frame.attrs = {
        "model": request.model,
        "revision": request.revision,
        "method": request.method,
        "target": explanation.target.label,
    }
    return frame
