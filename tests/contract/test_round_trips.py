"""Whatever can be asked comes through a link whole, and what comes back gives the same scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tokimp
from tests import models
from tests.contract.test_contract import EVERY_OPTION, SOME, ends
from tests.models import TEXTS
from tokimp.errors import InputError
from tokimp.methods.base import METHODS, Option
from tokimp.models.text_model import TextModel
from tokimp.types import OUTPUTS, Output, Request, Task

PAGE = "https://example.org/page?__theme=dark"


def through_a_link(found: tokimp.Explanation) -> dict[str, Any]:
    """What `tokimp.explain` takes of the request behind the link, which is the one that was asked."""
    asked = Request.from_link(found.link(PAGE))
    assert asked == found.request
    names = ("target", "contrast", "output", "mask", "seed", "precision")
    return {"text": asked.text, "method": asked.method, **{name: getattr(asked, name) for name in names}} | dict(
        asked.options
    )


def same_again(model: TextModel, found: tokimp.Explanation) -> None:
    again = tokimp.explain(model, **through_a_link(found))
    np.testing.assert_array_equal(again.scores, found.scores)
    assert again.output == found.output
    assert again.request == found.request


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize(("family", "task"), SOME[:3])
@pytest.mark.parametrize("key", METHODS)
def test_every_method_on_every_task(key: str, family: str, task: Task, output: Output) -> None:
    model = models.shared(family, task)
    same_again(model, tokimp.explain(model, TEXTS[task], key, target=1, contrast=2, output=output, seed=3))


@EVERY_OPTION
def test_every_option(key: str, each: Option) -> None:
    model = models.shared("bert", "classification")
    tried = 0
    for value in ends(each):
        try:
            found = tokimp.explain(model, "good film", key, target="positive", **{each.name: value})
        except InputError:  # this model has no such token or layer, which the contract looks at
            continue
        same_again(model, found)
        tried += 1
    assert tried or not ends(each)
