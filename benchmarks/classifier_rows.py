"""The rows of the table that run on the classifier, where captum and shap batch by themselves."""

from __future__ import annotations

from cases import classifier_case
from contest import Floats, Outcome, Work, contest, fastest
from peers import captum_peer, plain, shap_peer

from tokimp.methods.shap_text import _phrases

BATCHES = (8, 16, 32, 64)
EVALUATIONS = 500


def leave_one_out(tokens: int, repeats: int) -> list[Outcome]:
    """Every token replaced by the mask token."""
    case = classifier_case(tokens)
    batch = fastest(BATCHES, lambda batch: captum_peer.leave_one_out_of_classifier(case, batch))
    return contest(
        f"classifier, leave-one-out, {tokens} tokens",
        Work("tokimp", lambda: case.question.explain("occlusion", {"replacement": "mask"}).scores),
        [
            Work(
                f"captum FeatureAblation, perturbations_per_eval={batch}",
                lambda: captum_peer.leave_one_out_of_classifier(case, batch),
            )
        ],
        repeats,
    )


def owen_values(tokens: int, repeats: int) -> list[Outcome]:
    """`shap_text` against shap's explainer over the same phrases with a plain batched function."""
    case = classifier_case(tokens)
    phrases = _phrases(case.question.inputs)
    free = case.question.inputs.free

    def theirs(batch: int, evaluations: int = EVALUATIONS) -> Floats:
        return shap_peer.owen_values(plain.batched(case, batch), phrases, evaluations, seed=0)

    batch = fastest(BATCHES[:3], lambda batch: theirs(batch, 100))
    return contest(
        f"classifier, Owen values, {tokens} tokens, {EVALUATIONS} evaluations",
        Work("tokimp", lambda: case.question.explain("shap_text", {"max_evals": EVALUATIONS}).scores),
        [Work(f"shap PartitionExplainer, {batch} copies a batch", lambda: theirs(batch), lambda scores: scores[free])],
        repeats,
    )
