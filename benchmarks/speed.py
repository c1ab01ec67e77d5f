"""Seconds beside the peers, in one run on the same work with the same values: writes `speed.md` beside this file.

    python benchmarks/speed.py [--only ROW …] [--quick]

The peers of `requirements-peers.txt` must be installed, in an environment of their own. Only a whole
run writes the file; `--quick` runs short texts once, to see that all values agree.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import classifier_rows
import decoder_rows
import shapley_rows
import torch
from cases import classifier_case, decoder_case
from contest import Outcome, say
from setting import setting

THREADS = 2
REPEATS = 3
Row = Callable[[bool, int], list[Outcome]]

ROWS: dict[str, Row] = {
    "leave-one-out-68": lambda quick, repeats: decoder_rows.leave_one_out(12 if quick else 68, repeats),
    "leave-one-out-24": lambda quick, repeats: decoder_rows.leave_one_out(8 if quick else 24, repeats),
    "permutation": lambda quick, repeats: decoder_rows.permutation(12 if quick else 68, repeats),
    "integrated-gradients": lambda quick, repeats: decoder_rows.integrated_gradients(12 if quick else 68, repeats),
    "shapley-error-classifier": lambda quick, repeats: shapley_rows.same_error(
        classifier_case(8 if quick else 15), 32 if quick else 256, repeats
    ),
    "shapley-error-decoder": lambda quick, repeats: shapley_rows.same_error(
        decoder_case(6 if quick else 12), 32 if quick else 256, repeats
    ),
    "shapley-stderr-classifier": lambda quick, repeats: shapley_rows.same_standard_error(
        classifier_case(12 if quick else 42), 64 if quick else 512, repeats
    ),
    "shapley-stderr-decoder": lambda quick, repeats: shapley_rows.same_standard_error(
        decoder_case(8 if quick else 24), 64 if quick else 512, repeats
    ),
    "classifier-32": lambda quick, repeats: classifier_rows.leave_one_out(16 if quick else 32, repeats),
    "classifier-128": lambda quick, repeats: classifier_rows.leave_one_out(24 if quick else 128, repeats),
    "classifier-owen-32": lambda quick, repeats: classifier_rows.owen_values(12 if quick else 32, repeats),
    "classifier-owen-128": lambda quick, repeats: classifier_rows.owen_values(16 if quick else 128, repeats),
}
HEAD = (
    "| work | peer | seconds, peer | seconds, tokimp | ratio | largest difference | |",
    "|---|---|---|---|---|---|---|",
)


def line(outcome: Outcome) -> str:
    """A row of the Markdown table."""
    difference = "" if outcome.difference is None else f"{outcome.difference:.0e}"
    return (
        f"| {outcome.work} | {outcome.peer} | {outcome.theirs:.2f} | {outcome.ours:.2f} | {outcome.ratio:.2f} × | "
        f"{difference} | {outcome.remark} |"
    )


def main() -> None:
    """Runs the rows, prints the table, and writes it where all were run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--quick", action="store_true", help="short texts, once each")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--threads", type=int, default=THREADS)
    asked = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(asked.threads)
    lines = [*HEAD]
    for name in asked.only:
        say(name)
        lines += [line(outcome) for outcome in ROWS[name](asked.quick, 1 if asked.quick else asked.repeats)]
    text = "\n".join(
        [
            "# Speed beside the peers",
            "",
            f"Written by `python benchmarks/speed.py`: {setting(asked.threads, asked.repeats)} A ratio above 1 means "
            "that tokimp is faster. The largest difference is that between the two libraries' values in this run, as "
            "a share of the largest value; above 1e-4 there would be no table.",
            "",
            *lines,
            "",
        ]
    )
    sys.stdout.write(text)
    if asked.only == list(ROWS) and not asked.quick:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
