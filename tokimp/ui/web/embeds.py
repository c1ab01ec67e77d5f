"""/e/<code>: the result of a link as a page for a frame. `?view=tokens|heatmap`, `?theme=light|dark`."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from tokimp import types
from tokimp.errors import TokimpError
from tokimp.share import PARAMETER, from_link
from tokimp.ui.desk import Desk
from tokimp.ui.inside import statics
from tokimp.ui.state import Result, asked_of
from tokimp.ui.studies import STUDIES
from tokimp.ui.trouble import report_without_words
from tokimp.ui.visitors import visitor_key
from tokimp.ui.web import addresses, answers
from tokimp.ui.web.addresses import Look
from tokimp.ui.web.told import known
from tokimp.views.embed import Document, Frame, figures_embed, heatmap_embed, notice, tokens_embed

ANOTHER = "Computed with another revision of the model than the link names."


def embed(desk: Desk, request: Request) -> Response:
    """The result; 202 and a page that asks again while it is being computed; else a page that says why not.

    A HEAD request starts no work.
    """
    look = Look.of(request.query_params)
    frame = Frame(theme=look.theme)
    try:
        code = str(request.path_params["code"])
        asked = from_link(code)
        frame = _frame(request, code, look)
        if asked.view:
            return (_study if asked.view in STUDIES else _view)(desk, asked, request, frame)
        result = _wanted(desk, asked, look, request)
        if result is None:
            return _waiting(frame)
        response = answers.page(_drawn(result, asked, look, frame))
        if not result.finished:
            return response
        response.headers["cache-control"] = answers.FOREVER
        response.headers["vary"] = "X-Forwarded-Host, X-Forwarded-Proto"
        return answers.unless_known(request, response)
    except TokimpError as error:
        return _refused(error, frame)
    except Exception as error:
        report_without_words(error)
        return answers.page(notice("No result", answers.BROKEN, frame), 500)


def _view(desk: Desk, asked: types.Request, request: Request, frame: Frame) -> Response:
    """The drawings of a link to a view inside the model."""
    if request.method == "HEAD":
        seen = desk.seen(replace(asked_of(asked), revision=None))
    else:
        seen = desk.wanted_look(asked, visitor_key(request))
    if seen is None:
        return _waiting(frame)
    if seen.request.revision != asked.revision:
        frame = replace(frame, notes=(ANOTHER,))
    return answers.page(figures_embed(statics.title(seen), statics.body(seen), frame))


def _study(desk: Desk, asked: types.Request, request: Request, frame: Frame) -> Response:
    """What came of a study, as far as it came."""
    if request.method == "HEAD":
        studied = desk.studied(replace(asked_of(asked), revision=None))
    else:
        studied = desk.wanted_study(asked, visitor_key(request))
    if studied is None:
        return _waiting(frame)
    study = STUDIES[asked.view]
    notes = [ANOTHER] if studied.request.revision != asked.revision else []
    notes += [] if studied.finished else [f"Unfinished: {studied.stopped}"]
    return answers.page(figures_embed(study.heading(studied), study.body(studied), replace(frame, notes=tuple(notes))))


def _wanted(desk: Desk, asked: types.Request, look: Look, request: Request) -> Result | None:
    grid = look.view == "heatmap"
    if request.method != "HEAD":
        return desk.wanted(asked, grid, visitor_key(request))
    found = known(desk, asked)
    return None if found is None or (grid and found.grid is None) else found


def _frame(request: Request, code: str, look: Look) -> Frame:
    """The link to the page is relative: whatever a proxy says of itself, it leads to this one."""
    base = addresses.origin(request)
    described = addresses.oembed_link(base, addresses.embed_link(base, code, look))
    return Frame(f"../?{PARAMETER}={code}", described, look.theme)


def _drawn(result: Result, asked: types.Request, look: Look, frame: Frame) -> Document:
    frame = replace(frame, notes=_notes(result, asked), scores=result.trust)
    if look.view == "heatmap" and result.grid is not None:
        return heatmap_embed(result.explanation, result.grid.scores, result.grid.labels, frame)
    return tokens_embed(result.explanation, frame)


def _notes(result: Result, asked: types.Request) -> tuple[str, ...]:
    notes = []
    if result.explanation.request.revision != asked.revision:
        notes.append(ANOTHER)
    if not result.finished:
        notes.append(result.stopped or "Unfinished: more work would change these scores.")
    return tuple(notes)


def _waiting(frame: Frame) -> Response:
    sentence = "The model is at work. This page shows the result as soon as it is there."
    document = notice("Computing …", sentence, frame, refresh=answers.AGAIN)
    return answers.page(document, 202, headers={"retry-after": str(answers.AGAIN)})


def _refused(error: TokimpError, frame: Frame) -> Response:
    status = answers.status_of(error)
    busy = status == 503
    document = notice("Not now" if busy else "No result", str(error), frame, refresh=20 if busy else None)
    return answers.page(document, status, headers={"retry-after": "20"} if busy else None)
