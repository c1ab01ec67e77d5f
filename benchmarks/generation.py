"""Whole answers beside one run a token and beside inseq, on the same work: writes `generation.md` beside this file.

    python benchmarks/generation.py [--only ROW …] [--quick] [--keep FILE]

32 tokens that SmolLM2 wrote behind a prompt of 64 are explained, each over the prompt and what stands
before it. The peers of `requirements-peers.txt` must be installed. Rows that `--keep` names as done are
not run again; the file is written once all are known.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
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
FEW = 4
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

    def beginning(self, count: int) -> Answer:
        """The same question with only the first tokens of the answer."""
        found = copy.copy(self)
        found.ids = self.ids[:count]
        tokens = self.model.encode(self.prompt, None, found.ids).tokens
        found.whole = self.prompt + "".join(token.text for token in tokens[-count:])
        return found

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


Peer = tuple[str, dict[str, int], Callable[[Floats], Floats]]


@dataclass(frozen=True)
class Row:
    """A line or two of the table: a method with its options, and inseq's name for it with its own, if it has it.

    `whole`: all of the answer is explained, else its first `FEW` tokens, as inseq takes minutes for each.
    """

    title: str
    method: str
    options: Mapping[str, Value]
    peer: Peer | None = None
    whole: bool = True

    def outcomes(self, answer: Answer, repeats: int) -> list[Outcome]:
        """Seconds of all of them, with the same scores."""
        peers = [Work("tokimp, one run a token", lambda: answer.one_by_one(self.method, self.options))]
        if self.peer is not None:
            name, settings, seen = self.peer
            peers.append(Work(f"inseq {name}", lambda: answer.by_inseq(name, **settings), seen))
        ours = Work("tokimp, whole answer", lambda: answer.together(self.method, self.options))
        return contest(f"{self.title}, {len(answer.ids)} tokens", ours, peers, repeats)


def rows(fill: int) -> dict[str, Row]:
    """All rows by name; `fill` is the token that stands for one that is taken away."""
    path: dict[str, Value] = {"steps": STEPS, "baseline": fill, "keep_first": False, "adaptive": False}
    left_out: dict[str, Value] = {"replacement": fill}
    return {
        "gradient": Row("gradient × input", "gradient_x_input", {}, ("input_x_gradient", {}, np.asarray)),
        "path": Row(
            f"integrated gradients, {STEPS} steps",
            "integrated_gradients",
            path,
            ("integrated_gradients", {"n_steps": STEPS}, np.asarray),
        ),
        "left-out": Row("leave-one-out", "occlusion", left_out),
        "left-out-few": Row("leave-one-out", "occlusion", left_out, ("occlusion", {}, np.abs), whole=False),
        "rules": Row("AttnLRP", "attn_lrp", {}),
    }


def known(file: Path | None) -> dict[str, list[Outcome]]:
    """Rows that an earlier run left in the file."""
    if file is None or not file.exists():
        return {}
    kept = [json.loads(text) for text in file.read_text(encoding="utf-8").splitlines()]
    return {each["row"]: [Outcome(**outcome) for outcome in each["outcomes"]] for each in kept}


def keep(file: Path | None, row: str, outcomes: Sequence[Outcome]) -> None:
    if file is not None:
        file.parent.mkdir(exist_ok=True)
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"row": row, "outcomes": [asdict(outcome) for outcome in outcomes]}) + "\n")


def main() -> None:
    """Runs the rows, prints the table, and writes it where all are known and the answer was a long one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    names = list(rows(0))
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="ROW", help=", ".join(names))
    parser.add_argument("--quick", action="store_true", help="a short answer, once")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--keep", type=Path, metavar="FILE", help="rows that are done, one a line")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(THREADS)
    prompt, count = (24, 4) if asked.quick else (PROMPT, ANSWER)
    found = known(asked.keep)
    fresh = [name for name in asked.only if name not in found]
    if fresh:
        answer = Answer(tokimp.load("smollm2-135m"), prompt, count)
        for name in fresh:
            row = rows(answer.fill)[name]
            found[name] = row.outcomes(answer if row.whole else answer.beginning(FEW), asked.repeats)
            keep(asked.keep, name, found[name])
    lines = [line(outcome) for name in names for outcome in found.get(name, [])]
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
    if not asked.quick and found.keys() == set(names):
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
