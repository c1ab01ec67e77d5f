"""Peak memory of every method above the loaded model: writes `memory.md` beside this file, or `memory_4096.md`.

    python benchmarks/memory.py [--only METHOD …] [--seconds 15] [--tokens 512]
    python benchmarks/memory.py --tokens 4096 --models smollm2-135m --seconds 60

Each method runs in a process of its own, first on a short text so that its libraries are loaded, then
on the long one until it is done or the seconds are over: a method's peak comes with its first batches.
What is freed goes back to the system at once (`GIVING_BACK`): as it is set up, glibc holds on to hundreds
of megabytes of it, others in each run. Linux only, which tells a process its peak.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torch
from cases import text_of
from contest import say
from setting import setting

from tokimp.api import ask
from tokimp.methods.base import METHODS
from tokimp.models.loading import load

LONGEST = {"smollm2-135m": 8192, "minilm-sentiment": 512}
MODELS = tuple(LONGEST)
TOKENS = 512
LIMIT = 400
THREADS = 2
GIVING_BACK = {"MALLOC_MMAP_THRESHOLD_": "262144", "MALLOC_TRIM_THRESHOLD_": "262144"}
STATUS = Path("/proc/self/status")


class OverError(Exception):
    """The seconds are over."""


def megabytes(field: str) -> float:
    """This process's "VmRSS" now, or "VmHWM", its peak since it was reset."""
    for line in STATUS.read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise KeyError(field)


def stop_after(seconds: float) -> Callable[[float, object], None]:
    """A watch that lets no method run longer than that."""
    end = time.monotonic() + seconds

    def watch(fraction: float, _partial: object) -> None:
        if fraction < 1 and time.monotonic() > end:
            raise OverError

    return watch


def measure(model_key: str, method: str, tokens: int, seconds: float) -> str:
    """Megabytes above the loaded model, and how far the method came."""
    model = load(model_key)
    text = text_of(model, tokens)
    with suppress(OverError):
        ask(model, text_of(model, 8)).explain(method, watch=stop_after(seconds))
    question = ask(model, text)
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    before = megabytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
    end = "to its end"
    try:
        question.explain(method, watch=stop_after(seconds))
    except OverError:
        end = f"{seconds:g} s of it"
    return f"{megabytes('VmHWM') - before:.0f} | {end}"


def alone(model: str, method: str, limits: argparse.Namespace) -> str:
    """The same in a process of its own; what went wrong there, if anything did."""
    numbers = {"--tokens": limits.tokens, "--seconds": limits.seconds, "--threads": limits.threads}
    options = [str(part) for pair in numbers.items() for part in pair]
    command = [sys.executable, __file__, "--within", model, method, *options]
    done = subprocess.run(  # noqa: S603 - our own file
        command, capture_output=True, text=True, check=False, env=os.environ | GIVING_BACK
    )
    return done.stdout.strip() if done.returncode == 0 else f"– | {done.stderr.strip().splitlines()[-1]}"


def line(model: str, method: str, found: str) -> str:
    """A row of the table."""
    number = found.split(" |", maxsplit=1)[0]
    above = "**above**" if number.isdigit() and int(number) > LIMIT else ""
    return f"| {model} | `{method}` | {found} | {above} |"


def main() -> None:
    """Measures every method on both models, prints the table, and writes it where all were measured."""
    parser = argparse.ArgumentParser(description="Peak memory of every method above the loaded model.")
    parser.add_argument("--only", nargs="+", choices=METHODS, default=list(METHODS), metavar="METHOD")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS), metavar="MODEL")
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--tokens", type=int, default=TOKENS)
    parser.add_argument("--threads", type=int, default=THREADS)
    parser.add_argument("--within", nargs=2, metavar=("MODEL", "METHOD"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    if asked.within:
        model, method = asked.within
        sys.stdout.write(measure(model, method, asked.tokens, asked.seconds))
        return
    rows = []
    for model in asked.models:
        for method in asked.only:
            rows.append(line(model, method, alone(model, method, asked)))
            say(rows[-1])
    text = "\n".join(
        [
            f"# Memory at {asked.tokens} tokens",
            "",
            f"Written by `python benchmarks/memory.py`: {setting(asked.threads, 1)} Default options. The bound is "
            f"{LIMIT} MB above the loaded model, in use: what glibc holds on to after it was freed is not counted.",
            "",
            "| model | method | peak, MB | measured | |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )
    sys.stdout.write(text)
    able = [each for each in MODELS if asked.tokens <= LONGEST[each]]
    if asked.only == list(METHODS) and asked.models == able:
        name = "memory.md" if asked.tokens == TOKENS else f"memory_{asked.tokens}.md"
        Path(__file__).with_name(name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
