"""A click on a token of a comparison: the drawer speaks of the explanation that the token stands in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.models import TEXTS
from tokimp.models.text_model import TextModel
from tokimp.share import from_link
from tokimp.types import Request
from tokimp.ui.comparing import handlers, payloads
from tokimp.ui.comparing.asking import DRAWER
from tokimp.ui.comparing.kinds import COMPARE, PROMPTS
from tokimp.ui.desk import Desk
from tokimp.ui.state import Asked
from tokimp.ui.studies import Studied, why
from tokimp.ui.visitors import Visitor

VISITOR = Visitor("a session", "compare")
METHODS = "gradient_x_input,occlusion"
LINES = "The film was good\nThe film was not good"


@pytest.fixture
def compared(desk: Desk, decoder: TextModel) -> Studied:
    options: dict[str, Any] = {"methods": METHODS, "evaluate": False}
    asked = Asked("next-token", decoder.key, TEXTS["next-token"], "", options=options, view=COMPARE.key)
    return desk.study(asked, lambda _: None)


@pytest.fixture
def prompted(desk: Desk, decoder: TextModel) -> Studied:
    return desk.study(Asked("next-token", decoder.key, LINES, METHODS, view=PROMPTS.key), lambda _: None)


def test_a_line_is_of_its_method(compared: Studied) -> None:
    for explanation in compared.value.explanations:
        found = DRAWER.picked(compared, 1, explanation.request.method)
        assert found is not None
        assert found.explanation is explanation
        assert found.token == 1
    together = DRAWER.picked(compared, 0, "")
    assert together is not None
    assert together.explanation is compared.value.explanations[0]
    assert together.of == "as Gradient × input explains it"


def test_a_cell_is_a_token_of_its_prompt_and_of_the_method_that_is_shown(prompted: Studied) -> None:
    value = prompted.value
    for method in value.methods:
        seen: list[tuple[int, int]] = []
        for cell in payloads._cells(value, method):
            found = DRAWER.picked(prompted, cell, method)
            assert found is not None
            row = [each is found.explanation for each in value.runs[method]].index(True)
            seen.append((row, found.token))
            assert f"prompt {row + 1}, “{value.prompts[row]}”" in found.of
        sizes = [len(each.tokens) for each in value.runs[method]]
        assert seen == [(row, token) for row, size in enumerate(sizes) for token in range(size)]
    drawn = payloads.prompts_parts(prompted)["columns"]
    assert drawn is not None
    for method in value.methods:
        assert _indices(drawn["choices"][method]["tree"]) == list(payloads._cells(value, method))


@pytest.mark.parametrize(("index", "method"), [(-1, ""), (10_000, ""), (None, ""), ("1", ""), (True, ""), (1.5, "")])
def test_what_is_no_token_is_not_asked_about(
    desk: Desk, compared: Studied, prompted: Studied, index: object, method: str
) -> None:
    for shown in (compared, prompted, None):
        assert DRAWER.picked(shown, index, method) is None
        assert DRAWER.begin(desk, shown, index, method, VISITOR) == {}
    assert list(DRAWER.run(desk, compared, (index, method), VISITOR, None)) == [{}]
    assert DRAWER.take_file(desk, compared, (index, method), ".csv") == {}


def test_the_drawer_says_of_what_it_speaks_and_its_link_opens_that_explanation(desk: Desk, prompted: Studied) -> None:
    values = prompted.value.alignment.values(tuple(each.scores for each in prompted.value.runs["occlusion"]))
    cell = values.shape[1] + int(np.flatnonzero(~np.isnan(values[1]))[1])
    begun = DRAWER.begin(desk, prompted, cell, "occlusion", VISITOR)
    last = list(DRAWER.run(desk, prompted, begun["why_asked"], VISITOR, begun["why_ticket"]))[-1]
    assert "as Occlusion explains prompt 2, “The film was not good”" in str(last["why"])
    request, token = why.explained_by(from_link(last["why_share"]["value"]["code"]))
    assert request == prompted.value.runs["occlusion"][1].request
    assert (request.view, token) == ("", begun["why_token"])
    file = DRAWER.take_file(desk, prompted, begun["why_asked"], ".csv")["file"]
    assert file["name"].endswith(".csv")


def test_another_comparison_ends_it_and_nothing_begins_while_one_is_on_its_way(desk: Desk, compared: Studied) -> None:
    begun = DRAWER.begin(desk, compared, 1, "occlusion", VISITOR)
    asked = Asked("next-token", "tiny-gpt2", "Another text", "", options={"methods": METHODS}, view=COMPARE.key)
    changes = handlers.begin(desk, asked, VISITOR)
    assert changes["why"]["value"] is None
    assert list(DRAWER.run(desk, compared, begun["why_asked"], VISITOR, begun["why_ticket"])) == [{}]
    assert DRAWER.begin(desk, compared, 1, "occlusion", VISITOR) == {}


def test_a_forgotten_comparison_is_found_by_its_link(desk: Desk, compared: Studied) -> None:
    request: Request = compared.request
    code = request.link("").partition("=")[2]
    assert DRAWER.at_hand(desk, None, {"code": code}) is compared
    assert DRAWER.at_hand(desk, None, {"code": "no"}) is None
    assert DRAWER.at_hand(desk, None, None) is None


def _indices(tree: Any) -> list[int]:
    _, attributes, content = tree
    own = [attributes["data-index"]] if attributes.get("data-kind") == "prompt" else []
    return own + ([] if isinstance(content, str) else [index for each in content for index in _indices(each)])
