"""The nouns: frozen, checked, and the same after JSON."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, asdict, fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokimp.errors import InputError, OptionError
from tokimp.types import Attribution, Explanation, Request, Target, Token
from tokimp.watch import Watch

TOKENS = (Token("[CLS]", 2, 0, 0, special=True), Token("naïve 😀", 7, 0, 7), Token("</script>", 9, 7, 16))
REQUEST = Request("tiny", "main", "classification", "naïve 😀</script>", "occlusion", options={"window": 2, "x": None})
TARGET = Target(1, "yes", 0, contrast=0, contrast_label="no", continuation=(4, 5), output="log_prob")


def explanation(**changes: Any) -> Explanation:
    arrays = {
        "scores": np.array([0.0, 0.1 + 0.2, -1e-17]),
        "stderr": np.array([0.0, 1e-3, np.pi]),
        "history": np.arange(6.0).reshape(2, 3),
        "layers": np.ones((4, 3)) / 3,
        "pairs": np.eye(3),
    }
    facts: dict[str, Any] = {
        "request": REQUEST,
        "tokens": TOKENS,
        "target": TARGET,
        "attribution": Attribution(**arrays, baseline_output=-0.7, notes=("a “note”",)),
        "output": 1.5,
        "probability": 0.25,
        "seconds": 0.125,
        "evaluations": 4,
        "versions": {"torch": "2"},
    }
    return Explanation(**facts | changes)


def same(one: Explanation, other: Explanation) -> bool:
    arrays = [field.name for field in fields(Attribution)]
    return (
        all(
            np.array_equal(getattr(one.attribution, name), getattr(other.attribution, name))
            for name in arrays
            if getattr(one.attribution, name) is not None
        )
        and replace(one, attribution=other.attribution) == other
    )


def test_json_gives_exactly_the_same_back() -> None:
    one = explanation()
    back = Explanation.from_json(one.to_json())
    assert same(one, back)
    assert back.to_json() == one.to_json()
    assert back.tokens == TOKENS
    assert back.target == TARGET
    assert back.request == REQUEST
    assert back.attribution.notes == ("a “note”",)
    assert not back.scores.flags.writeable


@given(
    scores=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3),
    text=st.text(),
    target=st.one_of(st.none(), st.integers(), st.text()),
)
@settings(max_examples=50, deadline=None, derandomize=True)
def test_json_keeps_every_float_and_character(scores: list[float], text: str, target: str | int | None) -> None:
    one = explanation(attribution=Attribution(np.array(scores)), request=replace(REQUEST, text=text, target=target))
    back = Explanation.from_json(one.to_json())
    assert back.scores.tolist() == scores
    assert back.request == one.request
    assert same(one, back)


def test_json_is_canonical_and_readable() -> None:
    text = explanation().to_json()
    assert text == explanation(versions=dict(reversed({"torch": "2"}.items()))).to_json()
    assert json.loads(text)["format"] == 1
    assert "naïve 😀" in text


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: [],
        lambda _: None,
        lambda facts: facts | {"format": 2},
        lambda facts: {key: facts[key] for key in facts if key != "format"},
        lambda facts: {key: facts[key] for key in facts if key != "tokens"},
        lambda facts: facts | {"tokens": facts["tokens"][:2]},
        lambda facts: facts | {"tokens": [{"text": "a"}]},
        lambda facts: facts | {"surprise": 1},
        lambda facts: facts | {"request": facts["request"] | {"task": "seq3seq"}},
        lambda facts: facts | {"request": None},
        lambda facts: facts | {"target": 5},
        lambda facts: facts | {"attribution": facts["attribution"] | {"scores": ["a", "b", "c"]}},
        lambda facts: facts | {"attribution": facts["attribution"] | {"scores": [1, 2, None]}},
    ],
)
def test_what_is_no_explanation_is_refused(damage: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each sort of damage has its own sentence
        Explanation.from_json(json.dumps(damage(json.loads(explanation().to_json()))))


def test_text_that_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        Explanation.from_json("<html>")


@pytest.mark.parametrize("name", ["scores", "stderr", "history", "layers"])
@pytest.mark.parametrize("wrong", [np.zeros(2), np.zeros(4), np.array([0, np.nan, 0]), np.array([0, np.inf, 0])])
def test_there_is_one_finite_number_for_each_token(name: str, wrong: np.ndarray) -> None:
    arrays = {"scores": np.zeros(3)} | {name: wrong}
    with pytest.raises(ValueError, match=f"{name} must hold one finite number for each of 3 tokens"):
        explanation(attribution=Attribution(**arrays))


def test_what_does_not_add_up_is_known() -> None:
    one = explanation()
    assert one.completeness_gap == pytest.approx(1.5 + 0.7 - one.scores.sum())
    assert explanation(attribution=Attribution(np.zeros(3))).completeness_gap is None
    assert one.baseline_output == -0.7
    np.testing.assert_array_equal(one.stderr, one.attribution.stderr)


def test_arrays_are_copies_that_cannot_be_written() -> None:
    mine = np.zeros(3, dtype=np.float32)
    attribution = Attribution(mine)
    mine[0] = 5
    assert attribution.scores.tolist() == [0, 0, 0]
    assert attribution.scores.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        attribution.scores[0] = 1


@pytest.mark.parametrize("thing", [TOKENS[0], TARGET, REQUEST, Attribution(np.zeros(1)), explanation()])
def test_nothing_can_be_set(thing: Any) -> None:
    with pytest.raises((FrozenInstanceError, TypeError)):
        setattr(thing, fields(thing)[0].name, None)


def test_ids_of_a_target() -> None:
    assert TARGET.ids == (1, 4, 5)
    assert TARGET.contrast_ids == (0,)
    assert replace(TARGET, contrast_continuation=(8,)).contrast_ids == (0, 8)
    assert Target(3, "", 0).contrast_ids == ()


@pytest.mark.parametrize(("name", "wrong"), [("task", "seq3seq"), ("output", "odds")])
def test_a_request_knows_tasks_and_outputs(name: str, wrong: str) -> None:
    with pytest.raises(OptionError, match=f"There is no {name} '{wrong}'. There are: "):
        Request(**asdict(REQUEST) | {name: wrong})


def test_errors_end_with_what_to_do() -> None:
    assert str(InputError("This is so.", "Do that.")) == "This is so. Do that."
    assert str(InputError("This is so.")) == "This is so."
    assert InputError("This is so.", "Do that.").next_step == "Do that."
    assert isinstance(InputError("x"), ValueError)


def test_a_watch_counts_and_passes_on() -> None:
    seen: list[tuple[float, Any]] = []
    watch = Watch(lambda share, partial: seen.append((share, partial)))
    scores = np.zeros(2)
    for share in (-0.5, 0.25, 1.5):
        watch(share, scores)
    assert [share for share, _ in seen] == [0.0, 0.25, 1.0]
    assert all(partial is scores for _, partial in seen)
    watch.count(3)
    watch.count(4)
    assert watch.evaluations == 7
    Watch()(0.5)
