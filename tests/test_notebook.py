"""Plots: of what a notebook has at hand, shown and saved in every form."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.special import softmax

import tokimp
from tests import models
from tests.views.examples import explain, hostile
from tests.views.markup import Markup
from tokimp.errors import OptionError
from tokimp.given import array, names, one_text
from tokimp.internals.inspecting import Internals
from tokimp.notebook import Plot

TEXT = "the cat sat on the mat"


@pytest.fixture(scope="module")
def inside() -> Internals:
    return tokimp.inspect(models.shared("llama", "next-token"), TEXT)


@pytest.fixture(scope="module")
def attention(inside: Internals) -> np.ndarray:
    return inside.attention_map()


def plots(inside: Internals) -> dict[str, Plot]:
    found = tokimp.explain(inside.model, TEXT, "gradient_x_input", target=1)
    return {
        "attribution": tokimp.plot_attribution(found),
        "one layer": tokimp.plot_hidden_pca(inside, layer=1),
        "ways": tokimp.plot_hidden_pca(inside, token_idx=[0, -1]),
        "texts": tokimp.plot_hidden_pca([inside, inside], layer=1, selected=1),
        "similarity": tokimp.plot_similarity(inside, [(0, 1), (0, 2)]),
        "lens": tokimp.plot_logit_lens(inside),
        "answer": tokimp.plot_logit_lens(inside, show="answer"),
        "readings": tokimp.plot_token_probabilities(inside, by="entropy"),
        "likeliest": tokimp.plot_token_probabilities(torch.arange(9.0), list("abcdefghi"), temperature=2),
        "changed": tokimp.plot_token_probabilities(np.arange(9.0), "abcdefghi", against=np.zeros(9)),
        "agreement": tokimp.plot_agreement(found, inside),
    }


def test_every_plot_shows_and_saves_itself(inside: Internals, tmp_path: Path) -> None:
    for name, plot in plots(inside).items():
        shown = Markup(plot._repr_html_())
        assert repr(plot) == f"<Plot: {plot.title}>"
        assert shown.tags[0][0] == "style", name
        assert "script" not in {tag for tag, _ in shown.tags}, name
        for suffix in (".html", ".SVG", ".png"):
            plot.save(tmp_path / f"{name}{suffix}")
        page = (tmp_path / f"{name}.html").read_text(encoding="utf-8")
        assert page.startswith("<!DOCTYPE html>"), name
        assert "default-src 'none'" in page, name
        assert (tmp_path / f"{name}.SVG").read_text(encoding="utf-8").startswith("<svg"), name
        with Image.open(tmp_path / f"{name}.png") as picture:
            assert picture.format == "PNG"
            assert min(picture.size) > 100


def test_dark_files_are_dark(inside: Internals, tmp_path: Path) -> None:
    plot = tokimp.plot_similarity(inside, [(0, 1)])
    plot.save(tmp_path / "light.png")
    plot.save(tmp_path / "dark.png", dark=True)
    brightness = [np.asarray(Image.open(tmp_path / f"{name}.png").convert("L")).mean() for name in ("light", "dark")]
    assert brightness[0] > 200
    assert brightness[1] < 60


def test_another_format_is_an_error_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"There is no format '\.gif'"):
        tokimp.plot_attribution(explain("a b")).save(tmp_path / "plot.gif")
    assert list(tmp_path.iterdir()) == []


def test_an_attribution_is_drawn_as_it_draws_itself() -> None:
    plot = tokimp.plot_attribution(hostile())
    assert plot.svg(False) == hostile().to_svg()
    assert plot._repr_html_().endswith(hostile()._repr_html_().partition("</style>")[2])
    assert Image.open(io.BytesIO(plot.png(True))).format == "PNG"


def test_hidden_states_come_in_every_form(inside: Internals) -> None:
    states = inside.hidden_states  # (layer, token, hidden)
    strings = [token.text for token in inside.tokens]
    shown = tokimp.plot_hidden_pca(inside, layer=2).html
    forms: list[Any] = [
        states,
        torch.tensor(states, requires_grad=True),
        tuple(torch.tensor(each)[None] for each in states),
        torch.tensor(states, dtype=torch.float64)[:, None],
    ]
    for form in forms:
        assert tokimp.plot_hidden_pca(form, tokens=strings, layer=2).html == shown
    assert tokimp.plot_hidden_pca(states[2], tokens=inside.tokens, layer=0).html == shown.replace(
        "after layer 2", "before the first layer"
    )
    assert "“5”, token 5" in tokimp.plot_hidden_pca(states, layer=2).html


def test_huge_states_are_left_out_and_named() -> None:
    states = np.random.default_rng(0).normal(size=(1, 6, 8))
    states[0, 0] *= 1000
    page = tokimp.plot_hidden_pca(states, tokens=[f" t{place}" for place in range(6)], layer=0).html
    assert "Tokens before the first layer, without “ t0” (0)," in page
    assert "“ t0”, token 0" not in page
    assert "“ t1”, token 1" in page


def test_a_model_output_is_read_at_its_last_position() -> None:
    logits = torch.randn(1, 4, 9, generator=torch.Generator().manual_seed(0))

    class Output:
        def __init__(self) -> None:
            self.logits = logits

    page = tokimp.plot_token_probabilities(Output(), list("abcdefghi"), top=1).html
    shares = softmax(logits[0, -1].numpy().astype(float))
    best = "abcdefghi"[int(shares.argmax())]
    assert f"“{best}”: {round(100 * shares.max())}\u202f%" in page
    with pytest.raises(OptionError, match="Logits of 2 texts are too many"):
        tokimp.plot_token_probabilities(torch.zeros(2, 4, 9), list("abcdefghi"))


def test_temperature_is_for_display_and_says_so() -> None:
    page = tokimp.plot_token_probabilities([2.0, 0.0], ["yes", "no"], temperature=2).html
    assert f"“yes”: {round(100 * softmax([1.0, 0.0])[0])}\u202f%" in page
    text = Markup(page).text
    assert f"Likeliest answer {round(100 * softmax([2.0, 0.0])[0])}\u202f%" in text
    assert "Shown at temperature 2: for display only" in text


def test_agreement_is_read_where_the_answer_is(inside: Internals, attention: np.ndarray) -> None:
    found = tokimp.explain(inside.model, TEXT, "gradient_x_input", target=1)
    shown = tokimp.plot_agreement(found, inside).html
    assert tokimp.plot_agreement(found, attention).html == shown
    assert tokimp.plot_agreement(found, torch.tensor(attention[found.target.position])).html == shown
    typed = sum(not token.special for token in found.tokens)
    assert f"over {typed} tokens" in shown
    assert f"over {len(found.tokens)} tokens" in tokimp.plot_agreement(found, inside, special=True).html
    without = tokimp.plot_agreement(found, inside, special=True, first=False).html
    assert f"over {len(found.tokens) - 1} tokens" in without
    with pytest.raises(OptionError, match="is of another text"):
        tokimp.plot_agreement(found, attention[:3, :3])


def test_a_fill_mask_text_is_read_at_its_mask() -> None:
    masked = tokimp.inspect(models.shared("bert", "masked-lm"), "the cat [MASK] on the mat")
    assert "at “[MASK]”: " in tokimp.plot_logit_lens(masked, show="answer").html
    words = [name for name in Markup(tokimp.plot_logit_lens(masked).html).attributes("rx") if name == "2"]
    assert len(words) == len(masked.logit_lens.top)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda inside: tokimp.plot_hidden_pca(inside, layer=99), "There is no layer 99"),
        (lambda inside: tokimp.plot_hidden_pca(inside, token_idx=99), "There is no token 99"),
        (lambda inside: tokimp.plot_hidden_pca(inside, token_idx=[]), "No token is chosen"),
        (lambda _: tokimp.plot_hidden_pca(np.zeros((2, 3, 4)), tokens=["a"]), "1 tokens for 3 places"),
        (lambda _: tokimp.plot_hidden_pca("text"), "These are no numbers"),
        (lambda _: tokimp.plot_hidden_pca(np.zeros(3)), "does not fit"),
        (lambda inside: tokimp.plot_similarity(inside, []), "No pair of tokens"),
        (lambda inside: tokimp.plot_logit_lens(inside, 99), "did not read token 99"),
        (lambda _: tokimp.plot_token_probabilities(np.zeros(3)), "Without a tokenizer"),
        (lambda _: tokimp.plot_token_probabilities([1.0, 2.0], "ab", temperature=0), "no temperature 0"),
        (lambda _: tokimp.plot_token_probabilities([1.0, 2.0], "abc", against=[1.0]), "different vocabularies"),
    ],
)
def test_what_cannot_be_drawn_is_told(ask: Callable[[Internals], Plot], message: str, inside: Internals) -> None:
    with pytest.raises(OptionError, match=message):
        ask(inside)


def test_arrays_come_from_anything_with_numbers() -> None:
    numbers = [[1.0, 2.0], [3.0, 4.0]]
    for given in (numbers, np.array(numbers, dtype=np.float16), torch.tensor(numbers, dtype=torch.bfloat16)):
        np.testing.assert_array_equal(array(given), numbers)
    np.testing.assert_array_equal(array((torch.tensor(numbers[0]), torch.tensor(numbers[1]))), numbers)
    with pytest.raises(OptionError, match="different shapes"):
        array((np.zeros(2), np.zeros(3)))
    assert one_text(np.zeros((5, 1, 3, 4)), 3).shape == (5, 3, 4)
    assert one_text(np.zeros((1, 3, 4)), 2).shape == (3, 4)
    assert names(None, 2) == ["0", "1"]
