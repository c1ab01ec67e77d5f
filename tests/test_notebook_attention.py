"""Plots of attention, layers and the token network, from all that a notebook may have at hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import tokimp
from tests.models import TEXTS, shared
from tests.views.examples import explain, tokens_of
from tests.views.markup import Markup
from tokimp.errors import OptionError
from tokimp.given import one_map
from tokimp.notebook import Plot, plot_attention_grid, plot_attention_heatmap, plot_layers, plot_network
from tokimp.types import Attribution
from tokimp.views.numbers import show

WORDS = ["<script>", "${7*7}", " end"]


def attentions(layers: int = 2, heads: int = 4) -> tuple[torch.Tensor, ...]:
    """As a Hugging Face model returns them: of each layer (batch, head, query, key)."""
    scores = torch.randn(layers, 1, heads, 3, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return tuple(scores.softmax(-1))


def edges() -> np.ndarray:
    values = torch.stack(attentions()).mean(2)[:, 0].numpy()
    return np.asarray(0.5 * values + 0.5 * np.eye(3))


def saved(plot: Plot, folder: Path) -> str:
    """It saves itself in all forms; what its page says."""
    for suffix in (".html", ".svg", ".png"):
        plot.save(folder / f"plot{suffix}")
        assert (folder / f"plot{suffix}").stat().st_size > 500
    page = Markup((folder / "plot.html").read_text(encoding="utf-8"))
    assert "script" not in {tag for tag, _ in page.tags}
    return page.text


def test_a_head_is_found_in_what_a_model_returns(tmp_path: Path) -> None:
    given = attentions()
    every = np.stack([layer.numpy() for layer in given])[:, 0]
    np.testing.assert_array_equal(one_map(every[:, None], 1, 2), every[1, 2])
    np.testing.assert_allclose(one_map(every, None, None), every.mean((0, 1)), rtol=1e-12)
    np.testing.assert_array_equal(one_map(every[0], None, 3), every[0, 3])
    plot = plot_attention_heatmap(given, WORDS, layer=1, head=2)
    assert plot.title == "Attention, layer 2, head 3"
    assert f"“<script>” → “${{7*7}}”: {every[1, 2, 0, 1]:.3g}" in saved(plot, tmp_path)


@pytest.mark.parametrize(("layer", "head", "said"), [(2, None, "layer 2"), (0, 4, "head 4"), (0, -5, "head -5")])
def test_heads_that_are_not_there_are_named(layer: int, head: int | None, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        plot_attention_heatmap(attentions(), WORDS, layer=layer, head=head)


def test_what_is_no_attention_is_refused() -> None:
    with pytest.raises(OptionError, match="no attention"):
        plot_attention_heatmap(np.ones((2, 3)))
    with pytest.raises(OptionError, match="3 places"):
        plot_attention_heatmap(np.eye(3), ["a"])


def test_of_a_model_that_writes_another_text_one_part_is_drawn(tmp_path: Path) -> None:
    inside = tokimp.inspect(shared("t5", "seq2seq"), TEXTS["seq2seq"], generated=(9, 10))
    source = inside.inputs.source
    across = inside.cross_attentions.astype(np.float64).mean((0, 1))
    page = saved(plot_attention_heatmap(inside), tmp_path)
    assert f"{show(across[1, 0])}" in page
    assert f"3 queries by {source} keys" in plot_attention_heatmap(inside)._repr_html_()
    assert f"{source} queries by {source} keys" in plot_attention_heatmap(inside, part="encoder")._repr_html_()
    assert "decoder layer 2, head 4: " in plot_attention_grid(inside)._repr_html_()
    assert "encoder layer 3, head 4: " in plot_attention_grid(inside, part="encoder")._repr_html_()
    assert "decoder 2" in plot_network(inside)._repr_html_()


def test_scores_of_layers_come_from_arrays_and_explanations(tmp_path: Path) -> None:
    scores = np.array([[1.0, 0.0, 2.0], [0.5, -4.0, 0.0]])
    told = saved(plot_layers(scores, WORDS), tmp_path)
    assert "layer 1 × ${7*7}: −4" in told
    assert "input × <script>: 1" in told
    plain = explain("a b", tokens_of("a b"), [0.0] * len(tokens_of("a b")))
    with pytest.raises(OptionError, match="no scores for layers"):
        plot_layers(plain)
    layers = np.ones((2, len(plain.tokens)))
    with_layers = replace(plain, attribution=Attribution(plain.scores, layers=layers, signed=False))
    told = Markup(plot_layers(with_layers).html).text
    assert "layer 2" in told
    assert "input" not in told


def test_networks_are_layered_or_compact(tmp_path: Path) -> None:
    told = saved(plot_network(edges(), WORDS), tmp_path)
    assert "“ end”, where the answer is read, is made of the input" in told
    assert "layer 2" in told
    compact = Markup(plot_network(edges(), WORDS, compact=True).html).text
    assert "layer" not in compact
    assert "output" in compact


def test_a_network_knows_where_the_answer_is_read() -> None:
    network = SimpleNamespace(edges=edges(), position=1)
    assert "“${7*7}”, where the answer" in Markup(plot_network(network, WORDS).html).text
    assert "“<script>”, where the answer" in Markup(plot_network(network, WORDS, position=0).html).text


def test_the_first_token_can_be_left_out() -> None:
    plot = plot_network(edges(), WORDS, first=False)
    assert plot.title == "Token network, without the first token"
    assert "“<script>” →" not in plot.html.replace("&lt;", "<").replace("&gt;", ">")


def test_networks_must_have_the_position() -> None:
    with pytest.raises(OptionError, match="no token 3"):
        plot_network(edges(), WORDS, position=3)
