"""Messages as the text that a chat model was trained to read, and where each one stands in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tokimp.errors import InputError, UnsupportedModelError
from tokimp.models.text_model import TextModel
from tokimp.types import Role, Segment

Message = Mapping[str, str]
Render = Callable[[Sequence[Message]], str]
Range = tuple[int, int]

SPEAKERS: dict[str, Segment] = {"system": "system", "user": "user", "assistant": "assistant"}
PRIVATE = range(0xE000, 0xF8FF)  # characters that no script has


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation in the words of the model's own template.

    text: what the model reads; roles: ranges of characters from its start to its end, "system", "user" and
    "assistant" for what was said and "template" for everything between, which is never taken away. To let
    methods take the template away too, leave its ranges out.
    """

    text: str
    roles: tuple[Role, ...]


def chat(
    model: TextModel, messages: str | Sequence[Message], system: str | None = None, generation_prompt: bool = True
) -> Chat:
    """The tokenizer's own chat template, filled in; a text alone is one message of the user.

    messages: mappings with "role" and "content"; `system` goes in front of them. With `generation_prompt`
    the text ends where the answer begins. The template runs in transformers' own sandbox.

    Cost: two renderings a message at most, beside the first: no evaluation.

    Raises:
        UnsupportedModelError: the tokenizer has no chat template, or one that cannot be followed.
        InputError: the template does not take these messages.
    """
    said = [{"role": "user", "content": messages}] if isinstance(messages, str) else list(messages)
    if system is not None:
        said = [{"role": "system", "content": system}, *said]
    if not said or not all(isinstance(each.get(name), str) for each in said for name in ("role", "content")):
        raise InputError("A message is a role and a text.", 'Give {"role": "user", "content": "…"} for each.')
    render = _renderer(model, generation_prompt)
    text = render(said)
    roles: list[Role] = []
    for place, message in enumerate(said):
        segment = SPEAKERS.get(message["role"])
        if segment is not None:
            roles += [(start, end, segment) for start, end in _ranges(model, render, said, place, text)]
    return Chat(text, tuple(_filled(sorted(roles), len(text))))


def _renderer(model: TextModel, generation_prompt: bool) -> Render:
    """The template as a function of messages."""
    if not getattr(model.tokenizer, "chat_template", None):
        raise UnsupportedModelError(
            f"The tokenizer of {model.key} has no chat template.", "Choose a chat model, or explain the text as it is."
        )

    def render(messages: Sequence[Message]) -> str:
        try:
            found = model.tokenizer.apply_chat_template(
                [dict(message) for message in messages], add_generation_prompt=generation_prompt, tokenize=False
            )
        except Exception as error:  # a template is code of somebody else's: it may raise anything
            reason = str(error).strip().rstrip(".") or type(error).__name__
            raise InputError(
                f"The chat template of {model.key} does not take these messages: {reason}.",
                "Change their roles or order.",
            ) from error
        return str(found)

    return render


def _ranges(model: TextModel, render: Render, said: Sequence[Message], place: int, text: str) -> list[Range]:
    """Where the template puts a message (several times, or not at all): found by marking it, not by searching for it.

    A template may trim what it is given. Marks around all of it then do not leave the text as it was, and marks
    within its white space do.
    """
    content = said[place]["content"]
    core = content.strip()
    if not core:
        return []
    first, last = _unused(text + "".join(message["content"] for message in said))
    lead = content[: content.index(core)]
    trail = content[len(lead) + len(core) :]
    for held, marked in (
        (content, first + content + last),
        (core, lead + first + core + last + trail),
    ):
        found = render([*said[:place], {**said[place], "content": marked}, *said[place + 1 :]])
        if found.replace(first, "").replace(last, "") == text:
            return _between(found, text, held, first, last)
    raise UnsupportedModelError(
        f"The chat template of {model.key} rewrites its messages, so that nobody can tell where they stand.",
        "Explain the finished text as it is.",
    )


def _between(marked: str, text: str, held: str, first: str, last: str) -> list[Range]:
    """Ranges of the text between marks; where a template cut one end off, what is left of the message there."""
    found: list[Range] = []
    start: int | None = None
    at = 0
    for character in marked:
        if character == first:
            start = at
        elif character == last:
            found.append((at - _common(text[:at][::-1], held[::-1]) if start is None else start, at))
            start = None
        else:
            at += 1
    if start is not None:
        found.append((start, start + _common(text[start:], held)))
    return [each for each in found if each[0] < each[1]]


def _common(one: str, other: str) -> int:
    """How many first characters two texts share."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _unused(text: str) -> tuple[str, str]:
    """Two characters that the text does not have."""
    free = (chr(code) for code in PRIVATE if chr(code) not in text)
    return next(free), next(free)


def _filled(roles: Sequence[Role], length: int) -> list[Role]:
    """The same ranges with the template's between them."""
    found: list[Role] = []
    at = 0
    for start, end, segment in [*roles, (length, length, "template")]:
        if at < start:
            found.append((at, start, "template"))
        if start < end:
            found.append((start, end, segment))
        at = max(at, end)
    return found
