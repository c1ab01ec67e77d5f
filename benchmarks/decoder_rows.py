"""The rows of the table that run on the decoder: leave-one-out, one permutation, integrated gradients."""

from __future__ import annotations

import numpy as np
import torch
from cases import Case, decoder_case
from contest import Floats, Outcome, Work, contest
from peers import captum_peer, plain
from peers.inseq_peer import InseqPeer

from tokimp.models.masking import masking
from tokimp.models.scoring import Scorer
from tokimp.watch import Watch

STEPS = 20


def leave_one_out(tokens: int, repeats: int) -> list[Outcome]:
    """Every token replaced by the unknown token, against captum, inseq and a loop."""
    case = decoder_case(tokens)
    inseq = InseqPeer(case)
    return contest(
        f"leave-one-out, {tokens} tokens",
        Work("tokimp", lambda: case.question.explain("occlusion", {"replacement": case.fill}).scores),
        [
            Work("captum LLMAttribution(FeatureAblation)", lambda: captum_peer.leave_one_out(case)),
            Work("inseq occlusion", inseq.leave_one_out, np.abs),
            Work("transformers and a loop", lambda: plain.leave_one_out(case)),
        ],
        repeats,
    )


def permutation(tokens: int, repeats: int) -> list[Outcome]:
    """The coalitions of one permutation and the differences between them."""
    case = decoder_case(tokens)
    return contest(
        f"Shapley, one permutation, {tokens} tokens",
        Work("tokimp Scorer", lambda: one_permutation(case, seed=0)),
        [Work("captum LLMAttribution(ShapleyValueSampling)", lambda: captum_peer.permutation(case, seed=0))],
        repeats,
    )


def integrated_gradients(tokens: int, repeats: int) -> list[Outcome]:
    """20 Gauss–Legendre steps from the unknown token's embedding."""
    case = decoder_case(tokens)
    inseq = InseqPeer(case)
    options = {"steps": STEPS, "baseline": case.fill, "keep_first": False, "adaptive": False}
    return contest(
        f"integrated gradients, {STEPS} steps, {tokens} tokens",
        Work("tokimp", lambda: case.question.explain("integrated_gradients", options).scores),
        [
            Work(
                "captum LLMGradientAttribution(LayerIntegratedGradients)",
                lambda: captum_peer.integrated_gradients(case, STEPS),
            ),
            Work("inseq integrated_gradients", lambda: inseq.integrated_gradients(STEPS)),
        ],
        repeats,
    )


def one_permutation(case: Case, seed: int) -> Floats:
    """Marginal contributions (player,) along the permutation that captum draws after the same seed."""
    torch.manual_seed(seed)
    return marginals(case, torch.randperm(len(case.players)).numpy())


def marginals(case: Case, order: np.ndarray) -> Floats:
    """What each player (player,) adds when they join in this order."""
    keep = np.ones((len(order) + 1, len(case.question.inputs)), dtype=bool)
    keep[:, case.question.inputs.free] = np.argsort(order) < np.arange(len(order) + 1)[:, None]
    question = case.question
    edit = masking(case.model, question.inputs, question.target, case.fill)
    values = Scorer(case.model, [question.target], Watch())(edit.copies(keep))
    scores = np.zeros(len(order))
    scores[order] = np.diff(values)
    return scores
