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


def to_inseq(explanation: Explanation) -> Any:
    """An `inseq.FeatureAttributionOutput` of one step, for inseq's views and files.

    Its target is the text's tokens and the explained word as one more; target_attributions
    (token, step) hold the scores, NaN for the word itself. step_scores has the explained value
    under its unit: logit, probability or log_prob.

    Raises:
        TokimpError: inseq is not installed, or nothing was generated: inseq knows no classes and no masks.
    """
    if explanation.request.task != "next-token":
        raise TokimpError("inseq works with generated tokens only.", "Use to_shap() or to_pandas().")
    try:
        import torch
        from inseq.data.attribution import CoarseFeatureAttributionSequenceOutput, FeatureAttributionOutput
        from inseq.utils.typing import TokenWithId
    except ImportError as error:
        raise TokimpError("inseq is not installed.", "pip install inseq") from error
    target, request, count = explanation.target, explanation.request, len(explanation.tokens)
    read = [TokenWithId(token.text, token.id) for token in explanation.tokens]
    unit = {"prob": "probability"}.get(target.output, target.output)
    sequence = CoarseFeatureAttributionSequenceOutput(
        source=read,
        target=[*read, TokenWithId(target.label, target.index)],
        target_attributions=torch.tensor([*explanation.scores.tolist(), float("nan")])[:, None],
        step_scores={unit: torch.tensor([explanation.output])},
        attr_pos_start=count,
        attr_pos_end=count + 1,
    )
    facts = {"model_name": request.model, "attribution_method": request.method, "attributed_fn": unit}
    return FeatureAttributionOutput([sequence], info=facts)


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
