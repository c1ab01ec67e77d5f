"""The models that the app offers, with their sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tokimp.models import hub, minilm, packs
from tokimp.registry import Registry
from tokimp.types import Task


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One model of the app.

    source: hub id, or "" for a model of ours, which is a small difference from the body in its pack.
    revision: a commit of the hub, or "main" where none was published. size: bytes of the safetensors
    that would be downloaded; where `exact` is False, the number of parameters times their width.
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

# What a page starts with, a tab each; models of the other tasks are chosen where answers are written.
TABS: tuple[Task, ...] = ("classification", "next-token", "masked-lm")

# What a task starts with, then what stands in for it without the hub: for each tab there is something.
DEFAULTS: dict[Task, tuple[str, ...]] = {
    "classification": ("distilbert-sst2", "minilm-sentiment"),
    "next-token": ("gpt2", "smollm2-135m"),
    "masked-lm": ("bert-base-uncased", "minilm-mlm"),
    "seq2seq": ("t5-small",),
}


def at_hand(entry: CatalogEntry) -> bool:
    """Whether the model loads without the hub: its pack is installed, or the hub's files are on this disk."""
    if entry.pack is not None and packs.installed(packs.PACKS[entry.pack]):
        return not entry.ours or minilm.shipped(entry.key)
    return not entry.ours and hub.kept(entry.source, entry.revision) is not None


def default_key(task: Task, hub_reachable: bool) -> str:
    """The model that a task starts with: the usual one, or without the hub the first at hand.

    Where none is at hand either, it is the usual one, and `fallback_notice` says what to install.
    """
    usual = DEFAULTS[task][0]
    if hub_reachable:
        return usual
    return next((key for key in DEFAULTS[task] if at_hand(CATALOG[key])), usual)


def fallback_notice(hub_reachable: bool) -> str | None:
    """One plain line where a tab does not start with its usual model; None where each does."""
    if hub_reachable:
        return None
    keys = {task: default_key(task, hub_reachable) for task in TABS}
    without = [task for task, key in keys.items() if not at_hand(CATALOG[key])]
    if without:
        return (
            f"The model hub cannot be reached and no model for {_listed(without)} is installed. "
            f"Install the small ones: {packs.INSTALL}"
        )
    stand_ins = [key for task, key in keys.items() if key != DEFAULTS[task][0]]
    if stand_ins:
        return f"The model hub cannot be reached; installed models are used instead: {_listed(stand_ins)}."
    return None


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


# Commits and sizes as other public repositories pin them; "exact=False" marks sizes that were computed.
for _entry in (
    CatalogEntry(
        key="distilbert-sst2",
        task="classification",
        source="distilbert/distilbert-base-uncased-finetuned-sst-2-english",
        revision="714eb0fa89d2f80546fda750413ed43d93601a13",
        licence="Apache-2.0",
        size=267_832_558,
        about="Sentiment of English film reviews: positive or negative.",
    ),
    CatalogEntry(
        key="bert-sst2",
        task="classification",
        source="yoshitomo-matsubara/bert-base-uncased-sst2",
        revision="ce4cfd087e0c988beae0699f77a610bf7916742c",
        licence="Apache-2.0",
        size=109_483_778 * 4,
        about="The same task on BERT, twice as deep.",
        exact=False,
    ),
    CatalogEntry(
        key="distilbert-emotion",
        task="classification",
        source="bhadresh-savani/distilbert-base-uncased-emotion",
        revision="ce6f4ffcde7642ca2cac02381a16da38e5498ff7",
        licence="Apache-2.0",
        size=66_958_086 * 4,
        about="Six emotions in short English texts: sadness, joy, love, anger, fear, surprise.",
        exact=False,
    ),
    CatalogEntry(
        key="toxic-bert",
        task="classification",
        source="unitary/toxic-bert",
        revision="4d6c22e74ba2fdd26bc4f7238f50766b045a0d94",
        licence="Apache-2.0",
        size=109_486_854 * 4,
        about="Six kinds of toxic comments, each yes or no on its own.",
        exact=False,
    ),
    CatalogEntry(
        key="minilm-sentiment",
        task="classification",
        source="",
        revision="",
        licence="Apache-2.0",
        size=0,
        about="Ours: sentiment of short English texts, trained on graded opinions; seldom more than 99 % sure.",
        pack="minilm",
    ),
    CatalogEntry(
        key="gpt2",
        task="next-token",
        source="openai-community/gpt2",
        revision="607a30d783dfa663caf39e06633721c8d4cfcd7e",
        licence="MIT",
        size=548_105_171,
        about="The smallest GPT-2, the model that most of the literature looks at.",
    ),
    CatalogEntry(
        key="distilgpt2",
        task="next-token",
        source="distilbert/distilgpt2",
        revision="2290a62682d06624634c1f46a6ad5be0f47f38aa",
        licence="Apache-2.0",
        size=352_824_413,
        about="GPT-2 cut to half its layers: faster, a little weaker.",
    ),
    CatalogEntry(
        key="smollm2-135m",
        task="next-token",
        source="HuggingFaceTB/SmolLM2-135M-Instruct",
        revision="12fd25f77366fa6b3b4b768ec3050bf629380bac",
        licence="Apache-2.0",
        size=269_060_552,
        about="A small Llama-like model that follows instructions; better English than GPT-2 of its size.",
        pack="smollm2",
    ),
    CatalogEntry(
        key="qwen2.5-0.5b",
        task="next-token",
        source="Qwen/Qwen2.5-0.5B",
        revision="060db6499f32faf8b98477b0a26969ef7d8b9987",
        licence="Apache-2.0",
        size=988_097_824,
        about="The largest of these and the one that knows most; many languages.",
    ),
    CatalogEntry(
        key="pythia-160m",
        task="next-token",
        source="EleutherAI/pythia-160m",
        revision="50f5173d932e8e61f858120bcb800b97af589f46",
        licence="Apache-2.0",
        size=374_998_696,
        about="Made for interpretability research: training data and order are public.",
    ),
    CatalogEntry(
        key="bert-base-uncased",
        task="masked-lm",
        source="google-bert/bert-base-uncased",
        revision="86b5e0934494bd15c9632b12f734a8a67f723594",
        licence="Apache-2.0",
        size=440_449_768,
        about="The classic fill-mask model.",
    ),
    CatalogEntry(
        key="distilbert-base-uncased",
        task="masked-lm",
        source="distilbert/distilbert-base-uncased",
        revision="12040accade4e8a0f71eabdb258fecc2e7e948be",
        licence="Apache-2.0",
        size=267_954_768,
        about="BERT cut to half its layers: faster, a little weaker.",
    ),
    CatalogEntry(
        key="roberta-base",
        task="masked-lm",
        source="FacebookAI/roberta-base",
        revision="e2da8e2f811d1448a5b465c236feacd80ffbac7b",
        licence="MIT",
        size=498_818_054,
        about="BERT trained longer on more text; minds upper and lower case.",
    ),
    CatalogEntry(
        key="minilm-mlm",
        task="masked-lm",
        source="",
        revision="",
        licence="Apache-2.0",
        size=0,
        about="Ours: a small fill-mask model to try without a network; knows few facts.",
        pack="minilm",
    ),
    CatalogEntry(
        key="t5-small",
        task="seq2seq",
        source="google-t5/t5-small",
        revision="df1b051c49625cf57a3d0d8d3863ed4d13564fe4",
        licence="Apache-2.0",
        size=242_043_056,
        about="Does what is asked in front of the text: “translate English to German: …”, “summarize: …”.",
    ),
    CatalogEntry(
        key="opus-mt-en-fr",
        task="seq2seq",
        source="Helsinki-NLP/opus-mt-en-fr",
        revision="main",
        licence="Apache-2.0",
        size=75_133_952 * 4,
        about="Translates English to French.",
        exact=False,
    ),
    CatalogEntry(
        key="bart-base",
        task="seq2seq",
        source="facebook/bart-base",
        revision="aadd2ab0ae0c8268c7c9693540e9904811f36177",
        licence="Apache-2.0",
        size=139_420_416 * 4,
        about="Writes a damaged English text anew, whole again: <mask> stands for any number of words.",
        exact=False,
    ),
):
    CATALOG.add(_entry.key, _entry)
