"""What can be chosen, as payloads of the form's components: all of it drawn from declared facts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tokimp.methods.base import FAMILIES, METHODS, Method, Option, options_of, why_not
from tokimp.models.catalog import CATALOG, CatalogEntry, at_hand
from tokimp.models.endpoint_box import endpoint_names
from tokimp.models.text_model import TextModel
from tokimp.models.tokens import MASK_SPELLINGS
from tokimp.types import OUTPUTS, PRECISIONS, Prediction, Task, Value
from tokimp.ui.components import Payload
from tokimp.ui.forms import Picked
from tokimp.views.characters import drawable, quoted
from tokimp.views.numbers import percent

PRECISION_HELP = "bf16: faster on machines made for it, slower on others; about 4\u202f% of top answers differ."
OUTPUT_HELP = "What the scores are shares of. Logits are not squeezed at the ends as probabilities are."
SEED_HELP = "Random draws start here: the same seed gives the same result."
LARGEST_SEED = 2**31 - 1
COMMON = ("output", "precision", "seed")
AROUND_A_MASK = 24
ENDPOINT_NOTE = "Only its answers are known: for methods that need no gradients. Texts are sent to its server."

Entry = dict[str, Any]


def any_model_allowed() -> bool:
    """Whether models outside the catalogue may be typed in: TOKIMP_ALLOW_ANY_MODEL, else not on a Space."""
    setting = os.environ.get("TOKIMP_ALLOW_ANY_MODEL")
    if setting is None:
        return "SPACE_ID" not in os.environ
    return setting.strip().lower() in ("1", "true", "yes", "on")


def model_allowed(name: str) -> bool:
    """Whether this page takes the model: of its list, an endpoint that its owner configured, or any at all."""
    return name in CATALOG or name in endpoint_names() or any_model_allowed()


def is_fetched(name: str) -> bool:
    """Whether the model comes from the hub the first time."""
    return not at_hand(CATALOG[name]) if name in CATALOG else name not in endpoint_names()


def choice_payload(
    label: str,
    groups: Sequence[tuple[str, Sequence[Entry]]],
    chosen: Picked,
    other: Entry | None = None,
    guide: str = "",
) -> Payload:
    """A list; `chosen` is an entry's value. What was typed is in no entry and stands in the field of `other`.

    guide: what opens a panel with every entry's note, side by side.
    """
    listed = [entry["value"] for _, entries in groups for entry in entries]
    typed = chosen if other is not None and isinstance(chosen, str) and chosen not in listed else ""
    return {
        "label": label,
        "groups": [{"title": title, "options": list(entries)} for title, entries in groups if entries],
        "chosen": None if typed else chosen,
        "typed": typed,
        "other": other,
        "guide": guide,
    }


def model_choice(task: Task, chosen: str, hub_reachable: bool) -> Payload:
    """The catalogue's models of a task: those at hand first; without the hub, the others are greyed."""
    here, away = [], []
    for entry in CATALOG.values():
        if entry.task != task:
            continue
        if at_hand(entry):
            here.append(_model_entry(entry, entry.key))
        else:
            usable = hub_reachable and not entry.ours
            label = f"{entry.key} · {_megabytes(entry.size)}" if usable else f"{entry.key} · not at hand"
            away.append(_model_entry(entry, label) | {"disabled": not usable})
    others = [{"value": name, "label": name, "note": ENDPOINT_NOTE} for name in endpoint_names()]
    other = None
    if any_model_allowed():
        other = {
            "label": "another model …",
            "placeholder": "Hub id, or a folder on this machine",
            "note": "Any model with safetensors whose architecture is known, such as owner/name. Enter takes it.",
        }
    groups = [("At hand", here), ("Asked over the network", others if task == "next-token" else [])]
    return choice_payload("Model", [*groups, ("From the model hub", away)], chosen, other)


def method_choice(task: Task, chosen: str, model: TextModel | None = None) -> Payload:
    """The methods by family; those that cannot explain this model are greyed, with the reason."""
    groups = []
    for family in FAMILIES:
        methods = [method for method in METHODS.values() if method.info.family == family]
        groups.append((family.capitalize(), [_method_entry(method, task, model) for method in methods]))
    return choice_payload("Method", groups, chosen, guide="compare all")


def options_payload(
    method: str, settings: Mapping[str, Value] | None = None, options: Mapping[str, Value] | None = None
) -> Payload:
    """The method's declared options, as they stand in `options`; then what every method has, as in `settings`."""
    fields = fields_of(options_of(METHODS[method]), options or {})
    fields.append(_field("output", "Explained output", OUTPUT_HELP, "logit", choices=list(OUTPUTS)))
    fields.append(_field("precision", "Precision", PRECISION_HELP, "fp32", choices=list(PRECISIONS)))
    if METHODS[method].info.stochastic:
        whole = {"kind": "int", "low": 0, "high": LARGEST_SEED}
        fields.append(_field("seed", "Seed", SEED_HELP, 0, choices=[]) | whole)
    kept = {name: value for name, value in (settings or {}).items() if name in COMMON}
    return {"fields": [field | {"value": kept.get(field["name"], field["value"])} for field in fields]}


def options_after(method: str, settings: Mapping[str, Value]) -> Payload:
    """The form of another method, as it follows from how the form of the one before stood."""
    return since(options_payload(method, settings), **settings)


def since(payload: Payload, /, **asked: Any) -> Payload:
    """An answer to a form that stood as `asked`: what the visitor chooses meanwhile stays, see assets/own.js.

    A list has its value as `chosen`, a form of options what differs from the defaults by name.
    """
    return payload | {"since": asked}


def fields_of(options: Sequence[Option], values: Mapping[str, Value]) -> list[Entry]:
    """Declared options as fields of a form, as they stand in `values`."""
    return [
        {
            "name": option.name,
            "label": option.label,
            "help": option.help,
            "default": option.default,
            "value": values.get(option.name, option.default),
            "choices": list(option.choices),
            "kind": option.kind.__name__ if option.kind else None,
            "low": option.low,
            "high": option.high,
        }
        for option in options
    ]


def target_choice(task: Task, prediction: Prediction | None, chosen: Picked, label: str | None = None) -> Payload:
    """What to explain: the model's own answer, one of the likeliest, or a typed word.

    `label` names what is chosen where it is none of the likeliest; without a prediction nothing is.
    """
    own = [{"value": None, "label": "the model’s own answer"}]
    return choice_payload("What to explain", _outputs(task, own, prediction, chosen, label), chosen, _word(task))


def contrast_choice(task: Task, prediction: Prediction | None, chosen: Picked, label: str | None = None) -> Payload:
    """What to hold it against: nothing, one of the likeliest, or a typed word."""
    nothing = [{"value": None, "label": "nothing: the answer alone"}]
    return choice_payload("Rather than", _outputs(task, nothing, prediction, chosen, label), chosen, _word(task))


def mask_choice(text: str, chosen: int) -> Payload:
    """Which of several masks is asked for, each with the words around it."""
    masks = list(MASK_SPELLINGS.finditer(text))
    entries = [{"value": i, "label": f"{i + 1}: {_around(mask, text)}"} for i, mask in enumerate(masks)]
    return choice_payload("Which mask", [("", entries)], chosen if chosen < len(entries) else 0)


def _around(mask: re.Match[str], text: str) -> str:
    before, after = text[: mask.start()], text[mask.end() :]
    start = "…" if len(before) > AROUND_A_MASK else ""
    end = "…" if len(after) > AROUND_A_MASK else ""
    return drawable(f"{start}{before[-AROUND_A_MASK:]}▢{after[:AROUND_A_MASK]}{end}".replace("\n", " "))


def _outputs(
    task: Task, first: list[Entry], prediction: Prediction | None, chosen: Picked, label: str | None
) -> list[tuple[str, list[Entry]]]:
    """The first entry, with what is chosen by its number and unlikely; then the likeliest."""
    likeliest = [
        {"value": each.index, "label": f"{_name(task, each.label)}  {percent(each.prob)}"}
        for each in (prediction.candidates if prediction is not None else ())
    ]
    if isinstance(chosen, int) and chosen not in [entry["value"] for entry in likeliest]:
        noun = "class" if task == "classification" else "token"
        first = [*first, {"value": chosen, "label": f"{noun} {chosen}" if label is None else _name(task, label)}]
    return [("", first), ("Likeliest", likeliest)]


def _name(task: Task, label: str) -> str:
    return drawable(label) if task == "classification" else quoted(label)


def _word(task: Task) -> Entry | None:
    if task == "classification":
        return None
    note = "A word of several tokens is explained as a whole. Enter explains it."
    return {"label": "another word …", "placeholder": "Type a word", "note": note}


def _model_entry(entry: CatalogEntry, label: str) -> Entry:
    return {"value": entry.key, "label": label, "note": f"{entry.about} {entry.licence}."}


def _method_entry(method: type[Method], task: Task, model: TextModel | None) -> Entry:
    info = method.info
    reason = why_not(model, method) if model is not None else None
    if model is None and task not in info.tasks:
        reason = f"{info.title} is not defined for this task."
    short = "" if reason is None else reason.removeprefix(info.title).strip(" .")
    return {
        "value": info.key,
        "label": f"{info.title} · {short}" if short else info.title,
        "title": info.title,
        "disabled": bool(short),
        "reason": f"{short.capitalize()}." if short else "",
        "note": info.tells,
        "detail": f"Cost: {info.cost}.",
        "link": [info.paper, info.url],
    }


def _field(name: str, label: str, help: str, default: Any, choices: list[Any]) -> Entry:
    free = {"kind": None, "low": None, "high": None}
    return {"name": name, "label": label, "help": help, "default": default, "choices": choices, "value": default} | free


def _megabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
