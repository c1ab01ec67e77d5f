"""Does the score stand up: to chance, to other methods, to other ways of taking away, to other seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tokimp.errors import InputError, ModelError
from tokimp.methods.averages import standard_error
from tokimp.methods.base import METHODS, build, options_of, why_not
from tokimp.models.tokens import Ids
from tokimp.reasons import Number, Reason
from tokimp.types import Attribution, Floats, Value
from tokimp.views.characters import quoted
from tokimp.views.numbers import show
from tokimp.why.case import Case
from tokimp.why.words import amount, away, left_out, name, others, parts, unit

CHEAP = ("gradient_x_input", "attention_rollout", "attn_lrp")
VALUE_ZEROED = 64
"""Tokens up to which value zeroing, which runs the model once for each, is asked too."""
DRAWS = 5
SEEDS = 3
AFFORDED = 1000
"""Evaluations that repeating the method may take."""
STANDS = 0.5
"""A score stands that keeps its sign and varies by at most this part of itself."""
STRONGEST = 5
BEATEN = "tokens whose removal changes less"
SHARE = "part of all scores"


class Standing(NamedTuple):
    """A token among others: how many of |score| are larger, counted from 1, and its part of Σ|score|."""

    rank: int
    share: float


def standing(scores: Floats, token: int, places: Ids) -> Standing:
    """Of scores (token,), among the tokens at `places` and itself."""
    sizes = np.abs(scores[np.union1d(places, [token])])
    own = abs(float(scores[token]))
    return Standing(1 + int((sizes > own).sum()), own / float(sizes.sum()) if sizes.sum() else 0.0)


def chance(case: Case) -> Reason | None:
    """The token's removal against that of any other single token: than how many |differences| it is larger.

    None where the token cannot be taken away.

    Exact where all other tokens are taken away, else of a sample, with its standard error.
    Cost: one evaluation for each compared token.
    """
    if not case.removable(case.token):
        return None
    beside = {token: abs(drop) for token, drop in case.others.items()}
    if not beside:
        return left_out("chance", "There is no other token to compare its removal with.")
    sizes, own = np.array(list(beside.values())), abs(case.drop(case.token))
    part = float(((sizes < own) + 0.5 * (sizes == own)).mean())
    sampled = len(case.compared) < len(case.inputs.free)
    error = float(np.sqrt(part * (1 - part) / len(beside))) if sampled else None
    rows = [
        Number(BEATEN, part, error, "share"),
        Number("change without it", own, None, unit(case)),
        Number("change without another token, mean", float(sizes.mean()), None, unit(case)),
    ]
    strongest = sorted(beside, key=lambda token: -beside[token])[:STRONGEST]
    rows += [
        Number(
            f"change without {quoted(case.explanation.tokens[token].text)} (token {token})",
            beside[token],
            None,
            unit(case),
        )
        for token in strongest
    ]
    count = f"{len(sizes)}{' drawn at random' if sampled else ''}"
    change = (
        f" away changes the value by {amount(case, own)} in size: more than {others(part)}, taken away one at a time"
    )
    sentence = parts("Taking ", name(case.explanation, case.token), change, f" ({count}).")
    return Reason("chance", sentence, tuple(rows))


def removals(case: Case) -> Reason | None:
    """The effect under each way of taking a token away that the tokenizer knows; none for special tokens.

    Cost: one evaluation each, `DRAWS` for random tokens.
    """
    if case.inputs.fixed[case.token]:
        return None
    definite = [way for way in case.removals if way != "random"]
    drops = case.whole - case.values([case.without([case.token], way) for way in definite])
    drawn = case.whole - case.values(case.other_draws(DRAWS))
    rows = [
        Number(f"effect when {away(way)}", float(drop), None, unit(case))
        for way, drop in zip(definite, drops, strict=True)
    ]
    error = float(standard_error(drawn[:, None])[0])
    rows.append(Number(f"effect when {away('random')}, mean of {DRAWS}", float(drawn.mean()), error, unit(case)))
    effects = np.append(drops, drawn.mean())
    low, high = float(effects.min()), float(effects.max())
    spread = f"from {show(low)} to {show(high)} {unit(case)}"
    verdict = "its effect keeps its sign" if low * high > 0 else "its effect changes its sign"
    sentence = f"However it is taken away ({len(effects)} ways), {verdict}: {spread}."
    return Reason("removals", parts(sentence), tuple(rows))


def methods(case: Case) -> Reason:
    """The token's rank under the method that explained and under cheap ones that the model offers.

    Cost: a few evaluations; of texts of at most `VALUE_ZEROED` tokens one more for each token.
    """
    own = case.explanation.request.method
    scores: dict[str, Floats] = {own: case.explanation.scores}
    left: list[str] = []
    cheap = CHEAP + (("value_zeroing",) if len(case.inputs) <= VALUE_ZEROED else ())
    for key in cheap:
        reason = why_not(case.model, METHODS[key])
        if reason is None and key not in scores:
            try:
                scores[key] = _attributed(case, key).scores
            except (ModelError, InputError) as error:
                reason = f"{METHODS[key].info.title}: {error}"
        left += [reason] if reason else []
    if len(case.compared) == len(case.inputs.free) and "occlusion" not in scores:
        scores["occlusion"] = np.zeros(len(case.inputs))
        scores["occlusion"][list(case.drops)] = list(case.drops.values())
    found = {key: standing(each, case.token, case.ranked) for key, each in scores.items()}
    titles = {key: METHODS[key].info.title for key in found}
    rows = [Number(f"{titles[key]}, rank", float(each.rank), None, "rank") for key, each in found.items()]
    rows += [Number(f"{titles[key]}, {SHARE}", each.share, None, "share") for key, each in found.items()]
    ranks = {key: each.rank for key, each in found.items()}
    count = len(case.ranked)
    first, last = min(ranks, key=ranks.__getitem__), max(ranks, key=ranks.__getitem__)
    agree = ranks[last] - ranks[first] <= max(1, count // 4)
    verdict = "Methods agree on it" if agree else "Methods disagree on it"
    range_ = (
        f"its rank among {count} tokens is {ranks[first]} under {titles[first]} and {ranks[last]} under {titles[last]}"
    )
    if ranks[first] == ranks[last]:
        range_ = f"its rank among {count} tokens is {ranks[first]} under all {len(ranks)}"
    return Reason("methods", parts(f"{verdict}: {range_}."), tuple(rows), tuple(left))


def repeats(case: Case) -> Reason | None:
    """The score under the same method with other baselines or replacements, and with other seeds.

    None where the method has neither, or never touches the token. Cost: that of the explanation for each,
    at most `AFFORDED` evaluations in all.
    """
    request, scores = case.explanation.request, case.explanation.scores
    runs = list(_other_runs(case))
    afforded = AFFORDED // max(case.explanation.evaluations, 1)
    if not runs or (case.inputs.fixed[case.token] and not scores[case.token]):
        return None
    if not afforded:
        each = f"{case.explanation.evaluations:,} evaluations"
        return left_out("repeats", f"The method was not repeated with other settings: each time would take {each}.")
    own = float(scores[case.token])
    found: dict[str, float] = {}
    for title, options, seed in runs[:afforded]:
        try:
            found[title] = float(_attributed(case, request.method, options, seed).scores[case.token])
        except InputError:  # a baseline that this tokenizer has no token for
            continue
    if not found:
        return None
    signed, values = case.explanation.attribution.signed, np.array([own, *found.values()])
    measure = unit(case) if signed else ""
    rows = [Number("score as explained", own, None, measure)]
    rows += [Number(f"score with {title}", value, None, measure) for title, value in found.items()]
    rows.append(Number("standard deviation", float(values.std(ddof=1)), None, measure))
    low, high = float(values.min()), float(values.max())
    stands = low * high > 0 and high - low <= STANDS * abs(own)
    verdict = "The score stands" if stands else "The score depends on the settings"
    what = f"under {len(found)} other settings of {METHODS[request.method].info.title} it lies between"
    return Reason(
        "repeats", parts(f"{verdict}: {what} {show(low)} and {show(high)}; here it is {show(own)}."), tuple(rows)
    )


def _attributed(case: Case, key: str, options: Mapping[str, Value] | None = None, seed: int = 0) -> Attribution:
    method = build(key, options or {}, seed)
    return method.attribute(case.model, case.inputs, case.question.target, case.watch)


def _other_runs(case: Case) -> Iterator[tuple[str, Mapping[str, Value], int]]:
    """A title, options and seed for each way to do the same differently."""
    request = case.explanation.request
    method = METHODS[request.method]
    if method.info.stochastic:
        for more in range(1, SEEDS + 1):
            yield f"seed {request.seed + more}", request.options, request.seed + more
    for option in options_of(method):
        if option.name not in ("baseline", "replacement"):
            continue
        now = request.options.get(option.name, option.default)
        for choice in _plain(option.choices):
            if choice != now:
                yield f"{option.label.lower()} {choice}", {**request.options, option.name: choice}, request.seed


def _plain(choices: Sequence[Value]) -> list[Value]:
    """ "auto" is one of the others; what is drawn at random is tried by other seeds."""
    return [choice for choice in choices if choice not in ("auto", "random")]
