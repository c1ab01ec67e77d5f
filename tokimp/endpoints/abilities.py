"""What an endpoint can do, found out by asking it a few times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tokimp.endpoints.answers import Answer, Step, read
from tokimp.endpoints.asking import PASSING, Line
from tokimp.endpoints.seam import behind
from tokimp.endpoints.settings import Endpoint
from tokimp.endpoints.trouble import Malformed, Refused
from tokimp.endpoints.wire import Run

COMPLETIONS = "/v1/completions"
LLAMA_COMPLETION = "/completion"
LLAMA_TOKENIZE = "/tokenize"
PROMPT = "The capital of France is"
LENGTH = 4
BIAS = 1e4
# A prompt read at once and the same read token by token differ by rounding, also in quantised models.
AGREES = 0.15
NOT_BUSY = PASSING - {500}  # how some say that they know no such parameter


@dataclass(frozen=True)
class Abilities:
    """echo: gives log-probabilities of the prompt's own tokens, and the right ones.

    forces: is a llama.cpp server that scores tokens it is told to generate.
    ignores_end: can be asked for a next token where the text would end.
    note: why a fixed answer cannot be scored, or "".
    """

    echo: bool
    forces: bool
    ignores_end: bool
    note: str = ""

    @property
    def scores_answers(self) -> bool:
        return self.echo or self.forces


def probe(run: Run, line: Line, endpoint: Endpoint) -> Abilities:
    """Has four tokens generated, then asks for their log-probabilities again, as a prompt or forced.

    Some servers echo a prompt with the log-probabilities of other positions: an echo counts only where it
    agrees with the generation.

    Cost: two to six requests.

    Raises:
        EndpointError: there is no completion with log-probabilities, or no answer for the time being.
    """
    generated, ignores_end = _generated(run, line, endpoint)
    note = _echo_trouble(run, line, endpoint, generated)
    if not note:
        return Abilities(True, False, ignores_end)
    if _forces(run, line, generated):
        return Abilities(False, True, ignores_end)
    return Abilities(False, False, ignores_end, note)


def completion(endpoint: Endpoint, prompt: str, length: int = 1, top: int = 1) -> dict[str, Any]:
    """The body of a greedy completion with log-probabilities."""
    body: dict[str, Any] = {"model": endpoint.model} if endpoint.model else {}
    return body | {"prompt": prompt, "max_tokens": length, "temperature": 0.0, "logprobs": top}


def token_ids(run: Run, line: Line, text: str) -> list[int]:
    """A llama.cpp server's tokens of a text, without those that it puts before a prompt.

    Raises:
        Malformed: one of them is a part of a character, which such a server tells nothing of.
    """
    told = line.ask(run, LLAMA_TOKENIZE, {"content": text, "add_special": False, "with_pieces": True}, NOT_BUSY)
    try:
        pairs = [(row["id"], row["piece"]) for row in told["tokens"]]
    except (TypeError, KeyError):
        raise Malformed("The endpoint’s answer has no tokens.", "Its owner should check its address.") from None
    if not all(isinstance(piece, str) for _, piece in pairs):
        raise Malformed("This endpoint cannot score an answer with rare characters.", "Leave out emoji and the like.")
    return [id_ for id_, _ in pairs]


def forced(run: Run, line: Line, prompt: str, ids: Sequence[int]) -> tuple[Step, ...]:
    """The tokens `ids` behind a prompt, which a llama.cpp server is told to generate; scored as if it were free.

    Each is asked for by itself, by a bias: a grammar of tokens would need one request, but ends the whole
    server where it does not suit it.
    """
    steps = []
    for at, id_ in enumerate(ids):
        body = {"prompt": [prompt, *ids[:at]] if at else prompt, "n_predict": 1, "n_probs": 1, "temperature": 0.0}
        answer = read(line.ask(run, LLAMA_COMPLETION, body | {"logit_bias": [[id_, BIAS]]}))
        if not answer.steps and not prompt:
            raise no_empty_text()
        if [step.id for step in answer.steps] != [id_]:
            raise Malformed("The endpoint generated another token than it was told to.", "Its owner should update it.")
        steps.append(answer.steps[0])
    return tuple(steps)


def no_empty_text() -> Malformed:
    return Malformed(
        "This endpoint continues no empty text.",
        "Put something in the place of removed words instead of deleting them all.",
    )


def _generated(run: Run, line: Line, endpoint: Endpoint) -> tuple[Answer, bool]:
    body = completion(endpoint, PROMPT, LENGTH)
    try:
        answer, ignores_end = read(line.ask(run, COMPLETIONS, body | {"ignore_eos": True}, NOT_BUSY)), True
    except Refused:
        answer, ignores_end = read(line.ask(run, COMPLETIONS, body, NOT_BUSY)), False
    if not answer.steps or not answer.text:
        raise Malformed(
            "The endpoint gives no log-probabilities.", "Its owner should switch them on, or use another server."
        )
    return answer, ignores_end


def _echo_trouble(run: Run, line: Line, endpoint: Endpoint, generated: Answer) -> str:
    """Why the echo is of no use; "" where it is right."""
    body = completion(endpoint, PROMPT + generated.text) | {"echo": True}
    try:
        steps = behind(read(line.ask(run, COMPLETIONS, body, NOT_BUSY)), PROMPT, generated.text)
    except (Refused, Malformed):
        return "It does not give log-probabilities of the prompt."
    if not _agree(steps, generated.steps):
        return "Its log-probabilities of the prompt are wrong: they disagree with those of the same text generated."
    return ""


def _forces(run: Run, line: Line, generated: Answer) -> bool:
    try:
        steps = forced(run, line, PROMPT, token_ids(run, line, generated.text)[:2])
    except (Refused, Malformed):
        return False
    return _agree(steps, generated.steps)


def _agree(steps: tuple[Step, ...], generated: tuple[Step, ...]) -> bool:
    """Whether the tokens that both have at the beginning have the same log-probabilities; at least one."""
    compared = 0
    for one, other in zip(steps, generated, strict=False):
        if one.text != other.text or one.log_prob is None or other.log_prob is None:
            break
        if abs(one.log_prob - other.log_prob) > AGREES:
            return False
        compared += 1
    return compared > 0
