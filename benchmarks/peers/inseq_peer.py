"""inseq, on decoders."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from cases import Case
from contest import Floats


class InseqPeer:
    """inseq's wrapper around the peers' copy of the network; it changes tokenizer and config in place."""

    def __init__(self, case: Case) -> None:
        import inseq  # type: ignore[import-not-found]

        logging.getLogger("inseq").setLevel(logging.ERROR)
        self._case = case
        self._model = inseq.load_model(case.network, "occlusion", tokenizer=case.tokenizer)

    def leave_one_out(self) -> Floats:
        """|score| (token,): inseq drops the signs."""
        return np.asarray(self._attributions("occlusion")[:, 0])

    def integrated_gradients(self, steps: int) -> Floats:
        """Scores (token,): Gauss–Legendre steps, all in one batch, summed over hidden."""
        return np.asarray(self._attributions("integrated_gradients", n_steps=steps)[:, 0].sum(-1))

    def _attributions(self, method: str, **options: int) -> Any:
        """(token, generated, …) for the target as the one generated token."""
        target = self._case.question.target.label
        found = self._model.attribute(
            self._case.text,
            self._case.text + str(target),
            method=method,
            attributed_fn="probability",
            logprob=True,
            show_progress=False,
            pretty_progress=False,
            **options,
        )
        return found[0].target_attributions[: len(self._case.ids)].double().numpy()
