"""What the page remembers: a question as the form puts it, and its result."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np

from tokimp.models.text_model import TextModel
from tokimp.score import Score
from tokimp.types import Candidate, Explanation, Floats, Output, Precision, Prediction, Request, Role, Task, Value
from tokimp.ui.forms import Picked


@dataclass(frozen=True)
class Asked:
    """A question as the form puts it. `mask` counts the masks from 0; `options` differ from the defaults.

    `revision` is that of the model, as a link names it; None is whatever this page has. `view` is what
    is looked at inside the model, which has no method; "" is an explanation. `generated` and `roles` are
    those of a request: a form sets neither.
    """

    task: Task
    model: str
    text: str
    method: str
    target: Picked = None
    contrast: Picked = None
    mask: int = 0
    output: Output = "logit"
    seed: int = 0
    precision: Precision = "fp32"
    options: Mapping[str, Value] = field(default_factory=dict)
    revision: str | None = None
    view: str = ""
    generated: tuple[int, ...] = ()
    roles: tuple[Role, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether the request is known before the model is loaded."""
        return True

    def put_to(self, model: TextModel) -> Request:
        """The question to the loaded model.

        Raises:
            InputError: it cannot be put to this one.
        """
        return self.request(model.revision)

    def request(self, revision: str) -> Request:
        """The question to the model of that revision, by which its result is known."""
        return Request(
            model=self.model,
            revision=revision,
            task=self.task,
            text=self.text,
            method=self.method,
            target=self.target,
            contrast=self.contrast,
            output=self.output,
            options=dict(self.options),
            seed=self.seed,
            mask=self.mask,
            precision=self.precision,
            view=self.view,
            generated=self.generated,
            roles=self.roles,
        )


def asked_of(request: Request) -> Asked:
    """The question that a link or a result holds, with its model's revision."""
    return Asked(**{each.name: getattr(request, each.name) for each in fields(Asked)})


@dataclass(frozen=True)
class Grid:
    """Scores (token, output) of the likeliest outputs; `labels` name the outputs."""

    labels: tuple[str, ...]
    scores: Floats
    signed: bool


@dataclass(frozen=True)
class Result:
    """What stands in the zones "Answer" and "Why". `finished` is False while scores are still coming.

    `stopped` is the sentence on why they stopped coming, where a limit of this page ended the work.
    `trust` is what metrics say of the scores, and whether they are better than chance; `checks` what sanity checks
    found that were asked for.
    """

    explanation: Explanation
    prediction: Prediction
    grid: Grid | None = None
    finished: bool = True
    stopped: str = ""
    trust: tuple[Score, ...] = ()
    checks: tuple[Score, ...] = ()

    @property
    def task(self) -> Task:
        return self.explanation.request.task

    def asked(self) -> Asked:
        """The question that gives this result again."""
        return asked_of(self.explanation.request)

    def with_grid(self, grid: Grid) -> Result:
        return replace(self, grid=grid)

    def with_trust(self, scores: Iterable[Score]) -> Result:
        return replace(self, trust=tuple(scores))

    def with_checks(self, scores: Iterable[Score]) -> Result:
        """With these beside what other checks found."""
        known = {score.metric: score for score in (*self.checks, *scores)}
        return replace(self, checks=tuple(known.values()))

    def filled_from(self, before: Result) -> Result:
        """With the heatmap, the metrics and checks that an earlier result of the same question has beyond it."""
        whole = replace(self, grid=self.grid or before.grid, trust=self.trust or before.trust, checks=before.checks)
        return whole.with_checks(self.checks)

    def to_json(self) -> str:
        """To be stored with the examples: the explanation's own JSON, with what else is on screen."""
        prediction = asdict(self.prediction)
        del prediction["tokens"]
        grid = None
        if self.grid is not None:
            grid = {"labels": self.grid.labels, "scores": self.grid.scores.tolist(), "signed": self.grid.signed}
        trust = [asdict(score) for score in self.trust]
        checks = {"checks": [asdict(score) for score in self.checks]} if self.checks else {}
        explanation = json.loads(self.explanation.to_json())
        stored = {"explanation": explanation, "prediction": prediction, "grid": grid, "trust": trust} | checks
        return json.dumps(_rounded(stored), ensure_ascii=False, sort_keys=True, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Result:
        stored = json.loads(text)
        explanation = Explanation.from_json(json.dumps(stored["explanation"]))
        facts = stored["prediction"]
        prediction = Prediction(
            candidates=tuple(Candidate(**candidate) for candidate in facts["candidates"]),
            tokens=explanation.tokens,
            position=facts["position"],
            entropy=facts["entropy"],
            masks=tuple(facts["masks"]),
        )
        grid = stored["grid"]
        if grid is not None:
            grid = Grid(tuple(grid["labels"]), np.asarray(grid["scores"], dtype=np.float64), grid["signed"])
        trust, checks = (tuple(map(Score.from_fields, stored.get(name, ()))) for name in ("trust", "checks"))
        return cls(explanation, prediction, grid, trust=trust, checks=checks)


def _rounded(stored: Any) -> Any:
    """Seven digits are all that a network in single precision knows; more would only swell the files."""
    if isinstance(stored, float):
        return float(f"{stored:.7g}")
    if isinstance(stored, dict):
        return {name: _rounded(value) for name, value in stored.items()}
    return [_rounded(value) for value in stored] if isinstance(stored, list | tuple) else stored
