"""An attention sink or a real effect: attention received, what it carries, and what taking the token away does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tokimp.reasons import Number, Part, Reason, Sinks
from tokimp.views.numbers import percent, show
from tokimp.why.case import Case
from tokimp.why.flow import NEEDED, Flow, flow_of
from tokimp.why.words import amount, joined, name, parts, unit

_WORDS = (
    "a an the and or but nor so yet if as at by for from in into of off on onto out over to up with within without "
    "about after before between through under is are was were be been being am do does did has have had will would "
    "can could shall should may might must that this these those there it its he she they them his her their we us "
    "our you your i me my not no than then which who whom whose"
)
FUNCTION_WORDS = frozenset(_WORDS.split())


@dataclass(frozen=True)
class Thresholds:
    """When a token is called a sink: all three.

    attention: it receives this many times the even share (or lies half of the way from there to everything);
    worth: what its attention carries, by what it would carry from an ordinary token, is at most this;
    effect: its removal changes the value at most this many times as much as that of another token does on average;
    of a decoder's first token, without which another comes first, also where only other tokens in its place do so.
    """

    attention: float = 2.0
    worth: float = 0.5
    effect: float = 1.0


THRESHOLDS = Thresholds()

_AT_ONCE = 16
"""Removals between two looks at whether it is known by then which tokens are sinks."""


@dataclass(frozen=True)
class Verdict:
    """What was found of a token; received and carried as in `Flow`.

    |differences| in the unit of the target: effect without it, replaced with others in its place (the mean;
    only of a decoder's first token), typical without another token (the mean).
    attended, empty and weak answer the three questions of `Thresholds`; None: the effect cannot be measured.
    """

    received: float
    carried: float
    attended: bool
    empty: bool
    weak: bool | None
    effect: float | None
    replaced: float | None
    typical: float | None

    @property
    def sink(self) -> bool | None:
        """True for a sink; None where only what could not be measured would tell."""
        return self.weak if self.attended and self.empty else False


def verdict(case: Case, flow: Flow) -> Verdict:
    """Whether the case's token is a sink. Cost: the removal of each compared token, where it is not known."""
    empty = attention_only(flow, case.token)
    effect, replaced = _changes(case, flow)
    smallest = _smallest((effect, replaced))
    typical = float(np.abs(list(case.others.values())).mean()) if case.others else None
    weak = smallest <= THRESHOLDS.effect * typical if smallest is not None and typical is not None else None
    received, carried = float(flow.received[case.token]), float(flow.carried[case.token])
    return Verdict(received, carried, attended(flow, case.token), empty, weak, effect, replaced, typical)


def attended(flow: Flow, token: int) -> bool:
    """The token receives much more attention than an even spread would give it."""
    even = float(flow.even[token])
    return bool(flow.received[token] > 0 and flow.received[token] >= min(THRESHOLDS.attention * even, (1 + even) / 2))


def attention_only(flow: Flow, token: int) -> bool:
    """What the token's attention carries is little for its weight."""
    return bool(flow.carried[token] <= THRESHOLDS.worth * flow.received[token])


def sink_or_effect(case: Case) -> tuple[Reason, Verdict | None]:
    """Attention against effect, with all numbers and the thresholds. Cost: one evaluation, two for a first token."""
    if not case.model.offers >= NEEDED:
        return Reason("sink", parts("This model shows no attention, so whether this is a sink cannot be told.")), None
    flow = flow_of(case.model, case.inputs, case.question.target.position, case.watch)
    found = verdict(case, flow)
    sentences, numbers = [_attention(case, flow), _effect(case, found)], _numbers(case, flow, found)
    if found.replaced is not None:
        sentence, more = _takeover(case, found.replaced)
        sentences.append(sentence)
        numbers += more
    sentences.append(_called(found))
    notes = (
        f"Called a sink where attention is at least {show(THRESHOLDS.attention)} times the even share (or half of the "
        f"way from there to all), carries at most "
        f"{percent(THRESHOLDS.worth)} of what it would from an ordinary token, and removal changes no more than that "
        f"of another token does on average (of a first token: removal, or another token in its place).",
    )
    return Reason("sink", joined(*sentences), tuple(numbers), notes), found


def sinks_of(case: Case) -> Sinks:
    """All sinks of the case's text, whichever token it is of. Cost: see `tokimp.why.without_sinks`."""
    flow = flow_of(case.model, case.inputs, case.question.target.position, case.watch)
    suspects = [
        i for i in range(len(case.inputs)) if attended(flow, i) and attention_only(flow, i) and case.removable(i)
    ]
    positions = _weak(case, suspects, flow) if suspects else ()
    sizes = np.abs(case.explanation.scores)
    share = float(sizes[list(positions)].sum() / sizes.sum()) if sizes.sum() else 0.0
    return Sinks(positions, share, case.watch.evaluations)


def _weak(case: Case, suspects: Sequence[int], flow: Flow) -> tuple[int, ...]:
    """Those of the suspects whose effect `verdict` calls weak, mostly without the removal of each other token.

    What others change on average is at least what is known of it so far, shared among all of them. So an effect is
    mostly known to be weak early; the last tokens come first, as their removal costs a decoder least.
    """
    others = [int(token) for token in case.compared[::-1] if token not in case.read]
    _ = case.scorer  # one for all suspects
    effects = {token: _smallest(_changes(_of_token(case, token), flow)) for token in suspects}
    known = dict.fromkeys(others, 0.0)
    for start in range(0, len(others), _AT_ONCE):
        some = others[start : start + _AT_ONCE]
        values = case.values([case.without([token]) for token in some])
        known.update(zip(some, np.abs(case.whole - values).tolist(), strict=True))
        if all(_below(effects[token], token, known) for token in suspects):
            break
    return tuple(token for token in suspects if _below(effects[token], token, known))


def _below(effect: float | None, token: int, known: Mapping[int, float]) -> bool:
    """Whether the effect is weak beside those of other tokens, unknown ones counting as nothing."""
    others = [change for other, change in known.items() if other != token]
    return bool(others) and effect is not None and effect <= THRESHOLDS.effect * float(np.mean(others))


def sort_of(case: Case) -> str:
    """What sort of token it is among those that often are sinks; "" for all others."""
    text = case.explanation.tokens[case.token].text.strip()
    if case.inputs.fixed[case.token]:
        return "a special token"
    if case.token == 0 and case.model.architecture.decoder:
        return "the first token"
    if text and not any(character.isalnum() for character in text):
        return "punctuation"
    return "a function word" if text.casefold() in FUNCTION_WORDS and len(case.word) == 1 else ""


def _changes(case: Case, flow: Flow) -> tuple[float | None, float | None]:
    """|Change| of the value without the token, and, of a decoder's first one, with others in its place."""
    effect = abs(case.drop(case.token)) if case.removable(case.token) else None
    return effect, _replaced(case) if _comes_first(case) and attended(flow, case.token) else None


def _smallest(changes: Sequence[float | None]) -> float | None:
    return min((each for each in changes if each is not None), default=None)


def _of_token(case: Case, token: int) -> Case:
    """The same case, with what it has scored, of another token."""
    other = replace(case, token=token)
    vars(other).update({key: vars(case)[key] for key in ("scorer", "compared") if key in vars(case)})
    return other


def _attention(case: Case, flow: Flow) -> tuple[Part, ...]:
    at, who, sort = case.token, name(case.explanation, case.token), sort_of(case)
    start: list[str | Part] = [who, f", {sort}," if sort else ""]
    if not flow.even[at]:
        return parts(*start, " receives no attention from other tokens: none of them sees it.")
    got = f" receives {percent(float(flow.received[at]))} of the attention of the other tokens that see it, where an "
    got += f"even spread would be {percent(float(flow.even[at]))}"
    as_much = percent(float(flow.carried[at]))
    return parts(*start, got, f"; it carries as much as {as_much} would from an ordinary token.")


def _effect(case: Case, found: Verdict) -> tuple[Part, ...]:
    if found.effect is None:
        return parts("The answer is read at it, so what taking it away does cannot be measured.")
    told = f"Taking it away changes the value by {amount(case, found.effect)} in size"
    if found.typical is None:
        return parts(f"{told}.")
    return parts(f"{told}; other single tokens change it by {amount(case, found.typical)} on average.")


def _called(found: Verdict) -> tuple[Part, ...]:
    if found.sink:
        return parts("Much attention that carries little, and little effect: ", ("an attention sink", "strong"), ".")
    if found.attended and found.empty and found.weak is False:
        return parts("Its attention carries little, yet the answer hangs on it: more than a sink.")
    if found.attended and found.empty:
        return parts("Much attention that carries little, which is what a sink looks like.")
    if found.attended:
        return parts("That is much attention, and it carries something: no sink.")
    return parts("That is no unusual attention: no sink.")


def _numbers(case: Case, flow: Flow, found: Verdict) -> list[Number]:
    at = case.token
    rows = [
        Number("attention received", float(flow.received[at]), None, "share"),
        Number("attention if spread evenly", float(flow.even[at]), None, "share"),
    ]
    rows.append(Number("attention of an ordinary token that carries as much", float(flow.carried[at]), None, "share"))
    rows.append(Number("part of all that attention carries, ‖α f(x)‖", float(flow.share[at]), None, "share"))
    if found.effect is not None:
        rows.append(Number("change of the value without it", found.effect, None, unit(case)))
    if found.typical is not None:
        rows.append(Number("change without another token, mean", found.typical, None, unit(case)))
    layers = enumerate(flow.layers[:, at].tolist(), 1)
    return rows + [Number(f"attention received in layer {layer}", value, None, "share") for layer, value in layers]


def _comes_first(case: Case) -> bool:
    """A typed token that all others of a decoder can see: the place where its attention rests."""
    first = case.token == 0 and case.model.architecture.decoder
    return first and len(case.inputs) > 2 and not case.inputs.fixed[0]


def _replaced(case: Case) -> float:
    """Mean |change| of the value with other tokens in its place. Cost: one evaluation each, and the proposals."""
    copies = [case.instead(id_) for id_ in case.alternatives[0]]
    return float(np.abs(case.values(copies) - case.whole).mean())


def _takeover(case: Case, replaced: float) -> tuple[tuple[Part, ...], list[Number]]:
    """A decoder's first token is a sink because it is first: without it, the next one is. Cost: one evaluation."""
    inputs, at = case.inputs, case.question.target.position
    rest = replace(inputs, ids=inputs.ids[1:], tokens=inputs.tokens[1:], fixed=inputs.fixed[1:])
    received = float(flow_of(case.model, rest, at - 1, case.watch).received[0])
    rows = [
        Number("attention that the next token receives as the first", received, None, "share"),
        Number("change with another token in its place, mean", replaced, None, unit(case)),
    ]
    start = f" comes first and receives {percent(received)} in its place; with {case.alternatives[1]} in its place, "
    end = f"that stays taken, and the value changes by {amount(case, replaced)} in size on average."
    return parts("Without it ", name(case.explanation, 1), start, end), rows
