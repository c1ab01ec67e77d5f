"""How cost grows with length, 16 to 1,024 tokens on the decoder: writes `growth.md` and `growth.svg` beside this file.

    python benchmarks/growth.py [--most 1024]

Long texts are thinned out: of leave-one-out's copies a few groups are scored, of the integral's steps a
few are taken, and the seconds are those times what was left out. matplotlib draws the picture.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from cases import text_of
from contest import say
from setting import setting

from tokimp.api import Question, ask
from tokimp.methods.integrated_gradients import IntegratedGradients
from tokimp.models.loading import load
from tokimp.models.masking import masking
from tokimp.models.scoring import Scorer
from tokimp.watch import Watch

THREADS = 2
LENGTHS = (16, 32, 64, 128, 256, 512, 1024)
STEPS = 20
GROUPS, TOGETHER = 4, 8  # of a long text's copies, this many groups of neighbours are scored
WHOLE = 128  # tokens up to which nothing is thinned out


@dataclass(frozen=True)
class Point:
    """What a method costs at one length; `share` of it was run."""

    method: str
    tokens: int
    evaluations: int
    seconds: float
    share: float = 1.0


def whole(method: str) -> Callable[[Question], Point]:
    """A method that is run to its end."""

    def run(question: Question) -> Point:
        begin = time.perf_counter()
        found = question.explain(method)
        spent = time.perf_counter() - begin
        return Point(method, len(question.inputs), found.evaluations - question.evaluations, spent)

    return run


def leave_one_out(question: Question) -> Point:
    """Neighbours share their prefix, so groups of them are scored whole, from all over the text."""
    count = len(question.inputs)
    chosen = np.arange(count)
    if count > WHOLE:
        starts = np.linspace(0, count - TOGETHER, GROUPS, dtype=int)
        chosen = (starts[:, None] + np.arange(TOGETHER)).ravel()
    keep = ~np.eye(count, dtype=bool)[chosen]
    edit = masking(question.model, question.inputs, question.target, question.model.tokenizer.unk_token_id)
    begin = time.perf_counter()
    Scorer(question.model, [question.target], Watch())(edit.copies(keep))
    share = len(chosen) / count
    return Point("occlusion", count, count + 1, (time.perf_counter() - begin) / share, share)


def integrated_gradients(question: Question) -> Point:
    """Every step costs the same."""
    steps = STEPS if len(question.inputs) <= WHOLE else STEPS // 5
    method = IntegratedGradients(steps=steps, adaptive=False)
    begin = time.perf_counter()
    method.attribute(question.model, question.inputs, question.target, Watch())
    share = steps / STEPS
    return Point(method.info.key, len(question.inputs), STEPS + 2, (time.perf_counter() - begin) / share, share)


METHODS: dict[str, Callable[[Question], Point]] = {
    "occlusion": leave_one_out,
    "integrated_gradients": integrated_gradients,
    "gradient_x_input": whole("gradient_x_input"),
    "attention": whole("attention"),
}


def draw(points: list[Point], path: Path) -> None:
    """Seconds and evaluations by length, all axes logarithmic."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "tokimp", "svg.fonttype": "none"})
    from matplotlib import pyplot
    from matplotlib.ticker import ScalarFormatter

    figure, sides = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for side, name in zip(sides, ("seconds", "evaluations"), strict=True):
        for method in METHODS:
            mine = [point for point in points if point.method == method]
            heights = [getattr(point, name) for point in mine]
            side.loglog([point.tokens for point in mine], heights, marker="o", markersize=4, label=method)
        side.set(title=name, xlabel="tokens", xticks=[point.tokens for point in mine])
        side.xaxis.set_major_formatter(ScalarFormatter())
        side.minorticks_off()
        side.grid(alpha=0.3)
    sides[0].legend(fontsize="small")
    figure.savefig(path, metadata={"Date": None})


def table(points: list[Point]) -> list[str]:
    """Markdown rows: one a length, seconds a method."""
    lines = [f"| tokens | {' | '.join(f'{method}, s' for method in METHODS)} |", "|---" * (len(METHODS) + 1) + "|"]
    for tokens in dict.fromkeys(point.tokens for point in points):
        row = [point for point in points if point.tokens == tokens]
        cells = [
            f"{point.seconds:.2f}" + (f" ({100 * point.share:.2g} % run)" if point.share < 1 else "") for point in row
        ]
        lines.append(f"| {tokens} | {' | '.join(cells)} |")
    return lines


def main() -> None:
    """Measures, prints and writes table and picture."""
    parser = argparse.ArgumentParser(description="How cost grows with length.")
    parser.add_argument("--most", type=int, default=LENGTHS[-1], help="tokens of the longest text")
    parser.add_argument("--threads", type=int, default=THREADS)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    model = load("smollm2-135m")
    for run in METHODS.values():
        run(ask(model, text_of(model, 8)))
    points = []
    for tokens in [length for length in LENGTHS if length <= asked.most]:
        question = ask(model, text_of(model, tokens))
        for run in METHODS.values():
            points.append(run(question))
            say(f"{points[-1]}")
    text = "\n".join(
        [
            "# Growth of cost with length",
            "",
            f"Written by `python benchmarks/growth.py`: {setting(asked.threads, 1)} Leave-one-out takes tokens + 1 "
            f"evaluations, the integral {STEPS} steps and 2; where only a part was run, the seconds are scaled up.",
            "",
            "![Seconds and evaluations by number of tokens](growth.svg)",
            "",
            *table(points),
            "",
        ]
    )
    sys.stdout.write(text)
    if asked.most == LENGTHS[-1]:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
        draw(points, Path(__file__).with_suffix(".svg"))


if __name__ == "__main__":
    main()
