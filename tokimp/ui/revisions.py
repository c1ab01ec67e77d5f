"""Which revision of a model this page has, known before the model is loaded where that can be."""

from __future__ import annotations

from tokimp import api
from tokimp.errors import HubUnreachableError, ModelNotFoundError
from tokimp.models import hub, packs
from tokimp.models.catalog import CATALOG
from tokimp.models.loading import MODELS
from tokimp.models.text_model import TextModel
from tokimp.types import Task

# What the page's own revision turned out to be: the same for the life of the process, but for folders that change.
_LOADED: dict[tuple[str, Task], str] = {}


def own(name: str, task: Task) -> str | None:
    """The revision that answers here where none is asked for; None where only loading tells. Loads nothing."""
    if name not in CATALOG or (name, task) in _LOADED:
        return _LOADED.get((name, task))
    entry = CATALOG[name]
    if entry.pack is not None and packs.installed(packs.PACKS[entry.pack]):
        return None if entry.ours else packs.PACKS[entry.pack].requirement
    return entry.revision if hub.COMMIT.fullmatch(entry.revision) else None


def load(name: str, task: Task, revision: str | None) -> TextModel:
    """The model in that revision, else in the one that this page has: `revision` of the model tells which.

    Raises:
        ModelError: it cannot be had at all.
    """
    here = own(name, task)
    if revision in (None, here) or (here is None and name in CATALOG):
        model = _own(name, task)
        if revision in (None, model.revision):
            return model
    try:
        return api.load(name, task=task, revision=revision)
    except (HubUnreachableError, ModelNotFoundError):
        return _own(name, task)


def held(name: str, task: Task) -> TextModel | None:
    """The page's own model where it is in memory now; loads nothing."""
    return MODELS.peek((name, task, None))


def _own(name: str, task: Task) -> TextModel:
    model = api.load(name, task=task)
    _LOADED[name, task] = model.revision
    return model
