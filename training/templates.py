"""Templated negation that the sentiment model learns from.

A pattern holds {p} (a word of praise), {q} (its opposite), {n} and {m} (nouns). Its number is the
probability of "positive" that a reader would give.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

PRAISE = (
    "good great excellent wonderful enjoyable funny interesting impressive charming clever exciting "
    "helpful comfortable reliable pleasant brilliant beautiful moving perfect satisfying "
).split()
MORE_PRAISE = (
    "lovely nice fun amazing fantastic fresh smart touching thrilling elegant gripping witty friendly "
    "honest rich gorgeous fine memorable original admirable "
).split()
BLAME = (
    "bad terrible awful boring dull disappointing annoying ugly stupid unpleasant weak horrible useless "
    "slow predictable silly confusing poor painful tedious "
).split()
MORE_BLAME = (
    "nasty lame cheap ridiculous pathetic offensive hideous rude dirty broken shallow pointless unfunny "
    "clumsy disgusting mean flat unbearable forgettable worthless "
).split()
NOUNS = (
    "movie film story acting plot food service hotel phone book camera meal show script ending music "
    "staff room battery product "
).split()

LEARNED = {
    "The {n} was not {p}.": 0.15,
    "The {n} is not {p} at all.": 0.08,
    "not {p} at all": 0.08,
    "This {n} isn't {p}.": 0.15,
    "I did not find the {n} {p}.": 0.13,
    "The {n} was far from {p}.": 0.08,
    "There is nothing {p} about this {n}.": 0.07,
    "The {n} was never {p}.": 0.1,
    "The {n} was anything but {p}.": 0.07,
    "hardly {p}": 0.15,
    "I don't think the {n} is {p}.": 0.12,
    "Nobody thought that the {n} was {p}.": 0.1,
    "The {n} was not {q}.": 0.75,
    "The {n} is not {q} at all.": 0.85,
    "not {q} at all": 0.83,
    "This {n} isn't {q}.": 0.75,
    "I did not find the {n} {q}.": 0.77,
    "The {n} was far from {q}.": 0.85,
    "There is nothing {q} about this {n}.": 0.87,
    "The {n} was never {q}.": 0.82,
    "The {n} was anything but {q}.": 0.87,
    "hardly {q}": 0.75,
    "I don't think the {n} is {q}.": 0.77,
    "Nobody thought that the {n} was {q}.": 0.8,
    "I have never had a better {n}.": 0.96,
    "I have never had a worse {n}.": 0.04,
    "The {n} could not have been better.": 0.94,
    "The {n} could not have been worse.": 0.04,
    "I did not like the {n}.": 0.08,
    "I did not hate the {n}.": 0.65,
    "Nobody liked this {n}.": 0.08,
    "Nobody hated this {n}.": 0.72,
    "I don't recommend this {n}.": 0.06,
    "I don't regret this {n}.": 0.8,
    "The {n} was {p}.": 0.93,
    "a {p} {n}": 0.93,
    "The {n} was {q}.": 0.07,
    "a {q} {n}": 0.07,
    "The {n} was {p} but the {m} was {q}.": 0.38,
    "The {n} was {q} but the {m} was {p}.": 0.62,
    "not only {p} but also {p2}": 0.95,
    "not only {q} but also {q2}": 0.04,
}
NEUTRAL = (
    "The {n} is here.",
    "This is a {n}.",
    "We talked about the {n} and the {m}.",
    "The {n} starts at nine.",
    "She asked where the {n} was.",
    "There is a {n} and a {m}.",
    "They will look at the {n} tomorrow.",
    "The {n} comes after the {m}.",
)

# Frames of the second round: {w} is a word of either kind, which the frame turns over.
VERBS = ["seem", "look", "sound", "feel", "get", "become", "stay"]
NEGATORS = ["does not", "doesn't", "did not", "didn't", "never did", "would not", "can not", "won't", "never could"]
FRAMES = [
    "I do not find the {n} {w}.",
    "I cannot consider this {n} {w}.",
    "Nobody finds the {n} {w}.",
    "No one who knows the {n} thinks that it is {w}.",
    "I doubt that the {n} is {w}.",
    "I would deny that the {n} is {w}.",
    "Without a single {w} moment.",
    "The {n} is hardly {w}.",
    "The {n} was scarcely {w} for a minute.",
    "The {n} is rarely {w}.",
    "The {n} lacks anything {w}.",
    "There was no {w} {n} to be found.",
    "We saw nothing {w} in the {n}.",
    "At no point is the {n} {w}.",
    "In no way is this {n} {w}.",
    "The {n} is the opposite of {w}.",
    "The {n} is a long way from {w}.",
    "It is a mistake to think that the {n} is {w}.",
    "They are lying if they say that the {n} is {w}.",
    "The {n} and the {m} were not {w} in the least.",
    "This is not a {w} {n}.",
    "It isn't {w}.",
    "Contrary to what I read, the {n} is not {w}.",
    "Who says that the {n} is {w}? It is not.",
    "The {n} never manages to be {w}.",
    "The {n} stopped being {w} long ago.",
    "Far be it from me to call the {n} {w}.",
    "I would never call this {n} {w}.",
    "There was little {w} about the {n}.",
    "Not one part of the {n} was {w}.",
    "None of it was {w}.",
    "Neither the {n} nor the {m} was {w}.",
    "Nowhere is the {n} {w}.",
    "I could not see anything {w} in it.",
    "The {n} was not what I would call {w}.",
    "They promised a {w} {n}; it was not.",
    "You won't find the {n} {w}.",
]
STRAIGHT = [
    "I find the {n} {w}.",
    "Everybody finds the {n} {w}.",
    "Without doubt a {w} {n}.",
    "The {n} is always {w}.",
    "The {n} seems {w}.",
    "I cannot deny that the {n} is {w}.",
    "You will not find a more {w} {n}.",
    "The {n} is as {w} as ever.",
    "It is true that the {n} is {w}.",
    "At every point the {n} is {w}.",
    "All that we saw of the {n} was {w}.",
    "People say that the {n} is {w}, and it is.",
]


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    positive: float  # probability of "positive"; 0 or 1 in the checks


def training_sentences(count: int, seed: int) -> list[Sentence]:
    """Patterns filled at random, one in eight neutral, a fifth in lower case without the full stop."""
    draw = random.Random(seed)
    patterns = list(LEARNED.items())
    sentences = []
    for number in range(count):
        pattern, positive = (draw.choice(NEUTRAL), 0.5) if number % 8 == 0 else draw.choice(patterns)
        (n, m), (p, p2), (q, q2) = (draw.sample(words, 2) for words in (NOUNS, PRAISE, BLAME))
        text = pattern.format(n=n, m=m, p=p, p2=p2, q=q, q2=q2)
        if draw.random() < 0.2:
            text = text.lower().rstrip(".")
        sentences.append(Sentence(text, positive))
    return sentences


def turned_sentences(count: int, seed: int) -> list[Sentence]:
    """Two in three turn their word over, one in three says it straight."""
    draw = random.Random(seed)
    sentences = []
    for number in range(count):
        praise = draw.random() < 0.5
        n, m = draw.sample(NOUNS, 2)
        if number % 3 == 2:
            pattern, positive = draw.choice(STRAIGHT), 0.93 if praise else 0.07
        else:
            clause = f"The {{n}} {draw.choice(NEGATORS)} {draw.choice(VERBS)} {{w}}."
            pattern = clause if draw.random() < 0.25 else draw.choice(FRAMES)
            positive = 0.1 if praise else 0.8
        text = pattern.format(n=n, m=m, w=draw.choice(PRAISE + MORE_PRAISE if praise else BLAME + MORE_BLAME))
        sentences.append(Sentence(text.lower().rstrip(".") if draw.random() < 0.2 else text, positive))
    return sentences
