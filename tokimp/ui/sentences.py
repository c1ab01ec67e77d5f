"""What the page says in words, as payloads of `Sentences`: pieces of text, never markup."""

from __future__ import annotations

from tokimp.errors import TokimpError
from tokimp.methods.base import METHODS
from tokimp.types import Explanation, Prediction, Request, Task
from tokimp.ui.components import Payload
from tokimp.ui.state import Asked, Result
from tokimp.views.characters import drawable, quoted
from tokimp.views.numbers import percent, show

UNITS = {"logit": "logits", "log_prob": "nats", "prob": "of probability"}
SAYS = {
    "classification": "The model says",
    "next-token": "The model would go on with",
    "masked-lm": "The model would fill in",
}

Part = tuple[str, str] | tuple[str, str, str]


def line(kind: str, *parts: str | Part) -> Payload:
    """One sentence: plain text, (text, element) such as ("girl", "strong"), or (text, "a", address on this page)."""
    return {"kind": kind, "parts": [[part, ""] if isinstance(part, str) else list(part) for part in parts]}


def told(*lines: Payload) -> Payload:
    return {"lines": list(lines)}


def said(task: Task, prediction: Prediction) -> Payload:
    """The likeliest candidate and how sure the model is."""
    best = prediction.candidates[0]
    return told(line("says", f"{SAYS[task]} ", (_name(task, best.label), "strong"), f", {percent(best.prob)}"))


def explained(explanation: Explanation) -> Payload:
    """Which number the scores below are shares of, and what is to be known about them."""
    request, target = explanation.request, explanation.target
    name, ids = _name(request.task, target.label), _numbers(request.task, target.ids)
    parts: list[str | Part] = ["Explaining ", (name, "strong"), ids, f", {percent(explanation.probability)}"]
    if target.contrast_label is not None:
        other = _name(request.task, target.contrast_label)
        parts += [", rather than ", (other, "strong"), _numbers(request.task, target.contrast_ids)]
    lines = [line("note", *parts)]
    if request.generated:
        written = "".join(token.text for token in explanation.tokens if token.segment == "generated")
        lines.append(line("note", f"Behind the text stands what the model had written: {quoted(written)}."))
    lines += [line("note", sentence) for sentence in _spelling(explanation)]
    return told(*lines)


def limits(result: Result) -> Payload:
    """What it took and whether it adds up, then what keeps the numbers from being exact."""
    explanation = result.explanation
    info = METHODS[explanation.request.method].info
    model = drawable(explanation.request.model)
    took = f" on {model}, {_evaluations(explanation.evaluations)} in {_duration(explanation.seconds)}."
    lines = [line("note", (info.title, "b"), took + _sum(explanation))]
    if not info.targeted and explanation.target.contrast_label is not None:
        other = _name(explanation.request.task, explanation.target.contrast_label)
        why = "these numbers follow from the text alone, whatever is explained."
        lines.append(line("limit", f"Rather than {other} makes no difference here: {why}"))
    lines += [line("limit", note) for note in explanation.attribution.notes]
    if not result.finished:
        why = result.stopped or "the work was stopped."
        unfinished = f", unfinished: {why} More work would change these scores."
        lines = [line("limit", (info.title, "b"), unfinished)]
    return told(*lines)


def _sum(explanation: Explanation) -> str:
    """What the scores make up together, where the method says that they do."""
    gap, start = explanation.completeness_gap, explanation.baseline_output
    if gap is None or start is None:
        return ""
    whole = explanation.output - start
    missing = f"; {percent(abs(gap / whole))} of it is missing" if whole and abs(gap / whole) > 5e-4 else ""
    unit = UNITS[explanation.target.output]
    return f" The scores make up the difference of {show(whole)} {unit} from the baseline{missing}."


def facts(explanation: Explanation) -> Payload:
    """The figures behind the colours."""
    info = METHODS[explanation.request.method].info
    unit = UNITS[explanation.target.output]
    pairs = [
        ("model", drawable(explanation.request.model)),
        ("method", info.title),
        ("explained value", f"{show(explanation.output)} {unit}"),
    ]
    gap = explanation.completeness_gap
    if explanation.baseline_output is not None and gap is not None:
        pairs.append(("at the baseline", show(explanation.baseline_output)))
        pairs.append(("scores add up to", show(float(explanation.scores.sum()))))
        pairs.append(("missing", show(gap)))
    pairs.append(("tokens", str(len(explanation.tokens))))
    pairs.append(("evaluations", f"{explanation.evaluations:,}"))
    pairs.append(("seconds", show(explanation.seconds)))
    if explanation.request.precision != "fp32":
        pairs.append(("precision", explanation.request.precision))
    if info.stochastic:
        pairs.append(("seed", str(explanation.request.seed)))
    pairs += [(name, str(value)) for name, value in explanation.request.options.items()]
    return {"lines": [], "facts": pairs}


def progress(fraction: float | None, left: float | None, evaluations: int = 0) -> Payload:
    """What is done, and how long the rest will take where that is worth saying."""
    if not fraction:
        return {"fraction": -1, "lines": [line("running", "Reading the text …")]}
    parts = [f"{100 * fraction:.0f}\u202f%"]
    if evaluations:
        parts.append(_evaluations(evaluations))
    if left is not None and left > 1:
        parts.append(f"about {_duration(left)} left")
    return {"fraction": round(fraction, 4), "lines": [line("running", " · ".join(parts))]}


def working(sentence: str) -> Payload:
    return {"fraction": -1, "lines": [line("running", sentence)]}


def waiting() -> Payload:
    """Before the turn comes; the browser knows how many are before it in the queue."""
    return working("Waiting for a free turn …") | {"waiting": True}


def ticket(turn: int) -> Payload:
    """A turn that was begun: the browser joins the queue for it."""
    return {"turn": turn}


def arrived(asked: Asked, result: Result) -> Payload:
    """Nothing, but where a link's result is now computed with another revision of the model."""
    return another_revision(asked, result.explanation.request)


def another_revision(asked: Asked, request: Request) -> Payload:
    """The same, of the request that was answered in place of the one that was asked."""
    if not asked.revision or asked.revision == request.revision:
        return told()
    model, linked, here = (drawable(name) for name in (request.model, asked.revision, request.revision))
    parts = (f"The link was made with {model} @ {linked}. This page has {here}", ", so these numbers may differ.")
    return told(line("hint", *parts))


def failed(error: TokimpError) -> Payload:
    """What happened and what to do; the visitor's own words in it are text, as everywhere."""
    happened = str(error).removesuffix(error.next_step).strip()
    return told(line("error", *((happened, "strong"), f" {error.next_step}") if error.next_step else (happened,)))


def broken() -> Payload:
    """For what nobody foresaw: no details, which could hold the text."""
    return told(line("error", ("Something went wrong here.", "strong"), " Your text is still there: please try again."))


def _name(task: Task, label: str) -> str:
    return drawable(label) if task == "classification" else quoted(label)


def _numbers(task: Task, ids: tuple[int, ...]) -> str:
    noun = "class" if task == "classification" else "token" if len(ids) == 1 else "tokens"
    return f" ({noun} {', '.join(map(str, ids))})"


def _spelling(explanation: Explanation) -> list[str]:
    """Where the spelling that was found is not the one that was typed."""
    request, target = explanation.request, explanation.target
    if request.task == "classification":
        return []
    pairs = ((request.target, target.label), (request.contrast, target.contrast_label))
    return [
        f"Typed was {quoted(asked)}; what fits here is {quoted(found)}{_space(asked, found)}."
        for asked, found in pairs
        if isinstance(asked, str) and found is not None and found != asked
    ]


def _space(asked: str, found: str) -> str:
    return ", with its space" if found == f" {asked}" else ""


def _evaluations(count: int) -> str:
    return f"{count:,} evaluation{'s' * (count != 1)}"


def _duration(seconds: float) -> str:
    if seconds < 0.95:
        return f"{max(seconds, 0.1):.1f} s"
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
