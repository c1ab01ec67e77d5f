"""What a model that was chosen is made for, known before it is loaded."""

from __future__ import annotations

import os
from pathlib import Path

from tokimp.errors import ModelError
from tokimp.models import hub
from tokimp.models.catalog import CATALOG
from tokimp.models.folders import check_config
from tokimp.types import Task
from tokimp.ui import controls, examples


def task_of(model: object) -> Task:
    """What the page's list says of a named model, else its config: in a folder, on this disk, or on the hub.

    A model that is not listed is looked for only where such models may be taken.
    Of a model of which nothing is known, that of the tab's first one: loading says what is wrong with it.
    """
    name = str(model or "")
    if name in CATALOG:
        return CATALOG[name].task
    told = _told(name) if name and controls.any_model_allowed() else None
    return told or examples.INSIDE_TASK


def _told(model: str) -> Task | None:
    if not os.path.isdir(model):
        return hub.told_task(model)
    try:
        return check_config(Path(model))
    except ModelError:
        return None
