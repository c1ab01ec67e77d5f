"""The texts that the two models learn from: rated snippets and WordNet's sentences."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

VADER = "vaderSentiment==3.3.2"
RATINGS = "hutto_ICWSM_2014"
SOURCES = {
    "movie": "movieReviewSnippets_GroundTruth.txt",
    "amazon": "amazonReviewSnippets_GroundTruth.txt",
    "tweets": "tweets_GroundTruth.txt",
    "nyt": "nytEditorialSnippets_GroundTruth.txt",
}


@dataclass(frozen=True, slots=True)
class Snippet:
    text: str
    rating: float  # mean of 20 human ratings, -4 … 4
    source: str


def fetch_snippets(cache: Path) -> list[Snippet]:
    """All rated snippets in file order, without repeated texts. Downloads on the first call."""
    folder = cache / RATINGS
    if not folder.is_dir():
        _download(cache)
    snippets: dict[str, Snippet] = {}
    for source, file in SOURCES.items():
        for line in (folder / file).read_text(encoding="utf-8", errors="replace").splitlines():
            parts = line.split("\t", 2)
            if len(parts) == 3 and parts[2].strip():
                snippet = Snippet(parts[2].strip(), float(parts[1]), source)
                snippets.setdefault(same_text(snippet.text), snippet)
    return list(snippets.values())


def same_text(text: str) -> str:
    """Two texts with the same key count as one: letters and digits only, lower case."""
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


def _download(cache: Path) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:", "--quiet", VADER]
    subprocess.run([*pip, "--dest", str(cache)], check=True)
    name, version = VADER.split("==")
    with tarfile.open(cache / f"{name}-{version}.tar.gz") as outer:
        inner = outer.extractfile(f"{name}-{version}/additional_resources/{RATINGS}.tar.gz")
        if inner is None:
            raise FileNotFoundError(f"{VADER} holds no {RATINGS}.")
        with tarfile.open(fileobj=inner) as ratings:
            for file in SOURCES.values():
                ratings.extract(f"{RATINGS}/{file}", cache)


@dataclass(frozen=True, slots=True)
class Splits:
    train: list[Snippet]
    validation: list[Snippet]
    test: list[Snippet]


def split_ratings(snippets: Iterable[Snippet], seed: int, test: int, validation: int) -> Splits:
    """Test and validation: movie snippets with |rating| ≥ 0.5. Training: all others but editorials."""
    clear: list[Snippet] = []
    rest: list[Snippet] = []
    for snippet in snippets:
        if snippet.source == "movie" and abs(snippet.rating) >= 0.5:
            clear.append(snippet)
        elif snippet.source != "nyt":
            rest.append(snippet)
    random.Random(seed).shuffle(clear)
    held_out = test + validation
    return Splits(clear[held_out:] + rest, clear[test:held_out], clear[:test])


def wordnet_sentences(folder: Path) -> tuple[list[str], list[str]]:
    """Quoted examples of all parts of speech, and the definitions of nouns as "Dog is a …".

    Each sentence once, in the files' order. Example and definition have four words or more.
    """
    examples: dict[str, None] = {}
    definitions: dict[str, None] = {}
    for part in ("noun", "verb", "adj", "adv"):
        for line in (folder / f"data.{part}").read_text(encoding="utf-8").splitlines():
            if line.startswith("  "):  # the licence at the file's top
                continue
            head, _, gloss = line.partition(" | ")
            examples.update(dict.fromkeys(_examples(gloss)))
            definition = gloss.split('"', 1)[0].strip(" ;\t")
            if part == "noun" and 4 <= len(definition.split()) <= 40:
                word = head.split(" ")[4].replace("_", " ")
                definitions[f"{word[0].upper()}{word[1:]} is {definition}."] = None
    return list(examples), list(definitions)


def _examples(gloss: str) -> Iterator[str]:
    for example in re.findall(r'"([^"]+)"', gloss):
        text = example.strip()
        if len(text.split()) >= 4:
            text = text[0].upper() + text[1:]
            yield text if text[-1] in ".!?" else text + "."
