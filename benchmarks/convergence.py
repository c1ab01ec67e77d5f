"""How far integrated gradients converge, by baseline and rule: writes `convergence.md` beside this file.

    python benchmarks/convergence.py

Ten prompts on the default decoder and three texts on each of our encoders. The gap is the sum of the
segments' absolute gaps for the adaptive rule, and |output − baseline − sum| for the fixed one.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tokimp.api import Question, ask
from tokimp.methods.integrated_gradients import BUDGET, IntegratedGradients
from tokimp.methods.paths import Path as Way
from tokimp.methods.quadrature import Integral, adaptive_rule, fixed_rule
from tokimp.models.loading import load
from tokimp.views.numbers import percent
from tokimp.watch import Watch

SEED_PROMPT = (
    "On a sunny afternoon in the countryside, villagers set up colorful tents and wooden stalls for the annual "
    "harvest celebration. Children chased butterflies near the fields, while parents prepared traditional dishes "
    "over open fires. Music from flutes and drums filled the air as stories were shared under the shade of tall "
    "oak trees. Among the crowd stood a kind-hearted little"
)
PROMPTS = (
    SEED_PROMPT,
    "The capital of France is",
    "Two plus two equals",
    "def add(a, b):\n    return a +",
    "The doctor told the nurse that she was",
    "To be, or not to be, that is the",
    "Monday, Tuesday, Wednesday,",
    "Je voudrais une tasse de",
    "<|im_start|>user\nName a colour.<|im_end|>\n<|im_start|>assistant\n",
    "Once upon a time there was a king who had three",
)
ENCODER_TEXTS = {
    "minilm-sentiment": (
        "A warm, funny and moving film.",
        "The plot was not interesting at all.",
        "I expected little, but the actors were brilliant.",
    ),
    "minilm-mlm": (
        "She poured a cup of [MASK].",
        "I would [MASK] recommend this film.",
        "The United [MASK] of America.",
    ),
}


def way(question: Question, baseline: str) -> tuple[Way, Watch]:
    """The path from the baseline to the question's text."""
    model, inputs = question.model, question.inputs
    embeds = model.embed(inputs.ids)
    start = IntegratedGradients(baseline=baseline).baseline_embeddings(model, inputs, embeds)
    watch = Watch()
    return Way(model, question.target, start, embeds, watch), watch


def row(question: Question, baseline: str, adaptive: bool) -> str:
    """One line of the table: what one rule reaches on one text."""
    path, watch = way(question, baseline)
    begin = time.perf_counter()
    integral: Integral = adaptive_rule(path, 0.01, BUDGET * 64) if adaptive else fixed_rule(path, 64)
    seconds = time.perf_counter() - begin
    difference = integral.end - integral.start
    signed = difference - float(integral.scores.sum())
    text = question.text if len(question.text) <= 40 else question.text[:37] + "…"
    shown = text.replace("\n", "⏎").replace("|", "\\|")
    return (
        f"| {shown} | {len(question.inputs)} | {question.target.label!r} | {baseline} | "
        f"{'adaptive' if adaptive else '64 fixed'} | {difference:.2f} | {percent(integral.missing_share)} | "
        f"{percent(signed / difference)} | {watch.evaluations} | {seconds:.1f} |"
    )


def main() -> None:
    """Runs everything and writes the table."""
    lines = [
        "# Convergence of integrated gradients",
        "",
        "Written by `python benchmarks/convergence.py`: two cores, fp32, tolerance 1 %, budget 512 evaluations.",
        "",
        "| text | tokens | target | baseline | rule | difference | gap | signed gap | evaluations | seconds |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    decoder = load("smollm2-135m")
    for prompt in PROMPTS:
        question = ask(decoder, prompt)
        lines += [row(question, "auto", True), row(question, "zero", False)]
    for key, texts in ENCODER_TEXTS.items():
        encoder = load(key)
        for text in texts:
            question = ask(encoder, text)
            lines += [row(question, "auto", True), row(question, "zero", False)]
    report = "\n".join(lines) + "\n"
    Path(__file__).with_suffix(".md").write_text(report, encoding="utf-8")
    sys.stdout.write(report)


if __name__ == "__main__":
    main()
