"""Which methods find the tokens that carry the answer: writes `faithfulness.json` and `.md` beside this file.

    python benchmarks/faithfulness.py

Sentiment on held-out snippets (those that `training/` kept for testing; fetched into `.cache/` once) and the
next token of `prompts.txt`, both with the packs. What has been measured is kept in `.cache/faithfulness.jsonl`,
and a stopped run goes on from there. `--texts N N` takes the first of each, `--write` stores what that gives.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import tokimp  # noqa: E402 - the clone need not be installed
from benchmarks.setting import versions  # noqa: E402
from tokimp.metrics import METRICS  # noqa: E402
from tokimp.models.text_model import TextModel  # noqa: E402
from tokimp.types import Value  # noqa: E402
from training.corpora import fetch_snippets, split_ratings  # noqa: E402

KEPT = ROOT / ".cache" / "faithfulness.jsonl"
OUT = Path(__file__).with_suffix(".json")
TASKS = {"sentiment": "minilm-sentiment", "next token": "smollm2-135m"}
TEXTS = {"sentiment": 100, "next token": 50}
KEYS = ("comprehensiveness", "sufficiency", "log_odds", "deletion", "insertion")
SPLIT = {"seed": 0, "test": 1500, "validation": 800}
"""As in training/sentiment.py, so that none of these texts was learned."""
RANDOMS = 16
SANITY = 10
"""Sentiment texts on which all methods are asked again of a model with random weights."""
RESAMPLES = 2000
LONGEST = 40
BOUNDED: dict[str, dict[str, Value]] = {
    "gradient_shap": {"samples": 32},
    "integrated_gradients": {"steps": 32, "adaptive": False},
    "smoothgrad": {"samples": 16},
    "lime": {"samples": 200},
    "kernel_shap": {"samples": 200},
    "shapley_sampling": {"budget": 200},
    "banzhaf": {"budget": 200},
    "shap_text": {"max_evals": 200},
    "reagent": {"max_steps": 60},
}
"""Options that bound a method's cost to some 200 evaluations; all others stay as they are."""

Row = dict[str, Any]


def texts_of(task: str, count: int) -> list[str]:
    """The first `count` texts: snippets of at most 40 words that no training saw, or prompts."""
    if task == "next token":
        return (Path(__file__).parent / "prompts.txt").read_text(encoding="utf-8").splitlines()[:count]
    held_out = split_ratings(fetch_snippets(ROOT / ".cache"), **SPLIT).test
    return [each.text for each in held_out if 4 <= len(each.text.split()) <= LONGEST][:count]


def measured(model: TextModel, task: str, text: str, place: int, known: dict[str, Row]) -> Iterator[Row]:
    """One row a method that is not known yet. All methods of a text share its random orders."""
    chance = next((known[key]["chance"] for key in known if json.loads(key)[:2] == [task, text]), None)
    sane = task == "sentiment" and place < SANITY
    for method in tokimp.methods():
        options = BOUNDED.get(method, {})
        key = json.dumps([task, text, method, options, sane])
        if key in known:
            continue
        e = tokimp.ask(model, text, output="log_prob").explain(method, options)
        scores = tokimp.evaluate(model, e, KEYS, randoms=RANDOMS if chance is None else 0)
        if chance is None:
            chance = {
                each.metric: [each.chance.low, each.chance.mean, each.chance.high] for each in scores if each.chance
            }
        alike = tokimp.randomised(model, e, steps=1)[1].value if sane else None
        values = {each.metric: chance[each.metric][1] if each.value is None else each.value for each in scores}
        yield {
            "key": key,
            "task": task,
            "method": method,
            "values": values,
            "chance": chance,
            "randomised": alike,
            "evaluations": e.evaluations,
        }


def all_rows(counts: dict[str, int]) -> list[Row]:
    """Every row of the texts asked for, from the file of what is known or computed now and added to it."""
    KEPT.parent.mkdir(exist_ok=True)
    lines = KEPT.read_text(encoding="utf-8").splitlines() if KEPT.exists() else []
    whole = [json.loads(line) for line in lines if line.endswith("}")]  # a killed run may have cut its last one off
    known: dict[str, Row] = {row["key"]: row for row in whole}
    wanted: list[Row] = []
    for task, name in TASKS.items():
        model = tokimp.load(name)
        for place, text in enumerate(texts_of(task, counts[task])):
            with KEPT.open("a", encoding="utf-8") as file:
                for row in measured(model, task, text, place, known):
                    known[row["key"]] = row
                    file.write(json.dumps(row) + "\n")
                    file.flush()
            wanted += [row for key, row in known.items() if json.loads(key)[:2] == [task, text]]
            sys.stderr.write(f"{task}: {place + 1} of {counts[task]}\n")
    return wanted


def advantages(row: Row) -> dict[str, float]:
    """How far each value is on the good side of chance's mean."""
    signs = {key: 1 if METRICS[key].info.higher_is_better else -1 for key in KEYS}
    return {key: signs[key] * (row["values"][key] - row["chance"][key][1]) for key in KEYS}


def summary(rows: Sequence[Row], seed: int = 0) -> Row:
    """One method's means over texts, each with its 95 % interval by resampling the texts."""
    rng = np.random.default_rng(seed)
    draws = rng.integers(len(rows), size=(RESAMPLES, len(rows)))
    gains = [advantages(row) for row in rows]
    found: Row = {"texts": len(rows)}
    for key in KEYS:
        each = np.array([gain[key] for gain in gains])
        found[key] = _interval(each, draws)
    both = np.array([(gain["comprehensiveness"] + gain["sufficiency"]) / 2 for gain in gains])
    found["both"] = _interval(both, draws)
    found["better"] = float(np.mean([_beyond(row) for row in rows]))
    sane = [abs(row["randomised"]) for row in rows if row["randomised"] is not None]
    found["randomised"] = float(np.mean(sane)) if sane else None
    found["evaluations"] = float(np.mean([row["evaluations"] for row in rows]))
    return found


def _interval(each: Any, draws: Any) -> list[float]:
    low, high = np.quantile(each[draws].mean(1), [0.025, 0.975])
    return [round(float(number), 5) for number in (each.mean(), low, high)]


def _beyond(row: Row) -> bool:
    """Whether comprehensiveness lies above the band that holds 95 % of random scorings."""
    return bool(row["values"]["comprehensiveness"] > row["chance"]["comprehensiveness"][2])


def table(results: dict[str, Row]) -> list[str]:
    """Methods from the largest advantage down."""
    lines = [
        "| method | both | comprehensiveness | sufficiency | deletion | insertion | log-odds, nats "
        "| beyond chance | random model, ρ | evaluations |",
        "|---|" + "---|" * 9,
    ]
    for method, row in sorted(results.items(), key=lambda item: -item[1]["both"][0]):
        cells = [f"{row[key][0]:+.3f} ({row[key][1]:+.3f} to {row[key][2]:+.3f})" for key in ("both", *KEYS[:2])]
        cells += [f"{row[key][0]:+.3f}" for key in ("deletion", "insertion")]
        cells.append(f"{row['log_odds'][0]:+.2f}")
        alike = "–" if row["randomised"] is None else f"{row['randomised']:.2f}"
        cells += [f"{row['better']:.0%}", alike, f"{row['evaluations']:.0f}"]
        lines.append(f"| `{method}` | {' | '.join(cells)} |")
    return lines


def report(found: Row) -> str:
    """The whole page."""
    lines = [
        "# Faithfulness of all methods",
        "",
        f"Written by `{found['command']}` on {found['date']}; {found['versions']}.",
        "",
        "Advantage over the mean of random orders of the same text's tokens, positive where it is better, in the "
        f"probability of the answer; mean over texts and 95 % interval from {RESAMPLES} resamplings of the texts. "
        "“Both” is the mean of comprehensiveness and sufficiency, by which the tables are sorted. “Beyond chance”: "
        "texts whose comprehensiveness lies above what 95 % of random orders get. “Random model”: mean |ρ| of "
        f"absolute scores with those of a model whose weights are all random, on {SANITY} snippets; lower is better.",
        "",
        f"Explained is the log-probability of the model's own answer. Chance: {RANDOMS} random orders a text, every "
        "second a reverse. Options that bound the cost: "
        + "; ".join(f"`{method}` {_shown(options)}" for method, options in BOUNDED.items())
        + "; all others as they are.",
    ]
    for task, each in found["tasks"].items():
        lines += ["", f"## {task.capitalize()}: {each['model']}, {each['texts']} texts, {each['removal']}", ""]
        lines += table(each["methods"])
    return "\n".join(lines) + "\n"


def _shown(options: dict[str, Value]) -> str:
    return ", ".join(f"{name}={str(value).lower()}" for name, value in options.items())


def main() -> None:
    """Measures what is not known yet, and writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, nargs=2, metavar="N", help="of each task (default: 100 50)")
    parser.add_argument("--write", action="store_true", help="store the tables of fewer texts, too")
    asked = parser.parse_args()
    counts = dict(zip(TEXTS, asked.texts or TEXTS.values(), strict=True))
    rows, tasks = all_rows(counts), {}
    for task, name in TASKS.items():
        results = {
            method: summary([row for row in rows if (row["task"], row["method"]) == (task, method)])
            for method in tokimp.methods()
        }
        removal = "tokens masked" if task == "sentiment" else "tokens deleted"
        tasks[task] = {"model": name, "texts": counts[task], "removal": removal, "methods": results}
    few = f" --texts {' '.join(map(str, asked.texts))} --write" if asked.texts else ""
    command = f"python benchmarks/faithfulness.py{few}"
    found = {"command": command, "date": date.today().isoformat(), "versions": versions(), "tasks": tasks}
    page = report(found)
    if asked.texts is None or asked.write:
        OUT.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        OUT.with_suffix(".md").write_text(page, encoding="utf-8")
    sys.stdout.write(page)


if __name__ == "__main__":
    main()
