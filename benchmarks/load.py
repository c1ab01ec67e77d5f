"""Two hundred visitors at once: whether each gets the answer to its own question, and how long that takes.

python -m benchmarks.load                writes load.md
python -m benchmarks.load --clients 20   a short run that writes nothing
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import tokimp
from benchmarks.served import LIKE_A_SPACE, Answer, Page, complaints, page
from benchmarks.setting import setting
from tokimp.share import from_link

CLIENTS = 200
MODEL = "minilm-sentiment"
CHECKED = 10
"""Answers that are computed again here, without the page."""

SAME_TEXT = "All of us ask about one and the same film, which was surprisingly good."


@dataclass(frozen=True)
class Row:
    """What one client got; `right` is whether it was the answer to its own question."""

    client: int
    seconds: float
    right: bool


def text_of(client: int) -> str:
    return f"Visitor {client} found film number {client * 7919 % 10_007} neither good nor bad, but long."


def visitor(client: int) -> str:
    return f"198.51.{100 + client // 250}.{1 + client % 250}"


def explained(running: Page, client: int, text: str, method: str) -> Answer:
    return running.ask("explain", {"text": text, "model": MODEL, "method": method}, visitor(client))


def own(text: str, answer: Answer) -> bool:
    """Whether the answer is whole, and about this text: in its request, its tokens and its link."""
    if answer.event != "complete":
        return False
    value: dict[str, Any] = answer.value
    words = [token["text"] for token in value["tokens"]]
    numbered = all(part in "".join(words) for part in text.split()[1:2])
    return bool(
        value["request"]["text"] == text
        and from_link(value["link"]).text == text
        and value["finished"]
        and len(value["attribution"]["scores"]) == len(words)
        and numbered
    )


def at_once(count: int, work: Callable[[int], Row]) -> list[Row]:
    """One row a client, all begun at the same moment; a client that fails has none."""
    rows: list[Row] = []
    gate = threading.Barrier(count)

    def run(client: int) -> None:
        gate.wait()
        rows.append(work(client))

    threads = [threading.Thread(target=run, args=(client,)) for client in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return rows


@contextmanager
def health_watched(running: Page) -> Iterator[list[float]]:
    """How long the page takes to say that it lives, ten times a second meanwhile."""
    seconds: list[float] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            start = time.monotonic()
            if running.get("/healthz")[0] == 200:
                seconds.append(time.monotonic() - start)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seconds
    finally:
        done.set()
        thread.join()


def different(running: Page, client: int) -> Row:
    text = text_of(client)
    answer = explained(running, client, text, "gradient_x_input")
    return Row(client, answer.seconds, own(text, answer))


def same(running: Page, client: int) -> Row:
    answer = explained(running, client, SAME_TEXT, "integrated_gradients")
    return Row(client, answer.seconds, own(SAME_TEXT, answer))


def predicted(running: Page, client: int) -> Row:
    text = text_of(client)
    answer = running.ask("predict", {"text": text, "model": MODEL}, visitor(client))
    right = answer.event == "complete" and str(client) in "".join(each["text"] for each in answer.value["tokens"])
    return Row(client, answer.seconds, right)


def embedded(running: Page, client: int, codes: list[str]) -> Row:
    start = time.monotonic()
    status, body = running.get(f"/e/{codes[client]}", visitor(client))
    written = re.sub(rb"<[^>]*>", b"", body)
    return Row(client, time.monotonic() - start, status == 200 and f"{client * 7919 % 10_007}".encode() in written)


def codes_of(running: Page, clients: int) -> list[str]:
    """Codes of the results that `different` left in the store."""
    links = [explained(running, client, text_of(client), "gradient_x_input").value["link"] for client in range(clients)]
    return [link.partition("?r=")[2] for link in links]


def disagreement(running: Page, clients: int) -> float:
    """Largest difference of a score between the page's answers and those computed here."""
    model = tokimp.load(MODEL)
    worst = 0.0
    for client in range(0, clients, max(1, clients // CHECKED)):
        answer = explained(running, client, text_of(client), "gradient_x_input").value
        here = tokimp.explain(model, text_of(client), method="gradient_x_input").scores
        worst = max(worst, float(np.abs(here - np.asarray(answer["attribution"]["scores"])).max()))
    return worst


def line(title: str, clients: int, rows: list[Row], health: list[float]) -> str:
    """A row of the table."""
    seconds = sorted(row.seconds for row in rows) or [float("nan")]
    p95 = seconds[min(len(seconds) - 1, int(0.95 * len(seconds)))]
    lost, wrong = clients - len(rows), sum(not row.right for row in rows)
    slowest = max(health, default=float("nan"))
    numbers = f"{statistics.median(seconds):.2f} | {p95:.2f} | {seconds[-1]:.2f}"
    return f"| {title} | {clients} | {lost} | {wrong} | {numbers} | {slowest:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description="Many visitors at once.")
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    clients, lines = asked.clients, []
    with tempfile.TemporaryDirectory() as folder, page(Path(folder), LIKE_A_SPACE, asked.threads) as running:
        explained(running, 0, "The first question loads the model.", "gradient_x_input")
        scenes: list[tuple[str, Callable[[int], Row]]] = [
            ("`explain`, each its own text", lambda client: different(running, client)),
            ("`explain`, all the same text", lambda client: same(running, client)),
            ("`predict`, each its own text", lambda client: predicted(running, client)),
        ]
        for title, work in scenes:
            with health_watched(running) as health:
                rows = at_once(clients, work)
            lines.append(line(title, clients, rows, health))
            sys.stderr.write(f"{lines[-1]}\n")
        codes = codes_of(running, clients)
        with health_watched(running) as health:
            rows = at_once(clients, lambda client: embedded(running, client, codes))
        lines.append(line("embeds of known results", clients, rows, health))
        worst = disagreement(running, clients)
        wrong = complaints(Path(folder))
    text = report(asked, lines, worst, wrong)
    sys.stdout.write(text)
    if clients == CLIENTS:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


def report(asked: argparse.Namespace, lines: list[str], worst: float, wrong: list[str]) -> str:
    return "\n".join(
        [
            "# Many visitors at once",
            "",
            f"Written by `python -m benchmarks.load`: {setting(asked.threads, 1)} The page runs as on a Space, in a "
            f"process of its own, and `{MODEL}` answers; clients and page share the cores. Seconds are from "
            "joining the queue to the whole answer; a wrong answer is one that is not about the client's own text. "
            "Health is the slowest answer of `/healthz` meanwhile.",
            "",
            "| what | clients at once | lost | wrong | median s | 95 % within s | slowest s | health s |",
            "|---|---|---|---|---|---|---|---|",
            *lines,
            "",
            f"Scores differ from those computed without the page by {worst:.1e} at most. "
            f"Lines of trouble in the page's log: {len(wrong)}.",
            "",
        ]
    )


if __name__ == "__main__":
    main()
