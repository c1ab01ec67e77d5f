"""How tokens are taken away for a metric: special ones never, and a part and its rest make the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tokimp
from tests.metrics.explained import some
from tests.models import TEXTS, shared
from tokimp.errors import NoBaselineError, OptionError
from tokimp.metrics.base import Setting
from tokimp.metrics.removal import REMOVALS, Removals, removal_of, sizes
from tokimp.models import masking, scoring
from tokimp.types import Task
from tokimp.watch import Watch

EIGHTHS = tuple(np.arange(1, 9) / 8)


@pytest.mark.parametrize("count", range(1, 24))
@pytest.mark.parametrize("fractions", [tuple(np.arange(1, 11) / 10), EIGHTHS, (0.2, 0.5, 0.8)])
def test_sizes_and_their_complements_share_all_tokens(count: int, fractions: tuple[float, ...]) -> None:
    found = sizes(fractions, count).tolist()
    assert found == sorted(set(found))
    assert all(0 < size <= count for size in found)
    inner = [size for size in found if size < count]
    halves = {count // 2, count - count // 2}
    assert {count - size for size in inner} - set(inner) <= halves


def test_sizes_by_hand() -> None:
    assert sizes(tuple(np.arange(1, 11) / 10), 10).tolist() == list(range(1, 11))
    assert sizes((0.1, 0.5, 1.0), 4).tolist() == [2, 4]
    assert sizes((0.125, 0.875), 4).tolist() == [1, 3]  # halves are rounded away from both ends
    assert sizes((0.5,), 0).tolist() == []


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> list[masking.Copy]:
    """All copies that a scorer was asked for."""
    asked: list[masking.Copy] = []
    plain = scoring.Scorer.__call__

    def record(self: scoring.Scorer, copies: Any, report: Any = None) -> Any:
        asked.extend(copies)
        return plain(self, copies, report)

    monkeypatch.setattr(scoring.Scorer, "__call__", record)
    return asked


@pytest.mark.parametrize("removal", ["mask", "pad", "delete", "replace"])
@pytest.mark.parametrize(("family", "task"), [("bert", "classification"), ("roberta", "masked-lm")])
def test_special_tokens_stay(family: str, task: Task, removal: str, scored: list[masking.Copy]) -> None:
    model, e = shared(family, task), some(family, task)
    scores = tokimp.evaluate(model, e, ["deletion"], removal=removal, randoms=2)
    assert scores[0].removal == removal
    places = [place for place, token in enumerate(e.tokens) if token.special]
    special = [e.tokens[place].id for place in places]
    own = [token.id for token in e.tokens if not token.special]
    for copy in scored:
        if removal == "delete":
            assert [token for token in copy.ids.tolist() if token not in own] == special
        else:
            assert copy.ids[places].tolist() == special
        if task == "masked-lm":
            assert copy.ids[copy.position] == model.tokenizer.mask_token_id
    gone = {"mask": model.tokenizer.mask_token_id, "pad": model.tokenizer.pad_token_id}.get(removal)
    emptiest = scored[1].ids.tolist()
    if gone is not None:
        assert emptiest.count(gone) == len(own) + special.count(gone)
    if removal == "delete":
        assert emptiest == special
    if removal == "replace":
        assert all(new != old.id for new, old in zip(emptiest, e.tokens, strict=True) if not old.special)


def test_what_replaces_a_token_is_the_same_in_every_copy_and_by_the_seed(scored: list[masking.Copy]) -> None:
    model, e = shared("bert", "classification"), some("bert", "classification")
    for seed in (0, 0, 1):
        tokimp.evaluate(model, e, ["deletion"], removal="replace", randoms=2, seed=seed)
    own = np.array([token.id for token in e.tokens])
    empties = [copy.ids for copy in scored if (copy.ids != own).sum() == 5]
    assert len({ids.tobytes() for ids in empties}) == 2
    assert all(((copy.ids == own) | np.isin(copy.ids, np.array(empties))).all() for copy in scored)


def test_auto_is_what_methods_call_auto() -> None:
    assert removal_of(shared("bert", "classification"), "auto") == "mask"
    assert removal_of(shared("gpt2", "next-token"), "auto") == "delete"
    with pytest.raises(OptionError, match=r"There is no removal 'shuffle'\. There are: auto, mask"):
        removal_of(shared("gpt2", "next-token"), "shuffle")
    assert REMOVALS[0] == "auto"


def test_a_model_without_such_a_token_says_so() -> None:
    with pytest.raises(NoBaselineError, match="has no mask token"):
        tokimp.evaluate(shared("gpt2", "next-token"), some("gpt2", "next-token"), removal="mask")


def test_a_profile_is_read_off_the_model() -> None:
    model = shared("gpt2", "next-token")
    question = tokimp.ask(model, TEXTS["next-token"], target=1, output="log_prob")
    free = question.inputs.free
    removals = Removals(model, question.inputs, question.target, Setting(fractions=EIGHTHS), Watch())
    (found,) = removals.profiles([free[::-1]])
    assert found.whole == pytest.approx(question.output, abs=1e-5)
    size = round(float(found.fractions[0]) * len(free))
    short = tokimp.ask(model, model.tokenizer.decode(question.inputs.ids[:-size]), target=1, output="log_prob")
    assert found.without[0] == pytest.approx(short.output, abs=1e-5)
    assert found.only[-1] == pytest.approx(found.whole, abs=1e-6)
    assert found.without[-1] == pytest.approx(found.empty, abs=1e-6)
