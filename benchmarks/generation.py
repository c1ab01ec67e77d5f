"""Whole answers beside one run a token and beside inseq, on the same work: writes `generation.md` beside this file.

    python benchmarks/generation.py [--quick]

32 tokens that SmolLM2 wrote behind a prompt of 64 are explained, each over the prompt and what stands
before it. The peers of `requirements-peers.txt` must be installed.
"""

from __future__ import annotations

import argparse
import copy
import logging
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cases
import numpy as np
import torch
from contest import Floats, Outcome, Work, contest
from setting import setting
from speed import HEAD, line

import tokimp
from tokimp.models.text_model import TextModel
from tokimp.question import ask
from tokimp.types import Value

THREADS = 2
PROMPT, ANSWER = 64, 32
STEPS = 10


class Answer:
    """A prompt with what the model wrote behind it, and inseq's copy of the model."""

    def __init__(self, model: TextModel, prompt: int, answer: int) -> None:
        import inseq  # type: ignore[import-not-found]

        logging.getLogger("inseq").setLevel(logging.ERROR)
        self.model, self.prompt = model, cases.text_of(model, prompt)
        found = tokimp.explain_generation(model, self.prompt, max_new_tokens=answer, method="gradient_x_input")
        self.ids = tuple(token.id for token in found.answer)
        self.whole = self.prompt + "".join(token.text for token in found.answer)
        if model.encode(self.whole).ids.tolist() != [token.id for token in found.tokens]:
            raise ValueError("The answer's text is not read as the tokens that were written.")
        tokenizer = copy.deepcopy(model.tokenizer)
        self.fill = int(tokenizer.unk_token_id)
        self._inseq = inseq.load_model(copy.deepcopy(model.network), "saliency", tokenizer=tokenizer)

    def together(self, method: str, options: Mapping[str, Value]) -> Floats:
        """Scores (generated, token) of the whole answer in one go."""
        found = tokimp.explain_generation(self.model, self.prompt, self.ids, method=method, **options)
        return found.matrix[:, :-1]

    def one_by_one(self, method: str, options: Mapping[str, Value]) -> Floats:
        """The same, asked anew for each token."""
        scores = np.zeros((len(self.ids), len(self.model.encode(self.whole)) - 1))
        for row, id_ in enumerate(self.ids):
            behind = self.ids[:row]
            asked = ask(self.model, self.prompt, id_, output="log_prob", generated=behind)
            found = asked.explain(method, options)
            scores[row, : len(found.scores)] = found.scores
        return scores

    def by_inseq(self, method: str, **options: Any) -> Floats:
        """Scores (generated, token), or their lengths where inseq drops signs."""
        found = self._inseq.attribute(
            self.prompt,
            self.whole,
            method=method,
            attributed_fn="probability",
            logprob=True,
            show_progress=False,
            pretty_progress=False,
            **options,
        )
        scores = found[0].target_attributions.double()  # (token, generated, …)
        scores = scores if scores.dim() == 2 else scores.sum(-1)
        return np.nan_to_num(scores.numpy().T)[:, : len(self.model.encode(self.whole)) - 1]


def outcomes(answer: Answer, repeats: int) -> list[Outcome]:
    """All rows of the table."""
    path: dict[str, Value] = {"steps": STEPS, "baseline": answer.fill, "keep_first": False, "adaptive": False}
    nodes = {"n_steps": STEPS}
    rows = [
        ("gradient × input", "gradient_x_input", {}, ("input_x_gradient", {}, np.asarray)),
        (
            "integrated gradients, 10 steps",
            "integrated_gradients",
            path,
            ("integrated_gradients", nodes, np.asarray),
        ),
        ("leave-one-out", "occlusion", {"replacement": answer.fill}, ("occlusion", {}, np.abs)),
        ("AttnLRP", "attn_lrp", {}, None),
    ]
    found: list[Outcome] = []
    for title, method, options, theirs in rows:
        peers = [Work("tokimp, one run a token", lambda m=method, o=options: answer.one_by_one(m, o))]
        if theirs is not None:
            name, settings, seen = theirs
            peers.append(Work(f"inseq {name}", lambda n=name, s=settings: answer.by_inseq(n, **s), seen))
        ours = Work("tokimp, whole answer", lambda m=method, o=options: answer.together(m, o))
        found += contest(f"{title}, {len(answer.ids)} tokens", ours, peers, repeats)
    return found


def main() -> None:
    """Runs all rows, prints the table, and writes it where the answer was a long one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="a short answer, once")
    parser.add_argument("--repeats", type=int, default=2)
    asked = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(THREADS)
    prompt, count = (24, 4) if asked.quick else (PROMPT, ANSWER)
    answer = Answer(tokimp.load("smollm2-135m"), prompt, count)
    lines = [line(outcome) for outcome in outcomes(answer, 1 if asked.quick else asked.repeats)]
    text = "\n".join(
        [
            "# Whole answers",
            "",
            f"Written by `python benchmarks/generation.py`: {setting(THREADS, asked.repeats)} {count} tokens that "
            f"SmolLM2-135M wrote behind {prompt}, each explained over the prompt and what stands before it. A ratio "
            "above 1 means that explaining them together is faster; what is compared are all their scores.",
            "",
            *HEAD,
            *lines,
            "",
        ]
    )
    sys.stdout.write(text)
    if not asked.quick:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
