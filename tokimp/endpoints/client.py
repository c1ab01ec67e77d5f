"""Log-probabilities of many texts from one endpoint: at once, remembered, and kept when something goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from tokimp.endpoints.abilities import (
    COMPLETIONS,
    Abilities,
    completion,
    forced,
    no_empty_text,
    probe,
    token_ids,
)
from tokimp.endpoints.answers import Answer, Step, read
from tokimp.endpoints.asking import Line
from tokimp.endpoints.crew import Crew
from tokimp.endpoints.memory import Memory, key_of
from tokimp.endpoints.seam import behind
from tokimp.endpoints.settings import Endpoint
from tokimp.endpoints.trouble import Malformed
from tokimp.endpoints.wire import Run
from tokimp.errors import EmptyTextError, EndpointError, MethodUnavailableError, OptionError

Told = Callable[[float], object]
LEAD = "\n"
MOST_ANSWERS = 1_000


class Completion(NamedTuple):
    """What was generated: the text, its tokens' texts, and their log-probabilities (token,) in nats."""

    text: str
    tokens: tuple[str, ...]
    log_probs: tuple[float, ...]


class Client:
    """Asks one endpoint; safe for threads, which share its budget, its memory and its requests at once.

    `watch(fraction)` of a call is called in the caller's thread after every answer, and several times a
    second while there is none; what it raises ends the call at once and goes on to the caller.

    An EndpointError ends a call, too; its `partial` has what was answered. The same call again asks for
    the rest only, as long as `endpoint.cached` holds.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._line, self._crew, self._memory = Line(endpoint), Crew(endpoint.concurrency), Memory(endpoint.cached)
        self._cuts = Memory(MOST_ANSWERS)
        self._abilities: Abilities | None = None

    @property
    def requests(self) -> int:
        """Requests so far, retries and those of the probe among them."""
        return self._line.tries

    def close(self) -> None:
        """Lets the threads go; nothing can be asked after that."""
        self._crew.close()

    def abilities(self, watch: Told | None = None) -> Abilities:
        """What the endpoint can do, found out once (see `probe`)."""
        if self._abilities is None:
            self._abilities = self._first(partial(probe, line=self._line, endpoint=self.endpoint), watch)
        return self._abilities

    def answer_log_probs(self, texts: Sequence[str], answer: str, watch: Told | None = None) -> list[list[float]]:
        """Log-probabilities of a fixed answer behind each text: (text, answer token), in nats.

        The answer's tokens are the same behind all texts. Their sum over tokens is the log-probability of
        the answer. Below −103 (a probability of 1e-45) all are −103.

        Cost: one request a text that was not asked before; at a server that is forced, one an answer token of it.

        Raises:
            EmptyTextError: the answer is empty.
            MethodUnavailableError: the endpoint can do no such thing (see `abilities().note`).
            EndpointError: no answer, an unusable one, or the answer's first letters share a token with a text.
        """
        if not answer:
            raise EmptyTextError("There is no answer whose probability could be asked for.", "Write one.")
        able = self.abilities(watch)
        if not able.scores_answers:
            raise MethodUnavailableError(
                f"This endpoint cannot score a given answer. {able.note}",
                "Ask for the next token, or use another server.",
            )
        if able.echo:
            steps = self._all(texts, partial(self._echoed, answer=answer), ("echo", answer), watch)
        else:
            ids = self._first(partial(self._ids, answer=answer), watch)
            steps = self._all(texts, partial(self._forced, ids=ids), ("forced", ids), watch)
        self._check_cuts(answer, steps)
        return [_log_probs(each) for each in steps]

    def next_log_probs(self, texts: Sequence[str], top: int = 20, watch: Told | None = None) -> list[dict[str, float]]:
        """The likeliest next tokens behind each text with their log-probabilities, the likeliest first.

        Tokens are told by their text; those of one text count together. Endpoints limit `top`; vLLM to 20.

        Cost: one request a text that was not asked before.

        Raises:
            OptionError: `top` is less than 1.
            EndpointError: no answer, or an unusable one.
        """
        if top < 1:
            raise OptionError("The number of next tokens is at least 1.")
        able = self.abilities(watch)
        found = self._all(texts, partial(self._next, top=top, able=able), ("next", top), watch)
        return [dict(sorted(each.items(), key=lambda pair: -pair[1])) for each in found]

    def complete(
        self, text: str, max_tokens: int = 32, seed: int = 0, temperature: float = 0.0, watch: Told | None = None
    ) -> Completion:
        """Generates behind a text; greedy at a temperature of 0. The log-probabilities are as if at 1.

        Cost: one request, unless the same was asked before.

        Raises:
            OptionError: `max_tokens` is less than 1, or the temperature below 0.
            EndpointError: no answer, or an unusable one.
        """
        if max_tokens < 1 or not 0 <= temperature < float("inf"):
            raise OptionError("A completion has at least one token, and a temperature of 0 or more.")
        asked = {"temperature": float(temperature), "seed": seed}
        answer = self._all(
            [text], partial(self._completed, length=max_tokens, asked=asked), (max_tokens, asked), watch
        )[0]
        return Completion(answer.text, tuple(step.text for step in answer.steps), tuple(_log_probs(answer.steps)))

    def _first(self, job: Callable[[Run], Any], watch: Told | None) -> Any:
        """The result of what must be known before the work begins, which is no part of its progress."""
        try:
            return self._crew.work([job], watch and (lambda _fraction: watch(0.0)))[0]
        except EndpointError as error:
            error.partial = []
            raise

    def _all(
        self, texts: Sequence[str], job: Callable[..., Any], asked: tuple[Any, ...], watch: Told | None
    ) -> list[Any]:
        """The job's result for each text, equal texts asked once."""
        if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
            raise OptionError("An endpoint is asked for a list of texts.")
        once = list(dict.fromkeys(texts))
        keys = [key_of(*asked, text) for text in once]
        jobs = [
            partial(self._remembered, key=key, job=partial(job, text=text))
            for key, text in zip(keys, once, strict=True)
        ]
        try:
            found = dict(zip(once, self._crew.work(jobs, watch), strict=True))
        except EndpointError as error:
            had = dict(zip(once, error.partial, strict=True))
            error.partial = [_shown(had[text]) for text in texts]
            raise
        return [found[text] for text in texts]

    def _remembered(self, run: Run, key: bytes, job: Callable[[Run], Any]) -> Any:
        found = self._memory.get(key)
        if found is None:
            found = job(run)
            self._memory.put(key, found)
        return found

    def _echoed(self, run: Run, text: str, answer: str) -> tuple[Step, ...]:
        body = completion(self.endpoint, text + answer) | {"echo": True}
        return _lean(behind(read(self._line.ask(run, COMPLETIONS, body)), text, answer))

    def _forced(self, run: Run, text: str, ids: list[int]) -> tuple[Step, ...]:
        return _lean(forced(run, self._line, text, ids))

    def _ids(self, run: Run, answer: str) -> list[int]:
        """The answer's tokens as they are within a text, where some tokenizers put no space before them."""
        lead, whole = (self._known_ids(run, each) for each in (LEAD, LEAD + answer))
        inside = len(lead) < len(whole) and whole[: len(lead)] == lead
        return whole[len(lead) :] if inside else self._known_ids(run, answer)

    def _known_ids(self, run: Run, text: str) -> list[int]:
        return list(self._remembered(run, key_of("ids", text), partial(token_ids, line=self._line, text=text)))

    def _check_cuts(self, answer: str, found: Sequence[Sequence[Step]]) -> None:
        """Raises EndpointError where the answer is cut into other tokens than behind the first text ever asked."""
        cuts = [tuple(step.text for step in each) for each in found]
        if not cuts:
            return
        key = key_of(answer)
        first = self._cuts.get(key) or cuts[0]
        self._cuts.put(key, first)
        if other := sum(cut != first for cut in cuts):
            raise EndpointError(
                f"The tokenizer cuts the answer in other ways behind {other} of {len(cuts)} texts.",
                "Begin the answer with a space or a line break.",
                [_log_probs(each) if cut == first else None for cut, each in zip(cuts, found, strict=True)],
            )

    def _next(self, run: Run, text: str, top: int, able: Abilities) -> Mapping[str, float]:
        body = completion(self.endpoint, text, top=top) | ({"ignore_eos": True} if able.ignores_end else {})
        first = _steps(read(self._line.ask(run, COMPLETIONS, body)), text)[0]
        if not first.top:
            raise Malformed("The endpoint’s answer lacks the likeliest tokens.", "Its owner should use another server.")
        return first.top

    def _completed(self, run: Run, text: str, length: int, asked: dict[str, Any]) -> Answer:
        body = completion(self.endpoint, text, length) | asked
        answer = read(self._line.ask(run, COMPLETIONS, body))
        if answer.text:
            _log_probs(_steps(answer, text))
        return answer._replace(steps=_lean(answer.steps))


def _steps(answer: Answer, text: str) -> tuple[Step, ...]:
    if answer.steps:
        return answer.steps
    if not text:
        raise no_empty_text()
    raise Malformed("The endpoint’s answer has no tokens, or no log-probabilities.", "Ask again, or another server.")


def _lean(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(step._replace(top={}) for step in steps)


def _log_probs(steps: Sequence[Step]) -> list[float]:
    values = [step.log_prob for step in steps if step.log_prob is not None]
    if len(values) < len(steps):
        raise Malformed("The endpoint’s answer lacks log-probabilities.", "Its owner should use another server.")
    return values


def _shown(found: Any) -> Any:
    """A partial result as the whole one would have it."""
    if isinstance(found, Answer):
        return Completion(found.text, tuple(step.text for step in found.steps), tuple(_log_probs(found.steps)))
    return _log_probs(found) if isinstance(found, tuple) else found
