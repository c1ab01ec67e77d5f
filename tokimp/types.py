"""The nouns of the house: frozen, numpy only, JSON both ways."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from tokimp.errors import OptionError
from tokimp.exports import Exports

Task = Literal["classification", "next-token", "masked-lm", "seq2seq"]
Output = Literal["logit", "log_prob", "prob"]
Precision = Literal["fp32", "bf16"]
Segment = Literal["input", "generated", "template", "system", "user", "assistant", "pinned"]
Role = tuple[int, int, Segment]  # from character, to character, what stands there
Value = str | int | float | bool | None
Floats = npt.NDArray[np.float64]
Progress = Callable[[float, "Floats | None"], None]

TASKS: tuple[Task, ...] = get_args(Task)
OUTPUTS: tuple[Output, ...] = get_args(Output)
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
SEGMENTS: tuple[Segment, ...] = get_args(Segment)
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Token:
    """One token as its reader sees it.

    `text` is what was typed, without the tokenizer's markers; a token that holds only part of a
    character shows the character on its first piece and "" on the others. `start` and `end` are
    the character range in `Request.text`; a token that the tokenizer added has an empty range.
    What a model wrote itself is "generated": its ranges go on behind the text.
    """

    text: str
    id: int
    start: int
    end: int
    special: bool = False
    segment: Segment = "input"


@dataclass(frozen=True, slots=True)
class Target:
    """The one number that is explained.

    `index` is the class or the vocabulary id. A word of several tokens has its further ids in
    `continuation`; its value is then the sum of their log-probabilities. `position` is the token
    whose output is read (0 for classification). With a contrast, the value is the difference.
    Of the input's tokens the first `source` are read by an encoder, all others by its decoder.
    """

    index: int
    label: str
    position: int
    contrast: int | None = None
    contrast_label: str | None = None
    output: Output = "logit"
    continuation: tuple[int, ...] = ()
    contrast_continuation: tuple[int, ...] = ()
    source: int = 0

    @property
    def ids(self) -> tuple[int, ...]:
        return (self.index, *self.continuation)

    @property
    def contrast_ids(self) -> tuple[int, ...]:
        return () if self.contrast is None else (self.contrast, *self.contrast_continuation)


@dataclass(frozen=True, slots=True)
class Request:
    """Everything that is needed to get the same result again.

    `target` and `contrast` are as asked: a word, a label, an id, or None for the model's own
    prediction (no contrast). `mask` counts the masks of a fill-mask text from 0. `precision` is
    what the network computes in. `view` is what is looked at inside the model; "" is an explanation.
    `generated` are ids that stand behind the text as the model's own words, explained with it.
    `roles` say what stands where in the text; what is "template" or "pinned" is never taken away.
    """

    model: str
    revision: str
    task: Task
    text: str
    method: str
    target: str | int | None = None
    contrast: str | int | None = None
    output: Output = "logit"
    options: Mapping[str, Value] = field(default_factory=dict)
    seed: int = 0
    mask: int = 0
    precision: Precision = "fp32"
    view: str = ""
    generated: tuple[int, ...] = ()
    roles: tuple[Role, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "generated", tuple(self.generated))
        object.__setattr__(self, "roles", tuple((start, end, segment) for start, end, segment in self.roles))
        for name, known in (("task", TASKS), ("output", OUTPUTS), ("precision", PRECISIONS)):
            asked = getattr(self, name)
            if asked not in known:
                raise OptionError(f"There is no {name} {asked!r}.", f"There are: {', '.join(known)}.")

    def link(self, base_url: str) -> str:
        """The page at `base_url`, asked this; the whole question stands in the address."""
        from tokimp.share import to_link

        return to_link(self, base_url)

    @classmethod
    def from_link(cls, link: str) -> Request:
        """The request that `link` wrote, from the whole address or its query alone.

        Raises:
            LinkError: it is damaged, cut off, newer than this version, or no link at all.
        """
        from tokimp.share import from_link

        return from_link(link)


@dataclass(frozen=True)
class Attribution:
    """What a method returns: arrays only.

    scores (token,), in the unit of `Target.output` where the method is signed;
    baseline_output: value of the target at the baseline, None where the method has no baseline;
    stderr (token,): standard error of sampled scores; history (step, token); layers (layer, token);
    pairs (token, token); notes: sentences on what limits these numbers; iterations: what a
    step-by-step method did at each step, as plain facts, one for each row of `history`.
    """

    scores: Floats
    baseline_output: float | None = None
    stderr: Floats | None = None
    history: Floats | None = None
    layers: Floats | None = None
    pairs: Floats | None = None
    signed: bool = True
    notes: tuple[str, ...] = ()
    iterations: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        for name in _ARRAYS:
            array = getattr(self, name)
            if array is not None:
                array = np.array(array, dtype=np.float64)
                array.flags.writeable = False
                object.__setattr__(self, name, array)


_ARRAYS = ("scores", "stderr", "history", "layers", "pairs")


@dataclass(frozen=True)
class Explanation(Exports):
    """A request with its answer: scores for every token, and where they come from.

    `output` is the value of the target on the whole text, in the unit `target.output`;
    `probability` is the model's probability of the target (of its whole word).
    """

    request: Request
    tokens: tuple[Token, ...]
    target: Target
    attribution: Attribution
    output: float
    probability: float
    seconds: float
    evaluations: int
    versions: Mapping[str, str]

    def __post_init__(self) -> None:
        count = len(self.tokens)
        for name, axes in (("scores", 1), ("stderr", 1), ("history", 2), ("layers", 2)):
            array = getattr(self.attribution, name)
            if array is None:
                continue
            if array.ndim != axes or array.shape[-1] != count or not np.isfinite(array).all():
                raise ValueError(f"{name} must hold one finite number for each of {count} tokens.")

    @property
    def scores(self) -> Floats:
        return self.attribution.scores

    @property
    def stderr(self) -> Floats | None:
        return self.attribution.stderr

    @property
    def baseline_output(self) -> float | None:
        return self.attribution.baseline_output

    @property
    def completeness_gap(self) -> float | None:
        """output − baseline_output − sum of the scores; None where the method has no baseline."""
        if self.baseline_output is None:
            return None
        return self.output - self.baseline_output - float(self.scores.sum())

    def to_json(self) -> str:
        """Canonical JSON: the same explanation gives the same text."""
        fields: dict[str, Any] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        fields["request"] = asdict(self.request)
        fields["tokens"] = [asdict(token) for token in self.tokens]
        fields["target"] = asdict(self.target)
        attribution = {name: getattr(self.attribution, name) for name in self.attribution.__dataclass_fields__}
        arrays = {name: attribution[name].tolist() for name in _ARRAYS if attribution[name] is not None}
        fields["attribution"] = attribution | arrays
        fields["versions"] = dict(self.versions)
        return json.dumps({"format": FORMAT} | fields, sort_keys=True, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Explanation:
        """The explanation that `to_json` wrote.

        Raises:
            ValueError: it is not one, or of a format that this version does not know.
        """
        fields = json.loads(text)
        if not isinstance(fields, dict) or fields.pop("format", None) != FORMAT:
            raise ValueError(f"This is not an explanation of format {FORMAT}.")
        fields.pop("metrics", None)  # what metrics say of it stands in files beside it
        try:
            fields["request"] = Request(**fields["request"])
            fields["tokens"] = tuple(Token(**token) for token in fields["tokens"])
            fields["target"] = Target(**_tuples(fields["target"], "continuation", "contrast_continuation"))
            fields["attribution"] = Attribution(**_tuples(fields["attribution"], "notes", "iterations"))
            return cls(**fields)
        except (KeyError, TypeError) as error:
            raise ValueError("This is not a whole explanation.") from error


def _tuples(fields: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return dict(fields) | {name: tuple(fields[name]) for name in names if name in fields}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing that the model could say here."""

    index: int
    label: str
    prob: float
    logit: float


@dataclass(frozen=True)
class Prediction:
    """What the model says: candidates from likely to unlikely, and the input's tokens.

    entropy is in nats, over everything the model could say (None for independent labels).
    `masks` are the positions of the masks of a fill-mask text.
    """

    candidates: tuple[Candidate, ...]
    tokens: tuple[Token, ...]
    position: int
    entropy: float | None
    masks: tuple[int, ...] = ()
