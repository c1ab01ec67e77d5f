"""A click on a token before a token of the answer: the drawer speaks of the row that was chosen."""

from __future__ import annotations

from typing import Any

import pytest

from tests.models import TEXTS
from tokimp.generation import Span
from tokimp.share import from_link
from tokimp.ui.desk import Desk
from tokimp.ui.generating import handlers
from tokimp.ui.generating.asking import DRAWER, WHY
from tokimp.ui.generating.drafts import Draft, drafted, of_span
from tokimp.ui.state import asked_of
from tokimp.ui.studies import Studied, why
from tokimp.ui.studies.generation import KEY
from tokimp.ui.visitors import Visitor
from tokimp.views.characters import quoted

VISITOR = Visitor("a session", KEY)
TEXT = TEXTS["next-token"]


def asked(text: str = TEXT) -> Draft:
    return drafted((text, "", "tiny", "occlusion", {"max_new_tokens": 3}, False, ""))


@pytest.fixture
def shown(desk: Desk) -> Studied:
    return desk.study(asked(), lambda _: None)


def test_a_row_is_asked_about_as_the_explanation_that_it_is(desk: Desk, shown: Studied) -> None:
    for row, explanation in enumerate(shown.value.rows):
        for token in range(len(explanation.tokens)):
            found = DRAWER.picked(shown, [row, token], WHY)
            assert found is not None
            assert found.explanation is explanation
            assert found.token == token
        assert DRAWER.picked(shown, [row, len(explanation.tokens)], WHY) is None  # not yet written there
    part = desk.study(of_span(shown.request, 1, 3), lambda _: None)
    assert part.value.span == Span(1, 3)
    found = DRAWER.picked(part, [0, 0], WHY)
    assert found is not None
    assert found.of == f"as Occlusion explains token 2 of the answer, {quoted(shown.value.answer[1].text)}"


@pytest.mark.parametrize(
    ("index", "said"),
    [
        *(([0, 1], said) for said in (None, "", "span", ["why"])),
        *((index, WHY) for index in (None, 0, "01", [0], [0, 1, 2], [0, "1"], [0, True], [0.0, 1], [-1, 1], [0, -1])),
        ([3, 0], WHY),
        ([0, 10_000], WHY),
    ],
)
def test_what_is_no_token_is_not_asked_about(desk: Desk, shown: Studied, index: Any, said: object) -> None:
    assert DRAWER.picked(shown, index, said) is None
    assert DRAWER.picked(None, [0, 1], WHY) is None
    assert DRAWER.begin(desk, shown, index, said, VISITOR) == {}
    assert list(DRAWER.run(desk, shown, (index, said), VISITOR, None)) == [{}]
    assert DRAWER.take_file(desk, shown, (index, said), ".csv") == {}


def test_the_drawer_says_of_what_it_speaks_and_its_link_opens_the_row(desk: Desk, shown: Studied) -> None:
    begun = DRAWER.begin(desk, shown, [2, 1], WHY, VISITOR)
    last = list(DRAWER.run(desk, shown, begun["why_asked"], VISITOR, begun["why_ticket"]))[-1]
    assert "as Occlusion explains token 3 of the answer" in str(last["why"])
    request, token = why.explained_by(from_link(last["why_share"]["value"]["code"]))
    assert (request, token) == (shown.value.rows[2].request, 1)
    assert desk.answer(asked_of(request), lambda _: None).explanation.request == request
    assert DRAWER.take_file(desk, shown, begun["why_asked"], ".csv")["file"]["name"].endswith(".csv")


def test_another_answer_ends_it_and_nothing_begins_while_one_is_on_its_way(desk: Desk, shown: Studied) -> None:
    begun = DRAWER.begin(desk, shown, [0, 1], WHY, VISITOR)
    changes = handlers.begin(desk, asked("Another text"), VISITOR)
    assert changes["why"]["value"] is None
    assert list(DRAWER.run(desk, shown, begun["why_asked"], VISITOR, begun["why_ticket"])) == [{}]
    assert DRAWER.begin(desk, shown, [0, 1], WHY, VISITOR) == {}
