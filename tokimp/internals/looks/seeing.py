"""From a request to what is seen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from tokimp.internals.answer import with_answer
from tokimp.internals.inspecting import Internals
from tokimp.internals.looks import LOOKS
from tokimp.internals.looks.base import Aim, build, check_available, check_options
from tokimp.internals.looks.seen import Seen
from tokimp.models.loading import load
from tokimp.models.scoring import memory_watched
from tokimp.models.text_model import TextModel
from tokimp.types import Output, Progress, Request, Value
from tokimp.version import __version__
from tokimp.watch import Watch


@memory_watched()
def see(inside: Internals, request: Request, watch: Watch | None = None) -> Seen:
    """What `request.view` shows of the insides; what was computed for another look is not computed again.

    The request of what is seen holds the answer that stands behind the text.

    Raises:
        InputError, MethodUnavailableError, OutOfMemoryError; whatever `watch` raises.
    """
    watch, start = watch or Watch(), time.perf_counter()
    built = build(request.view, request.options)
    check_available(inside.model, request.view)
    check_options(request.view, request.options, inside.model.task)
    aim = Aim(inside, request, watch)
    found = built.see(aim)
    read_on = aim.target()[0] if LOOKS[request.view].info.targeted else inside
    watch(1.0)
    return Seen(
        request=replace(request, generated=inside.answer),
        tokens=read_on.tokens,
        arrays=found.arrays,
        facts=found.facts,
        notes=found.notes,
        seconds=time.perf_counter() - start,
        evaluations=watch.evaluations,
        versions={"tokimp": __version__},
    )


@memory_watched()
def look(
    model: TextModel | str,
    text: str,
    view: str,
    *,
    target: str | int | None = None,
    output: Output = "logit",
    generated: Sequence[int] = (),
    watch: Progress | None = None,
    **options: Value,
) -> Seen:
    """One look inside the model while it reads the text: a key of `LOOKS`, with its options.

    `generated` are ids that stand behind the text as the model's own words; without them a model with an encoder
    writes its answer first, the likeliest token each time.

    Raises:
        InputError, ModelError, OutOfMemoryError: each says what to do next.
    """
    loaded = load(model) if isinstance(model, str) else model
    request = Request(
        model=loaded.key,
        revision=loaded.revision,
        task=loaded.task,
        text=text,
        method="",
        target=target,
        output=output,
        options=dict(options),
        precision=loaded.precision,
        view=view,
    )
    hook = Watch(watch)
    check_available(loaded, view)
    return see(Internals(loaded, with_answer(loaded, text, None, generated, (), hook)), request, hook)
