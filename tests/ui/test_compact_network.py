"""The token network under a result: the text that is explained, from input to output, asked for once."""

from __future__ import annotations

import numpy as np
import pytest

from tests.models import TEXTS
from tokimp.internals.looks.seen import Seen
from tokimp.models.text_model import TextModel
from tokimp.types import Floats
from tokimp.ui import compact_network, display
from tokimp.ui.desk import Desk
from tokimp.ui.inside.payloads import edges_of
from tokimp.ui.state import Asked, Result
from tokimp.ui.visitors import Visitor
from tokimp.views.inside.network import without_first

VISITOR = Visitor("a session", "next-token")


@pytest.fixture
def shown(desk: Desk, decoder: TextModel) -> Result:
    asked = Asked("next-token", decoder.key, TEXTS["next-token"], "gradient_x_input")
    return desk.answer(asked, lambda _moment: None)


def seen_of(desk: Desk, shown: Result) -> Seen:
    seen = desk.seen(compact_network.asked_for(shown))
    assert seen is not None
    return seen


def test_it_is_of_the_text_that_is_explained_and_asked_for_once(desk: Desk, shown: Result) -> None:
    payload = compact_network.drawn(desk, shown, VISITOR)["network"]["value"]
    assert payload["columns"] == ["input", "output"]
    assert len(payload["rows"]) == len(shown.explanation.tokens)
    first = seen_of(desk, shown)
    compact_network.drawn(desk, shown, VISITOR)
    assert seen_of(desk, shown).arrays is first.arrays


def test_no_path_leads_through_the_first_token_of_a_decoder(desk: Desk, shown: Result) -> None:
    compact_network.drawn(desk, shown, VISITOR)
    seen = seen_of(desk, shown)
    wanted: Floats = np.eye(len(seen.tokens))
    for layer in without_first(np.asarray(seen["edges"], dtype=np.float64)):
        wanted = layer @ wanted
    np.testing.assert_allclose(edges_of(seen)[0], wanted, rtol=1e-12)
    np.testing.assert_allclose(edges_of(seen)[0].sum(-1), 1.0, rtol=1e-3)
    assert not edges_of(seen)[0, 1:, 0].any()


def test_another_result_empties_it(shown: Result) -> None:
    assert display.displayed(shown)["network"]["value"] is None


def test_without_a_result_or_a_network_a_sentence_says_so(
    desk: Desk, shown: Result, decoder: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Press Explain" in str(compact_network.drawn(desk, None, VISITOR)["status"])
    monkeypatch.setattr(decoder, "offers", frozenset())
    changes = compact_network.drawn(desk, shown, VISITOR)
    assert set(changes) == {"status"}
    assert "Choose another view" in str(changes["status"])
