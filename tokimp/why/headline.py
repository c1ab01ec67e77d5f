"""All reasons in one sentence."""

from __future__ import annotations

from tokimp.reasons import Number, Part, Reason
from tokimp.views.numbers import percent
from tokimp.why.agreement import BEATEN, SHARE
from tokimp.why.case import Case
from tokimp.why.removal import without_name
from tokimp.why.sinks import Verdict, sort_of
from tokimp.why.words import amount, answer, name, others, parts

BEATS = 0.75
"""An effect is called real where it is larger than that of this part of the other tokens."""

Known = tuple[Reason, ...]


def headline(case: Case, reasons: Known, verdict: Verdict | None) -> tuple[Part, ...]:
    """What the reasons so far come to; says that it is unclear rather than guessing."""
    who = name(case.explanation, case.token)
    if verdict is not None and verdict.sink:
        return _sink(case, verdict)
    if not case.removable(case.token):
        return parts(("The answer is read here: ", "strong"), who, " cannot be taken away, so its effect is not known.")
    beaten = _number(reasons, "chance", BEATEN)
    if beaten is not None:
        return _by_effect(case, reasons, verdict, beaten.value)
    if any(reason.kind == "chance" for reason in reasons):
        return parts(("Unclear: ", "strong"), "there is no other token to compare ", who, " with.")
    return parts("What ", who, " does is not known yet.")


def _sink(case: Case, verdict: Verdict) -> tuple[Part, ...]:
    who, sort = name(case.explanation, case.token), sort_of(case)
    start: list[str | Part] = [("Probably an attention sink: ", "strong"), who, f", {sort}," if sort else ""]
    if verdict.effect is None or verdict.typical is None:
        return parts(*start, " takes up attention and gives little.")
    got = (
        f" receives {percent(verdict.received)} of the attention, which carries as much as {percent(verdict.carried)} "
    )
    least = verdict.effect if verdict.replaced is None else min(verdict.effect, verdict.replaced)
    how = "without it" if least == verdict.effect else "with another token in its place"
    change = f"would elsewhere, and {how} the value changes by {amount(case, least)}, without another "
    return parts(*start, got, change, f"token by {amount(case, verdict.typical)} on average.")


def _by_effect(case: Case, reasons: Known, verdict: Verdict | None, beaten: float) -> tuple[Part, ...]:
    """Of a token that is no sink: how its removal stands among those of the others."""
    who = name(case.explanation, case.token)
    more = f" changes the value more than that of {others(beaten)}"
    if beaten >= BEATS:
        little = verdict is not None and verdict.attended and verdict.empty
        also = ", though the attention it gets carries little" if little else ""
        return parts(("A real effect: ", "strong"), "the removal of ", who, more, _fall(case, reasons), also, ".")
    share = _number(reasons, "token", SHARE)
    if share is not None and share.value * len(case.ranked) > 1:
        got = " got more than an even part of the scores, but its removal"
        return parts(("Unclear: ", "strong"), who, got, more, " only" if beaten else "", ".")
    return parts(("A small effect: ", "strong"), "the removal of ", who, more, " only" if beaten else "", ".")


def _fall(case: Case, reasons: Known) -> str:
    """How the probability changes, where there is one."""
    after = _number(reasons, "without", without_name(case))
    if after is None:
        return ""
    return f"; without it {answer(case)} goes from {percent(case.question.probability)} to {percent(after.value)}"


def _number(reasons: Known, kind: str, name: str) -> Number | None:
    return next((row for each in reasons if each.kind == kind for row in each.numbers if row.name == name), None)
