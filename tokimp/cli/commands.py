"""What each command does; torch is imported only where a model is asked."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from tokimp.cli.progress import Progress
from tokimp.cli.terminal import coloured, explanation_text, prediction_text
from tokimp.errors import InputError, TokimpError
from tokimp.share import from_link, to_link
from tokimp.types import Explanation, Request, Task, Value
from tokimp.views.characters import checked_link
from tokimp.views.files import Look, checked, save


def explain(asked: Namespace) -> None:
    """Explains, saves what is to be saved, and prints colours, a table or JSON."""
    _check(asked, asked.save)
    explanation = explained(request_of(asked, text_of(asked.text)), asked.task)
    for file in asked.save:
        save(explanation, file, _look(asked, explanation.request))
    if asked.json:
        _print(explanation.to_json() + "\n")
    else:
        _print(explanation_text(explanation, colour=coloured(sys.stdout)))


def predict(asked: Namespace) -> None:
    """Prints what the model says."""
    from tokimp import api

    text = text_of(asked.text)
    model = api.load(model_of(asked), task=asked.task)
    prediction = api.predict(model, text, asked.mask, asked.count)
    if asked.json:
        told = {"candidates": [asdict(each) for each in prediction.candidates], "entropy": prediction.entropy}
        _print(json.dumps(told, ensure_ascii=False) + "\n")
    else:
        _print(prediction_text(prediction, words=model.task != "classification"))


def export(asked: Namespace) -> None:
    """Writes a saved explanation, or the one that a link asks for, in the format of the file's suffix."""
    _check(asked, [asked.file])
    source = asked.source
    if source == "-":
        explanation = read(sys.stdin.read())
    elif os.path.isfile(source):
        explanation = read(Path(source).read_text(encoding="utf-8", errors="replace"))
    elif Path(source).suffix == ".json":
        raise InputError(f"There is no file {source}.", "Save one with: tokimp explain … --save result.json")
    else:
        request = from_link(source)
        explanation = explained(request, request.task)
    save(explanation, asked.file, _look(asked, explanation.request))


def serve(asked: Namespace) -> None:
    """Opens the page and stays until it is stopped."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    try:
        from tokimp.ui.serving import serve as open_page
    except ModuleNotFoundError as error:
        if error.name != "gradio":
            raise
        raise TokimpError("The page needs gradio, which is not installed.", "pip install 'tokimp[app]'") from error
    open_page(server_name=asked.host, server_port=asked.port)


def evaluate(asked: Namespace) -> None:
    """Says whether the scores are better than chance, and what sanity checks find."""
    from tokimp.cli.evaluating import evaluate as judge

    judge(asked)


def compare(asked: Namespace) -> None:
    """Sets methods or prompts side by side."""
    from tokimp.cli.comparing import compare as set_side_by_side

    set_side_by_side(asked)


def generate(asked: Namespace) -> None:
    """Explains a whole answer, written by the model or given."""
    from tokimp.cli.generating import generate as explain_answer

    explain_answer(asked)


def deploy(asked: Namespace) -> None:
    """Says what would go up as a Space, or puts it up."""
    from tokimp.cli.deploy import deploy as put_up

    put_up(asked)


COMMANDS: dict[str, Callable[[Namespace], None]] = {
    "explain": explain,
    "predict": predict,
    "evaluate": evaluate,
    "compare": compare,
    "generate": generate,
    "export": export,
    "serve": serve,
    "deploy": deploy,
}


def request_of(asked: Namespace, text: str) -> Request:
    """What the arguments ask about a text."""
    return Request(
        model=model_of(asked),
        revision="",
        task=asked.task or "next-token",
        text=text,
        method=asked.method,
        target=asked.target if asked.target_id is None else asked.target_id,
        contrast=asked.contrast if asked.contrast_id is None else asked.contrast_id,
        output=asked.output,
        options=dict(asked.option),
        seed=asked.seed,
        mask=asked.mask,
        precision=asked.precision,
    )


def explained(request: Request, task: Task | None) -> Explanation:
    """The request's explanation, computed now; progress goes to standard error where that is a terminal."""
    from tokimp import api
    from tokimp.methods.base import build

    options: dict[str, Value] = dict(request.options)
    build(request.method, options, request.seed)  # an option that will not do is told before a model is loaded
    with Progress(sys.stderr) as progress:
        progress.say(f"loading {request.model} …")
        model = api.load(request.model, task=task, revision=request.revision or None)
        question = api.ask(
            model.computing_in(request.precision),
            request.text,
            target=request.target,
            contrast=request.contrast,
            output=request.output,
            mask=request.mask,
        )
        return question.explain(request.method, options, request.seed, progress.report, progress.counter)


def model_of(asked: Namespace) -> str:
    """The model asked for; else the one that the page starts the task with, or what stands in for it."""
    if asked.model:
        return str(asked.model)
    from tokimp.models.catalog import default_key
    from tokimp.models.hub import reachable

    return default_key(asked.task or "next-token", reachable())


def text_of(written: str) -> str:
    return sys.stdin.read().removesuffix("\n") if written == "-" else written


def read(text: str) -> Explanation:
    try:
        return Explanation.from_json(text)
    except ValueError as error:
        raise InputError("This file holds no explanation.", f"Give one that was saved as JSON. {error}") from error


def _check(asked: Namespace, files: Sequence[str]) -> None:
    """What can be said about the command before anything is computed."""
    for file in files:
        checked(Path(file).suffix)
    if asked.link:
        checked_link(asked.link)


def _look(asked: Namespace, request: Request) -> Look:
    return Look(asked.dark, asked.transparent, to_link(request, asked.link) if asked.link else None)


def _print(text: str) -> None:
    sys.stdout.write(text)
