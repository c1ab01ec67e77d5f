"""What a model that was chosen is made for, known before it is loaded."""

from __future__ import annotations

from pathlib import Path

from tokimp.errors import ModelError
from tokimp.models import hub
from tokimp.models.catalog import CATALOG
from tokimp.models.folders import check_config
from tokimp.types import Task
from tokimp.ui import controls, examples


def task_of(model: str) -> Task:
    """What the list says of a model, else its config: in a folder, on this disk, or on the hub where it may be taken.

    Of a model of which nothing is known, that of the tab's first one: loading says what is wrong with it.
    """
    if model in CATALOG:
        return CATALOG[model].task
    told = _told(model) if model and controls.any_model_allowed() else None
    return told or examples.INSIDE_TASK


def _told(model: str) -> Task | None:
    folder = Path(model)
    if not folder.is_dir():
        return hub.told_task(model)
    try:
        return check_config(folder)
    except ModelError:
        return None
