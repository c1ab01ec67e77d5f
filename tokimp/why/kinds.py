"""What sort of token it is: a piece of a word, special, part of a template, or where the answer is read."""

from __future__ import annotations

from tokimp.reasons import Number, Part, Reason
from tokimp.views.characters import quoted
from tokimp.views.numbers import show
from tokimp.why.agreement import SHARE, standing
from tokimp.why.case import Case
from tokimp.why.words import joined, name, parts, unit


def kind_of_token(case: Case) -> Reason:
    """Its score and rank, and what it is. Cost: none."""
    scores, signed = case.explanation.scores, case.explanation.attribution.signed
    own = float(scores[case.token])
    rank, share = standing(scores, case.token, case.ranked)
    count = len(case.ranked)
    measure = unit(case) if signed else ""
    error = None if case.explanation.stderr is None else float(case.explanation.stderr[case.token])
    rows = [
        Number("score", own, error, measure),
        Number(f"rank among {count}", float(rank), None, "rank"),
        Number(SHARE, share, None, "share"),
    ]
    who = name(case.explanation, case.token)
    sentences = [parts(who, f" got {show(own, error)}, rank {rank} of {count}.")]
    for sentence, more in (_special(case), _fragment(case)):
        sentences.append(sentence)
        rows += more
    if case.token in case.read:
        sentences.append(parts("The model's answer is read at it."))
    return Reason("token", joined(*sentences), tuple(rows))


def _special(case: Case) -> tuple[tuple[Part, ...], list[Number]]:
    token = case.explanation.tokens[case.token]
    if case.inputs.fixed[case.token]:
        typed = token.start < token.end
        origin = "typed with the text, as templates do" if typed else "added by the tokenizer, not typed"
        return parts(f"It is a special token, {origin}."), []
    if token.id in case.model.tokenizer.added_tokens_decoder:
        return parts("It was added to the vocabulary, as the signs of templates are."), []
    return (), []


def _fragment(case: Case) -> tuple[tuple[Part, ...], list[Number]]:
    """The word that it is a part of, with the scores of all its tokens and their sum."""
    if len(case.word) == 1:
        return (), []
    tokens, scores = case.explanation.tokens, case.explanation.scores
    word = quoted("".join(tokens[i].text for i in case.word).strip())
    measure = unit(case) if case.explanation.attribution.signed else ""
    total = float(scores[list(case.word)].sum())
    rows = [Number(f"{quoted(tokens[i].text)} (token {i}), score", float(scores[i]), None, measure) for i in case.word]
    rows.append(Number("the whole word, sum of scores", total, None, measure))
    what = f", whose {len(case.word)} tokens got {show(total)} together."
    return parts("It is a piece of the word ", (word, "strong"), what), rows
