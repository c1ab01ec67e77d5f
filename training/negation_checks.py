"""Templated negation that the sentiment model never saw: {w} is a word of praise or blame, {n} a noun.

A: patterns of the training data with unseen words. B: unseen patterns. C: other unseen patterns, for
choosing between variants.
"""

from __future__ import annotations

from training.templates import Sentence

CHECK_C = (
    "I cannot see the {n} as {w}.",
    "Nothing about the {n} felt {w}.",
    "It is not true that the {n} was {w}.",
    "The {n} didn't strike me as {w}.",
    "I never thought of the {n} as {w}.",
    "The {n} is not what most people mean by {w}.",
)

UNSEEN_PRAISE = ["superb", "delightful", "tasty", "fascinating"]
UNSEEN_BLAME = ["dreadful", "lousy", "irritating", "mediocre"]
UNSEEN_NOUNS = ["restaurant", "song", "laptop", "game"]
CHECK_A = (
    "The {n} was not {w}.",
    "The {n} is not {w} at all.",
    "not {w} at all",
    "This {n} isn't {w}.",
    "I did not find the {n} {w}.",
    "The {n} was far from {w}.",
    "There is nothing {w} about this {n}.",
    "The {n} was never {w}.",
    "The {n} was anything but {w}.",
    "hardly {w}",
    "I don't think the {n} is {w}.",
    "Nobody thought that the {n} was {w}.",
)
CHECK_B = (
    "I can't say that the {n} was {w}.",
    "It would be wrong to call this {n} {w}.",
    "The {n} fails to be {w}.",
    "I wouldn't describe the {n} as {w}.",
    "The {n} is by no means {w}.",
    "Not once did the {n} seem {w}.",
    "The {n} turned out to be neither new nor {w}.",
    "My {n} has yet to be {w}.",
    "The {n} wasn't even remotely {w}.",
    "You could not call it {w}.",
)


def check_sentences(patterns: tuple[str, ...]) -> list[Sentence]:
    """Every pattern with every unseen word: eight sentences a pattern, half of them positive."""
    return [
        Sentence(pattern.format(w=word, n=noun), positive)
        for pattern in patterns
        for words, positive in ((UNSEEN_PRAISE, 0.0), (UNSEEN_BLAME, 1.0))
        for word, noun in zip(words, UNSEEN_NOUNS, strict=True)
    ]
