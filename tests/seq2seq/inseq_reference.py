"""What inseq says of a tiny T5 and a tiny BART, written once: `python -m tests.seq2seq.inseq_reference`.

Their weights are drawn by numpy in the order of the parameters' names, so that they do not depend on how
transformers starts a network.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests import models
from tests.tiny_tokenizers import sentence_pieces_with_end
from tokimp.models.text_model import TextModel

FILE = Path(__file__).parent / "data" / "inseq.json"
SOURCE, ANSWER = "The film was not good", " was bad"
STEPS = 50
OUTPUTS = {"logit": "logit", "prob": "probability"}
METHODS = {
    "saliency": "saliency",
    "gradient_x_input": "input_x_gradient",
    "integrated_gradients": "integrated_gradients",
}
# inseq starts from the unknown token at every place but end tokens; so do we where no other token is special.
FACTS = {"t5": {}, "bart": {"decoder_start_token_id": 1}}


def drawn(family: str) -> TextModel:
    """A tiny model that reads texts with an end token and nothing in front."""
    tokenizer = sentence_pieces_with_end()
    network = models.network(family, "seq2seq", tokenizer, 0, FACTS[family])
    rng = np.random.default_rng(7)
    for _, parameter in sorted(network.named_parameters()):
        parameter.data = torch.as_tensor(rng.normal(0, 0.25, parameter.shape), dtype=torch.float32)
    return TextModel(network, tokenizer, task="seq2seq", key=f"drawn-{family}", revision="7")


def summed(method: str, parts: torch.Tensor) -> list[list[float]]:
    """One number a token (answer, token) of parts (token, answer, hidden); none for tokens that come later."""
    each = parts.double().norm(dim=-1) if method == "saliency" else parts.double().sum(-1)
    return [row[~row.isnan()].tolist() for row in each.T]


def cases(family: str) -> list[dict[str, Any]]:
    import inseq

    model = drawn(family)
    found = []
    for method, theirs in METHODS.items():
        for output, value in OUTPUTS.items():
            with torch.enable_grad():
                explaining = inseq.load_model(model.network.requires_grad_(True), theirs, tokenizer=model.tokenizer)
                told = explaining.attribute(
                    SOURCE,
                    ANSWER,
                    attribute_target=True,
                    attributed_fn=value,
                    show_progress=False,
                    **({"n_steps": STEPS} if method == "integrated_gradients" else {}),
                ).sequence_attributions[0]
            found.append(
                {
                    "family": family,
                    "method": method,
                    "output": output,
                    "source_ids": [token.id for token in told.source],
                    "target_ids": [token.id for token in told.target],
                    "source": summed(method, told.source_attributions),
                    "target": summed(method, told.target_attributions),
                }
            )
    return found


def main() -> None:
    packages = ", ".join(f"{name} {version(name)}" for name in ("inseq", "captum", "transformers", "torch"))
    settings = {
        "attribute_target": True,
        "n_steps": f"{STEPS}, Gauss–Legendre, of integrated_gradients",
        "baseline": "inseq's own: the unknown token at every place but end tokens and the decoder's start",
        "numbers": "over hidden: L2 norm of saliency, sum of the others; none over tokens",
    }
    facts = {"by": packages, "settings": settings, "source": SOURCE, "answer": ANSWER}
    FILE.parent.mkdir(exist_ok=True)
    every = [case for family in FACTS for case in cases(family)]
    FILE.write_text(json.dumps(facts | {"cases": every}, indent=1, allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
