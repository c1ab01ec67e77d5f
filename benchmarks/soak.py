"""A page's day in short: many requests of all kinds, and whether its memory stays flat.

python -m benchmarks.soak                  writes soak.md
python -m benchmarks.soak --requests 200   a short run that writes nothing
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from benchmarks.load import visitor
from benchmarks.served import LIKE_A_SPACE, Page, complaints, page
from benchmarks.setting import setting
from tokimp.share import to_code
from tokimp.types import Request

REQUESTS = 1500
CLIENTS = 4
SAMPLES = 60
WARM_UP = 0.4
"""Part of the requests after which memory is expected to be flat."""

MOST_GROWTH = 0.05
WORDS = (
    "a",
    "the",
    "film",
    "plot",
    "actor",
    "scene",
    "was",
    "is",
    "good",
    "bad",
    "slow",
    "fine",
    "not",
    "very",
    "quite",
)
CHEAP = ("attention", "saliency", "gradient_x_input", "value_zeroing", "occlusion", "attn_lrp")
COSTLY = (("integrated_gradients", {"steps": 8}), ("lime", {"samples": 32}), ("shapley_sampling", {"budget": 64}))


class Visitors:
    """Does something at random, and counts what it did and how that ended."""

    def __init__(self, running: Page) -> None:
        self.page = running
        self.ended: Counter[tuple[str, str]] = Counter()
        self._codes: list[str] = []
        self._lock = threading.Lock()
        self._kinds: dict[str, tuple[Callable[[random.Random], str], int]] = {
            "explain": (self._explain, 40),
            "explain, sampled": (self._sample, 10),
            "predict": (self._predict, 15),
            "embed": (self._embed, 10),
            "preview": (self._preview, 4),
            "the page": (self._open, 6),
            "hostile link": (self._hostile, 5),
            "question that cannot be answered": (self._refused, 5),
            "client that goes away": (self._leave, 5),
        }

    def act(self, number: int) -> None:
        chance = random.Random(number)  # the same requests in each run
        names = list(self._kinds)
        name = chance.choices(names, [weight for _, weight in self._kinds.values()])[0]
        try:
            end = self._kinds[name][0](chance)
        except (OSError, http.client.HTTPException) as error:
            end = type(error).__name__
        with self._lock:
            self.ended[name, end] += 1

    def _text(self, chance: random.Random) -> str:
        return " ".join(chance.choices(WORDS, k=chance.randint(3, 40)))

    def _explain(self, chance: random.Random) -> str:
        model = chance.choice(["minilm-sentiment", "minilm-mlm"])
        text = self._text(chance) + (" [MASK] ." if model == "minilm-mlm" else "")
        asked = {"text": text, "model": model, "method": chance.choice(CHEAP)}
        answer = self.page.ask("explain", asked, visitor(chance.randrange(200)))
        if answer.event == "complete":
            with self._lock:
                self._codes = [*self._codes[-99:], answer.value["link"].partition("?r=")[2]]
        return answer.event or str(answer.status)

    def _sample(self, chance: random.Random) -> str:
        method, options = chance.choice(COSTLY)
        asked = {"text": self._text(chance), "model": "minilm-sentiment", "method": method, "options": options}
        answer = self.page.ask("explain", asked | {"seed": chance.randrange(99)}, visitor(chance.randrange(200)))
        return answer.event or str(answer.status)

    def _predict(self, chance: random.Random) -> str:
        asked = {"text": self._text(chance), "model": "minilm-sentiment"}
        answer = self.page.ask("predict", asked, visitor(chance.randrange(200)))
        return answer.event or str(answer.status)

    def _embed(self, chance: random.Random) -> str:
        view = chance.choice(["", "?view=heatmap", "?theme=dark"])
        return str(self.page.get(f"/e/{self._code(chance)}{view}", visitor(chance.randrange(200)))[0])

    def _preview(self, chance: random.Random) -> str:
        return str(self.page.get(f"/preview/{self._code(chance)}.png", visitor(chance.randrange(200)))[0])

    def _open(self, chance: random.Random) -> str:
        return str(self.page.get(f"/?r={self._code(chance)}", visitor(chance.randrange(200)))[0])

    def _hostile(self, chance: random.Random) -> str:
        code = self._code(chance)
        return str(self.page.get(f"/e/{code[: chance.randrange(8, len(code))]}", visitor(chance.randrange(200)))[0])

    def _refused(self, chance: random.Random) -> str:
        wrong = chance.choice([{"text": " "}, {"text": "a" * 9000}, {"text": "a", "method": "none"}])
        answer = self.page.ask("explain", {"model": "minilm-sentiment"} | wrong, visitor(chance.randrange(200)))
        return answer.event or str(answer.status)

    def _leave(self, chance: random.Random) -> str:
        """Asks for much, reads the beginning of the answer, and closes the connection."""
        asked = {"text": self._text(chance), "model": "minilm-sentiment", "method": "shapley_sampling"}
        body = json.dumps(asked | {"options": {"budget": 5_000}, "seed": chance.randrange(10**6)})
        headers = {"Content-Type": "application/json", "X-Forwarded-For": visitor(chance.randrange(200))}
        connection = http.client.HTTPConnection("127.0.0.1", self.page.port, timeout=60)
        try:
            connection.request("POST", "/gradio_api/call/v2/explain", body, headers)
            response = connection.getresponse()
            told = response.read()
            if response.status != 200:
                return str(response.status)
            connection.request("GET", f"/gradio_api/call/explain/{json.loads(told)['event_id']}", headers=headers)
            connection.getresponse().readline()
        finally:
            connection.close()
        return "left"

    def _code(self, chance: random.Random) -> str:
        with self._lock:
            known = list(self._codes)
        if known and chance.random() < 0.8:
            return chance.choice(known)
        text = self._text(chance)
        return to_code(Request("minilm-sentiment", "", "classification", text, "gradient_x_input"))


def soak(running: Page, requests: int, clients: int) -> tuple[Visitors, list[int], float]:
    """What happened, bytes of the page's memory at even distances, and the seconds that it took."""
    visitors, sizes = Visitors(running), []
    numbers = iter(range(requests))
    every = max(1, requests // SAMPLES)
    lock = threading.Lock()

    def run() -> None:
        while True:
            with lock:
                number = next(numbers, None)
                if number is not None and number % every == 0:
                    sizes.append(running.resident())
            if number is None:
                return
            visitors.act(number)

    start = time.monotonic()
    threads = [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return visitors, [*sizes, running.resident()], time.monotonic() - start


def growth(sizes: list[int]) -> tuple[float, float, float]:
    """Bytes after the warm-up and at the end, each the median of a tenth of the samples, and by what part it grew."""
    tenth = max(1, len(sizes) // 10)
    begin = int(WARM_UP * len(sizes))
    before, after = statistics.median(sizes[begin : begin + tenth]), statistics.median(sizes[-tenth:])
    return before, after, after / before - 1


def main() -> int:
    """1 where memory grew by more than it may, or a request ended as none should."""
    parser = argparse.ArgumentParser(description="Memory of a page over many requests.")
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, page(Path(folder), LIKE_A_SPACE) as running:
        visitors, sizes, seconds = soak(running, asked.requests, asked.clients)
        trouble = complaints(Path(folder))
    before, after, grown = growth(sizes)
    odd = sorted({end for (_, end) in visitors.ended if end not in ENDS})
    text = "\n".join(
        [
            "# Memory over many requests",
            "",
            f"Written by `python -m benchmarks.soak`: {setting(1, 1)} {asked.requests:,} requests by {asked.clients} "
            f"clients in {seconds:,.0f} s, to a page that runs as on a Space, in a process of its own.",
            "",
            f"After {WARM_UP:.0%} of them the page held {before / 1e6:,.0f} MB, at the end {after / 1e6:,.0f} MB: "
            f"**{grown:+.1%}** (at most {MOST_GROWTH:.0%}). Lines of trouble in its log: {len(trouble)}.",
            "",
            "| request | ended with | times |",
            "|---|---|---|",
            *(f"| {name} | {end} | {times} |" for (name, end), times in sorted(visitors.ended.items())),
            "",
            f"MB at even distances: {', '.join(f'{size / 1e6:.0f}' for size in sizes)}",
            "",
        ]
    )
    sys.stdout.write(text)
    if asked.requests == REQUESTS:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
    if odd:
        sys.stdout.write(f"Requests ended with {', '.join(odd)}.\n")
    return int(grown > MOST_GROWTH or bool(odd) or bool(trouble))


ENDS = {"complete", "left", "200", "202", "304", "400", "404", "422", "429", "503"}
"""Errors of the queue and 500s are none of them."""

if __name__ == "__main__":
    sys.exit(main())
