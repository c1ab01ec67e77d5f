"""What a terminal is shown: colours only where they belong, and no token that commands it."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest

from tests.views.examples import explain, hostile
from tokimp.cli.terminal import coloured, explanation_text, harmless, prediction_text
from tokimp.types import Candidate, Prediction
from tokimp.views.shades import channels, shades

ATTACK = "\x1b]0;owned\x07\x1b[2J\r\x08\x9b31m\u202eabc\u2066"
COLOUR = re.compile(r"\x1b\[48;[0-9;]+m|\x1b\[0m")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def test_control_characters_are_shown_not_obeyed() -> None:
    assert harmless(ATTACK) == "␛]0;owned␇␛[2J␍␈�31m�abc�"
    assert harmless("a\tb\n👩\u200d👧 שלום") == "a\tb\n👩\u200d👧 שלום"


@pytest.mark.parametrize("colour", [True, False])
def test_no_token_commands_the_terminal(colour: bool) -> None:
    attacked = explain(ATTACK + " x", target={"contrast_label": ATTACK, "contrast": 1}, notes=(ATTACK,))
    for explanation in (attacked, hostile()):
        shown = COLOUR.sub("", explanation_text(explanation, colour=colour))
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)


def test_colours_are_for_terminals_and_those_who_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert coloured(Terminal())
    assert not coloured(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured(Terminal())
    monkeypatch.setenv("NO_COLOR", "")
    assert coloured(Terminal())
    monkeypatch.setenv("TERM", "dumb")
    assert not coloured(Terminal())


def test_coloured_text_is_the_text() -> None:
    text = "The film  was\n\nnot good."
    shown = COLOUR.sub("", explanation_text(explain(text), colour=True))
    assert text in shown.replace("⏎", "").replace("·", " ")
    assert "Why “ girl”?" in shown
    assert "pushes towards ►" in shown


def test_shades_are_those_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    explanation = explain("one two", scores=[2.0, -1.0])
    monkeypatch.setenv("COLORTERM", "truecolor")
    red, green, blue = channels(shades().ground["tkp10"])
    assert f"\x1b[48;2;{red};{green};{blue};38;2;255;255;255mone\x1b[0m" in explanation_text(explanation, colour=True)
    monkeypatch.delenv("COLORTERM")
    assert "\x1b[48;5;124;38;5;231mone\x1b[0m" in explanation_text(explanation, colour=True)


def test_without_colours_every_token_has_its_line() -> None:
    explanation = explain("a\tb", scores=[-2.0, 0.5, 0.125], stderr=np.array([0.25, 0.125, 0.5]))
    table = explanation_text(explanation, colour=False).partition("\n\n")[2]
    assert table.splitlines() == [
        "rank         score  token",
        "   1  −2.00 ± 0.25  a",
        "   2   0.50 ± 0.12  ⇥",
        "   3   0.12 ± 0.50  b",
    ]


def test_predictions_are_one_line_each() -> None:
    prediction = Prediction((Candidate(3, " girl", 0.47, 1.0), Candidate(4, "\x1b[2J", 0.002, 0.0)), (), 0, 1.0)
    assert prediction_text(prediction, words=True) == "    47\u202f%  “ girl”\n   0.2\u202f%  “␛[2J”\n"
    assert prediction_text(prediction, words=False).splitlines()[0].endswith("   girl")
