"""Writes the README's generated parts: tables of methods, models, limits and measurements, and the examples.

`--check` changes nothing and fails where the README is out of date.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import json
import os
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import tokimp  # noqa: E402 - the clone need not be installed
from tokimp.ui.limits import Limits  # noqa: E402


def methods_table() -> str:
    """One row a method, from its facts."""
    rows = ["| key | method | what it tells | signed | adds up | cost |", "|---|---|---|---|---|---|"]
    for key, info in tokimp.methods().items():
        signed, complete = ("yes" if fact else "no" for fact in (info.signed, info.complete))
        named = f"[{info.title}]({info.url}) ({info.paper})"
        rows.append(f"| `{key}` | {named} | {info.tells} | {signed} | {complete} | {info.cost} |")
    return "\n".join(rows)


def models_table() -> str:
    """One row a model of the catalogue."""
    rows = ["| key | task | source | licence | size | what it is |", "|---|---|---|---|---|---|"]
    for key, entry in tokimp.catalog().items():
        source = (
            f"[{entry.source}](https://huggingface.co/{entry.source})" if entry.source else "ours, in `assets/models`"
        )
        size = (ROOT / "assets/models" / key / "delta.safetensors").stat().st_size if entry.ours else entry.size
        shown = f"{'' if entry.exact else 'about '}{size / 1e6:,.0f} MB"
        rows.append(f"| `{key}` | {entry.task} | {source} | {entry.licence} | {shown} | {entry.about} |")
    return "\n".join(rows)


def example() -> str:
    """The first example and what it prints."""
    return with_output("example.py")


def own_model() -> str:
    """The example of a black box and what it prints."""
    return with_output("own_model.py")


def with_output(script: str) -> str:
    """A script and what it prints."""
    code = (ROOT / "scripts" / script).read_text(encoding="utf-8").strip()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, script, "exec"), {"__name__": "__main__"})
    return f"```python\n{code}\n```\n\n```text\n{printed.getvalue().rstrip()}\n```"


LIMITS = {
    "seconds": "Seconds of one question; what it has by then stays on screen.",
    "evaluations": "Evaluations of the model for one question.",
    "waiting": "Requests that wait in the queue.",
    "per_visitor": "Requests of one visitor that wait or run.",
    "share": "Seconds of computing a minute for one visitor while others wait.",
    "embeds": "Embeds that wait to be computed.",
    "embed_seconds": "Seconds for one of these.",
}


def limits_table() -> str:
    """One row a limit: its variable, and what holds without that."""
    os.environ.pop("SPACE_ID", None)
    usual = Limits.from_environment()
    os.environ["SPACE_ID"] = "a-user/tokens"
    public = Limits.from_environment()
    del os.environ["SPACE_ID"]
    rows = ["| variable | without it | on a Space | what it limits |", "|---|---|---|---|"]
    for name in (field.name for field in fields(Limits)):
        numbers = f"{getattr(usual, name):,.0f} | {getattr(public, name):,.0f}"
        rows.append(f"| `TOKIMP_MOST_{name.upper()}` | {numbers} | {LIMITS[name]} |")
    return "\n".join(rows)


def over_http() -> str:
    """The script that the tests run against a page, below its own explanation."""
    source = (ROOT / "scripts" / "over_http.py").read_text(encoding="utf-8")
    about = ast.parse(source).body[0].end_lineno or 0
    return "```python\n" + "\n".join(source.splitlines()[about:]).strip() + "\n```"


ENOUGH = 20
"""Texts of each task from which on methods are ranked."""


def faithfulness_table() -> str:
    """What `benchmarks/faithfulness.json` has on each method, from the largest advantage down."""
    found = json.loads((ROOT / "benchmarks" / "faithfulness.json").read_text(encoding="utf-8"))
    tasks = found["tasks"]
    fewest = min(each["texts"] for each in tasks.values())
    if fewest < ENOUGH:
        return f"So far only {fewest} texts a task were measured, too few for a ranking."
    heads = [f"{task}, {each['texts']} texts" for task, each in tasks.items()]
    rows = [f"| method | {' | '.join(heads)} |", "|---" * (1 + len(heads)) + "|"]
    order = {
        method: sum(each["methods"][method]["both"][0] for each in tasks.values())
        for method in tokimp.methods()
        if all(method in each["methods"] for each in tasks.values())
    }
    for method in sorted(order, key=lambda method: -order[method]):
        cells = []
        for each in tasks.values():
            mean, low, high = each["methods"][method]["both"]
            cells.append(f"{mean:+.3f} ({low:+.3f} to {high:+.3f})")
        rows.append(f"| `{method}` | {' | '.join(cells)} |")
    models = " and ".join(f"`{each['model']}`" for each in tasks.values())
    verdicts = [_verdict(task, each["methods"]) for task, each in tasks.items()]
    return "\n".join([*rows, "", *verdicts, "", f"By `{found['command']}` on {found['date']}, with {models}."])


def _verdict(task: str, methods: dict[str, Any]) -> str:
    """Which methods do well and which do not, as far as the intervals tell."""
    by_mean = sorted(methods, key=lambda method: -methods[method]["both"][0])
    best = methods[by_mean[0]]["both"]
    level = [method for method in by_mean if methods[method]["both"][2] >= best[1]]
    behind = [method for method in by_mean if methods[method]["both"][1] <= 0]
    named = {True: ", ".join(f"`{method}`" for method in level), False: ", ".join(f"`{method}`" for method in behind)}
    rest = f" Not ahead of random orders: {named[False]}." if behind else " All are ahead of random orders."
    return f"- {task.capitalize()}: level with the best within the intervals are {named[True]}.{rest}"


PARTS = {
    "methods": methods_table,
    "models": models_table,
    "limits": limits_table,
    "example": example,
    "own_model": own_model,
    "over_http": over_http,
    "faithfulness": faithfulness_table,
}


def main() -> int:
    """Fills or checks every part between its markers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    path = ROOT / "README.md"
    before = after = path.read_text(encoding="utf-8")
    for name, make in PARTS.items():
        start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        if after.count(start) != 1 or after.count(end) != 1:
            print(f"README.md has no part {name!r}.")
            return 1
        head, rest = after.split(start)
        after = f"{head}{start}{make()}\n{end}{rest.split(end)[1]}"
    if check:
        if after != before:
            print("README.md is out of date: run python scripts/readme.py")
        return int(after != before)
    path.write_text(after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
