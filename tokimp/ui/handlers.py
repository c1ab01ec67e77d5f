"""What the page does: plain functions from the form's values to what the zones show, by name of the part."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import gradio as gr

from tokimp.errors import Cancelled, TokimpError
from tokimp.models.tokens import MASK_SPELLINGS
from tokimp.types import OUTPUTS, PRECISIONS, Explanation, Task, Value
from tokimp.ui import controls, sentences, work
from tokimp.ui.forms import Picked
from tokimp.ui.state import Asked, Grid, Result
from tokimp.views.charts import bars_payload
from tokimp.views.heatmap import heatmap_payload
from tokimp.views.history import history_payload
from tokimp.views.pieces import typed_pieces
from tokimp.views.table import table_payload
from tokimp.views.text import text_payload

TURNS = work.Turns()
LOG = logging.getLogger("tokimp")

Changes = dict[str, Any]

# What shows a result, and is dimmed while the next one is computed.
DIMMED = ("said", "bars", "explained", "tokens", "limits", "table", "heat", "history", "facts")

Word = TypeVar("Word", bound=str)


def asked_from(task: Task, values: tuple[Any, ...]) -> Asked:
    """The form's values, in the order of `task_tab.FORM`, as a question."""
    text, model, method, options, target, contrast, mask = values
    settings: dict[str, Value] = dict(options)
    output, seed = settings.pop("output", None), settings.pop("seed", 0)
    precision = settings.pop("precision", None)
    return Asked(
        task=task,
        model=str(model or ""),
        text=str(text or ""),
        method=str(method),
        target=target,
        contrast=contrast,
        mask=mask if isinstance(mask, int) else 0,
        output=_among(OUTPUTS, output),
        seed=seed if isinstance(seed, int) else 0,
        precision=_among(PRECISIONS, precision),
        options=settings,
    )


def settled(asked: Asked, shown: Result | None, keep_picks: bool) -> Asked:
    """The question without picks that no longer fit: candidates of another model or of another text."""
    mask = asked.mask if asked.mask < len(MASK_SPELLINGS.findall(asked.text)) else 0
    same_model = shown is not None and shown.explanation.request.model == asked.model
    same_text = shown is not None and (asked.task == "classification" or shown.explanation.request.text == asked.text)
    if same_model and (same_text or keep_picks):
        return replace(asked, mask=mask)
    return replace(asked, mask=mask, target=_typed(asked.target), contrast=_typed(asked.contrast))


def begin(visitor: tuple[str, str]) -> Changes:
    """A new turn: what runs for this visitor here ends, and the old result is dimmed."""
    return {
        "turn": TURNS.begin(visitor),
        "status": sentences.working("Waiting for a free turn …"),
        "stop": gr.update(interactive=True),
        **dict.fromkeys(DIMMED, gr.update(state="stale")),
    }


def stop(visitor: tuple[str, str]) -> Changes:
    TURNS.end(visitor)
    return {"status": sentences.told(sentences.line("hint", "Stopping …"))}


def begin_grid(visitor: tuple[str, str]) -> Changes:
    """A new turn for the heatmap alone: nothing else changes."""
    return {"turn": TURNS.begin(visitor)}


def busy(visitor: tuple[str, str]) -> Changes:
    """The queue is full, or the connection broke: nothing is computed."""
    TURNS.end(visitor)
    busy_now = sentences.line("error", ("The page is busy.", "strong"), " Try again in a moment.")
    return _idle(None) | {"status": sentences.told(busy_now)}


def run(asked: Asked, shown: Result | None, visitor: tuple[str, str], turn: int) -> Iterator[Changes]:
    """Computes and shows, refining in place; ends within one batch once the turn is over.

    Yields at least once; a turn that was taken over by the visitor's next question changes nothing.
    """

    def alive() -> bool:
        return TURNS.current(visitor) == turn

    draft: Result | None = None
    try:
        for moment in work.watched(lambda report: work.answer(asked, report), alive):
            if moment.done and moment.value is not None:
                TURNS.end(visitor)
                yield finished(asked, moment.value)
                return
            fresh = None if moment.value is draft else moment.value
            draft = moment.value
            yield _progress(moment) | drafted(fresh)
    except Cancelled:
        yield stopped(draft, shown) if TURNS.current(visitor) is None else {}
    except TokimpError as error:
        yield _idle(shown) | {"status": sentences.failed(error)}
    except Exception as error:
        report_without_words(error)
        yield _idle(shown) | {"status": sentences.broken()}


def run_grid(shown: Result, visitor: tuple[str, str], turn: int) -> Iterator[Changes]:
    """Fills the heatmap of the result that is shown."""
    asked = shown.asked()
    try:
        moments = work.watched(lambda report: work.grid(asked, report), lambda: TURNS.current(visitor) == turn)
        for moment in moments:
            if moment.done and moment.value is not None:
                TURNS.end(visitor)
                ready = shown.with_grid(moment.value)
                yield _idle(ready) | {"status": sentences.told(), "shown": ready, "heat": heat(ready)}
                return
            yield _progress(moment)
    except Cancelled:
        halted = _idle(shown) | {"status": sentences.told(sentences.line("hint", "Stopped."))}
        yield halted if TURNS.current(visitor) is None else {}
    except TokimpError as error:
        yield _idle(shown) | {"status": sentences.failed(error)}
    except Exception as error:
        report_without_words(error)
        yield _idle(shown) | {"status": sentences.broken()}


def displayed(result: Result) -> Changes:
    """Everything that a result puts into the zones "Answer" and "Why"."""
    request, prediction = result.explanation.request, result.prediction
    return {
        "shown": result,
        "said": _ready(sentences.said(request.task, prediction)),
        "bars": _ready(_bars(result)),
        "explained": _ready(sentences.explained(result.explanation)),
        "target": controls.target_choice(request.task, prediction, request.target),
        "contrast": controls.contrast_choice(request.task, prediction, request.contrast),
        "mask": gr.update(value=controls.mask_choice(request.text, request.mask), visible=len(prediction.masks) > 1),
        "tokens": _ready(text_payload(result.explanation)),
        "limits": _ready(sentences.limits(result)),
        "table": _ready(table_payload(result.explanation)),
        "heat": heat(result),
        "history": _ready(history_payload(result.explanation)),
        "history_fold": gr.update(visible=history_payload(result.explanation) is not None),
        "facts": _ready(sentences.facts(result.explanation)),
    }


def finished(asked: Asked, result: Result) -> Changes:
    """The result, and the methods that this model turned out to offer."""
    methods = controls.method_choice(asked.task, asked.method, work.model_for(asked))
    idle = {"method": methods, "stop": gr.update(interactive=False)}
    return displayed(result) | idle | {"status": sentences.told()}


def drafted(result: Result | None) -> Changes:
    """The parts that refine while the method works."""
    if result is None:
        return {}
    return {
        "said": _ready(sentences.said(result.task, result.prediction)),
        "bars": _ready(_bars(result)),
        "explained": _ready(sentences.explained(result.explanation)),
        "tokens": _ready(text_payload(result.explanation)),
    }


def stopped(draft: Result | None, shown: Result | None) -> Changes:
    """Unfinished scores stay and say so; without any, the earlier result comes back."""
    if draft is None:
        return _idle(shown) | {"status": sentences.told(sentences.line("hint", "Stopped before the first scores."))}
    return displayed(draft) | {
        "stop": gr.update(interactive=False),
        "status": sentences.told(sentences.line("hint", "Stopped.")),
    }


def heat(result: Result) -> Any:
    """The heatmap as far as it is known: of the likeliest outputs, or not computed yet."""
    return _ready(None if result.grid is None else _heatmap(result.explanation, result.grid))


def page_file(shown: Result | None) -> Any:
    """The explanation as a page of its own, for the browser to save."""
    if shown is None:
        return None
    return {"name": "explanation.html", "type": "text/html", "text": shown.explanation.to_html()}


def data_file(shown: Result | None) -> Any:
    if shown is None:
        return None
    return {"name": "explanation.json", "type": "application/json", "text": shown.explanation.to_json()}


def report_without_words(error: Exception) -> None:
    """Logs what went wrong and where; never the message, which may hold the visitor's text."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "nowhere"
    LOG.error("%s at %s", type(error).__name__, where)


def _progress(moment: work.Moment[Any]) -> Changes:
    if moment.sentence:
        return {"status": sentences.working(moment.sentence)}
    return {"status": sentences.progress(moment.fraction, moment.left, moment.evaluations)}


def _idle(shown: Result | None) -> Changes:
    """The earlier result again, undimmed; the form stays as it is."""
    parts = displayed(shown) if shown is not None else dict.fromkeys(DIMMED, gr.update(state="ready"))
    return {"stop": gr.update(interactive=False)} | {name: parts[name] for name in DIMMED}


def _ready(payload: Any) -> Any:
    return gr.update(value=payload, state="ready")


def _bars(result: Result) -> Any:
    target = result.explanation.target
    chosen = None if target.continuation else target.index
    contrast = None if target.contrast_continuation else target.contrast
    return bars_payload(result.prediction, chosen, contrast, words=result.task != "classification")


def _heatmap(explanation: Explanation, grid: Grid) -> Any:
    pieces, _ = typed_pieces(explanation.tokens, explanation.request.text)
    rows = [piece.text for piece in pieces]
    axes = ("token", "class" if explanation.request.task == "classification" else "candidate")
    return heatmap_payload(grid.scores, rows, grid.labels, signed=grid.signed, title="Tokens × outputs", axes=axes)


def _typed(picked: Picked) -> Picked:
    return picked if isinstance(picked, str) else None


def _among(known: Sequence[Word], value: Value) -> Word:
    """The word where it is known, else the first, which is the default."""
    return next((word for word in known if word == value), known[0])
