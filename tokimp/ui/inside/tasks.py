"""What a model that was chosen is made for, known before it is loaded."""

from __future__ import annotations

from pathlib import Path

from tokimp.errors import ModelError
from tokimp.models.catalog import CATALOG
from tokimp.models.folders import check_config
from tokimp.types import Task
from tokimp.ui import controls, examples


def task_of(model: str) -> Task:
    """The task of a model of the list, or of a folder on this machine; of any other that of the tab's first model."""
    if model in CATALOG:
        return CATALOG[model].task
    folder = Path(model)
    if model and controls.any_model_allowed() and folder.is_dir():
        try:
            return check_config(folder)
        except ModelError:  # loading says what is wrong with it
            return examples.INSIDE_TASK
    return examples.INSIDE_TASK
