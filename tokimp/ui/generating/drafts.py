"""Questions about an answer before the model has read them: what only its tokenizer knows is worked out then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tokimp.generating import GenerationOptions, answer_ids
from tokimp.methods.base import options_of
from tokimp.models import hub
from tokimp.models.catalog import default_key
from tokimp.models.chat import chat
from tokimp.models.text_model import TextModel
from tokimp.types import Request, Value
from tokimp.ui import examples, filling
from tokimp.ui.state import Asked
from tokimp.ui.studies.generation import KEY
from tokimp.ui.tasks import task_of

SPAN = ("first", "end")
"""Options that are chosen in the answer, not in the form."""

SHOWN = tuple(each for each in options_of(GenerationOptions) if each.name not in SPAN)
"""Options that stand in the form."""


@dataclass(frozen=True)
class Draft(Asked):
    """`answer` is pasted text, "" where the model writes; `system` is what a chat begins with, None of no chat."""

    answer: str = ""
    system: str | None = None

    @property
    def settled(self) -> bool:
        return not self.answer and self.system is None

    def put_to(self, model: TextModel) -> Request:
        """The question in the model's own tokens.

        Raises:
            InputError: the answer is empty or too long; OptionError: the tokenizer has no chat template.
        """
        text, roles = self.text, self.roles
        if self.system is not None:
            rendered = chat(model, self.text, self.system or None)
            text, roles = rendered.text, rendered.roles
        generated = answer_ids(model, text, self.answer, roles) if self.answer else self.generated
        return replace(self.request(model.revision), text=text, roles=roles, generated=generated)


def drafted(values: tuple[Any, ...]) -> Draft:
    """The form's values, in the order of `tab.FORM`, as a question."""
    text, answer, model, method, options, is_chat, system = values
    given: dict[str, Value] = dict(options or {})
    written = {each.name: given[each.name] for each in SHOWN if each.name in given}
    seed, precision = given.pop("seed", 0), given.pop("precision", "fp32")
    name = str(model or "")
    pasted = str(answer or "")
    return Draft(
        task=task_of(name),
        model=name,
        text=str(text or ""),
        method=str(method or ""),
        output="log_prob",
        seed=seed if isinstance(seed, int) else 0,
        precision="bf16" if precision == "bf16" else "fp32",
        options=_needed(written | filling.taken_by(str(method or ""), given), pasted),
        view=KEY,
        answer=pasted,
        system=str(system or "") if is_chat else None,
    )


def draft_of(given: Mapping[str, Any]) -> Draft:
    """The question that a program's arguments put; what is left out is as on the page."""
    model, answer = given["model"] or default_key(examples.INSIDE_TASK, hub.reachable()), given["answer"] or ""
    return Draft(
        task=task_of(model),
        model=model,
        text=given["text"],
        method=given["method"],
        output="log_prob",
        seed=given["seed"],
        precision=given["precision"],
        options=_needed(dict(given["options"] or {}), answer),
        view=KEY,
        answer=answer,
        system=given["system"] or "" if given["chat"] or given["system"] is not None else None,
    )


def of_span(request: Request, first: int, end: int) -> Draft:
    """The same answer again, of which only these tokens are explained."""
    options = {name: value for name, value in request.options.items() if name not in SPAN}
    whole = (first, end) == (0, len(request.generated))
    return Draft(
        task=request.task,
        model=request.model,
        text=request.text,
        method=request.method,
        output=request.output,
        seed=request.seed,
        precision=request.precision,
        options=options if whole else {**options, "first": first, "end": end},
        revision=request.revision or None,
        view=KEY,
        generated=request.generated,
        roles=request.roles,
    )


def _needed(options: dict[str, Value], pasted: str) -> dict[str, Value]:
    """How an answer is written makes no difference to one that is pasted."""
    writing = ("max_new_tokens", "temperature", "top_p") if pasted else ()
    return {name: value for name, value in options.items() if name not in writing}
