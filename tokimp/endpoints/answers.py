"""What completion endpoints answer, in the three forms that are about, checked number by number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from tokimp.endpoints.trouble import Malformed

# Servers write a probability that is 0 in their arithmetic as −9999 or −3.4e38. This is the logarithm of
# the least float32 above 0.
LOWEST = -103.2789
ROUNDING = 1e-3


class Step(NamedTuple):
    """One token of an answer; `log_prob` is None where nothing stands before it. `top`: the likeliest instead of it."""

    text: str
    log_prob: float | None
    top: Mapping[str, float]
    id: int | None = None


class Answer(NamedTuple):
    """A completion; `offsets`: where each token begins in the text, in characters, where the endpoint tells.

    generated: how many of the steps were generated, which come last; the others were the prompt's.
    """

    text: str
    steps: tuple[Step, ...]
    offsets: tuple[int, ...] | None = None
    generated: int = 1


def read(data: Any) -> Answer:
    """An answer from its JSON: OpenAI's `logprobs.tokens`, its newer `logprobs.content`, or llama.cpp's own form.

    Raises:
        Malformed: something is missing, of another type, or no log-probability.
    """
    data = data[0] if isinstance(data, list) and len(data) == 1 else data
    if isinstance(data, dict) and "completion_probabilities" in data:
        return Answer(_text(data, "content"), _entries(data["completion_probabilities"]))
    try:
        choice = data["choices"][0]
        logs = choice.get("logprobs")
    except (TypeError, KeyError, IndexError, AttributeError):
        raise _malformed("has no choices") from None
    text = _text(choice, "text")
    if logs is None:
        return Answer(text, ())
    if not isinstance(logs, dict):
        raise _malformed("has log-probabilities of an unknown form")
    usage = data.get("usage")
    generated = usage.get("completion_tokens") if isinstance(usage, dict) else None
    answer = Answer(text, _entries(logs["content"])) if "content" in logs else _lists(text, logs)
    return answer._replace(generated=generated if type(generated) is int else 1)


def log_prob(value: Any) -> float:
    """The number as a log-probability of at least LOWEST.

    Raises:
        Malformed: it is no number, not finite, or above 0.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _malformed("has a log-probability that is no finite number")
    if value > ROUNDING:
        raise _malformed(f"has a log-probability above 0 ({value:.4g})")
    return min(max(float(value), LOWEST), 0.0)


def _lists(text: str, logs: dict[str, Any]) -> Answer:
    tokens, values = logs.get("tokens"), logs.get("token_logprobs")
    if not isinstance(tokens, list) or not isinstance(values, list):
        raise _malformed("lacks tokens or token_logprobs")
    tops = logs.get("top_logprobs") or [None] * len(tokens)
    offsets = logs.get("text_offset")
    if any(not isinstance(each, list) or len(each) != len(tokens) for each in (values, tops, offsets or tokens)):
        raise _malformed("has lists of different lengths")
    if offsets is not None and not all(type(each) is int for each in offsets):
        raise _malformed("has text offsets that are no whole numbers")
    steps = [_step(*each, first=at == 0) for at, each in enumerate(zip(tokens, values, tops, strict=True))]
    return Answer(text, tuple(steps), None if offsets is None else tuple(offsets))


def _step(token: Any, value: Any, top: Any, first: bool) -> Step:
    if not isinstance(token, str) or not isinstance(top or {}, dict):
        raise _malformed("has tokens of an unknown form")
    likeliest = {text: log_prob(each) for text, each in (top or {}).items()}
    return Step(token, None if first and value is None else log_prob(value), likeliest)


def _entries(rows: Any) -> tuple[Step, ...]:
    if not isinstance(rows, list):
        raise _malformed("has log-probabilities of an unknown form")
    return tuple(_entry(row) for row in rows)


def _entry(row: Any) -> Step:
    try:
        top: dict[str, float] = {}
        for each in row.get("top_logprobs") or []:
            value = log_prob(each["logprob"])
            # Different tokens of one text, such as parts of characters, count together.
            top[each["token"]] = _either(top[each["token"]], value) if each["token"] in top else value
        text, value, id_ = row["token"], log_prob(row["logprob"]), row.get("id")
    except (TypeError, KeyError, AttributeError):
        raise _malformed("has tokens of an unknown form") from None
    if not all(isinstance(each, str) for each in (text, *top)) or not isinstance(id_, int | None):
        raise _malformed("has tokens of an unknown form")
    return Step(text, value, top, id_)


def _either(one: float, other: float) -> float:
    """The logarithm of the sum of two probabilities."""
    high, low = max(one, other), min(one, other)
    return min(high + math.log1p(math.exp(low - high)), 0.0)


def _text(row: Any, name: str) -> str:
    text = row.get(name)
    if not isinstance(text, str):
        raise _malformed("has no text")
    return text


def _malformed(what: str) -> Malformed:
    return Malformed(
        f"The endpoint’s answer {what}.",
        "Its owner should check that it is a completion endpoint with log-probabilities.",
    )
