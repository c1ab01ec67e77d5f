"""Maps, small pictures and habits of attention heads."""

from __future__ import annotations

import numpy as np
import pytest

from tests import models
from tests.models import TEXTS
from tests.traces import no_trace
from tokimp.errors import OptionError
from tokimp.internals.attention_maps import (
    HABITS,
    MEASURES,
    SIDE,
    Measure,
    attention_map,
    every_map,
    habits_of,
    survey,
)
from tokimp.types import Task

EVERY_ROW = pytest.mark.parametrize(("family", "task"), models.ROWS)


def habit(maps: np.ndarray, name: str, special: tuple[int, ...] = (), *, causal: bool = True) -> float:
    marked = np.isin(np.arange(maps.shape[-1]), special)
    return float(habits_of(maps[None], marked, causal)[0, HABITS.index(name)])


@EVERY_ROW
def test_maps_are_the_model_s_own_attention(family: str, task: Task) -> None:
    model = models.shared(family, task)
    inputs = model.encode(TEXTS[task])
    known = np.stack([layer.numpy() for layer in model.attentions(inputs.ids)])
    with no_trace(model):
        found = every_map(model, inputs)
        one = attention_map(model, inputs, 1, 2)
        mean = attention_map(model, inputs)
    np.testing.assert_allclose(found, known, atol=6e-4)
    np.testing.assert_allclose(one, known[1, 2], atol=1e-6)
    np.testing.assert_allclose(mean, known.mean((0, 1)), atol=1e-6)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_short_text_s_pictures_are_its_maps(measure: Measure) -> None:
    model = models.shared("bert", "masked-lm")
    inputs = model.encode(TEXTS["masked-lm"])
    found = survey(model, inputs, measure)
    for layer in range(2):
        for head in range(4):
            whole = attention_map(model, inputs, layer, head, measure)
            np.testing.assert_allclose(found.pictures[layer, head], whole, rtol=1e-3, atol=1e-4)


def test_pictures_of_a_long_text_are_means_over_blocks() -> None:
    model = models.shared("llama", "next-token")
    inputs = model.encode("the film was not good " * 8)
    length = len(inputs)
    assert SIDE < length < 2 * SIDE
    found = survey(model, inputs).pictures[0, 1].astype(np.float64)
    whole = attention_map(model, inputs, 0, 1)
    edges = [cell * length // SIDE for cell in range(SIDE)] + [length]
    for i, j in ((0, 0), (SIDE - 1, 3), (17, 16), (5, 30)):
        block = whole[edges[i] : edges[i + 1], edges[j] : edges[j + 1]]
        assert found[i, j] == pytest.approx(block.mean(), rel=1e-3, abs=1e-4)


def test_habits_of_heads_that_do_one_thing() -> None:
    length = 6
    eye = np.eye(length)
    previous = np.vstack([eye[:1], eye[:-1]])
    first = np.zeros((length, length))
    first[:, 0] = 1
    broad = np.tril(np.ones((length, length))) / np.arange(1, length + 1)[:, None]
    for maps, name in ((previous, "previous"), (first, "first"), (broad, "broad"), (eye, "self")):
        assert habit(maps, name) == pytest.approx(1.0)
    assert habit(eye, "broad") == 0.0
    assert habit(eye, "previous") == 0.0
    assert habit(broad, "first") == pytest.approx(np.mean(1 / np.arange(2, length + 1)))


def test_habits_of_encoders() -> None:
    length = 5
    following = np.vstack([np.eye(length)[1:], np.eye(length)[-1:]])
    even = np.full((length, length), 1 / length)
    to_end = np.zeros((length, length))
    to_end[:, -1] = 1
    assert habit(following, "next", causal=False) == pytest.approx(1.0)
    assert habit(even, "broad", causal=False) == pytest.approx(1.0)
    assert habit(to_end, "separator", (0, length - 1), causal=False) == pytest.approx(1.0)
    assert habit(to_end, "separator", causal=False) == 0.0
    assert habit(even, "separator", (0, length - 1), causal=False) == pytest.approx(1 / length)


def test_heads_are_sorted_by_what_they_do() -> None:
    model = models.shared("llama", "next-token")
    found = survey(model, model.encode(TEXTS["next-token"]))
    column = found.habits[..., HABITS.index("first")]
    order = found.sorted_by("first")
    assert sorted(order) == [(layer, head) for layer in range(2) for head in range(4)]
    values = [column[each] for each in order]
    assert values == sorted(values, reverse=True)
    name, share = found.habit(1, 3)
    assert share == max(found.habits[1, 3])
    assert HABITS.index(name) == int(np.argmax(found.habits[1, 3]))


@pytest.mark.parametrize(("layer", "head"), [(2, 0), (-1, 0), (0, 4)])
def test_heads_that_are_not_there(layer: int, head: int) -> None:
    model = models.shared("llama", "next-token")
    with pytest.raises(OptionError, match=r"The model has layers 0 to 1|has heads 0 to 3"):
        attention_map(model, model.encode(TEXTS["next-token"]), layer, head)


def test_a_single_token_has_no_habits() -> None:
    assert habits_of(np.ones((3, 1, 1)), np.array([False]), causal=True).tolist() == [[0.0] * len(HABITS)] * 3
